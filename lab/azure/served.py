"""The services of a world that stand behind Private Endpoints, and what the world shows of their endpoints.

An endpoint is there where the internet's records have its `privatelink` alias: Azure puts it into the chain when an
endpoint is made, and takes it out with the last one. Its addresses are those at which the service listens in private.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.azure.knowledge import Azure
from lab.world import KeyVault, Site, StorageAccount, World

type Service = Site | StorageAccount | KeyVault

KINDS: Mapping[type, tuple[str, str]] = {
    Site: ("Microsoft.Web/sites", "sites"),
    StorageAccount: ("Microsoft.Storage/storageAccounts", "blob"),
    KeyVault: ("Microsoft.KeyVault/vaults", "vault"),
}
"""Resource type, and the sub-resource that an endpoint is for."""
SUFFIXES = ("azurewebsites.net", "blob.core.windows.net", "vault.azure.net")
"""Of the services' public names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A Private Endpoint."""

    name: str
    addresses: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A service and its endpoint; `None` = it has none.

    Attributes:
        service: as its public front end has it, else as its endpoint has.
        inside: as its endpoint has it, else as the front end has.
    """

    id: str
    name: str
    kind: str
    group_id: str
    hosts: tuple[str, ...]
    service: Service
    inside: Service
    endpoint: Endpoint | None


def name_of(hosts: tuple[str, ...]) -> str:
    """Name of the resource that a host name belongs to."""
    label, _, region = record_name(hosts[0]).partition(".")
    # A unique default host name has a hash behind the app's, and its region.
    return label.rpartition("-")[0] if region else label


def hosts_of(service: Service) -> tuple[str, ...]:
    """Names that the service answers to, the default one first."""
    return service.hosts if isinstance(service, Site) else (service.host,)


def services(world: World) -> Iterator[Served]:
    """Every service of the world, each once."""
    found: dict[tuple[type, str], list[tuple[str, bool, Service]]] = {}
    for listener in world.listeners:
        if isinstance(listener.serves, Site | StorageAccount | KeyVault):
            key = (type(listener.serves), name_of(hosts_of(listener.serves)))
            found.setdefault(key, []).append((listener.address, listener.public, listener.serves))
    for (of, name), places in found.items():
        public = [service for _, is_public, service in places if is_public]
        private = [service for _, is_public, service in places if not is_public]
        service = (public or private)[0]
        kind, group_id = KINDS[of]
        addresses = tuple(address for address, is_public, _ in places if not is_public)
        yield Served(
            id=f"{world.azure.app_group}/providers/{kind}/{name}",
            name=name,
            kind=kind,
            group_id=group_id,
            hosts=hosts_of(service),
            service=service,
            inside=(private or public)[0],
            endpoint=_endpoint(world, world.azure, name, hosts_of(service)[0], addresses),
        )


def _endpoint(world: World, azure: Azure, name: str, host: str, addresses: tuple[str, ...]) -> Endpoint | None:
    if not aliased(world, host):
        return None
    endpoint = f"pe-{name}"
    return Endpoint(
        name=endpoint,
        addresses=addresses or azure.addresses.get(name, ()),
        status=azure.endpoint_states.get(endpoint, "Approved"),
    )


def aliased(world: World, host: str) -> bool:
    """Whether the internet sends the name on to a `privatelink` one."""
    for server in world.name_servers.values():
        for line in server.public:
            owner, _, kind, data = line.split(None, 3)
            if owner.lower() == host.lower() and kind == "CNAME" and ".privatelink." in data:
                return True
    return False


def suffix_of(host: str) -> str:
    """What stands behind the resource's own part of a host name, all after the first label of a name not known."""
    return next((suffix for suffix in SUFFIXES if host.endswith(f".{suffix}")), host.partition(".")[2])


def zone_name(host: str) -> str:
    """The private zone that holds a host's record: `privatelink.` before the service's own suffix."""
    return f"privatelink.{suffix_of(host).replace('vault.azure.net', 'vaultcore.azure.net')}"


def record_name(host: str) -> str:
    """Its relative name there."""
    return host.removesuffix(f".{suffix_of(host)}")
