"""Every scenario of the lab, swept and judged: the right cause first, nothing false beside it, the healthy silent."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lab.replica import Replica, opened
from lab.scenarios import SCENARIOS, scenario
from lab.world import Scenario
from probes.judge.rules import EVERY_RULE
from tests.goldens import FOLDER, golden, swept

NOT_ON_LOOPBACK = {
    "agent-clock-wrong": "the clock of the machine is the lab's as well; tests/judge shows it",
    "certificate-invalid": "tests/judge",
    "correlation-rewritten": "tests/judge",
    "gateway-error": "always another cause's consequence here",
    "handshake-timeout": "tests/judge",
    "intermittent": "a fault that heals between two attempts; tests/test_sweep.py",
    "private-name-not-visible": "tests/judge",
    "system-answer-differs": "tests/judge",
    "unexpected-status": "tests/judge",
    "unexplained": "a scenario for it would be a rule not yet written; tests/judge",
}
"""Rules without a scenario of their own, and where they are shown instead."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica() -> AsyncIterator[Replica]:
    """One lab that becomes each scenario in turn."""
    async with opened(scenario("healthy").world) as lab:
        yield lab


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("each", SCENARIOS, ids=lambda each: each.name)
async def test_scenario(replica: Replica, each: Scenario) -> None:
    """The sweep gives the expected verdict with exactly the expected root finding, on exactly the golden evidence."""
    found = await swept(replica, each)
    roots = [finding.id for finding in found.judgement.roots]
    assert (found.judgement.verdict, roots) == (each.verdict, [each.finding] if each.finding else [])
    expected = {name: (FOLDER / each.name / name).read_text(encoding="utf-8") for name in golden(found)}
    assert golden(found) == expected


def test_every_rule_has_a_scenario() -> None:
    """A rule that no scenario shows is named here, with the place that shows it."""
    shown = {each.finding for each in SCENARIOS}
    assert {rule.id for rule in EVERY_RULE} - shown == NOT_ON_LOOPBACK.keys()


def test_every_golden_folder_has_a_scenario() -> None:
    """A golden file of a scenario that is gone would be believed for ever."""
    assert {folder.name for folder in FOLDER.iterdir()} == {each.name for each in SCENARIOS}
