"""What the words of a rule or a route stand for: networks, service tags, port ranges; yes, no, or cannot be told.

Service tags: https://learn.microsoft.com/azure/virtual-network/service-tags-overview.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from probes.path.definition import PRIVATE_SPACE

type Network = IPv4Network | IPv6Network
type Address = IPv4Address | IPv6Address

ANY = frozenset({"*", "any"})
"""Of both families; `0.0.0.0/0` is the whole of one."""
HOST_ADDRESS = ip_address("168.63.129.16")
"""The virtual address of the host: source of a load balancer's probes."""
PUBLIC_TAGS = frozenset({
    "actiongroup", "apimanagement", "appconfiguration", "appservice", "appservicemanagement",
    "azureactivedirectory", "azurebackup", "azurebotservice", "azurecloud", "azureconnectors",
    "azurecontainerregistry", "azurecosmosdb", "azuredatabricks", "azuredevops", "azuredigitaltwins",
    "azurefrontdoor", "azureiothub", "azurekeyvault", "azuremachinelearning", "azuremonitor",
    "azureresourcemanager", "azuresignalr", "azuresiterecovery", "azuretrafficmanager", "azureupdatedelivery",
    "azurewebpubsub", "batchnodemanagement", "cognitiveservicesmanagement", "datafactory", "datafactorymanagement",
    "eventhub", "guestandhybridmanagement", "hdinsight", "logicapps", "logicappsmanagement",
    "microsoftcontainerregistry", "powerplatforminfra", "powerplatformplex", "powerqueryonline", "servicebus",
    "servicefabric", "sql", "sqlmanagement", "storage", "storagesyncservice", "windowsadmincenter",
    "windowsvirtualdesktop",
})  # fmt: skip
"""Tags of services, with or without a region after a dot: public addresses of Azure, and so no private one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What the tag `VirtualNetwork` holds for a subnet.

    Attributes:
        own: address space of its network and of those that are peered with it and connected.
        routed: prefixes of its own routes, which Azure counts in as well; so it does what is behind a gateway, which
            cannot be seen from here.
        whole: the network itself was read, so that `own` is complete.
    """

    own: tuple[Network, ...] = ()
    routed: tuple[Network, ...] = ()
    whole: bool = False


def networks(prefixes: Iterable[str]) -> tuple[Network, ...]:
    """Those of the texts that are addresses or networks."""
    return tuple(found for prefix in prefixes if (found := network(prefix)) is not None)


@lru_cache(maxsize=4096)
def network(text: str) -> Network | None:
    """The network of a text, an address counting as one; `None` = it is something else."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def within(address: Address, nets: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; one of the other family never does."""
    return any(address in net for net in nets)


def overlap(one: Network, other: Network) -> Network | None:
    """What two networks have in common: the narrower one, or nothing."""
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one if one.subnet_of(other) else other if other.subnet_of(one) else None
    if isinstance(one, IPv6Network) and isinstance(other, IPv6Network):
        return one if one.subnet_of(other) else other if other.subnet_of(one) else None
    return None


def without(nets: Sequence[Network], taken: Network) -> tuple[Network, ...]:
    """What is left of networks without another."""
    left: list[Network] = []
    for net in nets:
        common = overlap(net, taken)
        if common is None:
            left.append(net)
        elif common != net:
            left += net.address_exclude(common)  # type: ignore[arg-type]  # overlap is of the family of both
    return tuple(left)


def holds(word: str, address: Address, space: Space) -> bool | None:
    """Whether one word of a rule takes in an address; `None` = that cannot be told from here."""
    if word.strip().lower() in ANY:
        return True
    net = network(word)
    if net is not None:
        return address in net
    return tag_holds(word.strip().lower(), address, space)


def tag_holds(tag: str, address: Address, space: Space) -> bool | None:
    """Whether a service tag takes in an address."""
    private = within(address, PRIVATE_SPACE)
    inside, routed = within(address, space.own), within(address, space.routed)
    match tag:
        case "virtualnetwork":
            if inside:
                return True
            return None if private or routed or not space.whole else False
        case "internet":
            if inside:
                return False
            return None if private or routed or not space.whole else True
        case "azureloadbalancer":
            return address == HOST_ADDRESS
    return False if private and tag.partition(".")[0] in PUBLIC_TAGS else None


def port_in(ranges: Iterable[str], port: int) -> bool:
    """Whether a port lies in one of the ranges: `443`, `8000-8010`, `*`."""
    return any(in_range(text.strip(), port) for text in ranges)


def in_range(text: str, port: int) -> bool:
    """Whether a port lies in one range; what is none holds no port."""
    if text == "*":
        return True
    first, _, last = text.partition("-")
    try:
        return int(first) <= port <= int(last or first)
    except ValueError:
        return False
