"""The scenarios with a probe that reads Azure, and those of what Azure knows with one that does not."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from lab.replica import Replica, opened
from lab.scenarios import SCENARIOS, scenario
from lab.scenarios.azure import expected
from lab.scenarios.azure.world import without_reads
from lab.scenarios.changes import change_path
from lab.world import Scenario, World
from probes.records import Reading
from probes.sweep import sweep

OF_AZURE = [each for each in SCENARIOS if each.name.startswith("azure-")]
OTHERS = [each for each in SCENARIOS if each not in OF_AZURE]
REDIRECTED = ("zone-not-linked", "behind a link that falls back to the internet (NxDomainRedirect)")
BLOCKED = ("connect-blocked", "a security group, a route or a firewall drops the packets")
UNAPPROVED = ("connect-blocked", "or a Private Endpoint there is not approved")
UNREACHED = ("gateway-cannot-reach-backend", "its DNS, its subnet's rules or its policy differ from what is seen here")
UNANSWERED = ("request-timeout", "brought no whole answer")
LEFT_OPEN: Mapping[str, tuple[str, str]] = {
    "azure-zone-not-linked": REDIRECTED,
    "azure-zone-falls-back-to-internet": REDIRECTED,
    "azure-control-plane-denied-zone": REDIRECTED,
    "azure-scm-falls-back": REDIRECTED,
    "azure-resolver-not-forwarding": ("zone-not-linked", "may not forward azurewebsites.net to Azure at all"),
    "azure-record-missing": ("record-missing", "has no record"),
    "azure-other-zone": ("record-missing", "has no record"),
    "azure-peering-disconnected": ("resolver-unreachable", "gave no answer"),
    "azure-record-stale": BLOCKED,
    "azure-endpoint-pending": UNAPPROVED,
    "azure-endpoint-rejected": UNAPPROVED,
    "azure-endpoint-disconnected": UNAPPROVED,
    "azure-blocked-at-endpoint": BLOCKED,
    "azure-blocked-at-probe": BLOCKED,
    "azure-blocked-by-route": BLOCKED,
    "azure-blocked-by-appliance": BLOCKED,
    "azure-gateway-dns-stale": UNREACHED,
    "azure-gateway-calls-address": UNREACHED,
    "azure-gateway-blocked": UNANSWERED,
    "azure-gateway-blocked-by-route": UNANSWERED,
    "azure-gateway-calls-itself": UNANSWERED,
    "azure-gateway-calls-service-url": ("wrong-responder", "Find out who answers"),
    "azure-app-stopped": ("app-stopped", "is stopped"),
}
"""The root finding of a probe that does not read Azure, and the words with which it leaves open what it cannot know.

Where a scenario is not named, the path works for such a probe, and it finds nothing.
"""
SLOW = "resolve-slow"
PATIENCE = {"slow_resolve_ms": 30_000}
SHOWN_BY_THE_NETWORK = frozenset({"record-missing", "app-stopped", "connect-blocked"})
"""Causes that a probe may name with high confidence without Azure; it tells less of them then."""


def unhurried(each: Scenario) -> World:
    """The world, with a busy machine's slow answers taken for none, unless the scenario is of those."""
    thresholds: Any = each.world.path.get("thresholds", {})
    return each.world if SLOW in each.roots else change_path(each.world, thresholds={**thresholds, **PATIENCE})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica() -> AsyncIterator[Replica]:
    """One lab that becomes each scenario in turn."""
    async with opened(scenario("healthy").world) as lab:
        yield lab


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("each", OTHERS, ids=lambda each: each.name)
async def test_reads_find_the_same_cause_or_one_that_says_more(replica: Replica, each: Scenario) -> None:
    """In an Azure that is what the world shows, no read makes another cause of it than the table declares."""
    wanted = expected.read(each)
    await replica.become(unhurried(wanted))
    found = await sweep(replica.path, replica.surroundings)
    assert any(isinstance(record, Reading) for record in found.observations)
    roots = [finding.id for finding in found.judgement.roots]
    assert (found.judgement.verdict, roots) == (wanted.verdict, wanted.roots)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("each", OF_AZURE, ids=lambda each: each.name)
async def test_without_reads_what_cannot_be_known_is_left_open(replica: Replica, each: Scenario) -> None:
    """The finding says what it may be as well, or there is none; Azure's own causes are never claimed as certain."""
    await replica.become(without_reads(each.world))
    found = await sweep(replica.path, replica.surroundings)
    assert not any(isinstance(record, Reading) for record in found.observations)
    roots = found.judgement.roots
    if each.name not in LEFT_OPEN:
        assert (found.judgement.verdict, roots) == ("proven", ())
        return
    (root,) = roots
    id_, words = LEFT_OPEN[each.name]
    assert root.id == id_
    assert words in " ".join((root.summary, *root.weakened_by, *root.fix))
    certain = root.confidence == "high" and not root.weakened_by
    assert not (certain and root.id == each.finding) or root.id in SHOWN_BY_THE_NETWORK


def test_the_tables_name_scenarios_that_are_there() -> None:
    """A row of one that is gone, or that says nothing else than the scenario does, would be believed for ever."""
    assert LEFT_OPEN.keys() <= {each.name for each in OF_AZURE}
    rows = {each.name: each.roots for each in OTHERS}
    assert [name for name, roots in expected.MORE_PRECISE.items() if rows.get(name, list(roots)) == list(roots)] == []
