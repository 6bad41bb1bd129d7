"""Nothing props the path up: no hosts file, no address in place of a name, no exception that was left."""

from collections.abc import Iterator
from ipaddress import ip_address

from probes.path import Role
from probes.proof.records import Source
from probes.proof.seen import Place, Read, Seen
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.control_plane import endpoint_addresses, record_of
from probes.proof.stages.gateway import host_of
from probes.proof.stages.places import against, every, missing_read
from probes.records import Connection, Exchange, Vantage
from probes.resources import (
    AccessContent,
    ApiContent,
    BackendsContent,
    PolicyContent,
    RecordContent,
    SiteConfigContent,
)

DISABLED = "Disabled"
NOT_FOUND = "not_found"


def overrides(seen: Seen) -> Iterator[Part]:
    for vantage, role in ((Vantage.CLIENT, Role.GATEWAY), (Vantage.PROBE, Role.BACKEND)):
        for place in every(seen, vantage, role):
            yield from place if isinstance(place, list) else _by_name(place)
    yield from _anywhere(seen)
    yield from _in_gateway(seen)


def _by_name(place: Place) -> Iterator[Part]:
    """The hosts file was read, and has nothing for the name."""
    system, host = place.system, place.target.host
    if place.target.literal is not None:
        return  # told below
    if system is None or system.hosts_entry is None:
        says = f"Whether the hosts file at {place.source} has {host} was not seen."
        yield Lacking(says=says, want=Want(place.source.value))
    elif not system.hosts_entry:
        says = f"no hosts entry for {host} at {place.source}"
        yield Shown(source=place.source, evidence=place.ids([system]), says=says)


def _anywhere(seen: Seen) -> Iterator[Part]:
    """A hosts entry or an address in a URL counts against the path, wherever it is and for whichever target."""
    for look in seen.looks:
        for place in seen.places(look, *Role):
            system, target = place.system, place.target
            if system is not None and system.hosts_entry:
                entries = ", ".join(system.hosts_entry)
                says = f"The hosts file at {place.source} sends {target.host} to {entries}."
                yield against(place, [system], says)
            records = [*place.view.of(Connection), *place.view.of(Exchange)]
            if target.literal is not None and records:
                yield against(place, records[:1], f"The URL of {target.name} holds the address {target.literal}.")


def _in_gateway(seen: Seen) -> Iterator[Part]:
    """The API, the policies on its way and the backend entities name hosts, and no addresses."""
    service = seen.path.resources.get("api_management")
    api = seen.read(ApiContent, service)
    api_id = api.record.resource_id if api is not None and api.record.content is not None else None
    for kind, read in (
        (ApiContent, api),
        (BackendsContent, seen.read(BackendsContent, service)),
        (PolicyContent, seen.read(PolicyContent, below(service, "policies"))),
        (PolicyContent, seen.read(PolicyContent, below(api_id, "policies"))),
        (PolicyContent, seen.read(PolicyContent, below(api_id, "operations"))),
    ):
        if read is None or not told(read):
            yield missing_read(seen, read, kind, "api_management", resource=service)
        elif not list(_addresses(read)):
            says = "no address in the API, the policies and the backend entities of API Management"
            yield Shown(source=Source.AZURE, evidence=(read.id,), says=says)
    for kind in (ApiContent, PolicyContent, BackendsContent):
        for read in seen.every_read(kind, service):
            for url in _addresses(read):
                says = f"API Management calls an address: {url} ({read.record.resource_id.rpartition('/service/')[2]})."
                yield Against(source=Source.AZURE, evidence=(read.id,), says=says)


def below(resource: str | None, part: str) -> str | None:
    """What lies below a resource."""
    return None if resource is None else f"{resource}/{part}"


def told(read: Read) -> bool:
    """Whether Azure has answered; an API without a policy of its own has none, which 404 says."""
    none = read.record.kind == PolicyContent.kind and read.record.failure == NOT_FOUND
    return read.record.content is not None or none


def _addresses(read: Read) -> Iterator[str]:
    """URLs of addresses in what was read; one that an expression makes cannot be told, and the gateway's log tells it."""
    match read.record.content:
        case ApiContent(service_url=url):
            urls = [url]
        case PolicyContent(backends=backends):
            urls = [backend.base_url for backend in backends]
        case BackendsContent(backends=entities):
            urls = [entity.url for entity in entities]
        case _:
            urls = []
    return (url for url in urls if url and is_address(host_of(url) or ""))


def is_address(host: str) -> bool:
    """Whether a host is an address."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def exceptions(seen: Seen) -> Iterator[Part]:
    yield from _records(seen)
    yield from _restrictions(seen)
    yield from _firewalls(seen)


def _records(seen: Seen) -> Iterator[Part]:
    """The record of the backend has the endpoint's addresses, and none beside them."""
    zone, endpoint = seen.path.resources.get("private_dns_zone"), endpoint_addresses(seen)
    if zone is None or endpoint is None:
        yield Lacking(says="Record and endpoint of the backend were not read.", want=Want.AZURE)
        return
    addresses, marks = endpoint
    for target in seen.targets(Role.BACKEND):
        read = record_of(seen, target, zone)
        content = read.record.content if read else None
        if read is None or not isinstance(content, RecordContent):
            yield missing_read(seen, read, RecordContent, "private_dns_zone")
            continue
        beside = [address for address in content.addresses if address not in addresses]
        marked = (read.id, *marks)
        if beside:
            says = f"Beside the endpoint's, the record of {target.host} has {', '.join(beside)}."
            yield Against(source=Source.AZURE, evidence=marked, says=says)
        else:
            yield Shown(source=Source.AZURE, evidence=marked, says=f"nothing beside the record of {target.host}")


def _restrictions(seen: Seen) -> Iterator[Part]:
    """Access restrictions of the site, which let some addresses through a public door."""
    read = seen.read(SiteConfigContent, seen.path.resources.get("site"))
    if read is None or read.record.content is None:
        yield missing_read(seen, read, SiteConfigContent, "site")
    for each in seen.every_read(SiteConfigContent, seen.path.resources.get("site")):
        content = each.record.content
        if not isinstance(content, SiteConfigContent):
            continue
        left = [*content.allowed_networks, *content.scm_allowed_networks]
        if left:
            says = f"Access restrictions of the site still let in {', '.join(left[:4])}."
            yield Against(source=Source.AZURE, evidence=(each.id,), says=says)
        elif each.look is seen.reader:
            yield Shown(source=Source.AZURE, evidence=(each.id,), says="no access restriction lets anybody in")


def _firewalls(seen: Seen) -> Iterator[Part]:
    """Firewalls of storage and vault, whose public door may stand open for some."""
    for target in seen.targets(Role.STORAGE, Role.KEY_VAULT):
        resource = seen.path.resource_of(target)
        read = seen.read(AccessContent, resource)
        if read is None or read.record.content is None:
            key = "storage" if target.role is Role.STORAGE else "key_vault"
            yield missing_read(seen, read, AccessContent, key, resource=resource)
        for each in seen.every_read(AccessContent, resource):
            content = each.record.content
            if not isinstance(content, AccessContent):
                continue
            name = (resource or "").rpartition("/")[2]
            if content.allowed_networks and content.public_network_access != DISABLED:
                says = f"The firewall of {name} lets in {', '.join(content.allowed_networks[:4])}."
                yield Against(source=Source.AZURE, evidence=(each.id,), says=says)
            elif each.look is seen.reader:
                yield Shown(
                    source=Source.AZURE, evidence=(each.id,), says=f"no firewall rule of {name} lets anybody in"
                )


STAGES = (
    Stage(
        id="no-overrides",
        title="No hosts file and no hard-coded address holds the path up",
        needs=(Source.CLIENT, Source.PROBE, Source.AZURE),
        required=ALWAYS,
        proven_by="The hosts file of the client has nothing for the gateway and that of the probe nothing for the backend; no "
        "URL of the path, of API Management's API, its policies or its backend entities holds an address.",
        disproven_by="A hosts file anywhere has a name of the path, or one of these URLs holds an address.",
        limits="Where a policy makes the URL by an expression, the gateway's log row tells which host it came to. The hosts "
        "files of other clients are not seen.",
        find=overrides,
    ),
    Stage(
        id="no-exceptions",
        title="No temporary exception is left: no restriction, no firewall rule, no record beside",
        needs=(Source.AZURE,),
        required=ALWAYS,
        proven_by="The backend's record has the endpoint's addresses alone; the site's access restrictions and the firewalls "
        "of storage and vault let no network in through a public door.",
        disproven_by="Such a record, restriction or rule is there.",
        limits="Rules of network security groups and routes are not judged here: the sweeps' findings tell of those that "
        "block. A door that stands open to all is no exception: public-access-off and dependencies-closed tell of it.",
        find=exceptions,
    ),
)
