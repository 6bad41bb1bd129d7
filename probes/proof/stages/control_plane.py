"""What Azure says of the private way: the endpoint, its connection, the zone, the record; and that they are one."""

from collections.abc import Iterator

from probes.azure.zone import relative_name
from probes.path import Role, Target
from probes.proof.records import Source
from probes.proof.seen import Place, Read, Seen
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.places import missing_read
from probes.records import Vantage
from probes.resources import (
    ConnectionsContent,
    EndpointContent,
    InterfaceContent,
    NetworkContent,
    RecordContent,
    ZoneLinksContent,
    same,
)

APPROVED = "Approved"
LINKED = frozenset({None, "Completed"})


def agrees(seen: Seen) -> Iterator[Part]:
    yield from approved(seen)
    yield from linked(seen)
    yield from recorded(seen)


def approved(seen: Seen) -> Iterator[Part]:
    """The site's connection of the path's endpoint is approved, and the endpoint is one of that site."""
    site, endpoint = (seen.path.resources.get(kind) for kind in ("site", "private_endpoint"))
    for kind, resource, key in (
        (ConnectionsContent, site, "site"),
        (EndpointContent, endpoint, "private_endpoint"),
    ):
        read = seen.read(kind, resource)
        if read is None or read.record.content is None:
            yield missing_read(seen, read, kind, key)
    if endpoint is None:
        return
    name = endpoint.rpartition("/")[2]
    for read in seen.every_read(ConnectionsContent, site):
        content = read.record.content
        if isinstance(content, ConnectionsContent):
            states = [each.status for each in content.connections if same(each.endpoint_id, endpoint)]
            if states and all(state == APPROVED for state in states):
                yield from _shown(seen, read, f"{name} is {APPROVED}")
            else:
                told = ", ".join(state or "of no state" for state in states) or "not among its connections"
                yield _against((read,), f"The site says that its endpoint {name} is {told}.")
    for read in seen.every_read(EndpointContent, endpoint):
        content = read.record.content
        if isinstance(content, EndpointContent) and not same(content.service_id, site):
            yield _against(
                (read,), f"The endpoint {name} is of {content.service_id or 'nothing'}, and not of the site."
            )
        elif isinstance(content, EndpointContent) and content.status != APPROVED:
            yield _against(
                (read,), f"The endpoint {name} says that its connection is {content.status or 'of no state'}."
            )


def linked(seen: Seen) -> Iterator[Part]:
    """The zone is linked to the network; where that has DNS servers of its own, to any from which they may ask."""
    zone, network = (seen.path.resources.get(kind) for kind in ("private_dns_zone", "virtual_network"))
    links, there = seen.read(ZoneLinksContent, zone), seen.read(NetworkContent, network)
    for kind, read, key in ((ZoneLinksContent, links, "private_dns_zone"), (NetworkContent, there, "virtual_network")):
        if read is None or read.record.content is None:
            yield missing_read(seen, read, kind, key)
    for look in seen.looks:
        found, own = seen.read_by(look, ZoneLinksContent, zone), seen.read_by(look, NetworkContent, network)
        if found is None or own is None or zone is None:
            continue
        content, net = found.record.content, own.record.content
        if not isinstance(content, ZoneLinksContent) or not isinstance(net, NetworkContent):
            continue
        name = zone.rpartition("/")[2]
        ready = [link for link in content.links if link.state in LINKED]
        direct = [link for link in ready if same(link.virtual_network_id, network)]
        if direct or (net.dns_servers and ready):
            if look is seen.reader:
                which = direct[0].name if direct else ready[0].name
                yield Shown(source=Source.AZURE, evidence=(found.id, own.id), says=f"{name} is linked ({which})")
        else:
            yield _against((found, own), f"The zone {name} is not linked to the network of the path.")


def recorded(seen: Seen) -> Iterator[Part]:
    """The record holds the endpoint's addresses, and the name leads to these and no others."""
    zone = seen.path.resources.get("private_dns_zone")
    endpoint = endpoint_addresses(seen)
    if zone is None or endpoint is None or not four(endpoint[0]):
        yield Lacking(says="The addresses of the endpoint were not read.", want=Want.AZURE)
        return
    addresses, marks = endpoint
    for target in seen.targets(Role.BACKEND):
        yield from _recorded(seen, target, zone, addresses, marks)
        for look in seen.from_vantage(Vantage.PROBE):
            for place in seen.places(look, Role.BACKEND):
                if place.target == target:
                    yield from _led(place, (*addresses, *_told(seen, target, zone)), marks)


def _recorded(
    seen: Seen, target: Target, zone: str, addresses: tuple[str, ...], marks: tuple[str, ...]
) -> Iterator[Part]:
    read = record_of(seen, target, zone)
    if read is None:
        yield Lacking(says=f"Azure was not asked for the record of {target.host}.", want=Want.AZURE)
        return
    content = read.record.content
    if not isinstance(content, RecordContent):
        if read.record.failure == "not_found":
            yield _against((read,), f"The zone has no record of {target.host}.")
        else:
            yield missing_read(seen, read, RecordContent, "private_dns_zone")
    elif set(four(addresses)) <= set(content.addresses):
        says = f"its record has the endpoint's {', '.join(four(addresses))}"
        yield Shown(source=Source.AZURE, evidence=(read.id, *marks), says=says)
    else:
        says = f"The record of {target.host} has {', '.join(content.addresses) or 'nothing'}, and the endpoint "
        yield Against(source=Source.AZURE, evidence=(read.id, *marks), says=f"{says}{', '.join(four(addresses))}.")


def four(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """What an A record can have; one of IPv6 stands in an AAAA record, which is not read."""
    return tuple(address for address in addresses if ":" not in address)


def _led(place: Place, addresses: tuple[str, ...], marks: tuple[str, ...]) -> Iterator[Part]:
    """Only what contradicts: that the name leads anywhere at all is another stage."""
    strange = [address for address in place.addresses if address not in addresses]
    if strange and place.system is not None and not place.view.hosts_entry:
        says = f"{place.target.host} leads to {', '.join(strange)}, which neither the endpoint nor its record has."
        yield Against(source=place.source, evidence=(*place.ids([place.system]), *marks), says=says)


def _told(seen: Seen, target: Target, zone: str) -> tuple[str, ...]:
    """What the record has, be it more than the endpoint's: no-exceptions tells of that."""
    read = record_of(seen, target, zone)
    content = read.record.content if read is not None else None
    return content.addresses if isinstance(content, RecordContent) else ()


def record_of(seen: Seen, target: Target, zone: str) -> Read | None:
    """The read of the record that a target's name leads to."""
    relative = relative_name(target.host, zone.rpartition("/")[2])
    return None if relative is None else seen.read(RecordContent, f"{zone}/A/{relative}")


def endpoint_addresses(seen: Seen) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Addresses of the path's endpoint, of its interface where it names none; and the reads that tell them."""
    read = seen.read(EndpointContent, seen.path.resources.get("private_endpoint"))
    content = read.record.content if read else None
    if read is None or not isinstance(content, EndpointContent):
        return None
    if content.addresses:
        return content.addresses, (read.id,)
    reads = [seen.read(InterfaceContent, name) for name in content.interface_ids]
    told = [(each, each.record.content) for each in reads if each is not None]
    addresses = tuple(
        address for _, found in told if isinstance(found, InterfaceContent) for address in found.addresses
    )
    return (addresses, (read.id, *(each.id for each, _ in told))) if addresses else None


def _shown(seen: Seen, read: Read, says: str) -> Iterator[Shown]:
    if read.look is seen.reader:
        yield Shown(source=Source.AZURE, evidence=(read.id,), says=says)


def _against(reads: tuple[Read, ...], says: str) -> Against:
    return Against(source=Source.AZURE, evidence=tuple(read.id for read in reads), says=says)


STAGES = (
    Stage(
        id="control-plane-agrees",
        title="Azure's own state is the one that was seen: endpoint approved, zone linked, record right",
        needs=(Source.AZURE,),
        helps=(Source.PROBE,),
        required=ALWAYS,
        proven_by="The site's connection of the path's endpoint is Approved and the endpoint is of that site; the private "
        "zone is linked to the network; the backend's record holds the endpoint's addresses.",
        disproven_by="One of these is otherwise, or the probe was led to an address that neither endpoint nor record has.",
        limits="Where the network has DNS servers of its own, a link to any network counts: which one they ask from is "
        "theirs to say.",
        find=agrees,
    ),
)
