"""Paths in good order, read in Azure as well: nothing may be found in what it says."""

from dataclasses import replace

from lab.azure.knowledge import HUB, NETWORK, Faults
from lab.scenarios.azure.world import READ, WHOLE, with_reads
from lab.scenarios.changes import change_name_server
from lab.scenarios.healthy import unique_host_name
from lab.scenarios.outcome import proven
from lab.world import World

HUB_DNS = "10.90.0.4"
"""A DNS server of the company's, in the hub; it forwards to Azure."""
PEERED = (replace(NETWORK, peers=(HUB.name,)), replace(HUB, peers=(NETWORK.name,)))


def knowing(world: World, **changes: object) -> World:
    """The world with these fields of what only Azure knows changed."""
    return replace(world, azure=replace(world.azure, **changes))  # type: ignore[arg-type] # dataclasses.replace checks


def hub_and_spoke(world: World) -> World:
    """The network asks a DNS server in the hub, and the zones are linked to the hub alone."""
    return knowing(change_name_server(world, "platform", address=HUB_DNS), networks=PEERED, linked=(HUB.name,))


SCENARIOS = (
    proven("azure-healthy", "the path of the article in good order, and so is what Azure says of it", READ),
    proven("azure-healthy-dependencies", "storage account and key vault are private and closed as well", WHOLE),
    proven(
        "azure-healthy-hub-and-spoke",
        "the zones are linked to the hub whose DNS server the network asks, and not to the network itself",
        hub_and_spoke(READ),
    ),
    proven(
        "azure-healthy-unique-host-name",
        "the app has a unique default host name, and its records have the hash and the region",
        with_reads(unique_host_name()),
    ),
    proven(
        "azure-healthy-throttled",
        "Azure answers a few reads with 429, and serves them when asked again",
        knowing(READ, faults=Faults(throttled=3, retry_after_s=0.2)),
    ),
    proven("azure-healthy-pages", "Azure answers lists in pages of one", knowing(WHOLE, page_size=1)),
)
