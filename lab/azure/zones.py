"""Private DNS zones as Microsoft.Network writes them: the zones that the world's name servers see.

One zone resource a name. Its records are those that the platform's name server sees, else another's, else none is left.
It is linked to the path's network where the platform's name server sees it; where only another does, to the hub.
"""

from collections.abc import Iterator, Mapping

from lab.azure.resource import Resource, resource
from lab.azure.served import Served
from lab.azure.view import View
from lab.world import World, Zone

KIND = "Microsoft.Network/privateDnsZones"
PLATFORM = "platform"
ETAG = "00000000-0000-0000-0000-000000000000"
DEFAULT_TTL_S = 3600


def seen(world: World) -> Mapping[str, tuple[Zone, bool]]:
    """Each zone by name, and whether the platform's name server sees it."""
    found: dict[str, tuple[Zone, bool]] = {}
    others = (server for name, server in world.name_servers.items() if name != PLATFORM)
    for linked, server in ((True, world.name_servers[PLATFORM]), *((False, other) for other in others)):
        for zone in server.zones:
            found.setdefault(zone.name, (zone, linked))
    for name, records in world.azure.zones_left.items():
        found.setdefault(name, (Zone(name=name, records=records), False))
    return found


def zone_id(view: View, name: str) -> str:
    """Id of a zone."""
    return f"{view.network_resources}/privateDnsZones/{name}"


def addresses(zone: Zone) -> dict[str, tuple[int, list[str]]]:
    """TTL and addresses of each A record set of a zone, by relative name in lower case."""
    found: dict[str, tuple[int, list[str]]] = {}
    for line in zone.records:
        owner, ttl, kind, data = line.split(None, 3)
        if kind == "A":
            found.setdefault(owner.lower(), (int(ttl), []))[1].append(data)
    return found


def documents(view: View, served: tuple[Served, ...]) -> Iterator[Resource]:
    """Every zone with its links and its A records."""
    azure = view.world.azure
    for name, (zone, linked) in seen(view.world).items():
        elsewhere = name in azure.zones_elsewhere
        this = f"{azure.app_group}/providers/{KIND}/{name}" if elsewhere else zone_id(view, name)
        yield from _zone(view, served, this, zone, azure.linked if linked else azure.links_left)
        if elsewhere:
            left = Zone(name=name, records=azure.zones_left.get(name, ()))
            yield from _zone(view, served, zone_id(view, name), left, azure.links_left)


def _zone(view: View, served: tuple[Served, ...], this: str, zone: Zone, links: tuple[str, ...]) -> Iterator[Resource]:
    name, sets = zone.name, addresses(zone)
    yield resource(
        this,
        KIND,
        {
            "maxNumberOfRecordSets": 25000,
            "numberOfRecordSets": len(sets) + 1,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "numberOfVirtualNetworkLinks": len(links),
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
            "numberOfVirtualNetworkLinksWithRegistration": 0,
            "provisioningState": "Succeeded",
        },
        location="global",
        etag=ETAG,
        **view.tags(this),
    )
    falls_back = view.world.name_servers[PLATFORM].falls_back and name.startswith("privatelink.")
    for network in links:
        yield resource(
            f"{this}/virtualNetworkLinks/link-{network}",
            f"{KIND}/virtualNetworkLinks",
            {
                "provisioningState": "Succeeded",
                "registrationEnabled": False,
                "resolutionPolicy": "NxDomainRedirect" if falls_back else "Default",
                "virtualNetwork": {"id": view.network_id(network)},
                "virtualNetworkLinkState": "Completed",
            },
            location="global",
            etag=ETAG,
        )
    yield from _records(served, this, name, sets)


def _records(
    served: tuple[Served, ...], this: str, name: str, sets: Mapping[str, tuple[int, list[str]]]
) -> Iterator[Resource]:
    yield resource(
        f"{this}/SOA/@",
        f"{KIND}/SOA",
        {
            "fqdn": f"{name}.",
            "ttl": DEFAULT_TTL_S,
            "soaRecord": {"host": "azureprivatedns.net", "email": "azureprivatedns-host.microsoft.com"},
        },
        etag=ETAG,
    )
    creators = {address: each.endpoint.name for each in served if each.endpoint for address in each.endpoint.addresses}
    for owner, (ttl_s, values) in sets.items():
        creator = next((creators[value] for value in values if value in creators), None)
        metadata = {} if creator is None else {"metadata": {"creator": f"created by private endpoint {creator}"}}
        yield resource(
            f"{this}/A/{owner}",
            f"{KIND}/A",
            {
                **metadata,
                "fqdn": f"{name}." if owner == "@" else f"{owner}.{name}.",
                "ttl": ttl_s,
                "isAutoRegistered": False,
                "aRecords": [{"ipv4Address": value} for value in values],
            },
            etag=ETAG,
        )
