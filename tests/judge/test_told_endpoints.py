"""Private Endpoints by Azure's word: their state, their addresses, and who keeps the probe from them."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Finding, Judgement, Verdict
from probes.resources import SecurityGroupContent
from tests.judge import estate
from tests.judge.estate import ENDPOINT, HUB_DNS, cause, connection, connections, denying, network, routing, rule, told
from tests.judge.observations import NO_ENDPOINT, Said, ids, judgement_on, visit
from tests.judge.test_told_zones import at, commands
from tests.sweeps import PRIVATE, PRIVATELINK

BLOCKED: Mapping[str, Any] = {"connect": {"failure": Failure.TIMEOUT}}
OTHER = Said("10.80.20.9", (PRIVATELINK,))
COUNTING = network(endpoints={"endpoint_policies": "Enabled"})


def blocked(**azure: Any) -> Judgement:
    """The judgement on a backend that does not answer SYN."""
    return judgement_on(told(visit(**BLOCKED), **azure))


def dropped(**azure: Any) -> Finding:
    """Its root."""
    return cause(blocked(**azure))


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
@pytest.mark.parametrize("failure", [Failure.TIMEOUT, Failure.REFUSED, Failure.RESET])
def test_an_endpoint_that_is_not_approved(status: str, failure: Failure) -> None:
    """However the connection fails, the endpoint's state is the cause, and who must do what is said."""
    steps = visit(connect={"failure": failure})
    found = cause(judgement_on(told(steps, connections=connections(connection(status)))))
    assert (found.id, found.confidence) == ("endpoint-not-approved", Confidence.HIGH)
    assert status in found.summary
    wanted = "private-endpoint-connection approve --id" if status == "Pending" else f"delete --ids {ENDPOINT}"
    assert wanted in commands(found)


def test_an_endpoint_that_the_app_does_not_know() -> None:
    """Approved by its own word, and unknown to the app: the app was made anew, and the endpoint leads nowhere."""
    found = dropped(connections=connections())
    assert (found.id, found.confidence) == ("endpoint-not-approved", Confidence.HIGH)
    assert "Disconnected" in found.summary


def test_an_endpoint_that_is_not_approved_gives_no_privatelink_name() -> None:
    """Without an approved endpoint the name leads straight to the internet: not for want of an endpoint."""
    public = visit(platform=NO_ENDPOINT, on_premises=NO_ENDPOINT)
    judgement = judgement_on(told(public, connections=connections(connection("Pending"))))
    assert (ids(judgement), judgement.verdict) == (["endpoint-not-approved"], Verdict.EXPOSED)


def test_another_endpoint_that_is_not_approved_is_nobodys_fault() -> None:
    """A request that waits for approval beside the endpoint in use explains nothing, and is no finding."""
    pending = connection("Pending", ("10.80.20.7",), endpoint_id=f"{ENDPOINT}-2")
    assert dropped(connections=connections(connection(), pending)).id == "connect-blocked"
    assert ids(judgement_on(told(connections=connections(connection(), pending)))) == []


def test_an_endpoint_that_works_is_not_accused() -> None:
    """What Azure says of a state may be old: a target that works in private is left alone."""
    assert ids(judgement_on(told(connections=connections(connection("Pending"))))) == []


def test_an_address_that_is_none_of_the_endpoints() -> None:
    """In the right subnet, and not the endpoint's: the record is stale, and both lines name real things."""
    steps = visit(platform=OTHER, on_premises=OTHER, **BLOCKED)
    found = cause(judgement_on(told(steps, record=estate.record("10.80.20.9"))))
    assert (found.id, found.confidence) == ("record-stale", Confidence.HIGH)
    assert "no address of its Private Endpoint" in found.summary
    assert "--ipv4-address 10.80.20.9" in commands(found)
    assert f"--ipv4-address {PRIVATE}" in commands(found)


def test_an_address_of_somebody_elses_endpoint() -> None:
    """The one it belongs to is named."""
    other = estate.endpoint(service_id=f"{estate.APPS}/Microsoft.Web/sites/func-billing", addresses=("10.80.20.9",))
    more = [estate.reading("billing", f"{estate.NET}/privateEndpoints/pe-billing", other)]
    steps = visit(platform=OTHER, on_premises=OTHER, **BLOCKED)
    found = cause(judgement_on(told(steps, record=estate.record("10.80.20.9"), more=more)))
    assert "pe-billing, an endpoint of func-billing" in found.summary


@pytest.mark.parametrize(
    "known",
    [
        {"connections": Failure.DENIED},
        {"connections": connections(connection(addresses=())), "endpoint": Failure.DENIED},
        {"connections": connections(connection(), connection(addresses=(), endpoint_id="/elsewhere"))},
    ],
)
def test_addresses_that_azure_does_not_tell_prove_nothing(known: dict[str, Any]) -> None:
    """As long as one endpoint's addresses are not known, any address may be its own."""
    steps = visit(platform=OTHER, on_premises=OTHER, **BLOCKED)
    assert cause(judgement_on(told(steps, **known))).id == "connect-blocked"


def test_several_endpoints() -> None:
    """The address of any approved endpoint is right."""
    second = connection(addresses=("10.80.20.9",), endpoint_id=f"{ENDPOINT}-2")
    steps = visit(platform=OTHER, on_premises=OTHER, **BLOCKED)
    assert cause(judgement_on(told(steps, connections=connections(connection(), second)))).id == "connect-blocked"


def test_the_path_may_be_wrong_about_its_subnets() -> None:
    """An address outside the path's subnets that Azure knows as the endpoint's puts the path in doubt."""
    there = ("10.80.99.4",)
    old = Said("10.80.99.4", (PRIVATELINK,))
    steps = visit(platform=old, on_premises=old)
    azure: dict[str, Any] = {
        "connections": connections(connection(addresses=there)),
        "endpoint": estate.endpoint(addresses=there),
    }
    found = cause(judgement_on(told(steps, record=estate.record(*there), **azure)))
    assert (found.id, found.confidence) == ("record-stale", Confidence.MEDIUM)
    assert any("private_subnets may be wrong" in clause for clause in found.weakened_by)


def test_a_rule_of_the_probes_subnet() -> None:
    """Rule and group are named, and the line lets exactly this call through, before it."""
    found = dropped(nsg_probe=denying("Outbound", 200))
    assert (found.id, found.confidence) == ("connect-blocked", Confidence.HIGH)
    assert "DenyEndpoints (Outbound 200) of security group nsg-probe" in found.summary
    assert "--nsg-name nsg-probe " in commands(found)
    place = "--direction Outbound --access Allow --protocol Tcp --source-address-prefixes 10.80.30.0/26"
    flow = f"--destination-address-prefixes {PRIVATE} --destination-port-ranges 443"
    assert f"--priority 199 {place} {flow}" in commands(found)
    assert "backend/1/read/nsg_probe" in found.evidence
    assert "NSG " not in commands(found)


def test_a_rule_of_the_endpoints_subnet_counts_where_rules_count() -> None:
    """Groups are for endpoints only where their subnet says so."""
    inside = denying("Inbound", 300)
    assert "nsg-endpoints" in dropped(nsg_endpoints=inside, network=COUNTING).summary
    assert "nsg-endpoints" not in dropped(nsg_endpoints=inside).summary
    unsure = dropped(nsg_endpoints=inside, network=network(endpoints={"endpoint_policies": None}))
    assert (unsure.confidence, "is not known" in unsure.summary) == (Confidence.HIGH, True)


def test_no_priority_is_free() -> None:
    """A rule with the first priority there is has to make room."""
    found = dropped(nsg_probe=denying("Outbound", 100))
    assert "nsg rule update" in commands(found)
    assert "--name DenyEndpoints --priority 101" in commands(found)


def test_a_route_that_leads_nowhere() -> None:
    """It is named; where it is as narrow as can be, it has to go."""
    found = dropped(rt_probe=routing(f"{PRIVATE}/32", "None"))
    assert (found.id, found.confidence) == ("connect-blocked", Confidence.HIGH)
    assert "to-somewhere" in found.summary
    assert "route-table route delete" in commands(found)
    wide = dropped(rt_probe=routing("10.80.20.0/24", "None"), network=COUNTING)
    assert "route create --resource-group rg-net-prod --subscription " in commands(wide)
    assert f"--name to-{PRIVATE} --address-prefix {PRIVATE}/32 --next-hop-type VnetLocal" in commands(wide)


def test_a_firewall_is_named_and_not_accused() -> None:
    """What its rules say cannot be seen: it is where to look first."""
    found = dropped(rt_probe=routing("10.80.0.0/16", "VirtualAppliance", "10.70.0.9"), network=COUNTING)
    assert found.confidence is Confidence.MEDIUM
    assert "10.70.0.9" in found.summary
    assert "firewall at 10.70.0.9 first" in found.fix[0]


def test_a_firewall_that_the_endpoints_own_route_passes_by() -> None:
    """Azure's route to the endpoint is narrower than a user's, unless routes count there."""
    assert "10.70.0.9" not in dropped(rt_probe=routing("0.0.0.0/0", "VirtualAppliance", "10.70.0.9")).summary


def test_nothing_of_azures_is_in_the_way() -> None:
    """Groups and routes that let it pass make the cause less sure, and leave what cannot be seen."""
    found = dropped()
    assert found.confidence is Confidence.MEDIUM
    assert "by Azure's groups and routes it may pass" in found.summary


@pytest.mark.parametrize("unread", ["nsg_probe", "rt_probe", "network", "probe_site"])
def test_what_was_not_read_decides_nothing(unread: str) -> None:
    """Where a part of the way is not known, nobody is accused."""
    found = dropped(**{unread: Failure.DENIED})
    assert found.id == "connect-blocked"
    assert "a security group, a route or a firewall drops" in found.summary


def test_what_surely_denies_counts_whatever_else_is_unknown() -> None:
    """A rule that denies is enough, though the route table was not read."""
    assert "DenyEndpoints" in dropped(nsg_probe=denying("Outbound"), rt_probe=Failure.DENIED).summary


def test_an_application_security_group_decides_nothing() -> None:
    """Whether it takes in the probe cannot be told: a denial by one is not one."""
    group = denying("Outbound", sources=(), groups=("/asg",))
    assert "whether rule DenyEndpoints fits" in dropped(nsg_probe=group).summary


def test_a_rule_that_denies_is_no_cause_of_what_works() -> None:
    """A denial by Azure beside a path that works is no finding of the probe's."""
    assert ids(judgement_on(told(nsg_probe=denying("Outbound")))) == []


def test_a_rule_that_hits_several_targets_is_one_finding() -> None:
    """App and scm site are blocked by one rule: one cause."""
    judgement = judgement_on(told(visit(**BLOCKED), visit("scm", **BLOCKED), nsg_probe=denying("Outbound")))
    assert (ids(judgement), cause(judgement).targets) == (["connect-blocked"], ("backend", "scm"))


def test_two_rules_are_two_causes() -> None:
    """Everything fails alike, and for two reasons: each is told with its own rule."""
    rules = (
        rule("NoGateway", 200, "Outbound", "Deny", destinations=("10.80.10.0/27",)),
        rule("NoEndpoints", 300, "Outbound", "Deny", destinations=("10.80.20.0/27",)),
    )
    judgement = judgement_on(
        told(
            visit("gateway", **BLOCKED),
            visit(**BLOCKED),
            visit("scm", **BLOCKED),
            nsg_probe=SecurityGroupContent(rules=rules),
        )
    )
    assert ids(judgement) == ["connect-blocked", "connect-blocked"]
    assert {found.targets for found in judgement.roots} == {("gateway",), ("backend", "scm")}


HUB_ONLY = {"hub": ("10.80.20.0/24",), "own": ("10.80.10.0/24", "10.80.30.0/24")}


@pytest.mark.parametrize("state", ["Disconnected", "Initiated"])
@pytest.mark.parametrize("failure", [Failure.TIMEOUT, Failure.UNREACHABLE])
def test_a_peering_that_is_down(state: str, failure: Failure) -> None:
    """An endpoint in a peered network cannot be reached, and the peering is the cause."""
    apart = network(peering=state, hub=HUB_ONLY["hub"], own=HUB_ONLY["own"])
    steps: Mapping[str, Any] = {"connect": {"failure": failure}}
    judgement = judgement_on(told(visit(**steps), visit("scm", **steps), network=apart))
    assert (ids(judgement), cause(judgement).targets) == (["peering-disconnected"], ("backend", "scm"))
    assert state in cause(judgement).summary
    assert ("peering delete" in commands(cause(judgement))) is (state == "Disconnected")


def test_a_peering_that_is_down_elsewhere() -> None:
    """It explains nothing that lies in another network, and what answers is left alone."""
    assert dropped(network=network(peering="Disconnected")).id == "connect-blocked"
    apart = network(peering="Disconnected", hub=HUB_ONLY["hub"], own=HUB_ONLY["own"])
    assert ids(judgement_on(told(network=apart))) == []


def test_a_peering_to_the_networks_dns_servers() -> None:
    """Servers in a hub that is cut off: no resolver answers, and that is why."""
    silence = Said(failure=Failure.TIMEOUT)
    nothing = Said(failure=Failure.UNRESOLVABLE)
    walked = [at(HUB_DNS, visit(name, system=nothing, platform=silence)) for name in ("gateway", "backend", "scm")]
    judgement = judgement_on(
        told(*walked, network=network(dns=(HUB_DNS,), peering="Disconnected"), network_status=None)
    )
    assert ids(judgement) == ["peering-disconnected"]
    connected = judgement_on(told(*walked, network=network(dns=(HUB_DNS,)), network_status=None))
    assert ids(connected) == ["resolver-unreachable"]
