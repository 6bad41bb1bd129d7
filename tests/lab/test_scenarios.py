"""The scenarios as data: what a sweep says of them is tested with the judge."""

from pathlib import Path

import pytest

from lab.certificates import authorities, pem
from lab.replica import filled, servers
from lab.scenarios import SCENARIOS, UnknownScenarioError, scenario
from lab.scenarios.article import WORLD
from lab.scenarios.changes import change_listener, change_target, change_zone
from lab.world import Scenario
from probes.judge.finding import Verdict
from probes.path import Path as ProbePath
from probes.path import from_mapping

IDS = [each.name for each in SCENARIOS]


def path_of(each: Scenario, folder: Path) -> ProbePath:
    """The scenario's path, with files in a folder."""
    file = folder / "ca.pem"
    file.write_bytes(pem(authorities().root.certificate))
    table = filled(each.world.path, {"{ca_file}": str(file), "{intermediates_file}": str(file)})
    return from_mapping(table, source=each.name, folder=folder)


def test_no_two_scenarios_have_one_name() -> None:
    """A name is how a scenario is asked for."""
    assert len(set(IDS)) == len(IDS)


def test_no_two_scenarios_show_the_same() -> None:
    """Each world differs from every other."""
    worlds = [each.world for each in SCENARIOS]
    assert [each.name for place, each in enumerate(SCENARIOS) if each.world in worlds[:place]] == []


@pytest.mark.parametrize("each", SCENARIOS, ids=IDS)
def test_every_scenario_can_be(each: Scenario, tmp_path: Path) -> None:
    """Its world does not contradict itself, its path can be loaded, and its verdict is one."""
    assert servers(each.world)
    assert path_of(each, tmp_path).targets
    assert Verdict(each.verdict)


@pytest.mark.parametrize("each", SCENARIOS, ids=IDS)
def test_a_finding_is_expected_where_something_is_broken(each: Scenario) -> None:
    """Proven has no cause, and everything else has one."""
    assert (each.finding is None) == (each.verdict == Verdict.PROVEN)


def test_a_scenario_is_found_by_its_name() -> None:
    """The healthy one among them."""
    assert scenario("healthy").world is WORLD


def test_a_misspelt_name_is_answered_with_those_near_it() -> None:
    """The error names the scenario that was meant."""
    with pytest.raises(
        UnknownScenarioError, match=r"no scenario is called zone-not-linkt: did you mean zone-not-linked"
    ):
        scenario("zone-not-linkt")


def test_a_name_like_no_other_is_answered_with_where_to_look() -> None:
    """Nothing is near it."""
    with pytest.raises(UnknownScenarioError, match="`lab list` names them"):
        scenario("qqqq")


def test_a_change_to_what_does_not_exist_is_an_error() -> None:
    """A scenario that would change nothing cannot be written by mistake."""
    with pytest.raises(KeyError, match=r"192\.0\.2\.1"):
        change_listener(WORLD, "192.0.2.1", public=True)
    with pytest.raises(KeyError, match="nobody"):
        change_zone(WORLD, "example.com", (), "nobody")
    with pytest.raises(KeyError, match="nothing"):
        change_target(WORLD, "nothing", url="https://example.com/")
