"""The one door to what Azure says of a path; in everything `None` means that it was not read, and never no."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from probes.judge.azure.prefixes import networks, within
from probes.judge.azure.readings import Found, Readings, normal, parent, resource_name, segment
from probes.judge.azure.way import Flow, Way, way
from probes.judge.azure.zones import PrivateZone, private_zone
from probes.path import Path, Role, Target
from probes.records import Reading, Vantage
from probes.resources import (
    AccessContent,
    ConnectionsContent,
    Content,
    EndpointConnection,
    EndpointContent,
    InterfaceContent,
    NetworkContent,
    ServiceContent,
    SiteContent,
    ZoneGroupsContent,
)

AZURE_DNS = "168.63.129.16"
APPROVED = "approved"
GONE = "Disconnected"
"""What an endpoint is that its resource does not know any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A Private Endpoint of a target.

    Attributes:
        id: `None` where the resource does not tell; `connection_id` of the connection, as its resource has it.
        status: of its connection, `None` = not told.
        addresses: empty = not told.
        subnet_id: `None` where the endpoint itself was not read.
    """

    id: str | None
    connection_id: str | None
    status: str | None
    description: str | None
    addresses: tuple[str, ...]
    subnet_id: str | None
    ids: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name, or what stands for it."""
        return resource_name(self.id) or "PRIVATE_ENDPOINT"

    @property
    def approved(self) -> bool | None:
        """Whether its connection is; `None` = not told."""
        return None if self.status is None else self.status.lower() == APPROVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The Private Endpoints of a target.

    Attributes:
        complete: these are all, and the addresses of each are known: what is not among them belongs to none.
    """

    every: tuple[Endpoint, ...] = ()
    complete: bool = False
    ids: tuple[str, ...] = ()

    def at(self, address: str) -> Endpoint | None:
        """The endpoint that has an address."""
        return next((one for one in self.every if address in one.addresses), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those of every endpoint that is approved, or may be."""
        return tuple(address for one in self.every if one.approved is not False for address in one.addresses)


@dataclass(frozen=True)
class Azure:
    """What the readings of a sweep say of its path."""

    path: Path
    readings: Readings

    @classmethod
    def of(cls, path: Path, readings: Iterable[Reading]) -> "Azure":
        """Arrange the readings."""
        return cls(path, Readings(tuple(readings)))

    @property
    def silent(self) -> bool:
        """Nothing was read at all."""
        return not self.readings.every

    def read[C: Content](self, kind: type[C], resource_id: str | None) -> Found[C]:
        """What is known of a resource."""
        return self.readings.of(kind, resource_id)

    def resource(self, target: Target) -> str | None:
        """Id of the resource that a target is."""
        return self.path.resource_of(target)

    def site(self, target: Target) -> Found[SiteContent]:
        """The app that a target is."""
        return self.read(SiteContent, self.resource(target))

    @property
    def service_id(self) -> str | None:
        """Id of API Management."""
        return self.path.service_id

    @cached_property
    def service(self) -> Found[ServiceContent]:
        """API Management."""
        return self.read(ServiceContent, self.service_id)

    @cached_property
    def probe_subnet_id(self) -> str | None:
        """The subnet that the probe app is integrated into."""
        site = self.read(SiteContent, self.path.resources.get("probe_site")).content
        return None if site is None or self.path.vantage is not Vantage.PROBE else site.subnet_id

    @property
    def service_subnet_id(self) -> str | None:
        """The subnet that API Management stands in."""
        return None if self.service.content is None else self.service.content.subnet_id

    @property
    def network_id(self) -> str | None:
        """The network that this agent asks from, `None` where it stands elsewhere."""
        if self.path.vantage is not Vantage.PROBE:
            return None
        return parent(self.probe_subnet_id, "virtualNetworks") or self.path.resources.get("virtual_network")

    def dns_servers(self, network_id: str | None) -> tuple[str, ...] | None:
        """The DNS servers of a network, Azure's own where it has none of its own; `None` = not read."""
        found = self.read(NetworkContent, network_id).content
        return None if found is None else found.dns_servers or (AZURE_DNS,)

    def beyond(self, server: str) -> bool:
        """Whether a server stands in no network that this one is joined with, as far as Azure tells of all of them."""
        found = self.read(NetworkContent, self.network_id).content
        told = found is not None and all(peering.remote_prefixes for peering in found.peerings)
        return told and private_address(server) and self.network_at(server) is None

    @property
    def servers_here(self) -> tuple[str, ...] | None:
        """The DNS servers that this agent asks: the probe app's own before its network's; `None` = not read."""
        probe = self.read(SiteContent, self.path.resources.get("probe_site")).content
        own = () if probe is None or self.path.vantage is not Vantage.PROBE else probe.dns_servers
        return own or self.dns_servers(self.network_id)

    @property
    def own_servers(self) -> tuple[str, ...]:
        """DNS servers of one's own that the probe app or the network names."""
        return tuple(server for server in self.servers_here or () if server != AZURE_DNS)

    def network_at(self, address: str) -> str | None:
        """The network that an address lies in, among those that were read and those that are peered with them."""
        place = ip_address(address)
        for reading, content in self.readings.every_of(NetworkContent):
            if within(place, networks(content.prefixes)):
                return reading.resource_id
        for _, content in self.readings.every_of(NetworkContent):
            for peering in content.peerings:
                if peering.remote_id and within(place, networks(peering.remote_prefixes)):
                    return peering.remote_id
        return None

    def resolving_networks(self, server: str) -> tuple[str, ...] | None:
        """Where a resolver asks Azure from, and so where a zone must be linked; `None` = that is not known.

        Azure's own address is asked from the network at hand; where that has servers of its own, the question may have
        gone through them, and both count.
        """
        own = self.network_id
        if own is None:
            return None
        if private_address(server) and server != AZURE_DNS:
            there = self.network_at(server)
            return None if there is None else (there,)
        servers = self.servers_here
        if servers is None:
            return None
        places = [own if one == AZURE_DNS else self.network_at(one) for one in servers]
        if server == AZURE_DNS:
            places.insert(0, own)
        known = tuple(dict.fromkeys(place for place in places if place is not None))
        return known if len([place for place in places if place is None]) == 0 else None

    def zone(self, privatelink_zone: str, record: str, server: str) -> PrivateZone | None:
        """A private zone as the resolver at that address must see it, `None` = no zone of that name was asked for."""
        preferred = [
            *(zone for _, content in self.readings.every_of(ZoneGroupsContent) for zone in content.zone_ids),
            self.path.resources.get("private_dns_zone", ""),
        ]
        return private_zone(self.readings, privatelink_zone, record, self.resolving_networks(server), preferred)

    def connections(self, target: Target) -> tuple[tuple[EndpointConnection, ...] | None, tuple[str, ...]]:
        """What a target's resource says of its endpoints, `None` = not read."""
        resource = self.resource(target)
        if target.role in {Role.STORAGE, Role.KEY_VAULT}:
            access = self.read(AccessContent, resource)
            return (None if access.content is None else access.content.connections), access.ids
        found = self.read(ConnectionsContent, resource)
        return None if found.content is None else found.content.connections, found.ids

    def endpoints(self, target: Target) -> Endpoints:
        """The Private Endpoints of a target, by what its resource and they themselves say."""
        if self.silent or target.role is Role.GATEWAY:
            return Endpoints()
        if target.name not in self._known:
            self._known[target.name] = self._endpoints(target)
        return self._known[target.name]

    @cached_property
    def _known(self) -> dict[str, Endpoints]:
        """What was found of each target: every rule asks again."""
        return {}

    @cached_property
    def _of_service(self) -> dict[str, list[tuple[Reading, EndpointContent]]]:
        """The endpoints that were read, by what is behind them."""
        found: dict[str, list[tuple[Reading, EndpointContent]]] = {}
        for reading, content in self.readings.every_of(EndpointContent):
            found.setdefault(normal(content.service_id or ""), []).append((reading, content))
        return found

    def _endpoints(self, target: Target) -> Endpoints:
        connections, ids = self.connections(target)
        told = [one for one in connections or () if self._of_target(one, target)]
        every = [self._endpoint(one, ids) for one in told]
        known = {normal(one.id) for one in every if one.id is not None}
        anonymous = any(one.endpoint_id is None for one in told)  # which of those that were read is not said
        for reading, content in self._of_service.get(normal(self.resource(target) or "-"), ()):
            if normal(reading.resource_id) not in known and of_groups(content.group_ids, target, self.slot(target)):
                status = content.status if connections is None or anonymous else GONE
                every.append(
                    Endpoint(
                        id=reading.resource_id,
                        connection_id=None,
                        status=status,
                        description=None,
                        addresses=self._addresses(content),
                        subnet_id=content.subnet_id,
                        ids=(reading.id,),
                    )
                )
        complete = connections is not None and all(one.addresses for one in every)
        return Endpoints(every=tuple(every), complete=complete, ids=ids)

    def _of_target(self, connection: EndpointConnection, target: Target) -> bool:
        """Whether a connection is of the target's sub-resource, as far as it or its endpoint says of which it is."""
        own = self.read(EndpointContent, connection.endpoint_id).content
        groups = connection.group_ids or (() if own is None else own.group_ids)
        return of_groups(groups, target, self.slot(target))

    def slot(self, target: Target) -> str | None:
        """The deployment slot that a target is."""
        return segment(self.resource(target), "slots")

    def _endpoint(self, connection: EndpointConnection, ids: tuple[str, ...]) -> Endpoint:
        """An endpoint as its resource tells of it, filled up with what it says of itself."""
        found = self.read(EndpointContent, connection.endpoint_id)
        own = () if found.content is None else self._addresses(found.content)
        return Endpoint(
            id=connection.endpoint_id,
            connection_id=connection.id,
            status=connection.status,
            description=connection.description,
            addresses=tuple(dict.fromkeys((*connection.addresses, *own))),
            subnet_id=None if found.content is None else found.content.subnet_id,
            ids=(*ids, *found.ids),
        )

    def _addresses(self, endpoint: EndpointContent) -> tuple[str, ...]:
        """Its addresses; where a zone group exists, its own answer may have none, and its interface has."""
        if endpoint.addresses:
            return endpoint.addresses
        interfaces = (self.read(InterfaceContent, one).content for one in endpoint.interface_ids)
        return tuple(address for one in interfaces if one is not None for address in one.addresses)

    def owner(self, address: str) -> tuple[str, EndpointContent] | None:
        """The endpoint, of whatever it is, that has an address."""
        for reading, content in self.readings.every_of(EndpointContent):
            if address in self._addresses(content):
                return reading.resource_id, content
        return None

    def way(self, subnet_id: str | None, target: Target, address: str, port: int) -> Way | None:
        """What groups and routes make of a call from a subnet to a target's address; `None` = no subnet is known."""
        if subnet_id is None:
            return None
        mine = self.endpoints(target).at(address)
        other = self.owner(address)
        place = mine.subnet_id if mine is not None else other[1].subnet_id if other is not None else None
        endpoint = mine is not None or other is not None or target.role is not Role.GATEWAY
        flow = Flow(
            subnet_id=subnet_id,
            address=ip_address(address),
            port=port,
            endpoint=endpoint,
            target_subnet_id=place or self._subnet_at(address),
        )
        return way(self.readings, flow)

    def _subnet_at(self, address: str) -> str | None:
        """The subnet that an address lies in, among those that were read."""
        place = ip_address(address)
        every = (one for _, content in self.readings.every_of(NetworkContent) for one in content.subnets)
        return next((one.id for one in every if within(place, networks(one.prefixes))), None)


def of_groups(group_ids: Iterable[str], target: Target, slot: str | None) -> bool:
    """Whether an endpoint for these sub-resources is one of the target's; app and deployment site share theirs."""
    groups = {group.lower() for group in group_ids}
    if target.role in {Role.BACKEND, Role.SCM}:
        return not groups or (f"sites-{slot.lower()}" if slot else "sites") in groups
    if target.role is Role.STORAGE:
        return not groups or target.host.split(".")[1] in groups
    return not groups or target.role is not Role.KEY_VAULT or "vault" in groups


def private_address(server: str) -> bool:
    """Whether a server is named by an address that is no loopback: a proxy on this machine asks the network's own."""
    try:
        place = ip_address(server)
    except ValueError:
        return False
    return not place.is_loopback
