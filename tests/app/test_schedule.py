"""The timer's run: through the host on the replica, and by itself where the host cannot be made to."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lab.ingestion import Ingestion
from lab.probe_app import ProbeApp
from lab.scenarios import scenario
from lab.scenarios.article import WORLD
from probes.app.schedule import LONGEST_SWEEP_S, Schedule, delay_s
from probes.app.settings import LONGEST_DIAGNOSE_S, LONGEST_SPREAD_S, Settings
from probes.observe.surroundings import Surroundings
from tests.app.conftest import PATIENCE_S, named, run_timer, sent, until
from tests.sweeps import path

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Timer:
    """What the worker hands to a timer function."""

    def __init__(self, *, past_due: bool) -> None:
        self.past_due = past_due


def settings_of(*names: str) -> Settings:
    """Settings with a path of each name, whose one target is an address without a route."""
    target = {"name": "backend", "role": "backend", "url": "https://10.80.20.4/"}
    paths = {name: path(name=name, targets=[target], resolvers=[]) for name in names}
    return Settings(paths=paths, diagnose_deadline_s=5, spread_s=0)


def nowhere() -> Surroundings:
    """A machine without a network."""

    def endpoint(_address: str, _port: int) -> tuple[str, int]:
        raise OSError(101, "Network is unreachable")

    def credential(_client_id: str | None) -> Any:
        raise AssertionError

    return Surroundings(hosts={}, name_servers=(), endpoint=endpoint, credential=credential)


def timer(*, past_due: bool = False) -> Any:
    """A run of the timer."""
    return Timer(past_due=past_due)


async def test_a_run_is_told(app: ProbeApp, ingestion: Ingestion) -> None:
    """Asked for by the master key: an availability result a target, a finding, a heartbeat, one log line, one trace."""
    broken = scenario("zone-not-linked")
    await app.replica.become(broken.world)
    await app.follow()
    await run_timer(app.process)
    (heartbeat,) = await until(lambda: named(sent(ingestion, "EventData"), "probe.sweep"))
    sweep_id = heartbeat["operation_id"]
    (line,) = await until(lambda: [one for one in sent(ingestion, "MessageData") if sweep_id in one["message"]])
    (span,) = await until(lambda: sent(ingestion, "RemoteDependencyData"))
    available = {one["name"]: one for one in sent(ingestion, "AvailabilityData")}
    findings = named(sent(ingestion, "EventData"), "probe.finding")
    assert {name: one["success"] for name, one in available.items()} == {
        "orders/gateway": False,
        "orders/backend": False,
        "orders/scm": False,
    }
    assert {one["operation_id"] for one in (*available.values(), *findings, heartbeat, span)} == {sweep_id}
    assert available["orders/backend"]["message"].startswith("zone-not-linked: ")
    assert "zone-not-linked" in [one["properties"]["finding.id"] for one in findings]
    assert heartbeat["properties"]["probe.verdict"] == broken.verdict
    assert heartbeat["properties"]["probe.trigger"] == "timer"
    assert "orders: broken; causes: zone-not-linked;" in line["message"]
    assert (span["name"], span["type"]) == ("probe.sweep", "InProc")


def kinds(ingestion: Ingestion, since: int) -> set[str]:
    """Kinds of what has arrived after so many."""
    return {str(one["data"]["baseType"]) for one in ingestion.envelopes[since:]}


async def silent(ingestion: Ingestion, *, seconds: float) -> None:
    """Wait until nothing arrives for so long; TimeoutError where something always does."""
    async with asyncio.timeout(PATIENCE_S):
        count = -1
        while count != len(ingestion.envelopes):
            count = len(ingestion.envelopes)
            await asyncio.sleep(seconds)


async def test_nothing_feeds_itself(app: ProbeApp, ingestion: Ingestion) -> None:
    """Log lines arrive once, and the count of records comes to a stop: the exporter does not tell of itself."""
    await app.replica.become(WORLD)
    await app.follow()
    before = len(ingestion.envelopes)
    await run_timer(app.process)
    await until(lambda: {"MetricData", "MessageData", "RemoteDependencyData"} <= kinds(ingestion, before))
    await silent(ingestion, seconds=1)
    lines = [one["message"] for one in sent(ingestion, "MessageData")]
    assert len(lines) == len(set(lines))
    assert not [line for line in lines if "track" in line or "Transmission" in line]


async def test_the_exporter_calls_are_not_traced(app: ProbeApp, ingestion: Ingestion) -> None:
    """The only spans are the sweeps' own: neither probes nor exports are traced, so nobody gets a traceparent."""
    assert app.process.failed == {}
    assert {one["name"] for one in sent(ingestion, "RemoteDependencyData")} == {"probe.sweep"}
    assert not sent(ingestion, "RequestData")


async def test_a_past_due_run_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """Its sweep would be of now, and the next run is due."""

    def untouched() -> Surroundings:
        raise AssertionError

    caplog.set_level(logging.INFO, "probes")
    await Schedule(settings_of("orders"), untouched).run(timer(past_due=True))
    assert [record.getMessage() for record in caplog.records] == ["The run is past due and is skipped"]


async def test_one_path_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in one sweep is logged with its path, and the other paths are swept."""
    calls: Iterator[Surroundings | RuntimeError] = iter([RuntimeError("boom"), nowhere(), nowhere()])

    def surroundings() -> Surroundings:
        found = next(calls)
        if isinstance(found, RuntimeError):
            raise found
        return found

    caplog.set_level(logging.INFO, "probes.app")
    await Schedule(settings_of("first", "second", "third"), surroundings).run(timer())
    failed = [record for record in caplog.records if record.levelno == logging.ERROR]
    swept = [record for record in caplog.records if record.getMessage().startswith("Swept ")]
    assert len(failed) == 1
    assert failed[0].exc_info is not None
    assert len(swept) == 2


async def test_starts_are_spread_and_stay_where_they_are() -> None:
    """Each path has its own place within the spread, the same on every instance."""
    delays = [delay_s(f"path-{number}", 5.0) for number in range(200)]
    assert all(0 <= delay < 5 for delay in delays)
    assert max(delays) - min(delays) > 4
    assert len(set(delays)) == 200
    assert delay_s("orders", 5.0) == delay_s("orders", 5.0)
    assert delay_s("orders", 0.0) == 0


async def test_everything_ends_within_the_time_of_a_function(app: ProbeApp) -> None:
    """The longest spread, sweep and diagnosis fit into functionTimeout, with time left to tell."""
    host = json.loads((app.surroundings.parent / "host.json").read_text())
    hours, minutes, seconds = map(int, host["functionTimeout"].split(":"))
    limit_s = hours * 3600 + minutes * 60 + seconds
    assert limit_s - 5 >= LONGEST_SPREAD_S + LONGEST_SWEEP_S
    assert limit_s - 5 >= LONGEST_DIAGNOSE_S
    assert replace(settings_of("orders"), spread_s=LONGEST_SPREAD_S).spread_s == LONGEST_SPREAD_S
