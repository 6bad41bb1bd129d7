"""A peering that is down between this network and an address that does not answer."""

from collections.abc import Iterator
from ipaddress import ip_address

from probes.failure import Failure
from probes.judge.azure.facade import private_address
from probes.judge.azure.prefixes import networks, within
from probes.judge.azure.readings import resource_name, segment
from probes.judge.azure.way import CONNECTED
from probes.judge.finding import Severity
from probes.judge.rule import Match, Rule, Stage
from probes.judge.rules.clues import DOWNSTREAM
from probes.judge.rules.words import words
from probes.judge.scene import NO_WORD, Answer, Scene, View
from probes.records import PLATFORM, Connection
from probes.resources import NetworkContent, Peering

SILENT = frozenset({Failure.TIMEOUT, Failure.UNREACHABLE})


def peering_disconnected(scene: Scene) -> Iterator[Match]:
    """Only where all that was tried of a target lies behind it, and no other network is known to hold the address."""
    network = scene.azure.read(NetworkContent, scene.azure.network_id)
    if network.content is None:
        return
    for view in scene.views:
        for addresses, evidence in silent(view):
            behind = {one: down(network.content, one) for one in addresses}
            peering = next(iter(behind.values()), None)
            if peering is not None and all(each == peering for each in behind.values()):
                yield Match(
                    targets=(view.target.name,),
                    subject=peering.name,
                    evidence=(*evidence, *network.ids),
                    words={
                        **words(view),
                        "addresses": ", ".join(addresses),
                        "peering": peering.name,
                        "state": peering.state or "",
                        "network": resource_name(scene.azure.network_id) or "this network",
                        "network_group": segment(scene.azure.network_id, "resourceGroups") or "NETWORK_RESOURCE_GROUP",
                        "network_subscription": segment(scene.azure.network_id, "subscriptions") or "SUBSCRIPTION",
                        "remote": resource_name(peering.remote_id) or "the other network",
                        **sides(peering, scene.azure.network_id or "VNET_RESOURCE_ID"),
                    },
                )


def sides(peering: Peering, network_id: str) -> dict[str, str]:
    """What the other side lacks, or what both must make anew."""
    other = peering.remote_id or "REMOTE_VNET_RESOURCE_ID"
    if (peering.state or "").lower() != "initiated":
        return {"broken_peering": peering.name, "remote_id": other}
    return {
        "lacking_side": resource_name(other) or "VNET",
        "lacking_group": segment(other, "resourceGroups") or "RESOURCE_GROUP",
        "lacking_subscription": segment(other, "subscriptions") or "SUBSCRIPTION",
        "network_id": network_id,
    }


def silent(view: View) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """Addresses that bring nothing: of the target, where none connects, and of the network's own DNS servers."""
    tried = view.of(Connection)
    if tried and all(record.failure in SILENT for record in tried):
        yield [record.address for record in tried], tuple(record.id for record in tried)
    servers = [answer for answer in view.wired if answer.resolver == PLATFORM]
    if servers and all(answer.failure in NO_WORD and private_address(answer.server) for answer in servers):
        yield [answer.server for answer in servers], tuple(name for one in servers for name in asked(view, one))


def asked(view: View, answer: Answer) -> tuple[str, ...]:
    """The questions that brought nothing, and the failure of the system's resolver that follows from it."""
    system = view.system.ids if view.system is not None and view.system.failure else ()
    return (*(one.id for one in answer.resolutions), *system)


def down(network: NetworkContent, address: str) -> Peering | None:
    """The peering that is not connected and leads to an address, where nothing else that is known does."""
    place = ip_address(address)
    leading = [one for one in network.peerings if within(place, networks(one.remote_prefixes))]
    if within(place, networks(network.prefixes)) or len(leading) != 1:
        return None
    state = (leading[0].state or CONNECTED).lower()
    return None if state == CONNECTED else leading[0]


RULES = (
    Rule(
        id="peering-disconnected",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The peering to the network of the address is down",
        recognised_by="Nothing answers at an address of a peered network, and Azure says that the peering is not Connected.",
        find=peering_disconnected,
        summary="Nothing answers at {addresses}, which lies in {remote}: peering {peering} of {network} is {state} by Azure.",
        masks=("no-resolver-answers", "resolver-unreachable", "some-resolvers-fail"),
        masks_stages=DOWNSTREAM,
        fix=(
            "The other side has no peering back; {lacking_side} needs one:",
            "az network vnet peering create --resource-group {lacking_group} --subscription {lacking_subscription} --vnet-name {lacking_side} --name to-{network} --remote-vnet {network_id} --allow-vnet-access true",
            "Peering {broken_peering} has lost its other side: make it anew on both sides, here so:",
            "az network vnet peering delete --resource-group {network_group} --subscription {network_subscription} --vnet-name {network} --name {broken_peering}",
            "az network vnet peering create --resource-group {network_group} --subscription {network_subscription} --vnet-name {network} --name {broken_peering} --remote-vnet {remote_id} --allow-vnet-access true",
        ),
        reference="https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues",
    ),
)
