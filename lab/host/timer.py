"""Timers: when the next run is due, and running them as the host does: never overlapping, missed ticks dropped."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from croniter import CroniterError, croniter

from lab.host.configuration import timespan
from lab.host.worker import Function, InvocationError, run_timer

log = logging.getLogger("lab.host")
FIELDS_WITH_SECONDS = 6


class ScheduleError(ValueError):
    """A schedule that the host cannot read: only that function is lost."""


def resolved(text: str, settings: Mapping[str, str]) -> str:
    """The text with `%NAME%` replaced by the setting of that name; raises ScheduleError."""

    def setting(found: re.Match[str]) -> str:
        if found[1] not in settings:
            raise ScheduleError(f"'%{found[1]}%' does not resolve to a value.")
        return settings[found[1]]

    return re.sub("%([^%]+)%", setting, text)


def schedule(text: str) -> Callable[[datetime], datetime]:
    """The function from one moment to the next run after it.

    Cron expressions have five fields, or six with the seconds first, which croniter wants last. Raises ScheduleError.
    """
    interval = timespan(text)
    if interval:
        return lambda after: after + interval
    fields = text.split()
    expression = " ".join([*fields[1:], fields[0]]) if len(fields) == FIELDS_WITH_SECONDS else text
    try:
        croniter(expression, datetime.now(UTC))
    except (CroniterError, ValueError, IndexError):
        message = f"The schedule expression '{text}' was not recognized as a valid cron expression or timespan string."
        raise ScheduleError(message) from None

    def following(after: datetime) -> datetime:
        found: datetime = croniter(expression, after).get_next(datetime)
        return found

    return following


def payload(*, past_due: bool, last: datetime | None, following: datetime | None) -> Mapping[str, Any]:
    """What the worker gets with a run; `None` is the year 1, as the host has it before the first run."""
    moments = {"Last": last, "Next": following, "LastUpdated": last}
    status = {name: (moment or datetime(1, 1, 1, tzinfo=UTC)).isoformat() for name, moment in moments.items()}
    return {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}


async def run_on(function: Function, following: Callable[[datetime], datetime]) -> None:
    """Run the function at every due time, for ever."""
    last: datetime | None = None
    due = following(datetime.now(UTC))
    while True:
        await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        last = due
        after = following(due)
        await run_once(function, payload(past_due=False, last=last, following=after))
        now = datetime.now(UTC)
        # A run that outlasts the interval is followed by one at once; the other ticks it missed are dropped.
        due = after if after >= now - timedelta(milliseconds=1) else max(now, after)


async def run_once(function: Function, with_payload: Mapping[str, Any]) -> None:
    """One run; what it raises is logged, and the next comes as planned."""
    log.info("Executing 'Functions.%s' (Reason='Timer fired')", function.name)
    try:
        await run_timer(function, with_payload)
    except InvocationError as error:
        log.error("Executed 'Functions.%s' (Failed)\n%s", function.name, error)  # noqa: TRY400 - the stack is the worker's
    else:
        log.info("Executed 'Functions.%s' (Succeeded)", function.name)
