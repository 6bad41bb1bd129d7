"""What the probe app really sends of each scenario: its timer is run once in that world, and the rows are kept."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import batched
from typing import Any

from lab import probe_app
from lab.certificates import authorities
from lab.log_analytics.rows import Rows
from lab.probe_app import ProbeApp
from lab.replica import Replica, filled, opened
from lab.scenarios import scenario
from lab.scenarios.article import ENDPOINT_ADDRESS, PUBLIC_ADDRESS, SITE, WORLD
from lab.scenarios.changes import change_listener, listener_at
from lab.world import World
from tests.app.conftest import client_of, run_timer, telemetry_to, until

WORKERS = 3
MOST_A_WORKER = 9
WHOLE = frozenset({"healthy", "zone-not-linked"})
"""Runs whose metrics are read as well, first in their share; of the others they may come with the next run."""
QUIET_S = 0.7
"""Two intervals of the metrics' exporter."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One run of the timer, or one diagnosis on demand.

    Attributes:
        name: of the scenario.
        rows: by table, as Log Analytics has them, with the gateway's log.
        envelopes: the same as they were sent, without the gateway's log.
        sweep_ids: one for each path.
        began_at: when it was asked for.
    """

    name: str
    rows: Rows
    envelopes: tuple[Mapping[str, Any], ...]
    sweep_ids: tuple[str, ...]
    began_at: datetime


def hosts_file_to_open_front_end() -> World:
    """The hosts file sends the app's name to the public front end, which lets everybody in."""
    world = scenario("hosts-file-override-public").world
    return change_listener(world, PUBLIC_ADDRESS, serves=replace(SITE, public_access=True))


def open_and_expiring() -> World:
    """Two causes that have nothing to do with each other: a hole in the identity, and a certificate that runs out."""
    site = listener_at(scenario("anonymous-accepted").world, ENDPOINT_ADDRESS).serves
    return change_listener(scenario("certificate-expires-soon").world, ENDPOINT_ADDRESS, serves=site)


def broken_and_expiring() -> World:
    """An error of the backend, beside a warning about the gateway's certificate that explains nothing."""
    site = listener_at(scenario("app-stopped").world, ENDPOINT_ADDRESS).serves
    return change_listener(scenario("certificate-expires-soon").world, ENDPOINT_ADDRESS, serves=site)


def open_and_unreached() -> World:
    """The gateway asks a name server that is gone, beside a hole in the identity that has nothing to do with it."""
    site = listener_at(scenario("anonymous-accepted").world, ENDPOINT_ADDRESS).serves
    return change_listener(scenario("gateway-dns-server-gone").world, ENDPOINT_ADDRESS, serves=site)


OWN: Mapping[str, World] = {
    "hosts-file-override-exposed": hosts_file_to_open_front_end(),
    "open-and-expiring": open_and_expiring(),
    "broken-and-expiring": broken_and_expiring(),
    "open-and-unreached": open_and_unreached(),
}
"""Worlds that the lab's scenarios do not have."""
INVOICES = {
    "name": "invoices",
    "targets": [
        {
            **next(target for target in WORLD.path["targets"] if target["name"] == "backend"),  # type: ignore[attr-defined]
            "url": "https://func-invoices-prod.azurewebsites.net/api/orders",
        }
    ],
}
"""A path whose backend's name nobody knows; it stands beside the healthy one."""


TIMER = (
    "healthy",
    "zone-not-linked",
    "healthy-two-addresses",
    "healthy-certificate-31-days",
    "healthy-closed-outside",
    "healthy-refuses-all-others",
    "healthy-resolver-truncates",
    "resolvers-disagree",
    "no-private-endpoint",
    "zone-not-linked-and-public",
    "gateway-not-internal",
    "answers-mixed",
    "public-path-open",
    "hosts-file-override-exposed",
    "hosts-file-override",
    "record-missing",
    "resolver-not-forwarding",
    "connect-refused",
    "certificate-untrusted",
    "response-truncated",
    "certificate-expired",
    "certificate-expires-soon",
    "app-stopped",
    "deployment-in-progress",
    "app-error",
    "request-slow",
    "resolve-slow",
    "token-unavailable",
    "anonymous-accepted",
    "foreign-token-accepted",
    "old-key-accepted",
    "open-and-expiring",
    "broken-and-expiring",
    "open-and-unreached",
    "gateway-cannot-reach-backend",
    "gateway-dns-server-gone",
    "gateway-resolves-publicly",
    "correlation-lost",
    "deadline-missed",
)
ON_DEMAND = ("connect-refused", "anonymous-accepted", "healthy")
"""Runs of the timer, and diagnoses."""


def world_of(name: str) -> World:
    """The world of a scenario, or of one of this module's own."""
    return OWN[name] if name in OWN else scenario(name).world


def record(timer: Iterable[str], on_demand: Iterable[str] = ()) -> dict[str, Run]:
    """The runs by name; those on demand have `diagnose ` before it, and `two-paths` is one of the timer's own."""
    authorities()  # now: labs that open at the same time would each make their own
    return asyncio.run(_record(tuple(timer), tuple(on_demand)))


async def _record(timer: Sequence[str], on_demand: Sequence[str]) -> dict[str, Run]:
    """Scenarios that differ in nothing that an app reads at its start share an app."""
    groups: dict[str, list[str]] = {}
    for name in timer:
        world = world_of(name)
        key = json.dumps([world.path, dict(world.settings), repr(world.identity)], default=str, sort_keys=True)
        groups.setdefault(key, []).append(name)
    shares = [list(share) for names in groups.values() for share in batched(names, MOST_A_WORKER, strict=False)]
    slots = asyncio.Semaphore(WORKERS)

    async def one(share: Sequence[str], demanded: Sequence[str], beside: Mapping[str, Any] | None = None) -> list[Run]:
        async with slots, running(share[0], beside) as (replica, app):
            paths = 1 if beside is None else 2
            if "healthy" in share:
                await run(replica, app, "healthy", paths=paths)  # the first of a process is slow, and no measure
            runs = [await run(replica, app, name, paths=paths) for name in share]
            return runs + [await run(replica, app, name, on_demand=True) for name in demanded]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(share, on_demand if share is shares[0] else ())) for share in shares]
        beside = group.create_task(one(["healthy"], (), INVOICES))
    found = {each.name: each for task in tasks for each in task.result()}
    return {**found, "two-paths": beside.result()[0]}


@asynccontextmanager
async def running(first: str, beside: Mapping[str, Any] | None) -> AsyncIterator[tuple[Replica, ProbeApp]]:
    """A lab and the app that looks at it, with a second path where one is given."""
    async with opened(world_of(first)) as replica:
        settings = {**telemetry_to(replica.ingestion), **replica.identity_environment}
        if beside is not None:
            file = replica.folder / "beside.json"
            files = {f"{{{name}_file}}": str(replica.folder / f"{name}.pem") for name in ("ca", "intermediates")}
            text = json.dumps(filled({**replica.world.path, **beside}, files))
            await asyncio.to_thread(file.write_text, text, encoding="utf-8")
            settings["PROBE_PATH_FILES"] = str(file)
        async with probe_app.opened(replica, settings) as app:
            yield replica, app


async def run(replica: Replica, app: ProbeApp, name: str, *, paths: int = 1, on_demand: bool = False) -> Run:
    """The rows of one run in a scenario's world, once all are there."""
    await replica.become(world_of(name))
    await app.follow()
    replica.ingestion.envelopes.clear()
    replica.gateway_logs.clear()
    began_at = datetime.now(UTC)
    if on_demand:
        async with client_of(app.process, app.process.keys.function) as http:
            (await http.get("/api/diagnose")).raise_for_status()
    else:
        await run_timer(app.process)

    def beats() -> list[str]:
        rows = replica.log_rows().get("AppEvents", [])
        return [row["Properties"]["correlation.id"] for row in rows if row["Name"] == "probe.sweep"]

    await until(lambda: len(beats()) == paths)
    if name in WHOLE:
        await asyncio.sleep(QUIET_S)
    envelopes = tuple(replica.ingestion.envelopes)
    return Run(
        name=f"diagnose {name}" if on_demand else name,
        rows=replica.log_rows(),
        envelopes=envelopes,
        sweep_ids=tuple(beats()),
        began_at=began_at,
    )


@cache
def runs() -> dict[str, Run]:
    """Every run that a test asks for, recorded when the first one does."""
    return record(TIMER, ON_DEMAND)
