"""The probe app in a host process of its own, looking at the article's path, with an ingestion endpoint beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest_asyncio

from lab import probe_app
from lab.host.process import HostProcess
from lab.ingestion import Ingestion
from lab.probe_app import ProbeApp
from lab.replica import Replica, opened
from lab.scenarios.article import WORLD

PATIENCE_S = 20.0
"""Not a claim about speed: how long a test waits before it says that something does not come."""
SOON = {"OTEL_BLRP_SCHEDULE_DELAY": "100", "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "300"}
"""Exporters that do not wait for a minute."""


def telemetry_to(ingestion: Ingestion) -> dict[str, str]:
    """App settings that send telemetry there, as the infrastructure has them."""
    return {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "WEBSITE_SITE_NAME": "func-probe",
        **SOON,
    }


def identity_of(replica: Replica) -> dict[str, str]:
    """App settings that the platform adds where an app has a managed identity: here the replica's."""
    assert replica._identity is not None
    return dict(replica._identity.environment)


def client_of(process: HostProcess, key: str | None = None) -> httpx.AsyncClient:
    """A client of the app that no proxy setting leads astray, with a key where one is given."""
    headers = {} if key is None else {"x-functions-key": key}
    return httpx.AsyncClient(base_url=process.url, headers=headers, trust_env=False, timeout=PATIENCE_S)


def sent(ingestion: Ingestion, kind: str) -> list[dict[str, Any]]:
    """What has arrived of one kind (`EventData`, ...), each with its operation id under `operation_id`."""
    return [
        {**envelope["data"]["baseData"], "operation_id": envelope["tags"].get("ai.operation.id")}
        for envelope in list(ingestion.envelopes)
        if envelope["data"]["baseType"] == kind
    ]


def named(records: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Those of one name."""
    return [record for record in records if record["name"] == name]


async def until[T](found: Callable[[], T]) -> T:
    """What `found` gives once that is true; TimeoutError where it never is."""
    async with asyncio.timeout(PATIENCE_S):
        while not (value := found()):  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)
    return value


async def run_timer(process: HostProcess) -> None:
    """Ask for a run of the timer, as the portal does."""
    async with client_of(process, process.keys.master) as http:
        answer = await http.post("/admin/functions/probe_sweep", json={})
    assert answer.status_code == httpx.codes.ACCEPTED


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingestion() -> AsyncIterator[Ingestion]:
    """Where the probe app's telemetry goes."""
    async with await Ingestion.start() as endpoint:
        yield endpoint


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica() -> AsyncIterator[Replica]:
    """The article's path, healthy until a test says otherwise."""
    async with opened(WORLD) as lab:
        yield lab


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(replica: Replica, ingestion: Ingestion) -> AsyncIterator[ProbeApp]:
    """The app of the module."""
    async with probe_app.opened(replica, {**identity_of(replica), **telemetry_to(ingestion)}) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(app: ProbeApp) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with a function key."""
    async with client_of(app.process, app.process.keys.function) as http:
        yield http


@pytest_asyncio.fixture(loop_scope="module")
async def healthy(app: ProbeApp) -> None:
    """The healthy world, whatever a test before has made of it."""
    await app.replica.become(WORLD)
    await app.follow()
