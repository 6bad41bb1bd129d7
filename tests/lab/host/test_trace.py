"""The trace context that a function gets."""

from pathlib import Path
from typing import Any

import pytest

from lab.host.trace import NO_TRACE, Telemetry
from tests.lab.host.conftest import MASTER, PREAMBLE, served

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE}-b7ad6b7169203331-01"
SOURCE = (
    PREAMBLE
    + """
@app.route("traced")
async def traced(req: func.HttpRequest, context: func.Context) -> str:
    return f"{context.trace_context.Traceparent}|{context.trace_context.Tracestate}"

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
async def tick(timer: func.TimerRequest, context: func.Context) -> None:
    logging.info("tick has %r", context.trace_context.Traceparent)
"""
)
CONNECTED = {"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000000"}
BOTH = [Telemetry.OPEN_TELEMETRY, Telemetry.CLASSIC]


@pytest.mark.parametrize("telemetry", BOTH)
@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_callers_trace_goes_on(telemetry: Telemetry, flags: str) -> None:
    """Same trace, flags and state, but the host's own span is the parent: a caller can switch its trace off."""
    given = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-{flags}", "tracestate": "a=1"}
    trace = telemetry.of_request(given)
    assert trace.parent.split("-")[:2] == ["00", TRACE]
    assert trace.parent.endswith(f"-{flags}")
    assert (trace.parent == given["traceparent"], trace.state) == (False, "a=1")


@pytest.mark.parametrize(
    "parent", [None, "", "garbage", CALLER.upper(), CALLER.replace(TRACE, "0" * 32), CALLER + "-x", f"01{CALLER[2:]}"]
)
@pytest.mark.parametrize(("telemetry", "flags"), [(Telemetry.OPEN_TELEMETRY, "01"), (Telemetry.CLASSIC, "00")])
def test_without_a_caller_a_trace_begins(parent: str | None, telemetry: Telemetry, flags: str) -> None:
    """An invalid traceparent is none; the classic mode begins with a trace that is not sampled."""
    given = {} if parent is None else {"traceparent": parent, "tracestate": "a=1"}
    one, other = telemetry.of_request(given), telemetry.of_request(given)
    assert one.parent.split("-")[1] not in {TRACE, other.parent.split("-")[1]}
    assert (one.parent[-2:], one.state) == (flags, "")


def test_without_telemetry_there_is_no_trace() -> None:
    """Not even where the caller sent one."""
    assert Telemetry.NONE.of_request({"traceparent": CALLER}) == NO_TRACE


@pytest.mark.parametrize(
    ("host", "settings", "request_trace", "timer_flags"),
    [
        ({"telemetryMode": "OpenTelemetry"}, {}, "", ""),
        ({"telemetryMode": "OpenTelemetry"}, CONNECTED, TRACE, ""),
        ({}, CONNECTED, TRACE, "-00"),
    ],
    ids=["none", "OpenTelemetry", "classic"],
)
async def test_functions_get_it(
    tmp_path: Path, host: dict[str, Any], settings: dict[str, str], request_trace: str, timer_flags: str
) -> None:
    """HTTP the caller's trace where the host sends telemetry; a timer one in the classic mode only, not sampled."""
    async with served(tmp_path, SOURCE, host=host, settings=settings) as app:
        answer = await app.asked("/api/traced", headers={"traceparent": CALLER, "tracestate": "a=1"})
        await app.asked("/admin/functions/tick", "POST", headers=MASTER, json={})
        await app.logged("tick has ")
    parent, state = answer.text.split("|")
    assert (request_trace in parent, bool(parent), state) == (True, bool(request_trace), "a=1" if request_trace else "")
    told = next(line for line in app.process.log.splitlines() if "tick has " in line).partition("tick has ")[2]
    assert told.strip("'").endswith(timer_flags)
    assert bool(told.strip("'")) is bool(timer_flags)
