"""What Azure says of a world is what the world shows on the network."""

from collections.abc import Iterable
from typing import Any

import pytest

from lab.azure.estate import estate
from lab.azure.view import View
from lab.scenarios import SCENARIOS, scenario
from lab.scenarios.article import ENDPOINT_ADDRESS, NETWORK_RESOURCES, PRIVATELINK, SECOND_ENDPOINT_ADDRESS
from lab.world import Scenario, World

ENDPOINT = f"{NETWORK_RESOURCES}/privateEndpoints/pe-func-orders-prod"


def properties(world: World, id_: str) -> Any:
    """What a resource of the world says of itself, `None` where there is none."""
    found = estate(View(world=world), workspace_id="w").get(id_.lower())
    return None if found is None else found.body["properties"]  # type: ignore[call-overload]


def of(name: str, kind: str) -> Any:
    """The same, of a resource of a scenario's path."""
    world = scenario(name).world
    return properties(world, world.path["resources"][kind])  # type: ignore[index]


def addresses(name: str) -> list[str]:
    """Of the interface of the backend's endpoint in a scenario."""
    found = properties(scenario(name).world, f"{NETWORK_RESOURCES}/networkInterfaces/pe-func-orders-prod.nic")
    return [each["properties"]["privateIPAddress"] for each in found["ipConfigurations"]]


@pytest.mark.parametrize("each", SCENARIOS, ids=lambda each: each.name)
def test_every_world_has_an_azure(each: Scenario) -> None:
    """Of every scenario, with the network, and every id in it is of a resource or of a subnet."""
    found = estate(View(world=each.world), workspace_id="w")
    ids = {id_ for document in found.values() for id_ in named(document.body)}
    known = [id_ for id_ in ids if "/microsoft.network/" in id_.lower()]
    missing = [id_ for id_ in known if id_.lower() not in found and not within(id_)]
    assert missing == []


def named(value: Any) -> Iterable[str]:
    """Every id in a document."""
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if key == "id" and isinstance(item, str))
        for item in value.values():
            yield from named(item)
    elif isinstance(value, list):
        for item in value:
            yield from named(item)


def within(id_: str) -> bool:
    """Whether an id is of a part of a resource that is read with it, or no id of Azure's."""
    parts = ("/securityrules/", "/defaultsecurityrules/", "/delegations/", "/virtualnetworkpeerings/", "/routes/")
    more = ("/privatelinkserviceconnections/", "/ipconfigurations/")
    return any(part in id_.lower() for part in (*parts, *more)) or not id_.startswith("/subscriptions/")


def test_an_app_without_an_alias_has_no_endpoint() -> None:
    """Azure puts the privatelink name into the chain when an endpoint is made."""
    world = scenario("no-private-endpoint").world
    assert properties(world, ENDPOINT) is None
    assert of("healthy", "private_endpoint") is not None


def test_an_endpoint_has_the_addresses_at_which_its_app_listens() -> None:
    """All of them, whatever a record says."""
    assert addresses("healthy-two-addresses") == [ENDPOINT_ADDRESS, SECOND_ENDPOINT_ADDRESS]
    assert addresses("record-stale") == [ENDPOINT_ADDRESS]
    assert addresses("azure-record-stale") == [ENDPOINT_ADDRESS]


def test_a_zone_is_linked_where_the_platform_sees_it() -> None:
    """And to the hub where only another resolver does; a redirect stands in the link."""
    for name, networks, policy in (
        ("healthy", ["vnet-prod-api"], "Default"),
        ("zone-not-linked", ["vnet-hub"], "Default"),
        ("zone-falls-back-to-internet", ["vnet-prod-api"], "NxDomainRedirect"),
        ("azure-healthy-hub-and-spoke", ["vnet-hub"], "Default"),
    ):
        zone = f"{NETWORK_RESOURCES}/privateDnsZones/{PRIVATELINK}/virtualNetworkLinks/"
        found = estate(View(world=scenario(name).world), workspace_id="w")
        links: list[Any] = [each.body for id_, each in found.items() if id_.startswith(zone.lower())]
        assert [link["properties"]["virtualNetwork"]["id"].rpartition("/")[2] for link in links] == networks
        assert {link["properties"]["resolutionPolicy"] for link in links} == {policy}


def test_custom_dns_servers_are_those_that_the_machine_asks() -> None:
    """And API Management knows the ones that it was started with."""
    assert of("healthy", "virtual_network")["dhcpOptions"]["dnsServers"] == []
    assert of("azure-healthy-hub-and-spoke", "virtual_network")["dhcpOptions"]["dnsServers"] == ["10.90.0.4"]
    world = scenario("gateway-cannot-reach-backend").world
    found = estate(View(world=world), workspace_id="w")
    body: Any = found[f"{world.path['resources']['api_management']}/networkstatus".lower()].body  # type: ignore[index]
    assert [each["networkStatus"]["dnsServers"] for each in body] == [["10.80.40.9"]]


def test_a_public_gateway_is_external() -> None:
    """With its public address."""
    found = of("gateway-not-internal", "api_management")
    assert (found["virtualNetworkType"], found["publicIPAddresses"]) == ("External", ["203.0.113.20"])


def test_an_app_that_is_stopped_says_so() -> None:
    """While one whose host is down is running."""
    assert (of("app-stopped", "site")["state"], of("host-not-running", "site")["state"]) == ("Stopped", "Running")


def test_a_zone_of_another_group_answers_beside_the_paths_own() -> None:
    """Both are there: the one that is seen is linked, and the path's is not."""
    found = estate(View(world=scenario("azure-other-zone").world), workspace_id="w")
    zones = [id_ for id_ in found if id_.endswith(f"/privatednszones/{PRIVATELINK}")]
    linked = {id_: [each for each in found if each.startswith(f"{id_}/virtualnetworklinks/")] for id_ in zones}
    names = {id_.split("/")[4]: [link.rpartition("/")[2] for link in links] for id_, links in linked.items()}
    assert names == {"rg-api-prod": ["link-vnet-prod-api"], "rg-net-prod": ["link-vnet-hub"]}


def test_a_peering_says_whether_it_works() -> None:
    """Connected, unless the other side was deleted."""
    for name, state in (("azure-healthy-hub-and-spoke", "Connected"), ("azure-peering-disconnected", "Disconnected")):
        (peering,) = of(name, "virtual_network")["virtualNetworkPeerings"]
        assert (peering["name"], peering["properties"]["peeringState"]) == ("to-vnet-hub", state)
