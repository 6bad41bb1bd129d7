"""What the call has left: in the gateway's log, in Application Insights, and that the function ran for it."""

from collections.abc import Iterator

from probes.path import Path
from probes.proof.followed import Followed, followed, item_id, log_id
from probes.proof.records import Source
from probes.proof.seen import Seen
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.trace.queries import GATEWAY, TABLES
from probes.trace.records import Hop, Item

BAD_REQUEST = 400


def logged(seen: Seen) -> Iterator[Part]:
    for call in followed(seen):
        yield from [call] if isinstance(call, Lacking) else _logged(call)


def _logged(call: Followed) -> Iterator[Part]:
    name, row = call.record.correlation_id, call.row
    seen = (f"{call.record.look}:{call.exchange.id}",)
    if row is None:
        yield _late(call, GATEWAY, f"The gateway's log has no row of {name}")
    elif not call.made_then(row.at):
        says = f"The row of {name} in the gateway's log is of {row.at:%Y-%m-%d %H:%M:%S}Z: it is another call's."
        yield Against(source=Source.WORKSPACE, evidence=(log_id(call.record, row), *seen), says=says)
    elif row.status != call.exchange.status:
        says = f"The gateway's log says {row.status} of {name}, and the client was answered {call.exchange.status}."
        yield Against(source=Source.WORKSPACE, evidence=(log_id(call.record, row), *seen), says=says)
    else:
        yield Shown(source=Source.CLIENT, evidence=seen, says=f"the client was answered {call.exchange.status}")
        says = f"the gateway's log has the call as {name} with {row.status}"
        yield Shown(source=Source.WORKSPACE, evidence=(log_id(call.record, row),), says=says)


def linked(seen: Seen) -> Iterator[Part]:
    for call in followed(seen):
        yield call if isinstance(call, Lacking) else _linked(call, seen.path)


def _linked(call: Followed, path: Path) -> Part:
    name, request = call.record.correlation_id, call.trace.request
    if request is None:
        return _late(call, TABLES[Hop.REQUEST], f"Application Insights has no request with {name}")
    marks = (item_id(call.record, request),)
    if not request.carries_id:
        says = f"The request of {request.role or 'the app'} shares the operation of {name} and does not bear the id itself."
        return Against(source=Source.WORKSPACE, evidence=marks, says=says)
    if not call.made_then(request.at):
        says = f"The request with {name} is of {request.at:%Y-%m-%d %H:%M:%S}Z: it is another call's."
        return Against(source=Source.WORKSPACE, evidence=marks, says=says)
    if not of_backend(request, path):
        says = f"The request with {name} is one of {request.role or 'an app without a name'}, and not of the backend."
        return Against(source=Source.WORKSPACE, evidence=marks, says=says)
    says = f"{request.role} has the request {request.name} with {name}"
    return Shown(source=Source.WORKSPACE, evidence=marks, says=says)


def executed(seen: Seen) -> Iterator[Part]:
    for call in followed(seen):
        if isinstance(call, Lacking):
            yield call
        else:
            yield from _executed(call, seen.path)


def _executed(call: Followed, path: Path) -> Iterator[Part]:
    name, row, request = call.record.correlation_id, call.row, call.trace.request
    if row is None or not call.made_then(row.at):
        row = None
        yield _late(call, GATEWAY, f"The gateway's log has no row of {name}")
    elif (row.backend_status or 0) >= BAD_REQUEST and row.backend_status not in call.target.expected_status:
        says = f"The backend's address answered {row.backend_status}: the function did not do its work."
        yield Against(source=Source.WORKSPACE, evidence=(log_id(call.record, row),), says=says)
    if request is None or not _own(call, request, path):
        yield _late(call, TABLES[Hop.REQUEST], f"No request of the backend's own code bears {name}")
        return
    marks = (item_id(call.record, request),)
    code = request.code or "no code"
    if request.success is False:
        if request.code is not None and request.code in map(str, call.target.expected_status):
            says = f"The function answered {code}, as expected: that is a refusal, and none of its operations."
            hint = f"url of target {call.target.name}: a route on which the function does its work"
            yield Lacking(says=says, want=Want.PATH_FILE, hint=hint)
        else:
            says = f"{request.role} ran {request.name} and answered {code}."
            yield Against(source=Source.WORKSPACE, evidence=marks, says=says)
    elif request.success is None:
        yield Lacking(says=f"The request record of {name} does not say whether it succeeded.", want=Want.LATER)
    elif row is not None and row.backend_status is not None and request.code != str(row.backend_status):
        says = f"{request.role} recorded {code}, and the gateway got {row.backend_status}: something between answered."
        yield Against(source=Source.WORKSPACE, evidence=(*marks, log_id(call.record, row)), says=says)
    elif row is not None:
        says = f"{request.role} ran {request.name} for it with {code}"
        yield Shown(source=Source.WORKSPACE, evidence=(*marks, log_id(call.record, row)), says=says)


def _own(call: Followed, request: Item, path: Path) -> bool:
    """Whether the record is one that the backend's own code made of this call."""
    return request.carries_id and of_backend(request, path) and call.made_then(request.at)


def of_backend(request: Item, path: Path) -> bool:
    """Whether the request record is one of the path's backend, by the role that App Service gives an app: its name."""
    role = (request.role or "").lower()
    site = path.resources.get("site", "")
    parts = site.lower().split("/")
    if "sites" in parts[:-1]:
        return role == parts[parts.index("sites") + 1]
    # A unique default host name goes on with a hash: func-orders-prod-a1b2c3d4.westeurope-01...
    labels = [target.host.partition(".")[0] for target in path.targets if target.role == "backend"]
    return bool(role) and any(label == role or label.startswith(f"{role}-") for label in labels)


def _late(call: Followed, table: str, says: str) -> Lacking:
    """What was not found may be late, or lost: only who asks again knows."""
    gap = next((gap for gap in call.trace.gaps if gap.startswith(f"{table}:")), None)
    if gap is not None:
        return Lacking(says=f"{says}; {gap}.", want=Want.LATER)
    if call.trace.partial:
        return Lacking(says=f"{says}, and the workspace did not give all that it has.", want=Want.LATER)
    return Lacking(says=f"{says}: it is late, or it is lost on the way.", want=Want.LATER)


STAGES = (
    Stage(
        id="gateway-logged",
        title="The call stands in the gateway's log under its correlation id",
        needs=(Source.CLIENT, Source.WORKSPACE),
        required=ALWAYS,
        proven_by="ApiManagementGatewayLogs has a row of the id with the status that the client saw.",
        disproven_by="Its row has another status than the client saw: something before the gateway answered.",
        limits="A missing row may be late or not sent here; it is never taken for a call that was not made.",
        find=logged,
    ),
    Stage(
        id="telemetry-linked",
        title="Application Insights has the backend's request under the same id",
        needs=(Source.CLIENT, Source.WORKSPACE),
        required=ALWAYS,
        proven_by="AppRequests has a request of the backend's cloud role that bears the id itself.",
        disproven_by="The request bears no id and only shares the operation, or it is another app's.",
        limits="Sampling and ingestion may lose a record; a missing one is not taken for a call that did not arrive.",
        find=linked,
    ),
    Stage(
        id="execution-confirmed",
        title="The function ran for the call, and not only its front end answered",
        needs=(Source.CLIENT, Source.WORKSPACE),
        required=ALWAYS,
        proven_by="The request that the function's own code recorded under the id succeeded, with the status that the "
        "gateway got.",
        disproven_by="The backend's address answered an error, the function failed, or the gateway got another status than "
        "the function recorded.",
        limits="It says that the operation of the gateway target ran, and nothing of the app's other operations. That target "
        "must be an operation that needs no subscription key: a path file holds none.",
        find=executed,
    ),
)
