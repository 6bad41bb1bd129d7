"""The call through the gateway: that it answers, and that it called the backend itself."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from probes.path import Role, Target
from probes.proof.followed import Followed, followed, log_id
from probes.proof.records import Origin, Source
from probes.proof.seen import Seen, evidence
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.places import answered, every, recognised
from probes.records import Vantage
from probes.resources import ConnectivityContent
from probes.trace.records import GatewayCall

BAD_REQUEST = 400
CONNECTED = frozenset({None, "Connected", "Unknown"})
"""Words of a connectivity check that contradict nothing."""


def answers(seen: Seen) -> Iterator[Part]:
    for place in every(seen, Vantage.CLIENT, Role.GATEWAY):
        if isinstance(place, list):
            yield from place
            continue
        yield from answered(place, place.target.credential)
        for exchange in (
            found for address in place.addresses for found in place.exchanges(address, place.target.credential)
        ):
            unknown = recognised(place, exchange) if place.view.satisfies(exchange) else None
            if unknown is not None:
                yield unknown
            if exchange.correlation_id is None:
                says = f"The call of {place.target.name} carried no correlation id, so it cannot be followed."
                yield Lacking(says=says, want=Want.CLIENT)


def reaches_backend(seen: Seen) -> Iterator[Part]:
    """By its own log where the workspace was asked, else by what it told the probe app, else by Azure's check."""
    backends = seen.targets(Role.BACKEND)
    told = [(look, exchange) for target in backends for look, exchange in seen.told_by_gateway(target)]
    checks = seen.every_read(ConnectivityContent, seen.path.resources.get("api_management"))
    if seen.calls:
        for call in followed(seen):
            yield from [call] if isinstance(call, Lacking) else by_log(call, backends)
    elif told or any(look.origin is Origin.DIAGNOSE for look in seen.looks):
        yield from by_own_word(seen, backends)
    elif checks:
        yield from (
            Shown(source=Source.GATEWAY, evidence=(check.id,), says="Azure's check connects from API Management")
            for check in checks[-1:]
            if isinstance(check.record.content, ConnectivityContent) and check.record.content.status == "Connected"
        )
    else:
        yield from (call for call in followed(seen) if isinstance(call, Lacking))
    for look, exchange in told:
        target = seen.path.target(exchange.target)
        if exchange.failure is not None or (target is not None and exchange.status not in target.expected_status):
            what = exchange.failure or exchange.status
            says = f"API Management says that its own call of {exchange.url} came to {what}."
            yield Against(source=Source.GATEWAY, evidence=(evidence(look, exchange),), says=says)
    for check in checks:
        content = check.record.content
        if isinstance(content, ConnectivityContent) and content.status not in CONNECTED:
            issues = ", ".join(issue for hop in content.hops for issue in hop.issues) or "no issue named"
            says = f"Azure's check from API Management to {content.destination} says {content.status} ({issues})."
            yield Against(source=Source.GATEWAY, evidence=(check.id,), says=says)


def by_log(call: Followed, backends: tuple[Target, ...]) -> Iterator[Part]:
    """What the gateway's log says of the call that a client made."""
    row = call.row
    if row is None or not call.made_then(row.at):
        yield Lacking(says=f"The gateway's log has no row of {call.record.correlation_id} yet.", want=Want.LATER)
        return
    marks = (log_id(call.record, row),)
    wrong = _elsewhere(row, backends) or _unserved(row, call.target)
    if wrong is not None:
        yield Against(source=Source.WORKSPACE, evidence=marks, says=wrong)
    else:
        says = f"the gateway called {row.backend_url} and got {row.backend_status}"
        yield Shown(source=Source.WORKSPACE, evidence=marks, says=says)


def _elsewhere(row: GatewayCall, backends: tuple[Target, ...]) -> str | None:
    if row.backend_url is None:
        reason = f": {row.error_reason} of {row.error_source}" if row.error_reason else ""
        return f"The gateway answered {row.status} without calling a backend{reason}."
    hosts = {target.host for target in backends}
    if host_of(row.backend_url) not in hosts:
        return f"The gateway called {row.backend_url}, which is not the backend: {', '.join(sorted(hosts))}."
    return None


def _unserved(row: GatewayCall, target: Target) -> str | None:
    if row.backend_status is None:
        return f"The gateway called {row.backend_url} and got no answer: {row.error_reason or 'no reason told'}."
    if row.backend_status >= BAD_REQUEST and row.backend_status not in target.expected_status:
        return f"The gateway called {row.backend_url} and got {row.backend_status}."
    return None


def by_own_word(seen: Seen, backends: tuple[Target, ...]) -> Iterator[Part]:
    """What its policy attached to the call of the probe app."""
    found = [(look, exchange) for target in backends for look, exchange in seen.told_by_gateway(target)]
    if not found:
        says = "The call of the probe app came through API Management without a word of its own call of the backend."
        yield Lacking(says=says, want=Want.WORKSPACE)
    for look, exchange in found[-1:]:
        says = f"API Management called {exchange.url} and got {exchange.status}"
        yield Shown(source=Source.GATEWAY, evidence=(evidence(look, exchange),), says=says)


def host_of(url: str) -> str | None:
    """The host of a URL in lower case, `None` where it is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".") or None
    except ValueError:
        return None


STAGES = (
    Stage(
        id="gateway-answers",
        title="A client's call through the gateway is answered as the path says",
        needs=(Source.CLIENT,),
        required=ALWAYS,
        proven_by="From a client, every address of the gateway answers with the status expected and with what only the right "
        "application answers; the call carried a correlation id.",
        disproven_by="An address is not reached, or answers otherwise: another status, another body.",
        limits="It does not say who answered behind the gateway; the next stages do.",
        find=answers,
    ),
    Stage(
        id="gateway-reaches-backend",
        title="The gateway itself called the backend, by its host name, and was served",
        needs=(Source.WORKSPACE,),
        helps=(Source.GATEWAY,),
        required=ALWAYS,
        proven_by="The gateway's log row of the client's call names a backend of the path as BackendUrl, and its answer. Where "
        "no workspace was asked: what API Management told the probe app of its own call, or Azure's connectivity check.",
        disproven_by="The row names another host, an address, or no backend at all; the backend did not serve the call; or "
        "API Management says of another call that it failed.",
        limits="The row has a name and no address: that the name leads to the private one is backend-resolves-privately.",
        find=reaches_backend,
    ),
)
