"""When timers tick, and what functions are told."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lab.host.protos import TypedData
from lab.host.timer import ScheduleError, Timer, parsed, resolved
from tests.lab.host.conftest import HEALTH, PREAMBLE, Served, served

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
"""A Tuesday."""
SOURCE = (
    PREAMBLE
    + HEALTH
    + "".join(
        f"""
@app.timer_trigger(arg_name="timer", schedule={schedule!r}, run_on_startup={at_start})
async def {name}(timer: func.TimerRequest) -> None:
    logging.info("{name} ran, past due: %s", timer.past_due)
    {statement}
"""
        for name, schedule, at_start, statement in [
            ("good", "00:00:00.1", False, "pass"),
            ("raising", "00:00:00.1", False, "raise ValueError('a bad tick')"),
            ("at_start", "%YEARLY%", True, "pass"),
            ("empty", "", False, "pass"),
            ("unset", "%NOT_THERE%", False, "pass"),
            ("invalid", "every minute", False, "pass"),
        ]
    )
)
SETTINGS = {"yearly": "0 0 0 1 1 *"}
served_once = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("0 */5 * * * *", NOON + timedelta(minutes=5)),
        ("30 * * * * *", NOON + timedelta(seconds=30)),
        ("*/5 * * * *", NOON + timedelta(minutes=5)),
        ("0 0 9 * * MON-FRI", NOON + timedelta(hours=21)),
        ("0 0 0 1 * MON", datetime(2027, 2, 1, tzinfo=UTC)),
        ("00:00:04", NOON + timedelta(seconds=4)),
        ("1.02:00:00", NOON + timedelta(hours=26)),
        ("00:00:00.5", NOON + timedelta(seconds=0.5)),
    ],
)
def test_a_schedule_has_a_next_time(schedule: str, due: datetime) -> None:
    """Six fields begin with seconds, five with minutes; day of month and of week must both fit; or it is a timespan."""
    assert parsed(schedule).after(NOON) == due


@pytest.mark.parametrize(
    "text", ["", "every minute", "* * * *", "60 * * * * *", "00:00:00", "25:00:00", "* * * * * * *"]
)
def test_what_is_no_schedule_is_an_error(text: str) -> None:
    """The error has the text, in the host's own words."""
    with pytest.raises(ScheduleError, match="was not recognized as a valid cron expression or timespan") as caught:
        parsed(text)
    assert f"'{text}'" in str(caught.value)


def test_settings_are_put_in_place_of_their_names() -> None:
    """Their letter case does not count."""
    assert resolved("0 %Minute% * * * *", {"MINUTE": "5"}) == "0 5 * * * *"


def test_a_setting_that_is_not_there_is_an_error() -> None:
    """The error has its name."""
    with pytest.raises(ScheduleError, match="'%MINUTE%' does not resolve to a value"):
        resolved("0 %MINUTE% * * * *", {})


def told(schedule: str, *, monitored: bool = True) -> dict[str, Any]:
    """What a function is told that this schedule starts for the first time."""
    payload = Timer(parsed(schedule), monitored=monitored, at_start=False).payload()
    assert payload.WhichOneof("data") == "json"
    found: dict[str, Any] = json.loads(payload.json)
    return found


def test_the_first_run_ever_was_never_before() -> None:
    """`Last` is the first day of the first year, `Next` the time after now, and it is not past due."""
    found = told("0 * * * * *")
    status = found["ScheduleStatus"]
    assert status["Last"].startswith("0001-01-01T00:00:00")
    assert timedelta() < datetime.fromisoformat(status["Next"]) - datetime.now(UTC) <= timedelta(minutes=1)
    assert found["IsPastDue"] is False


@pytest.mark.parametrize(
    ("schedule", "monitored"), [("*/30 * * * * *", True), ("00:00:59", True), ("0 0 * * * *", False)]
)
def test_nothing_is_kept_below_a_minute_or_without_monitor(schedule: str, monitored: bool) -> None:  # noqa: FBT001
    """The status is empty."""
    assert told(schedule, monitored=monitored)["ScheduleStatus"] == {}


@pytest.mark.parametrize(("schedule", "adjusts"), [("0 * * * * *", True), ("00:01:00", False)])
def test_only_cron_adjusts_to_daylight_saving(schedule: str, adjusts: bool) -> None:  # noqa: FBT001 - a column
    """A timespan is constant."""
    assert told(schedule)["Schedule"] == {"AdjustForDST": adjusts}


async def runs(schedule: str, duration_s: float, *, at_start: bool, count: int) -> list[tuple[float, float]]:
    """Beginning and end of the first runs of a timer, each of which takes so long, in seconds since it was made."""
    found: list[tuple[float, float]] = []
    began_s = time.monotonic()

    async def fire(_payload: TypedData) -> None:
        started_s = time.monotonic() - began_s
        await asyncio.sleep(duration_s)
        found.append((started_s, time.monotonic() - began_s))

    task = asyncio.create_task(Timer(parsed(schedule), monitored=True, at_start=at_start).run(fire))
    while len(found) < count:  # noqa: ASYNC110 - time is waited for
        await asyncio.sleep(0.01)
    task.cancel()
    return found


async def test_runs_never_overlap() -> None:
    """A run longer than its interval is followed by the next when it ends; what was missed besides is dropped."""
    found = await runs("00:00:00.1", 0.35, at_start=True, count=3)
    assert all(following[0] >= run[1] for run, following in pairwise(found))


async def test_a_missed_tick_is_made_up_for_at_once() -> None:
    """The next run does not wait for the schedule, which is a second away."""
    found = await runs("00:00:01", 1.1, at_start=True, count=2)
    assert found[1][0] - found[0][1] < 0.5


@pytest.mark.parametrize("at_start", [True, False])
async def test_run_on_startup_does_not_wait_for_the_schedule(at_start: bool) -> None:  # noqa: FBT001 - a column
    """Without it the first run is due an interval after the start."""
    (first, _), *_ = await runs("00:00:00.6", 0, at_start=at_start, count=1)
    assert (first < 0.5) is at_start


@served_once
async def test_a_bad_schedule_costs_that_function_only(app: Served) -> None:
    """Each is named with its reason, here and in the log; health is 200 and the others tick."""
    assert app.process.failed == {
        "empty": "The schedule expression '' was not recognized as a valid cron expression or timespan string.",
        "unset": "'%NOT_THERE%' does not resolve to a value.",
        "invalid": "The schedule expression 'every minute' was not recognized as a valid cron expression"
        " or timespan string.",
    }
    assert app.process.functions == ("at_start", "good", "health", "raising")
    assert all(
        f"The '{name}' function is in error: {why}" in app.process.log for name, why in app.process.failed.items()
    )
    assert (await app.asked("/api/health")).status_code == 200


@served_once
@pytest.mark.parametrize(("name", "times"), [("good", 2), ("raising", 2), ("at_start", 1)])
async def test_timers_tick(app: Served, name: str, times: int) -> None:
    """Again and again, after an exception too, or once at the start; never past due."""
    await app.logged(f"{name} ran, past due: False", times)
    assert "past due: True" not in app.process.log


@served_once
async def test_a_tick_that_raises_is_logged(app: Served) -> None:
    """With its stack."""
    await app.logged("Executed 'Functions.raising' (Failed")
    await app.logged("ValueError: a bad tick")


async def test_a_running_tick_ends_before_the_host(tmp_path: Path) -> None:
    """SIGTERM lets it finish."""
    statement = "await asyncio.sleep(0.3); logging.info('all done')"
    source = (
        PREAMBLE
        + f"""
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
async def tick(timer: func.TimerRequest) -> None:
    logging.info("begun"); {statement}
"""
    )
    async with served(tmp_path, source) as app:
        await app.logged("begun")
    assert "all done" in app.process.log
