"""Faults of names that end alike for a probe: in a public address, or at an address where nobody answers."""

from dataclasses import replace

from lab.azure.knowledge import HUB, NETWORK
from lab.scenarios.article import ENDPOINT_ADDRESS, PRIVATELINK, PRIVATELINK_ZONE
from lab.scenarios.azure.healthy import PEERED, hub_and_spoke, knowing
from lab.scenarios.azure.world import READ
from lab.scenarios.changes import add_listener, change_listener, change_name_server, change_zone
from lab.scenarios.outcome import broken
from lab.world import Listener, ListenerFault, NameServerFault, World

APP_RECORD, SCM_RECORD, PROBE_RECORD = PRIVATELINK_ZONE.records
OLD_ADDRESS = "10.80.20.14"
"""Of an endpoint that was deleted, in the subnet in which its successor has another."""
STALE = tuple(record.replace(ENDPOINT_ADDRESS, OLD_ADDRESS) for record in PRIVATELINK_ZONE.records)


def unseen(world: World) -> World:
    """No name server sees the zone; it is there all the same."""
    world = change_zone(world, PRIVATELINK, None)
    return knowing(world, zones_left={PRIVATELINK: PRIVATELINK_ZONE.records})


def redirected() -> World:
    """The zone has lost its records, and its link sends who asks for them to the internet."""
    return change_name_server(change_zone(READ, PRIVATELINK, (PROBE_RECORD,)), falls_back=True)


def not_forwarding() -> World:
    """The DNS server in the hub asks the internet for azurewebsites.net; the zone is linked to every network."""
    return knowing(unseen(hub_and_spoke(READ)), links_left=(NETWORK.name, HUB.name))


def other_zone() -> World:
    """Another team's zone of the same name is linked to the network, and has no record of the app."""
    world = change_zone(READ, PRIVATELINK, (PROBE_RECORD,))
    return knowing(world, zones_elsewhere=(PRIVATELINK,), zones_left={PRIVATELINK: PRIVATELINK_ZONE.records})


def no_way_to_hub() -> World:
    """Nothing gets to the DNS server in the hub, whose own side of the peering was deleted."""
    world = change_name_server(hub_and_spoke(READ), "platform", fault=NameServerFault.SILENT)
    spoke, hub = PEERED
    return knowing(world, networks=(replace(spoke, disconnected=(HUB.name,)), hub))


def stale() -> World:
    """The records hold the address of an endpoint that was deleted and made anew in the same subnet."""
    world = change_zone(READ, PRIVATELINK, STALE)
    return add_listener(world, Listener(address=OLD_ADDRESS, fault=ListenerFault.DROPS))


def endpoint(status: str) -> World:
    """Nothing gets through the endpoint, because its connection is not approved."""
    world = change_listener(READ, ENDPOINT_ADDRESS, fault=ListenerFault.DROPS)
    return knowing(world, endpoint_states={"pe-func-orders-prod": status})


SCENARIOS = (
    broken(
        "azure-zone-not-linked",
        "the private zone is linked to the hub and not to the network, which asks Azure's own DNS",
        "zone-not-linked",
        knowing(unseen(READ), networks=PEERED),
    ),
    broken(
        "azure-zone-falls-back-to-internet",
        "the zone is linked with resolutionPolicy NxDomainRedirect, and has no record of the app",
        "zone-falls-back-to-internet",
        redirected(),
    ),
    broken(
        "azure-resolver-not-forwarding",
        "the network's own DNS server does not forward azurewebsites.net to Azure, and no link can help",
        "resolver-not-forwarding",
        not_forwarding(),
    ),
    broken(
        "azure-other-zone",
        "another zone of the same name answers in the network, and has no record of the app",
        "other-zone-answers",
        other_zone(),
    ),
    broken(
        "azure-peering-disconnected",
        "the peering to the hub, in which the DNS server stands, is disconnected",
        "peering-disconnected",
        no_way_to_hub(),
    ),
    broken(
        "azure-record-missing",
        "the zone is linked, and has no record of the app",
        "record-missing",
        change_zone(READ, PRIVATELINK, (SCM_RECORD, PROBE_RECORD)),
    ),
    broken(
        "azure-record-stale",
        "the records hold an address that the endpoint had before, in the right subnet",
        "record-stale",
        stale(),
    ),
    *(
        broken(
            f"azure-endpoint-{status.lower()}",
            f"the endpoint's connection to the app is {status.lower()}",
            "endpoint-not-approved",
            endpoint(status),
        )
        for status in ("Pending", "Rejected", "Disconnected")
    ),
)
