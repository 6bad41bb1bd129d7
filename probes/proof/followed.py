"""The calls that a client made through the gateway, with what the workspace has kept of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.path import Role, Target
from probes.proof.records import FollowedCall
from probes.proof.seen import Seen
from probes.proof.stage import Lacking, Want
from probes.records import Exchange, Vantage
from probes.trace.records import GatewayCall, Item, Trace

CLOCKS = timedelta(minutes=5)
"""How far the clocks of client, gateway and app may lie apart."""

ID_HEADERS = ("x-gateway-request-id", "x-correlation-id")
"""Of an answer: by which ids its call may be looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One call that the workspace was asked about, and answered.

    Attributes:
        exchange: how the client saw it, at `called_at`.
    """

    record: FollowedCall
    target: Target
    exchange: Exchange
    called_at: datetime
    trace: Trace

    @property
    def row(self) -> GatewayCall | None:
        """Of the gateway's log."""
        return self.trace.call

    def made_then(self, at: datetime) -> bool:
        """Whether a record is of that time: who answers may send back the id of a call of yesterday."""
        return abs(at - self.called_at) <= CLOCKS


def followed(seen: Seen) -> Iterator[Followed | Lacking]:
    """Each call of each client through the gateway; in its place, what keeps it from being followed."""
    looks = seen.from_vantage(Vantage.CLIENT)
    if not looks or not seen.targets(Role.GATEWAY):
        yield Lacking(says="No client has called the gateway, so there is no call to follow.", want=Want.CLIENT)
    for look in looks:
        for target in seen.targets(Role.GATEWAY):
            found = next((call for call in seen.calls if (call.look, call.target) == (look.name, target.name)), None)
            if found is None:
                yield _unfollowed(seen, look.name, target)
                continue
            record = next((each for each in look.sweep.observations if each.id == found.request), None)
            if not isinstance(record, Exchange):
                yield Lacking(says=f"The call of {target.name} by {look.name} is not in its sweep.", want=Want.CLIENT)
            elif not _of_call(found, record):
                says = (
                    f"The records of {found.correlation_id} are not those of the call of {target.name} by {look.name}."
                )
                yield Lacking(says=says, want=Want.WORKSPACE)
            elif found.trace is None:
                more = f": {found.detail}" if found.detail else ""
                says = f"The workspace did not answer ({found.failure}{more})."
                yield Lacking(says=says, want=Want.WORKSPACE)
            else:
                called_at = look.sweep.started_at + timedelta(milliseconds=record.started_ms)
                yield Followed(record=found, target=target, exchange=record, called_at=called_at, trace=found.trace)


def _of_call(call: FollowedCall, exchange: Exchange) -> bool:
    """Whether the records were asked for by an id of this very exchange: a file may hold those of another call."""
    names = {exchange.correlation_id, *(exchange.headers.get(name) for name in ID_HEADERS)}
    kept = call.correlation_id if call.trace is None else call.trace.correlation_id
    return exchange.target == call.target and call.correlation_id in names and kept == call.correlation_id


def _unfollowed(seen: Seen, look: str, target: Target) -> Lacking:
    sweep = next(each for each in seen.looks if each.name == look).sweep
    answers = (record for record in sweep.observations if isinstance(record, Exchange) and record.target == target.name)
    if any(record.status is not None for record in answers):
        return Lacking(says="No workspace was asked for what was kept of the call.", want=Want.WORKSPACE)
    return Lacking(
        says=f"The call of {target.name} by {look} got no answer, so there is nothing to follow.", want=Want.MEND
    )


def log_id(call: FollowedCall, row: GatewayCall) -> str:
    """The name of a row of the gateway's log in the proof."""
    rows = call.trace.gateway if call.trace else ()
    return f"{call.look}:{call.target}/log/{place(rows, row)}"


def item_id(call: FollowedCall, item: Item) -> str:
    """The name of a record of Application Insights in the proof: `client:gateway/request/1`."""
    items = call.trace.items if call.trace else ()
    return f"{call.look}:{call.target}/{item.hop}/{place([each for each in items if each.hop is item.hop], item)}"


def place(records: "tuple[object, ...] | list[Item]", record: object) -> int:
    """From 1."""
    return next(number for number, each in enumerate(records, start=1) if each is record)
