"""What holds of every judgement with Azure's word beside the walk, whatever both say."""

import shlex
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.failure import Failure
from probes.judge import Finding, Severity, Verdict, judge
from probes.records import Reading
from probes.resources import BackendsContent, SecurityGroupContent
from tests.judge import estate
from tests.judge.estate import (
    HUB,
    HUB_DNS,
    RESOURCES,
    VNET,
    connection,
    connections,
    denying,
    entity,
    links,
    network,
    path,
    policy,
    record,
    routing,
    rule,
    service,
    site,
    status,
    to_entity,
    to_url,
)
from tests.judge.observations import PLACES, visit
from tests.judge.test_invariants import PLACEHOLDER, STEPS
from tests.sweeps import PUBLIC, STARTED_AT

UNREAD = (Failure.DENIED, Failure.NOT_FOUND, Failure.THROTTLED, Failure.TIMEOUT, Failure.DEADLINE, None)
NAMES = ("$(reboot)", "a b", "--debug", "x;y", "'", '"', "\x1b[2J", "privatelink.azurewebsites.net")
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "site": (
        site(state="Stopped"),
        site(public_network_access="Enabled"),
        site(public_network_access=None),
        site(default_host_name="x.azurewebsites.net"),
    ),
    "connections": (
        connections(),
        connections(connection("Pending")),
        connections(connection("Rejected", ("10.80.20.9",))),
        connections(connection(addresses=())),
    ),
    "endpoint": (
        estate.endpoint(addresses=(), interface_ids=("/nic",)),
        estate.endpoint(subnet_id=None),
        estate.endpoint(service_id="/x"),
    ),
    "zone_links": (
        links(),
        links(HUB),
        links(VNET, policy="NxDomainRedirect"),
        links(VNET, HUB, state="InProgress"),
        links(VNET, policy=None),
    ),
    "record": (record(), record(PUBLIC), record("10.80.20.9")),
    "scm_record": (record(),),
    "network": (
        network(dns=(HUB_DNS,)),
        network(dns=("10.9.0.4", "168.63.129.16")),
        network(peering="Disconnected"),
        network(endpoints={"endpoint_policies": "Enabled"}),
        network(endpoints={"endpoint_policies": None}),
    ),
    "probe_site": (site(subnet_id=None),),
    "nsg_probe": (
        denying("Outbound"),
        denying("Outbound", 100),
        denying("Outbound", destinations=("SomeTag",)),
        SecurityGroupContent(rules=(rule("$(x)", 100, "Outbound", "Deny", ports=("1-",)),)),
    ),
    "nsg_endpoints": (denying("Inbound", sources=("VirtualNetwork",)),),
    "nsg_apim": (denying("Outbound", destinations=("10.80.20.0/27",)),),
    "rt_probe": (
        routing("0.0.0.0/0", "VirtualAppliance", HUB_DNS),
        routing("10.80.20.4/32", "None"),
        routing("x", "None"),
    ),
    "rt_apim": (routing("10.80.0.0/16", "None"),),
    "service": (service(network_type="External"), service(subnet_id=None), service(host_names=())),
    "network_status": (status(), status("10.70.0.4"), status("x", failing="sql")),
    "api_policy": (
        policy("api", to_url("https://[x")),
        policy("api", to_url(f"https://{PUBLIC}")),
        policy("api", to_entity("a")),
        policy("api", to_url("x", decided=False)),
    ),
    "backends": (BackendsContent(backends=(entity("a", validate_name=False), entity("b", url=None))),),
}
"""For each resource what may be wrong with it; all else is in good order."""
ESTATES = st.fixed_dictionaries(
    {},
    optional={key: st.sampled_from((*CHOICES.get(key, ()), *UNREAD)) for key in RESOURCES},
)
WALKS = st.tuples(*(STEPS for _ in PLACES))
HEALTHY = [record for name in PLACES for record in visit(name)]
CONTROL_PLANE = {"control-plane-denied", "control-plane-unread", "resource-not-found"}


def walked(steps: tuple[Mapping[str, Any], ...]) -> list[Any]:
    """The records of a walk over the article's targets."""
    return [record for name, mine in zip(PLACES, steps, strict=True) for record in visit(name, **dict(mine))]


def texts(found: Finding) -> list[str]:
    """Everything that a finding says."""
    clauses = (*found.supported_by, *found.weakened_by, *(other.why for other in found.discarded))
    return [found.summary, *found.fix, *clauses]


@settings(deadline=None)
@given(WALKS, ESTATES, st.sampled_from([None, True, False]))
def test_any_mixture(steps: tuple[Mapping[str, Any], ...], azure: Mapping[str, Any], closed: bool | None) -> None:  # noqa: FBT001
    """Any mixture is judged: evidence is there, sentences are whole, commands are commands."""
    shown = path() if closed is None else path(closed=closed)
    records = [*walked(steps), *estate.estate(**azure)]
    judgement = judge(shown, records, started_at=STARTED_AT)
    known = {each.id for each in records}
    roots = {found.id for found in judgement.roots}
    for found in judgement.findings:
        assert found.evidence or found.id == "deadline-missed"
        assert set(found.evidence) <= known
        assert found.masked_by is None or found.masked_by in roots
        assert found.fix
        assert not [text for text in texts(found) if PLACEHOLDER.search(text)]
        assert all(shlex.split(step) for step in found.fix if step.startswith("az "))
    informs = all(found.severity is Severity.INFORMATION for found in judgement.roots)
    assert (judgement.verdict is Verdict.PROVEN) == informs


@settings(deadline=None)
@given(ESTATES)
def test_configuration_alone_is_no_error(azure: Mapping[str, Any]) -> None:
    """What works in private works: Azure's word alone is a warning or information, as long as no closure is claimed.

    But for calls that go out in public: they work, and are an exposure.
    """
    judgement = judge(path(), [*HEALTHY, *estate.estate(**azure)], started_at=STARTED_AT)
    errors = {found.id for found in judgement.findings if found.severity is Severity.ERROR}
    assert errors <= {"gateway-calls-other-backend"}
    assert judgement.verdict in ({Verdict.EXPOSED} if errors else {Verdict.PROVEN, Verdict.DEGRADED})


@settings(deadline=None)
@given(WALKS, st.sampled_from([Failure.DENIED, Failure.THROTTLED, Failure.DEADLINE, Failure.TOKEN_UNAVAILABLE]))
def test_reads_that_bring_nothing_change_nothing(steps: tuple[Mapping[str, Any], ...], failure: Failure) -> None:
    """Where nothing could be read, every finding is as sure, and says the same, as without having asked."""
    walk = walked(steps)
    alone = judge(path(), walk, started_at=STARTED_AT).findings
    silent: dict[str, Any] = dict.fromkeys(RESOURCES, failure)
    beside = judge(path(), [*walk, *estate.estate(**silent)], started_at=STARTED_AT).findings
    kept = [found for found in beside if found.id not in CONTROL_PLANE]
    assert [(f.id, f.targets, f.masked_by, f.severity, f.confidence) for f in kept] == [
        (f.id, f.targets, f.masked_by, f.severity, f.confidence) for f in alone
    ]


@settings(deadline=None)
@given(WALKS, ESTATES)
def test_a_failing_walk_keeps_an_error(steps: tuple[Mapping[str, Any], ...], azure: Mapping[str, Any]) -> None:
    """Azure's word explains errors of the walk, and never explains them away."""
    walk = walked(steps)
    alone = judge(path(), walk, started_at=STARTED_AT)
    beside = judge(path(), [*walk, *estate.estate(**azure)], started_at=STARTED_AT)
    failing = {name for found in alone.roots if found.severity is Severity.ERROR for name in found.targets}
    still = {name for found in beside.findings if found.severity is Severity.ERROR for name in found.targets}
    assert failing <= still


@pytest.mark.parametrize("word", NAMES)
def test_words_of_azures_in_commands(word: str) -> None:
    """Names in Azure's answers are somebody's: in a command each is one plain word."""
    group = SecurityGroupContent(rules=(rule(word, 100, "Outbound", "Deny"),))
    strange = network(probe={"prefixes": ("10.80.30.0/26", word)})
    shown = estate.told(visit(connect={"failure": Failure.TIMEOUT}), nsg_probe=group, network=strange)
    judgement = judge(shown.path, shown.observations, started_at=STARTED_AT)
    for found in judgement.findings:
        assert all(text.isprintable() for text in texts(found))
        for step in found.fix:
            if step.startswith("az "):
                assert not set(step) & set("$`;'\\*")
                assert "--debug" not in shlex.split(step)


def test_readings_are_told_from_observations_of_targets() -> None:
    """Reads that fail leave a target that works a target that works."""
    silent: dict[str, Any] = dict.fromkeys(RESOURCES, Failure.TIMEOUT)
    records = [*HEALTHY, *estate.estate(**silent)]
    assert any(isinstance(each, Reading) for each in records)
    assert judge(path(), records, started_at=STARTED_AT).verdict is Verdict.PROVEN


def test_an_estate_in_good_order_says_nothing() -> None:
    """All of it read and right: no finding at all."""
    assert judge(path(), [*HEALTHY, *estate.estate()], started_at=STARTED_AT).findings == ()
