"""Situations that real tenants have and no scenario shows: what Azure says of them must not be made a false cause."""

from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Finding, Severity, Verdict
from tests import sweeps
from tests.judge import estate
from tests.judge.estate import (
    HUB,
    HUB_DNS,
    NET,
    SITE,
    VNET,
    cause,
    connection,
    connections,
    denying,
    links,
    network,
    policy,
    routing,
    status,
    subnet_id,
    to_url,
    told,
)
from tests.judge.observations import Place, Said, ids, judgement_on, visit
from tests.judge.scenes import GATEWAY_FAILS, IN_PUBLIC
from tests.judge.test_told_gateway import failing
from tests.judge.test_told_zones import commands
from tests.sweeps import PRIVATE, PRIVATELINK, PUBLIC

BLOCKED: dict[str, Any] = {"connect": {"failure": Failure.TIMEOUT}}
SIX = "fd00:80:20::4"
DUAL = network(
    own=("10.80.0.0/16", "fd00:80::/32"),
    apim={"prefixes": ("10.80.10.0/27", "fd00:80:10::/64")},
    endpoints={"prefixes": ("10.80.20.0/27", "fd00:80:20::/64")},
)
ANOTHER = f"{NET}/privateEndpoints/pe-another"


def reached(address: str, **azure: Any) -> Finding | None:
    """What is blamed where API Management fails, and the probe reaches the backend at that address."""
    targets = [{**each, "private_subnets": ["10.80.0.0/16", "fd00::/8"]} for each in sweeps.TARGETS]
    at = visit(platform=Said(address, (PRIVATELINK,)))
    own = connections(connection(addresses=(address,)))
    scene = told(visit("gateway", **GATEWAY_FAILS), at, path_keys={"targets": targets}, connections=own, **azure)
    found = [each for each in judgement_on(scene).roots if each.id == "gateway-blocked"]
    return found[0] if found else None


def test_a_flow_of_the_family_that_the_subnet_lacks() -> None:
    """A subnet without an IPv6 prefix sends nothing to an IPv6 address, and so no rule keeps it from there."""
    assert reached(SIX) is None
    assert reached(SIX, nsg_apim=denying("Outbound")) is None


def test_a_flow_of_two_families() -> None:
    """A rule for all of IPv4 stops IPv4 only; the line that mends a flow names the prefix of its family."""
    four = denying("Outbound", sources=("0.0.0.0/0",), destinations=("0.0.0.0/0",))
    assert reached(PRIVATE, network=DUAL, nsg_apim=four) is not None
    assert reached(SIX, network=DUAL, nsg_apim=four) is None
    found = reached(SIX, network=DUAL, nsg_apim=denying("Outbound"))
    assert found is not None
    assert "--source-address-prefixes fd00:80:10::/64 " in commands(found)


def test_a_gateway_that_waits_in_vain() -> None:
    """The backend that the probe reaches may be out of API Management's reach: its app is not surely to blame."""
    silent = visit("gateway", request={"failure": Failure.TIMEOUT, "status": None})
    found = cause(judgement_on(told(silent, api=None)))
    assert (found.id, found.confidence) == ("request-timeout", Confidence.MEDIUM)
    assert any("API Management may not" in clause for clause in found.weakened_by)


def test_a_backend_that_waits_in_vain() -> None:
    """What the backend itself shows, behind the gateway or not, is the app's."""
    silent: dict[str, Any] = {"request": {"failure": Failure.TIMEOUT, "status": None}}
    for visits in ([visit(**silent)], [visit(**silent), visit("gateway", **silent)]):
        found = cause(judgement_on(told(*visits)))
        assert (found.id, found.confidence, found.weakened_by) == ("request-timeout", Confidence.HIGH, ())


@pytest.mark.parametrize(
    ("url", "confidence"),
    [
        (f"https://{PUBLIC}/api", Confidence.HIGH),
        ("https://func-old.azurewebsites.net/api", Confidence.MEDIUM),
    ],
)
def test_a_gateway_that_works_over_a_public_host(url: str, confidence: Confidence) -> None:
    """It works and is not private: exposed; of a name it is less sure, for an endpoint may stand behind it."""
    judgement = judgement_on(told(api_policy=policy("api", to_url(url))))
    found = cause(judgement)
    assert (found.id, found.severity, found.confidence) == ("gateway-calls-other-backend", Severity.ERROR, confidence)
    assert judgement.verdict is Verdict.EXPOSED


@pytest.mark.parametrize(
    "host",
    ["10.80.20.9", "other.example.com", "func-orders-prod.privatelink.azurewebsites.net", "func-two.azurewebsites.net"],
)
def test_a_gateway_that_works_over_another_host(host: str) -> None:
    """Of a private host, of one with an endpoint, and of one that nothing is known of, no exposure is claimed."""
    other = estate.endpoint(service_id=SITE.replace("func-orders-prod", "func-two"), addresses=("10.80.20.9",))
    more = [estate.reading("another", ANOTHER, other)]
    judgement = judgement_on(told(api_policy=policy("api", to_url(f"https://{host}/api")), more=more))
    assert (cause(judgement).severity, judgement.verdict) == (Severity.WARNING, Verdict.DEGRADED)


def test_an_endpoint_of_a_slot() -> None:
    """A slot's endpoint, of the same site by its id, is none of the app's: neither gone, nor a right address."""
    slot = estate.endpoint(group_ids=("sites-staging",), addresses=("10.80.20.9",))
    more = [estate.reading("another", ANOTHER, slot)]
    steps = visit(platform=Said("10.80.20.9", (PRIVATELINK,)), request={"status": 404})
    for extra in (
        connections(connection()),
        connections(connection(), connection(endpoint_id=ANOTHER, addresses=("10.80.20.9",))),
    ):
        assert cause(judgement_on(told(steps, connections=extra, more=more))).id == "record-stale"


def test_an_endpoint_that_its_resource_does_not_name() -> None:
    """A connection without the endpoint's id may be the one that was read: it is not told to be disconnected."""
    unnamed = connections(connection(addresses=(), endpoint_id=None))
    found = cause(judgement_on(told(visit(**BLOCKED), connections=unnamed)))
    assert found.id == "connect-blocked"


def test_two_endpoints_of_one_app() -> None:
    """Each in its own network: the address of either is right, and one that is pending strikes only who goes there."""
    second = connection("Pending", ("10.70.20.4",), endpoint_id=ANOTHER)
    both = connections(connection(), second)
    assert ids(judgement_on(told(connections=both))) == []
    assert cause(judgement_on(told(visit(**BLOCKED), connections=both))).id == "connect-blocked"


def test_a_group_behind_a_firewall() -> None:
    """What a firewall passes on may have its own address: the endpoint's group does not surely deny it."""
    inbound = denying("Inbound", sources=("10.80.30.0/26",))
    through = routing("10.80.0.0/16", "VirtualAppliance", "10.70.0.9")
    azure: dict[str, Any] = {
        "network": network(
            endpoints={"endpoint_policies": "Enabled"}, probe={"route_table_id": estate.TABLES["probe"]}
        ),
        "nsg_endpoints": inbound,
    }
    straight = cause(judgement_on(told(visit(**BLOCKED), **azure)))
    assert "DenyEndpoints" in straight.summary
    behind = cause(judgement_on(told(visit(**BLOCKED), rt_probe=through, **azure)))
    assert behind.id == "connect-blocked"
    assert "rule DenyEndpoints" not in behind.summary


def test_a_default_route_to_a_firewall() -> None:
    """0.0.0.0/0 to a firewall does not take in an endpoint of a known network: nothing is said of it."""
    through = routing("0.0.0.0/0", "VirtualAppliance", "10.70.0.9")
    assert ids(judgement_on(told(rt_probe=through, rt_apim=through))) == []
    assert failing(rt_apim=through).id == "gateway-cannot-reach-backend"


def test_dns_servers_of_the_probe_app() -> None:
    """Servers of the app's own come before the network's: its zone counts where they ask, not in its network."""
    app = estate.site(
        default_host_name="func-probe-prod.azurewebsites.net", subnet_id=subnet_id("probe"), dns_servers=(HUB_DNS,)
    )
    found = cause(judgement_on(told(visit(**IN_PUBLIC), probe_site=app, zone_links=links(HUB))))
    assert found.id != "zone-not-linked" or found.confidence is not Confidence.HIGH


@pytest.mark.parametrize("known", ["168.63.129.16", "100.100.100.100"])
def test_azures_own_dns_named_as_a_server(known: str) -> None:
    """A network that names Azure's own address has no servers of its own."""
    own = network(dns=("168.63.129.16",))
    assert failing(network_status=status(known), network=own).id == "gateway-cannot-reach-backend"


def test_a_zone_that_may_not_be_read() -> None:
    """Beside a zone that is not linked here, one that may not be read can be the linked one: nothing is sure."""
    hidden = "/subscriptions/9/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/" + estate.ZONE_NAME
    more = [estate.reading("hidden", hidden, Failure.DENIED, like=links(VNET))]
    found = cause(judgement_on(told(visit(**IN_PUBLIC), zone_links=links(HUB), more=more)))
    assert found.confidence is not Confidence.HIGH


def test_a_call_to_another_backend_of_the_path() -> None:
    """What keeps API Management from one backend does not strike a call that surely goes to another."""
    other = SITE.replace("orders", "billing")
    more = [estate.reading("billing", other, estate.site(default_host_name="func-billing.azurewebsites.net"))]
    second = {
        "name": "billing",
        "url": "https://func-billing.azurewebsites.net/api/health",
        "role": "backend",
        "resource": other,
    }
    targets = [*sweeps.TARGETS, second]
    place = "10.80.20.9"
    alias = Said(place, ("func-billing.privatelink.azurewebsites.net",))
    billing = visit("billing", place=Place("func-billing.azurewebsites.net", place, alias.chain))
    group = denying("Outbound", destinations=(place,))
    judgement = judgement_on(
        told(visit("gateway", **GATEWAY_FAILS), billing, path_keys={"targets": targets}, more=more, nsg_apim=group)
    )
    assert {found.id for found in judgement.roots if found.severity is Severity.ERROR} == {
        "gateway-cannot-reach-backend"
    }


def test_a_gateway_in_another_region() -> None:
    """What answers at an address that is none of the first region's may call from another network."""
    there = estate.service(private_addresses=("10.90.10.4",))
    found = failing(service=there, nsg_apim=denying("Outbound"))
    assert (found.id, found.confidence) == ("gateway-blocked", Confidence.MEDIUM)
    assert any("another region" in clause for clause in found.weakened_by)
