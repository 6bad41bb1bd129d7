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
    "app-does-not-start": "a page of the platform, told from others in tests/judge",
    "body-unexpected": "tests/judge",
    "certificate-invalid": "tests/judge",
    "client-certificate-required": "the alert comes after the handshake; tests/test_situations.py",
    "closure-not-seen": "tests/judge",
    "cname-loop": "tests/test_situations.py",
    "gateway-gets-other-answer": "told in the call for a diagnosis; tests/judge",
    "handshake-cut-off": "tests/judge",
    "handshake-timeout": "tests/judge",
    "identity-not-allowed": "a page of the platform; tests/judge",
    "intermittent": "a fault that heals between two attempts; tests/test_sweep.py",
    "key-vault-network-denied": "tests/judge",
    "name-intercepted": "tests/test_situations.py",
    "name-without-address": "tests/test_situations.py",
    "no-resolver-answers": "tests/judge",
    "private-name-not-visible": "tests/judge",
    "proxy-refuses": "tests/judge",
    "some-resolvers-fail": "the lab's network has one DNS server; tests/test_situations.py",
    "storage-network-denied": "tests/judge",
    "system-answer-differs": "tests/judge",
    "unexpected-status": "tests/judge",
    "unexplained": "a scenario for it would be a rule not yet written; tests/judge",
    "wildcard-answer": "tests/judge",
    "zone-failing": "tests/judge",
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
    assert (found.judgement.verdict, roots) == (each.verdict, each.roots)
    expected = {name: (FOLDER / each.name / name).read_text(encoding="utf-8") for name in golden(found)}
    assert golden(found) == expected


def test_every_rule_has_a_scenario() -> None:
    """A rule that no scenario shows is named here, with the place that shows it."""
    shown = {root for each in SCENARIOS for root in each.roots}
    assert {rule.id for rule in EVERY_RULE} - shown == NOT_ON_LOOPBACK.keys()


def test_every_golden_folder_has_a_scenario() -> None:
    """A golden file of a scenario that is gone would be believed for ever."""
    assert {folder.name for folder in FOLDER.iterdir()} == {each.name for each in SCENARIOS}
