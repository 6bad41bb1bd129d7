"""A world as Azure Resource Manager shows it now: what was written counts there before front ends follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from lab.azure.knowledge import Network
from lab.world import World


@dataclass(frozen=True, kw_only=True)
class View:
    """What the documents are made of.

    Attributes:
        shown: public access of resources as GET shows it, by id in lower case, where it is not what the world has.
        actions: the same of the default action of a firewall.
    """

    world: World
    shown: Mapping[str, bool] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)

    def public_access(self, resource_id: str, *, open_now: bool) -> bool:
        """Whether publicNetworkAccess of a resource is on."""
        return self.shown.get(resource_id.lower(), open_now)

    def default_action(self, resource_id: str, now: str) -> str:
        """What the firewall of a resource does by default."""
        return self.actions.get(resource_id.lower(), now)

    def tags(self, resource_id: str) -> dict[str, Any]:
        """The key `tags` of a resource that has some."""
        tags = self.world.azure.tags.get(resource_id.lower())
        return {"tags": dict(tags)} if tags else {}

    @property
    def network_resources(self) -> str:
        """Where network resources stand."""
        return f"{self.world.azure.network_group}/providers/Microsoft.Network"

    def endpoint_id(self, name: str) -> str:
        """Id of a Private Endpoint."""
        return f"{self.network_resources}/privateEndpoints/{name}"

    def network_id(self, name: str) -> str:
        """Id of a virtual network."""
        return f"{self.network_resources}/virtualNetworks/{name}"

    def subnet_id(self, name: str) -> str | None:
        """Id of the subnet of that name, in whichever network has it."""
        network = next((each for each in self.networks if name in {subnet.name for subnet in each.subnets}), None)
        return None if network is None else f"{self.network_id(network.name)}/subnets/{name}"

    def subnet_of(self, address: str) -> str | None:
        """Id of the subnet that an address lies in."""
        for network in self.networks:
            for subnet in network.subnets:
                if any(ip_address(address) in ip_network(prefix) for prefix in subnet.prefixes):
                    return self.subnet_id(subnet.name)
        return None

    @property
    def networks(self) -> tuple[Network, ...]:
        """The virtual networks, the path's own first."""
        return self.world.azure.networks
