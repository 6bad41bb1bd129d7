"""TLS: verified for the host name on both ways, and not switched off in API Management."""

from collections.abc import Iterator

from probes.path import Role
from probes.proof.records import Source
from probes.proof.seen import Place, Seen
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.gateway import host_of
from probes.proof.stages.places import against, every, missing_read
from probes.records import Vantage
from probes.resources import BackendsContent, PolicyContent

VERIFIED = 0


def verified(seen: Seen) -> Iterator[Part]:
    for vantage, role in ((Vantage.CLIENT, Role.GATEWAY), (Vantage.PROBE, Role.BACKEND)):
        for place in every(seen, vantage, role):
            yield from place if isinstance(place, list) else shaken(place)
    yield from checks_on(seen)


def shaken(place: Place) -> Iterator[Part]:
    """The handshakes with every address of one target."""
    target = place.target
    if not target.https:
        says = f"{target.url} is plain HTTP: nobody is verified, and everybody on the way reads along."
        yield against(place, place.view.records, says)
        return
    if not place.addresses:
        yield Lacking(says=f"{target.host} has no address there to shake hands with.", want=Want.MEND)
    for address in place.addresses:
        handshakes = place.handshakes(address)
        if not handshakes:
            yield Lacking(says=f"There was no handshake with {target.host} at {address}.", want=Want.MEND)
        for record in handshakes:
            if record.failure is not None or record.verify_code != VERIFIED:
                says = f"The certificate at {address} was not verified for {target.host}: "
                yield against(place, [record], f"{says}{record.failure or 'no verification'}.")
            elif record.server_name != target.host:
                says = f"{address} was verified for {record.server_name}, and not for {target.host}."
                yield against(place, [record], says)
            else:
                says = f"{target.host} at {address} is verified ({record.version})"
                yield Shown(source=place.source, evidence=place.ids([record]), says=says)


def checks_on(seen: Seen) -> Iterator[Part]:
    """No backend entity that calls of the path can go through has its checks off."""
    service = seen.path.resources.get("api_management")
    read = seen.read(BackendsContent, service)
    if read is None or read.record.content is None:
        yield missing_read(seen, read, BackendsContent, "api_management")
    for each in seen.every_read(BackendsContent, service):
        content = each.record.content
        if not isinstance(content, BackendsContent):
            continue
        used = used_entities(seen)
        hosts = {target.host for target in seen.targets(Role.BACKEND)}
        lax = [
            backend
            for backend in content.backends
            if (backend.name in used or host_of(backend.url or "") in hosts)
            and (backend.validate_chain is False or backend.validate_name is False)
        ]
        for backend in lax:
            says = f"API Management does not check certificates of its backend entity {backend.name} ({backend.url})."
            yield Against(source=Source.AZURE, evidence=(each.id,), says=says)
        if not lax and each.look is seen.reader:
            yield Shown(source=Source.AZURE, evidence=(each.id,), says="API Management checks certificates of backends")


def used_entities(seen: Seen) -> set[str]:
    """Backend entities that a policy names."""
    reads = seen.every_read(PolicyContent, seen.path.resources.get("api_management"))
    contents = (read.record.content for read in reads)
    return {
        backend.backend_id
        for content in contents
        if isinstance(content, PolicyContent)
        for backend in content.backends
        if backend.backend_id is not None
    }


STAGES = (
    Stage(
        id="tls-verified",
        title="Certificates are verified for the host names, and nowhere is the check off",
        needs=(Source.CLIENT, Source.PROBE, Source.AZURE),
        required=ALWAYS,
        proven_by="From a client every address of the gateway, and from the probe every address of the backend, showed a "
        "certificate that verifies for the host name; Azure has no backend entity on the way whose checks are off.",
        disproven_by="A certificate does not verify, a target is plain HTTP, or a backend entity skips a check.",
        limits="API Management's own handshakes cannot be seen; without a backend entity it always verifies. A certificate "
        "counts as verified by the authorities of the machine, or of the target's ca_file: whoever writes that file vouches.",
        find=verified,
    ),
)
