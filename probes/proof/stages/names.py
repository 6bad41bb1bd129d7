"""Names: the gateway's from a client, the backend's on the DNS path of the gateway."""

from collections.abc import Iterator

from probes.judge.scene import Answer
from probes.path import Role
from probes.proof.records import Source
from probes.proof.seen import Place, Seen
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.places import every, missing_read
from probes.records import PLATFORM, SYSTEM, Vantage
from probes.resources import NetworkContent, NetworkStatusContent, ServiceContent, SiteContent

AZURE_DNS = frozenset({"168.63.129.16"})
"""What a virtual network without servers of its own asks, and what API Management then tells of."""
INTERNAL = "Internal"


def gateway_resolves(seen: Seen) -> Iterator[Part]:
    for place in every(seen, Vantage.CLIENT, Role.GATEWAY):
        yield from place if isinstance(place, list) else leads(place, named=True)


def backend_resolves(seen: Seen) -> Iterator[Part]:
    for place in every(seen, Vantage.PROBE, Role.BACKEND):
        yield from place if isinstance(place, list) else leads(place, named=False)
    yield from inside(seen)


def leads(place: Place, *, named: bool) -> Iterator[Part]:
    """Where a name leads to; `named` = the resolvers of the path file have to know it as well."""
    target, view = place.target, place.view
    if target.literal is not None:
        yield Lacking(
            says=f"The URL of {target.name} holds an address: there is no name that could lead anywhere.",
            want=Want.PATH_FILE,
            hint=f"url of target {target.name}: the host name that callers use",
        )
        return
    if not target.private_subnets:
        yield Lacking(
            says=f"The path file does not say in which subnets {target.host} must lie.",
            want=Want.PATH_FILE,
            hint=f'private_subnets of target {target.name}: ["10.80.20.0/27"], say',
        )
    # A hosts file is no answer of DNS: `no-overrides` tells of it, and the name is judged by what DNS says.
    own = view.platform if view.hosts_entry else view.system
    if own is None:
        yield Lacking(says=f"{target.host} was not resolved from {place.source}.", want=Want(place.source.value))
    else:
        yield from _led(place, own, needed=True)
    for answer in view.answers:
        wanted = named and answer.resolver not in {SYSTEM, PLATFORM}
        asked_here = named or answer.resolver == PLATFORM
        if answer is not own and (wanted or (asked_here and answer.addresses)):
            yield from _led(place, answer, needed=wanted)
    for resolver in place.look.sweep.path.resolvers if named else ():
        if all(answer.resolver != resolver.name for answer in view.answers):
            says = f"Resolver {resolver.name} was not asked for {target.host} in time."
            yield Lacking(says=says, want=Want(place.source.value))


def _led(place: Place, answer: Answer, *, needed: bool) -> Iterator[Part]:
    """What one resolver's answer says; of a resolver that the stage does not need, only what contradicts."""
    host, evidence = place.target.host, place.answer_ids(answer)
    by = "" if answer.resolver == SYSTEM else f" by {answer.resolver}"
    if not answer.addresses:
        how = answer.failure.value if answer.failure else "no address"
        yield Against(source=place.source, evidence=evidence, says=f"{host} leads nowhere{by}: {how}.")
        return
    wrong = [address for address in answer.addresses if not place.view.is_expected(address)]
    if wrong:
        says = f"{host} leads to {', '.join(wrong)}{by}, where the path does not have it."
        yield Against(source=place.source, evidence=evidence, says=says)
    elif needed:
        says = f"{host} leads to {', '.join(answer.addresses)}{by}"
        yield Shown(source=place.source, evidence=evidence, says=says)


def inside(seen: Seen) -> Iterator[Part]:
    """API Management stands inside the network of the path, and knows the network's DNS servers as they are."""
    service, network = (seen.path.resources.get(kind) for kind in ("api_management", "virtual_network"))
    reads = {
        kind: seen.read(kind, resource)
        for kind, resource in ((ServiceContent, service), (NetworkStatusContent, service), (NetworkContent, network))
    }
    for kind, read in reads.items():
        if read is None or read.record.content is None:
            key = "virtual_network" if kind is NetworkContent else "api_management"
            yield missing_read(seen, read, kind, key)
    yield from _stands_inside(seen, network)
    yield from _beside(seen, network)
    yield from _same_servers(seen, service, network)


def _stands_inside(seen: Seen, network: str | None) -> Iterator[Part]:
    for read in seen.every_read(ServiceContent, seen.path.resources.get("api_management")):
        content = read.record.content
        if not isinstance(content, ServiceContent):
            continue
        within = network is not None and (content.subnet_id or "").lower().startswith(f"{network.lower()}/")
        if content.network_type == INTERNAL and within:
            if seen.reader is read.look:
                yield Shown(
                    source=Source.AZURE,
                    evidence=(read.id,),
                    says="API Management stands in the same network, in internal mode",
                )
            continue
        says = f"API Management is of network type {content.network_type or 'unknown'}"
        says += (
            "." if content.network_type != INTERNAL else f", in {content.subnet_id or 'no subnet'}, not in the path's."
        )
        yield Against(source=Source.AZURE, evidence=(read.id,), says=says)


def _beside(seen: Seen, network: str | None) -> Iterator[Lacking]:
    """The probe asks as API Management does only from the same network, and by no DNS servers of its own."""
    for read in seen.every_read(SiteContent, seen.path.resources.get("probe_site")):
        content = read.record.content
        if not isinstance(content, SiteContent) or network is None:
            continue
        name = read.record.resource_id.rpartition("/")[2]
        if not (content.subnet_id or "").lower().startswith(f"{network.lower()}/"):
            says = f"The probe app {name} is not integrated into the network of the path, so it asks others than the gateway."
            yield Lacking(says=says, want=Want.MEND)
        elif content.dns_servers:
            says = f"The probe app {name} has DNS servers of its own, {', '.join(content.dns_servers)}."
            yield Lacking(says=says, want=Want.MEND)


def _same_servers(seen: Seen, service: str | None, network: str | None) -> Iterator[Part]:
    """Compared within one sweep: Azure's state of an hour ago is not that of now."""
    for look in seen.looks:
        status = seen.read_by(look, NetworkStatusContent, service)
        own = seen.read_by(look, NetworkContent, network)
        known = status.record.content if status else None
        there = own.record.content if own else None
        if status is None or own is None or not isinstance(known, NetworkStatusContent):
            continue
        if not isinstance(there, NetworkContent):
            continue
        expected = frozenset(there.dns_servers) or AZURE_DNS
        for region in known.networks:
            if (frozenset(region.dns_servers) or AZURE_DNS) != expected:
                says = f"API Management asks {', '.join(region.dns_servers) or 'Azure'} for names, and its network has "
                says += f"{', '.join(there.dns_servers) or 'Azure'}: apply its network configuration."
                yield Against(source=Source.AZURE, evidence=(status.id, own.id), says=says)
        if look is seen.reader:
            servers = ", ".join(sorted(expected))
            yield Shown(
                source=Source.AZURE, evidence=(status.id, own.id), says=f"it asks {servers}, as its network does"
            )


STAGES = (
    Stage(
        id="gateway-resolves-privately",
        title="From a client, the gateway's name leads to its private address",
        needs=(Source.CLIENT,),
        required=ALWAYS,
        proven_by="Every address that an application there gets for the gateway's name, and that each resolver of the path "
        "file gives, lies in the target's private_subnets.",
        disproven_by="Any resolver asked there gives another address, or none.",
        limits="Only the networks from which the command was run; where a hosts file has the name, the DNS server behind "
        "it is asked instead, and no-overrides tells of the file.",
        find=gateway_resolves,
    ),
    Stage(
        id="backend-resolves-privately",
        title="On the gateway's DNS path, the backend's name leads to the Private Endpoint",
        needs=(Source.PROBE, Source.AZURE),
        required=ALWAYS,
        proven_by="From the probe's subnet the name leads to addresses in the target's private_subnets; Azure says that API "
        "Management is in internal mode in the same network, and that the DNS servers it knows are the network's.",
        disproven_by="The name leads elsewhere, API Management is not internal or in another network, or it still asks "
        "servers that the network no longer has.",
        limits="The probe shares the network's DNS and not API Management's memory: how long the gateway keeps an answer "
        "is not documented. That it really calls the private address shows once public access is off.",
        find=backend_resolves,
    ),
)
