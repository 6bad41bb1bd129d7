"""What several stages ask in the same way: was it looked at from there, did it answer, was it read."""

from collections.abc import Iterator, Sequence

from probes.failure import Failure
from probes.path import Role
from probes.path.definition import ControlPlane
from probes.proof.records import Origin
from probes.proof.seen import Place, Read, Seen
from probes.proof.stage import Against, Lacking, Part, Shown, Want
from probes.records import Credential, Exchange, Vantage
from probes.resources import Content

CORRELATION_ID = "x-correlation-id"


def every(seen: Seen, vantage: Vantage, *roles: Role) -> Iterator[Place | list[Part]]:
    """Each target of the roles as each sweep from the vantage saw it; in its place, what keeps it from being seen."""
    targets, looks = seen.targets(*roles), seen.from_vantage(vantage)
    if not targets:
        named = " or ".join(roles)
        hint = f"a target of role {named}"
        yield [Lacking(says=f"The path file has no target of role {named}.", want=Want.PATH_FILE, hint=hint)]
        return
    if not looks:
        yield [Lacking(says=unheard(seen, vantage), want=Want(vantage.value))]
    for look in looks:
        for place in seen.places(look, *roles):
            if place.view.records:
                yield place
            else:
                says = f"{place.target.name} was not looked at from {vantage}, in the sweep {look.name}."
                yield [Lacking(says=says, want=Want(vantage.value))]


def unheard(seen: Seen, vantage: Vantage) -> str:
    """Why there is no sweep from a vantage."""
    for missed in seen.missed:
        if missed.source.value == vantage.value:
            more = f": {missed.detail}" if missed.detail else ""
            return f"The {vantage} was asked, and gave no sweep ({missed.failure}{more})."
    return f"Nothing was seen from vantage {vantage}."


def answered(place: Place, credential: Credential) -> Iterator[Part]:
    """That every address of the target answers a request with this credential as the path says."""
    if not place.addresses:
        failed = [] if place.system is None else [place.system]
        says = f"{place.target.host} has no address there, so nothing was called."
        yield against(place, failed, says) if failed else Lacking(says=says, want=Want(place.source.value))
    for address in place.addresses:
        exchanges = place.exchanges(address, credential)
        if exchanges:
            yield from (_answer(place, exchange) for exchange in exchanges)
        else:
            yield walked(place, address)


def walked(place: Place, address: str) -> Part:
    """What kept an address from being called."""
    failed = [
        record for record in (*place.connections(address), *place.handshakes(address)) if record.failure is not None
    ]
    if failed:
        what = f"{failed[0].step} failed ({failed[0].failure})"
        return against(place, failed, f"{place.target.host} at {address} was not reached from {place.source}: {what}.")
    says = f"{place.target.host} at {address} was not called from {place.source} in time."
    return Lacking(says=says, want=Want(place.source.value))


def _answer(place: Place, exchange: Exchange) -> Part:
    target, view = place.target, place.view
    where = f"{target.url} at {exchange.address}"
    if exchange.failure is not None:
        return against(place, [exchange], f"{where} gave no whole answer: {exchange.failure}.")
    if exchange.status not in target.expected_status:
        return against(place, [exchange], f"{where} answered {exchange.status}, which the path does not expect.")
    if view.has_expected_body(exchange) is False:
        says = f"{where} answered {exchange.status} without the text that only the right application has."
        return against(place, [exchange], says)
    return Shown(source=place.source, evidence=place.ids([exchange]), says=f"{where} answered {exchange.status}")


def recognised(place: Place, exchange: Exchange) -> Lacking | None:
    """Why an answer with the right status may still be anybody's; `None` = it bears a mark of the right application."""
    found = place.view.has_expected_body(exchange)
    returned = place.target.correlation and CORRELATION_ID in exchange.headers
    if found or (returned and place.target.body_contains is None):
        return None
    if place.target.body_contains is None:
        says = f"Nothing in the answer of {place.target.name} shows that the right application made it."
        hint = f"body_contains of target {place.target.name}: text that only the right application answers"
        return Lacking(says=says, want=Want.PATH_FILE, hint=hint)
    says = f"The answer of {place.target.name} was cut before the text that was looked for."
    hint = f"body_contains of target {place.target.name}: text from the first 4 KiB of its answer"
    return Lacking(says=says, want=Want.PATH_FILE, hint=hint)


def against(place: Place, records: Sequence[object], says: str) -> Against:
    """These records of the target contradict."""
    return Against(source=place.source, evidence=place.ids(records), says=says)  # type: ignore[arg-type]


def missing_read(
    seen: Seen, read: Read | None, kind: type[Content], key: str, *, resource: str | None = None
) -> Lacking:
    """Why a read of Azure is not there; `resource` is its id where a target has one of its own."""
    if key not in seen.path.resources and not resource:
        says = f"The path file does not name its {key}, so Azure was not asked."
        return Lacking(says=says, want=Want.PATH_FILE, hint=f"resources.{key}: the Azure resource id")
    if read is not None:
        how = read.record.failure or Failure.UNKNOWN
        return Lacking(says=f"Azure was asked for {kind.kind} of {key} and gave none ({how}).", want=Want.AZURE)
    here = [look for look in seen.looks if look.origin is Origin.HERE]
    if any(look.sweep.path.control_plane is ControlPlane.NEVER for look in here):
        says = "Azure was not read: the path file says control_plane never."
        return Lacking(says=says, want=Want.PATH_FILE, hint='control_plane: "always"')
    return Lacking(says=f"Azure was not asked for {kind.kind} of {key}.", want=Want.AZURE)
