import pytest

from tests.orders.mutants import ROOT, TESTS, mutated
from tests.orders.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_mutation_still_takes_something_out(mutation: Mutation) -> None:
    """Its check stands in the app's code exactly once, and the code without it is Python."""
    text = (ROOT / "orders" / "orders_api" / mutation.file).read_text(encoding="utf-8")
    assert mutated(mutation, text) != text


def test_names_of_mutations_are_their_own() -> None:
    """A name stands for one check."""
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))


def test_every_attack_is_run_against_mutants() -> None:
    """No module of attacks is forgotten."""
    attacks = {f"attacks/{file.name}" for file in (ROOT / "tests" / "orders" / "attacks").glob("test_*.py")}
    assert attacks <= set(TESTS)


def test_mutation_that_finds_nothing_is_an_error() -> None:
    """A check that was moved must be moved in the list too."""
    with pytest.raises(ValueError, match="stands 0 times"):
        mutated(Mutation("none", "tokens.py", "not there", ""), "text")
