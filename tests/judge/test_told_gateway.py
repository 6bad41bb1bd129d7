"""API Management by Azure's word: what keeps it from the backend that the probe reaches, and what only might."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Finding, Severity, Verdict
from probes.records import Vantage
from probes.resources import ApiContent, BackendsContent
from tests import sweeps
from tests.judge import estate
from tests.judge.estate import (
    GATEWAY_ADDRESS,
    cause,
    denying,
    entity,
    network,
    policy,
    routing,
    service,
    status,
    to_entity,
    to_url,
    told,
)
from tests.judge.observations import Said, ids, judgement_on, visit
from tests.judge.scenes import FORBIDDEN, GATEWAY_ERROR, GATEWAY_FAILS
from tests.judge.test_told_zones import commands
from tests.sweeps import HOST, PRIVATE, PUBLIC

FAILING: list[Mapping[str, Any]] = [
    GATEWAY_FAILS,
    {"request": {"failure": Failure.TIMEOUT, "status": None}},
    {"request": FORBIDDEN},
    {"request": {"status": 500, "body": "", "headers": {}}},
]
"""What API Management shows that does not come to the backend."""
OTHER = BackendsContent(backends=(entity("orders", url="https://other.example.com/api"),))


def failing(steps: Mapping[str, Any] | None = None, **azure: Any) -> Finding:
    """The root where the gateway fails, and the probe reaches the backend."""
    return cause(judgement_on(told(visit("gateway", **(steps or GATEWAY_FAILS)), **azure)))


def warned(**azure: Any) -> Finding:
    """The warning beside a path that works, which is degraded by it."""
    judgement = judgement_on(told(**azure))
    assert judgement.verdict is Verdict.DEGRADED
    found = cause(judgement)
    assert found.severity is Severity.WARNING
    return found


@pytest.mark.parametrize("steps", FAILING)
def test_a_rule_of_api_managements_subnet(steps: Mapping[str, Any]) -> None:
    """However it shows, the rule that keeps the gateway from the endpoint is the cause, and what it shows follows."""
    judgement = judgement_on(told(visit("gateway", **steps), nsg_apim=denying("Outbound")))
    assert ids(judgement) == ["gateway-blocked"]
    found = cause(judgement)
    assert found.confidence is Confidence.HIGH
    assert "nsg-apim" in found.summary
    assert f"--source-address-prefixes 10.80.10.0/27 --destination-address-prefixes {PRIVATE} " in commands(found)
    assert {each.masked_by for each in judgement.findings} == {None, "gateway-blocked"}


def test_a_rule_that_only_might() -> None:
    """A denial beside a gateway that works is a warning, and less sure: the rule may be new."""
    found = warned(nsg_apim=denying("Outbound"))
    assert (found.id, found.confidence) == ("gateway-blocked", Confidence.MEDIUM)


def test_routes_and_the_endpoints_own_group() -> None:
    """A route that drops, and a rule of the endpoint's subnet where rules count, block as well."""
    assert failing(rt_apim=routing(f"{PRIVATE}/32", "None")).id == "gateway-blocked"
    counting = network(endpoints={"endpoint_policies": "Enabled"})
    inbound = denying("Inbound", sources=("10.80.10.0/27",))
    assert failing(nsg_endpoints=inbound, network=counting).id == "gateway-blocked"
    assert failing(nsg_endpoints=inbound).id == "gateway-cannot-reach-backend"


@pytest.mark.parametrize("unread", ["nsg_apim", "rt_apim", "network", "service"])
def test_a_way_that_was_not_read_blocks_nobody(unread: str) -> None:
    """What is not known is not blamed."""
    azure: dict[str, Any] = {unread: Failure.DENIED}
    assert failing(**azure).id == "gateway-cannot-reach-backend"


def test_a_rule_that_stops_the_probe_as_well_is_told_once() -> None:
    """What keeps both from the endpoint is the cause at the backend, and no second one at the gateway."""
    counting = network(endpoints={"endpoint_policies": "Enabled"})
    down = visit(connect={"failure": Failure.TIMEOUT})
    judgement = judgement_on(
        told(visit("gateway", **GATEWAY_FAILS), down, nsg_endpoints=denying("Inbound"), network=counting)
    )
    assert ids(judgement) == ["connect-blocked"]


@pytest.mark.parametrize("steps", FAILING)
def test_dns_servers_of_yesterday(steps: Mapping[str, Any]) -> None:
    """It asks other servers than its network names: what they answer is not seen, so that it is not quite sure."""
    found = failing(steps, network_status=status("10.70.0.4"))
    assert (found.id, found.confidence) == ("gateway-dns-stale", Confidence.MEDIUM)
    assert "az apim apply-network-updates --resource-group rg-api-prod" in commands(found)


def test_dns_servers_and_the_gateways_own_test() -> None:
    """Where the gateway's own test ends in the name, the servers are the cause."""
    found = failing(network_status=status("10.70.0.4"), more=[estate.connectivity("Disconnected", "DnsResolution")])
    assert (found.id, found.confidence) == ("gateway-dns-stale", Confidence.HIGH)


def test_dns_servers_that_only_might() -> None:
    """The difference itself is certain, and nothing shows it: a warning."""
    assert warned(network_status=status("10.70.0.4")).id == "gateway-dns-stale"


@pytest.mark.parametrize(
    ("known", "configured"),
    [
        ((), ("10.70.0.4",)),
        (("168.63.129.16",), ()),
        (("100.100.100.100",), ()),
        (("10.70.0.4", "10.70.0.5"), ("10.70.0.5", "10.70.0.4")),
    ],
)
def test_dns_servers_that_do_not_differ(known: tuple[str, ...], configured: tuple[str, ...]) -> None:
    """The same in another order, Azure's own however it is written, and none told: no difference."""
    assert failing(network_status=status(*known), network=network(dns=configured)).id == "gateway-cannot-reach-backend"


def test_what_others_answer_does_not_come_from_dns() -> None:
    """A refusal that the gateway makes itself, and an error that the app signs, follow from no network."""
    refusal: Mapping[str, Any] = {"request": {"status": 401, "body": GATEWAY_ERROR.replace("500", "401")}}
    stale = status("10.70.0.4")
    assert set(ids(judgement_on(told(visit("gateway", **refusal), network_status=stale)))) == {
        "gateway-refuses-caller",
        "gateway-dns-stale",
    }
    signed: Mapping[str, Any] = {
        "request": {"status": 500, "headers": {"x-correlation-id": "x", "content-type": "application/json"}}
    }
    judgement = judgement_on(told(visit("gateway", **signed), nsg_apim=denying("Outbound")))
    assert set(ids(judgement)) == {"app-error", "gateway-blocked"}
    assert {found.id: found.severity for found in judgement.roots}["gateway-blocked"] is Severity.WARNING


@pytest.mark.parametrize(
    "azure",
    [
        {"api_policy": policy("api", to_url(f"https://{PUBLIC}/api"))},
        {"api_policy": policy("api", to_url("https://other.example.com/api"))},
        {"api_policy": policy("api", to_url("https://func-orders-prod.privatelink.azurewebsites.net"))},
        {"api_policy": policy("api", to_entity("orders")), "backends": OTHER},
        {"service_policy": policy("service", to_url(f"https://{PUBLIC}/api"))},
        {"api": ApiContent(path="orders", service_url=f"http://{PUBLIC}/api", subscription_required=False)},
    ],
)
def test_another_backend(azure: dict[str, Any]) -> None:
    """An address, another host, a privatelink name: by policy, entity or service URL, and the gateway suffers."""
    found = failing(**azure)
    assert found.id == "gateway-calls-other-backend"
    assert HOST in found.summary
    assert found.confidence is (Confidence.MEDIUM if "api" in azure else Confidence.HIGH)
    beside = judgement_on(told(**azure))
    assert ids(beside) == ["gateway-calls-other-backend"]
    assert beside.verdict is (Verdict.EXPOSED if PUBLIC in found.summary else Verdict.DEGRADED)


@pytest.mark.parametrize("answer", [{"status": 404, "body": ""}, {"status": 401}, {"status": 200, "body": "<p>"}])
def test_what_another_backend_answers(answer: dict[str, Any]) -> None:
    """A 404, a 401 or a page of somebody else's are its answers."""
    targets = [{**sweeps.TARGETS[0], "body_contains": "orders"}, *sweeps.TARGETS[1:]]
    other = policy("api", to_url("https://other.example.com/api"))
    shown = told(visit("gateway", request=answer), api_policy=other, path_keys={"targets": targets})
    assert ids(judgement_on(shown)) == ["gateway-calls-other-backend"]


@pytest.mark.parametrize(
    "azure",
    [
        {"api_policy": policy("api", to_url("https://x.example.com", decided=False))},
        {"api_policy": policy("api", to_url(f"https://{HOST}"), to_url("https://x.example.com", decided=False))},
        {"api_policy": policy("api", to_entity("gone"))},
        {"api_policy": policy("api", to_entity("orders")), "backends": Failure.DENIED},
        {"api_policy": Failure.DENIED, "service_policy": policy("service", to_url("https://x.example.com"))},
        {
            "api_policy": policy("api", to_url(f"https://{HOST}")),
            "service_policy": policy("service", to_url("https://x.example.com")),
        },
        {"api": None, "service_policy": policy("service", to_url("https://x.example.com"))},
        {"api_policy": policy("api", to_url("https://"))},
        {"api_policy": policy("api", to_url("https://[x"))},
    ],
)
def test_where_calls_go_cannot_be_told(azure: dict[str, Any]) -> None:
    """An expression, a condition, an entity or a policy that was not read, two documents of different minds."""
    assert failing(**azure).id == "gateway-cannot-reach-backend"


def test_the_last_backend_decides() -> None:
    """A condition before it does not matter, and a document that does not inherit hides the one around it."""
    backends = (to_url("https://x.example.com", decided=False), to_url(f"https://{HOST}/api"))
    around = policy("service", to_url("https://x.example.com"))
    fine = policy("api", *backends, inherits=False)
    assert ids(judgement_on(told(api_policy=fine, service_policy=around))) == []


def test_an_app_under_another_of_its_names() -> None:
    """A custom domain of the app is the backend as well."""
    named = estate.site(host_names=(HOST, "orders.example.com"))
    other = policy("api", to_url("https://orders.example.com/api"))
    assert ids(judgement_on(told(site=named, api_policy=other))) == []


def test_a_policy_of_another_operation() -> None:
    """An operation's policy counts for the call that it was read for, and unsettles the others."""
    content = policy("operation", to_url(f"https://{PUBLIC}"))
    op = f"{estate.API}/operations/get-orders/policies/policy"
    own = [estate.reading("operation", op, content, target="gateway")]
    assert failing(more=own).id == "gateway-calls-other-backend"
    others = [estate.reading("operation", op, content, target="scm")]
    assert failing(more=others).id == "gateway-cannot-reach-backend"


def test_a_diverted_call_says_nothing_of_the_way() -> None:
    """Where calls go elsewhere, rules and servers on the way to the backend explain nothing: they are warnings."""
    other = policy("api", to_url(f"https://{PUBLIC}/api"))
    judgement = judgement_on(
        told(
            visit("gateway", **GATEWAY_FAILS),
            api_policy=other,
            nsg_apim=denying("Outbound"),
            network_status=status("10.70.0.4"),
        )
    )
    assert {found.id: found.severity.value for found in judgement.roots} == {
        "gateway-calls-other-backend": "error",
        "gateway-blocked": "warning",
        "gateway-dns-stale": "warning",
    }


def test_two_causes_at_the_gateway() -> None:
    """A rule that denies and servers of yesterday are both told, the sure one with more confidence."""
    steps = visit("gateway", **GATEWAY_FAILS)
    judgement = judgement_on(told(steps, nsg_apim=denying("Outbound"), network_status=status("10.70.0.4")))
    assert {found.id: found.confidence.value for found in judgement.roots} == {
        "gateway-blocked": "high",
        "gateway-dns-stale": "medium",
    }


def test_checks_that_are_off() -> None:
    """An entity in use without a check is a warning; one that nothing uses is none; a condition makes it less sure."""
    lax = BackendsContent(backends=(entity("orders", validate_name=False, validate_chain=False),))
    found = warned(api_policy=policy("api", to_entity("ORDERS")), backends=lax)
    assert (found.id, found.confidence) == ("gateway-skips-tls-checks", Confidence.HIGH)
    assert "--backend-id orders --set tls.validateCertificateChain=true" in commands(found)
    assert ids(judgement_on(told(backends=lax))) == []
    assert ids(judgement_on(told(api_policy=policy("api", to_url(f"https://{HOST}")), backends=lax))) == []
    perhaps = warned(api_policy=policy("api", to_entity("orders", decided=False)), backends=lax)
    assert (perhaps.id, perhaps.confidence) == ("gateway-skips-tls-checks", Confidence.MEDIUM)


def test_checks_of_which_azure_says_nothing_are_made() -> None:
    """Null is not false."""
    unsaid = BackendsContent(backends=(entity("orders", validate_name=None, validate_chain=None),))
    assert ids(judgement_on(told(api_policy=policy("api", to_entity("orders")), backends=unsaid))) == []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"network_type": "External"}, ["gateway-not-internal"]),
        ({"network_type": "None"}, ["gateway-not-internal"]),
        ({"network_type": "None", "public_network_access": "Disabled"}, []),
        ({"network_type": None}, []),
        ({"network_type": "internal"}, []),
    ],
)
def test_the_network_type(fields: dict[str, Any], found: list[str]) -> None:
    """A gateway with a public address beside its private name is a warning; one with a closed public door is none."""
    assert ids(judgement_on(told(service=service(**fields)))) == found


def test_a_gateway_that_is_public_by_name_and_by_type() -> None:
    """Azure confirms what the name shows, or shows that the record is wrong."""
    public = visit("gateway", platform=Said(PUBLIC), on_premises=Said(PUBLIC))
    external = cause(judgement_on(told(public, service=service(network_type="External"))))
    assert (external.id, external.confidence) == ("gateway-not-internal", Confidence.HIGH)
    internal = cause(judgement_on(told(public)))
    assert internal.confidence is Confidence.MEDIUM
    assert any(GATEWAY_ADDRESS in step for step in internal.fix)


@pytest.mark.parametrize(("optional", "found"), [(False, 1), (None, 1), (True, 0)])
def test_what_api_management_needs_itself(optional: bool | None, found: int) -> None:  # noqa: FBT001 - drawn
    """A dependency that fails is a warning, unless it is optional."""
    judgement = judgement_on(told(network_status=status("168.63.129.16", failing="sql", optional=optional)))
    assert ids(judgement) == ["gateway-dependency-failing"] * found


def test_the_gateways_own_test() -> None:
    """Its issues are named; where it passes, the connection is not what fails."""
    failed = failing(more=[estate.connectivity("Disconnected", "UserDefinedRoute")])
    assert (failed.id, failed.confidence) == ("gateway-cannot-reach-backend", Confidence.HIGH)
    assert any("UserDefinedRoute" in clause for clause in failed.supported_by)
    passed = failing(more=[estate.connectivity("Connected")])
    assert passed.confidence is Confidence.LOW


def test_a_call_that_the_gateway_tells_of() -> None:
    """What API Management tells of its own call is as good as its answer."""
    own = sweeps.exchange(
        None, id="told", vantage=Vantage.GATEWAY, failure=Failure.BACKEND_CONNECTION_FAILURE, status=None
    )
    judgement = judgement_on(told([*visit(), own], nsg_apim=denying("Outbound")))
    assert (ids(judgement), cause(judgement).targets) == (["gateway-blocked"], ("backend",))


def test_an_endpoint_of_the_backend_in_another_subnet() -> None:
    """The subnet of the endpoint that the address belongs to counts, wherever it lies."""
    elsewhere = estate.endpoint(subnet_id=f"{estate.HUB}/subnets/snet-endpoints")
    inbound = denying("Inbound")
    counting = network(endpoints={"endpoint_policies": "Enabled"})
    found = failing(endpoint=elsewhere, nsg_endpoints=inbound, network=counting)
    assert found.id == "gateway-cannot-reach-backend"
