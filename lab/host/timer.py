"""Timers: when the next run is due, and what a function is told about it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import croniter

from lab.host.configuration import timespan
from lab.host.protos import TypedData

MINUTE = timedelta(minutes=1)
NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""What the host says of a run that has not been."""
FIELDS, FIELDS_WITHOUT_SECONDS = 6, 5
"""Of a cron expression."""


class ScheduleError(ValueError):
    """A schedule that the host cannot read: only that function is lost."""


def resolved(text: str, settings: Mapping[str, str]) -> str:
    """The text with the settings put in place of every `%NAME%`; raises ScheduleError."""
    values = {name.lower(): value for name, value in settings.items()}

    def value(found: re.Match[str]) -> str:
        if found[1].lower() not in values:
            raise ScheduleError(f"'{found[0]}' does not resolve to a value.")
        return values[found[1].lower()]

    return re.sub("%([^%]+)%", value, text)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A timespan between one run and the next."""

    length: timedelta

    def after(self, moment: datetime) -> datetime:
        """The first due time after a moment."""
        return moment + self.length


@dataclass(frozen=True, kw_only=True)
class Cron:
    """An expression of six fields, the seconds first, in UTC."""

    expression: str

    def after(self, moment: datetime) -> datetime:
        """The first due time after a moment."""
        # Where both the day of the month and the day of the week are given, both must fit: NCRONTAB is not cron there.
        due: datetime = croniter(self.expression, moment, second_at_beginning=True, day_or=False).get_next(datetime)
        return due


Schedule = Interval | Cron


def parsed(text: str) -> Schedule:
    """The schedule that a timespan or a cron expression of five or six fields stands for; raises ScheduleError."""
    length = timespan(text)
    if length:
        return Interval(length=length)
    fields = text.split()
    expression = " ".join(["0", *fields] if len(fields) == FIELDS_WITHOUT_SECONDS else fields)
    if len(expression.split()) != FIELDS or not croniter.is_valid(expression, second_at_beginning=True):
        raise ScheduleError(
            f"The schedule expression '{text}' was not recognized as a valid cron expression or timespan string."
        )
    return Cron(expression=expression)


class Timer:
    """One timer function: runs never overlap, and ticks missed during a run are dropped."""

    def __init__(self, schedule: Schedule, *, monitored: bool, at_start: bool) -> None:
        """`monitored` is useMonitor, which a schedule below one minute overrules; `at_start` is runOnStartup."""
        self._schedule = schedule
        first = schedule.after(datetime.now(UTC))
        self._monitored = monitored and schedule.after(first) - first >= MINUTE
        self._at_start = at_start
        self._last = NEVER

    async def run(self, fire: Callable[[TypedData], Awaitable[None]]) -> None:
        """Call `fire` with what the function is told, whenever it is due, until cancelled."""
        due = datetime.now(UTC)
        if not self._at_start:
            due = self._schedule.after(due)
        while True:
            # Again and again: a sleep may end a little early, and the tick would come twice.
            while (wait_s := (due - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - time is waited for
                await asyncio.sleep(wait_s)
            started = max(due, datetime.now(UTC))
            await fire(self.payload())
            self._last = started
            # A tick that passed during the run is made up for at once; any others are dropped.
            due = self._schedule.after(started)

    def payload(self) -> TypedData:
        """The timer information of a run that begins now, as JSON."""
        status = {}
        if self._monitored:
            following = self._schedule.after(datetime.now(UTC))
            moments = {"Last": self._last, "Next": following, "LastUpdated": self._last}
            status = {name: moment.isoformat() for name, moment in moments.items()}
        schedule = {"AdjustForDST": isinstance(self._schedule, Cron)}
        return TypedData(json=json.dumps({"Schedule": schedule, "ScheduleStatus": status, "IsPastDue": False}))
