"""The probe as a Function app: a run of its timer, what Application Insights gets of it, and a diagnosis on demand."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab import probe_app
from lab.log_analytics.rows import Row
from lab.probe_app import ProbeApp
from lab.replica import Replica
from lab.scenarios import scenario
from probes.tell.words import plain

BROKEN, HEALTHY = "zone-not-linked", "healthy"
ROLE = "func-probe"
SOON = {"OTEL_BLRP_SCHEDULE_DELAY": "100", "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
PATIENCE_S = 15.0
PAUSE_S = 0.05
LONGEST_MESSAGE = 160


async def show(replica: Replica, console: Console) -> int:
    """The number of runs that did not come out as expected."""
    console.rule("The probe as an Azure Function app", style="dim")
    await replica.become(scenario(BROKEN).world)
    async with probe_app.opened(replica, settings_of(replica)) as app:
        timer = await run_timer(app)
        found = await arrived(replica)
        console.print(
            f"Timer probe_sweep -> {timer.status_code}, while {scenario(BROKEN).breaks}. "
            "Application Insights has got:\n"
        )
        console.print(records(found))
        silent = not any(row["Name"] == "probe.sweep" for row in found.get("AppEvents", []))
        await replica.become(scenario(HEALTHY).world)
        await app.follow()
        answer = await diagnosis(app)
        verdict = answer.headers.get("x-probe-verdict")
        console.print(f"\nZone linked again. GET /api/diagnose -> {answer.status_code}, x-probe-verdict: {verdict}")
        return [silent, verdict != "proven"].count(True)


def settings_of(replica: Replica) -> Mapping[str, str]:
    """App settings as the infrastructure has them, with exporters that do not wait."""
    return {
        **replica.engineer.environment,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": replica.ingestion.connection_string,
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "WEBSITE_SITE_NAME": ROLE,
        **SOON,
    }


async def run_timer(app: ProbeApp) -> httpx.Response:
    """A run of the timer at once, as the portal asks for it."""
    async with client(app, app.process.keys.master) as http:
        return await http.post("/admin/functions/probe_sweep", json={})


async def diagnosis(app: ProbeApp) -> httpx.Response:
    """A diagnosis, as API Management asks for it: with a function key."""
    async with client(app, app.process.keys.function) as http:
        return await http.get("/api/diagnose")


def client(app: ProbeApp, key: str) -> httpx.AsyncClient:
    """A client of the app with this key."""
    return httpx.AsyncClient(
        base_url=app.process.url, headers={"x-functions-key": key}, trust_env=False, timeout=PATIENCE_S
    )


async def arrived(replica: Replica) -> dict[str, list[Row]]:
    """What the probe app has sent, once heartbeat and metrics are there; at the latest after PATIENCE_S."""
    ends_s = time.monotonic() + PATIENCE_S
    while True:
        found = {
            table: [row for row in rows if row.get("AppRoleName") == ROLE] for table, rows in replica.log_rows().items()
        }
        whole = found.get("AppMetrics") and any(row["Name"] == "probe.sweep" for row in found.get("AppEvents", []))
        if whole or time.monotonic() > ends_s:
            return found
        await asyncio.sleep(PAUSE_S)


def records(found: Mapping[str, list[Row]]) -> Table:
    """The records by table, the metrics in one line."""
    table = Table.grid(padding=(0, 2))
    for name in ("AppAvailabilityResults", "AppEvents"):
        for row in found.get(name, []):
            table.add_row(Text(name, "dim"), row["Name"], Text(plain(told(row), LONGEST_MESSAGE)))
    metrics: dict[str, int] = {}
    for row in found.get("AppMetrics", []):
        metrics[row["Name"]] = metrics.get(row["Name"], 0) + 1
    for name, series in sorted(metrics.items()):
        table.add_row(Text("AppMetrics", "dim"), name, f"{series} series")
    return table


def told(row: Mapping[str, Any]) -> str:
    """The message of an availability result; of an event, what it is about."""
    if "Success" in row:
        return f"{'available' if row['Success'] else 'NOT AVAILABLE'}: {row['Message']}"
    properties = row["Properties"]
    masked = f", explained by {properties['finding.masked_by']}" if properties.get("finding.masked_by") else ""
    if "finding.id" in properties:
        return f"{properties['finding.id']} on {properties['finding.targets']}{masked}"
    return f"verdict {properties.get('probe.verdict')}, causes {properties.get('probe.roots') or 'none'}"
