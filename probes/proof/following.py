"""The calls through the gateway, looked for in the workspace until they are there or the time is over.

Records arrive minutes after the call (ingestion), so the workspace is asked again and again, at growing intervals. What
stays away is told as such: nothing here says that it was never sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from probes.azure.answer import ReadError
from probes.azure.log_analytics import AUDIENCE, DEADLINE_S, ENDPOINT, LogAnalytics
from probes.azure.rest import Rest
from probes.failure import Failure
from probes.observe.request import without_query
from probes.observe.scrub import scrub
from probes.observe.surroundings import TokenSource
from probes.path import Path, Role
from probes.proof.records import FollowedCall, Look
from probes.records import Exchange, Vantage
from probes.trace.ending import ending
from probes.trace.queries import CORRELATION_ID
from probes.trace.records import Trace
from probes.trace.search import search

GATEWAY_ID, SENT_ID = "x-gateway-request-id", "x-correlation-id"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
AROUND = timedelta(hours=1)
"""Searched before the oldest sweep: the gateway's clock is not this one."""
PASSING = frozenset({Failure.TIMEOUT, Failure.THROTTLED, Failure.RESET, Failure.CLOSED, Failure.UNREACHABLE})
"""Failures of the workspace that may be over the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where the records are kept, and as whom they are asked for."""

    workspace_id: str
    credential: Callable[[], TokenSource]
    endpoint: str = ENDPOINT


def unfollowed(path: Path, looks: Iterable[Look], calls: Iterable[FollowedCall], now: datetime) -> list[FollowedCall]:
    """The calls of clients that were answered and that nobody has followed to their end; `now` stamps the new ones."""
    found = {(call.look, call.target): call for call in calls}
    wanted: list[FollowedCall] = []
    for look in looks:
        for target in path.targets if look.vantage is Vantage.CLIENT else ():
            exchange = last_answer(look, target.name) if target.role is Role.GATEWAY else None
            known = found.get((look.name, target.name))
            if known is not None and known.trace is not None and ending(known.trace).whole:
                continue
            if exchange is not None and (name := id_of(exchange)) is not None:
                wanted.append(_call(look, exchange, name, now))
    return wanted


def last_answer(look: Look, target: str) -> Exchange | None:
    """The last call of a target that was answered, by whatever status."""
    records = (record for record in look.sweep.observations if isinstance(record, Exchange))
    mine = [record for record in records if record.target == target and record.vantage is look.vantage]
    return next((record for record in reversed(mine) if record.status is not None), None)


def id_of(exchange: Exchange) -> str | None:
    """The gateway's own id of the call, where the answer tells it; else the one that came back, or was sent."""
    told = (exchange.headers.get(GATEWAY_ID), exchange.headers.get(SENT_ID), exchange.correlation_id)
    return next((name for name in told if name is not None and CORRELATION_ID.fullmatch(name)), None)


async def follow(
    calls: list[FollowedCall],
    workspace: Workspace,
    *,
    wait_s: float,
    since: datetime,
    now: Callable[[], datetime],
    waiting: Callable[[FollowedCall], None] | None = None,
) -> tuple[FollowedCall, ...]:
    """Each call with what was found of it by the time that it was whole, or that `wait_s` seconds were over."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + wait_s
    async with Rest(
        endpoint=workspace.endpoint, audience=AUDIENCE, credential=workspace.credential, deadline_s=DEADLINE_S
    ) as rest:
        asked = LogAnalytics(rest=rest, workspace_id=workspace.workspace_id)

        async def once(call: FollowedCall) -> FollowedCall:
            return await _asked(asked, call, now() - since + AROUND, now)

        return tuple([await _until(once, call, ends_s, waiting) for call in calls])


async def _until(
    once: Callable[[FollowedCall], Awaitable[FollowedCall]],
    call: FollowedCall,
    ends_s: float,
    waiting: Callable[[FollowedCall], None] | None,
) -> FollowedCall:
    pause_s = FIRST_PAUSE_S
    while True:
        call = await once(call)
        left_s = ends_s - asyncio.get_running_loop().time()
        if settled(call) or left_s <= 0:
            return call
        if waiting is not None:
            waiting(call)
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def settled(call: FollowedCall) -> bool:
    """Whether asking again would tell nothing more."""
    if call.trace is None:
        return call.failure not in PASSING
    row = call.trace.call
    # The gateway says that no backend answered: no request of one will come any more.
    unanswered = row is not None and row.backend_status is None and row.error_reason is not None
    return unanswered or (row is not None and call.trace.request is not None and call.trace.request.carries_id)


async def _asked(
    workspace: LogAnalytics, call: FollowedCall, span: timedelta, now: Callable[[], datetime]
) -> FollowedCall:
    trace: Trace | None = None
    failure, detail = None, None
    try:
        trace = await search(workspace, call.correlation_id, span)
    except ReadError as error:
        failure, detail = error.failure, error.detail
    return replace(call, asked_at=now(), failure=failure, detail=detail, trace=trace and kept(trace))


def kept(trace: Trace) -> Trace:
    """The trace as a file may have it: no queries of URLs and no secrets, and times as they are when read back."""
    rows = (
        replace(
            row,
            url=row.url and without_query(row.url),
            backend_url=row.backend_url and without_query(row.backend_url),
            error_message=row.error_message and scrub(row.error_message),
            duration_ms=floating(row.duration_ms),
            backend_ms=floating(row.backend_ms),
        )
        for row in trace.gateway
    )
    items = (
        replace(
            item,
            name=scrub(item.name),
            target=item.target and scrub(item.target),
            duration_ms=floating(item.duration_ms),
            properties={name: scrub(value) for name, value in item.properties.items()},
        )
        for item in trace.items
    )
    return replace(trace, gateway=tuple(rows), items=tuple(items))


def floating(value: float | None) -> float | None:
    """A whole number as a float: a workspace gives whole milliseconds as such."""
    return None if value is None else float(value)


def _call(look: Look, exchange: Exchange, name: str, now: datetime) -> FollowedCall:
    return FollowedCall(
        look=look.name,
        target=exchange.target,
        request=exchange.id,
        correlation_id=name,
        asked_at=now,
        failure=None,
        detail=None,
        trace=None,
    )


def replaced(calls: Iterable[FollowedCall], by: Iterable[FollowedCall]) -> Iterator[FollowedCall]:
    """The calls, those that were followed anew in their new state, and the new ones behind them."""
    anew = {(call.look, call.target): call for call in by}
    for call in calls:
        yield anew.pop((call.look, call.target), call)
    yield from anew.values()
