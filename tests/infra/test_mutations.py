"""That the rules would notice: each mutation of the source is caught, by the rule it is here for and no other."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.infra import bicep
from tests.infra.mutations import MUTATIONS, Mutation, batches
from tests.infra.rules import EVERY_RULE
from tests.infra.variants import parameters_of, with_parameters

BATCHES = tuple(batches())
AT_ONCE = 2


def caught(batch: tuple[Mutation, ...], folder: Path) -> dict[str, list[str]]:
    """The rules that the changed source breaks, each with what it says."""
    infra = bicep.copied(folder)
    for mutation in batch:
        file = infra / mutation.file
        text = file.read_text(encoding="utf-8")
        assert text.count(mutation.old) == 1, f"{mutation.rule}: {text.count(mutation.old)} places in {mutation.file}"
        file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    parameters = with_parameters(infra, batch[0].variant)
    plan = replace(bicep.evaluate(parameters), parameters=parameters_of(batch[0].variant))
    shutil.rmtree(infra)
    return {rule.id: found for rule in EVERY_RULE if (found := rule.violations(plan))}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str]]]:
    """What every batch breaks; evaluated two at a time."""
    bicep.cli()
    folders = [tmp_path_factory.mktemp("mutated") for _ in BATCHES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(caught, BATCHES, folders))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("place", range(len(BATCHES)), ids=lambda place: f"{len(BATCHES[place])}-mutations-{place}")
def test_each_mutation_is_caught_by_its_rule(outcomes: list[dict[str, list[str]]], place: int) -> None:
    """Exactly the rules that the mutations of a batch are here for are broken."""
    expected = {rule for mutation in BATCHES[place] for rule in (mutation.rule, *mutation.also)}
    assert set(outcomes[place]) == expected, outcomes[place]


def test_each_rule_has_a_mutation() -> None:
    """A rule that nothing is known to break may be one that nothing can break."""
    assert {rule.id for rule in EVERY_RULE} == {mutation.rule for mutation in MUTATIONS}


def test_rules_have_names_of_their_own() -> None:
    """A mutation says which rule it means by its id."""
    assert len({rule.id for rule in EVERY_RULE}) == len(EVERY_RULE)
