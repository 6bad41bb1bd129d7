"""Who configures telemetry, seen in the product's own app under its host: what it says, and what arrives.

The app is not told what to probe. That makes its timer quick, and each of its runs one event and one log line.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

from lab.certificates import authorities, pem, server_context
from lab.entra import Entra, signing_key
from lab.host.process import HostProcess, start
from lab.http import Request, Response, serve
from lab.ingestion import TRACK, Ingestion, envelopes
from lab.managed_identity import ManagedIdentity
from lab.world import Leaf
from probes.tell.exporter import DEFAULTS, WORKERS_LOGGER, tidy
from tests.app.conftest import client_of, named, run_timer, sent, telemetry_to, until

ROOT = Path(__file__).parents[2]
AUDIENCE = "https://monitor.azure.com/"
QUIET_S = 1.0
"""Ten times as long as the exporters wait: what feeds itself would be heard."""
CLOSED = {name: value for name, value in DEFAULTS.items() if name.startswith("APPLICATIONINSIGHTS_")}
"""What keeps the distro on loopback where this app does not configure it."""


@asynccontextmanager
async def running(settings: Mapping[str, str], folder: Path) -> AsyncIterator[HostProcess]:
    """The product's app under these settings."""
    own = {"PROBE_SCHEDULE": "0 0 0 29 2 *", "TMPDIR": str(folder)}
    async with await start(ROOT, {**own, **settings}) as process:
        yield process


async def health(process: HostProcess) -> dict[str, Any]:
    """What the app says of itself."""
    async with client_of(process) as http:
        said: dict[str, Any] = (await http.get("/api/health")).json()
    return said


async def runs_told(ingestion: Ingestion, count: int) -> None:
    """Wait for the events of so many runs."""
    await until(lambda: len(misconfigured(ingestion)) >= count)


def misconfigured(ingestion: Ingestion) -> list[dict[str, Any]]:
    """The events that have arrived so far."""
    return named(sent(ingestion, "EventData"), "probe.misconfigured")


def about_sending(ingestion: Ingestion) -> list[str]:
    """The messages in which an exporter tells of its own sending."""
    lines = [one["message"] for one in sent(ingestion, "MessageData")]
    return [line for line in lines if "/v2.1/track" in line or "Transmission succeeded" in line]


async def test_the_app_owns_its_telemetry(tmp_path: Path) -> None:
    """Two runs, two events, two log lines, under the app's name; then silence."""
    async with await Ingestion.start() as ingestion, running(telemetry_to(ingestion), tmp_path) as process:
        said = await health(process)
        for count in (1, 2):
            await run_timer(process)
            await runs_told(ingestion, count)
        await asyncio.sleep(QUIET_S)
        lines = [one["message"] for one in sent(ingestion, "MessageData")]
        assert len(misconfigured(ingestion)) == 2
    assert said["telemetry"] == "app"
    assert about_sending(ingestion) == []
    assert [line.partition(".")[0] for line in lines] == ["Nothing is probed"] * 2
    assert {envelope["tags"]["ai.cloud.role"] for envelope in ingestion.envelopes} == {"func-probe"}


async def test_what_the_worker_has_configured_is_left_alone(tmp_path: Path) -> None:
    """No second set of exporters, so all arrives once; one warning says what is lost; the log feeds itself no more."""
    async with await Ingestion.start() as ingestion:
        settings = {
            **telemetry_to(ingestion),
            **CLOSED,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"{ingestion.connection_string};LiveEndpoint={ingestion.url}/",
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
        }
        async with running(settings, tmp_path) as process:
            said = await health(process)
            await run_timer(process)
            await runs_told(ingestion, 1)
            await asyncio.sleep(QUIET_S)
            # What the worker exported before it imported the app may have been logged and exported in turn, that once.
            before = about_sending(ingestion)
            await run_timer(process)
            await runs_told(ingestion, 2)
            await asyncio.sleep(QUIET_S)
            after = about_sending(ingestion)
            lines = [one["message"] for one in sent(ingestion, "MessageData")]
            found = misconfigured(ingestion)
            log = process.log
    (warning,) = [line for line in log.splitlines() if "the worker has configured telemetry" in line]
    assert said["telemetry"] == "worker"
    assert len(found) == 2
    assert [line.startswith("Nothing is probed") for line in lines].count(True) == 2
    assert after == before
    assert "Overriding of current" not in log
    for lost in ("OTEL_TRACES_SAMPLER", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", WORKERS_LOGGER):
        assert lost in warning
    assert not [kept for kept in CLOSED if kept in warning]


async def test_logs_that_would_arrive_twice_are_warned_of(tmp_path: Path) -> None:
    """Without PYTHON_ENABLE_OPENTELEMETRY the host sends the worker's logs as well."""
    async with await Ingestion.start() as ingestion:
        settings = {
            key: value for key, value in telemetry_to(ingestion).items() if key != "PYTHON_ENABLE_OPENTELEMETRY"
        }
        async with running(settings, tmp_path) as process:
            said = await health(process)
            log = process.log
    assert said["telemetry"] == "app"
    assert log.count("PYTHON_ENABLE_OPENTELEMETRY is not true") == 1


async def test_an_unusable_connection_string_does_not_empty_the_app(tmp_path: Path) -> None:
    """The app answers, says that it sends nothing, and does not repeat the string."""
    settings = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=cut-off-",
        "PYTHON_ENABLE_OPENTELEMETRY": "1",
    }
    async with running(settings, tmp_path) as process:
        said = await health(process)
        log = process.log
    assert said["telemetry"] == "failed"
    assert "No telemetry: APPLICATIONINSIGHTS_CONNECTION_STRING is not usable" in log
    assert "cut-off-" not in log


async def test_telemetry_goes_to_an_ingestion_that_asks_for_entra(tmp_path: Path) -> None:
    """Over verified TLS, with a token of the managed identity for Azure Monitor, for all the semicolon at the end."""
    received: list[dict[str, Any]] = []
    key = (await asyncio.to_thread(signing_key, 0)).private.public_key()

    async def ingest(request: Request) -> Response:
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if request.path.replace("//", "/") != TRACK or scheme != "Bearer":
            return Response(status=401)
        try:
            jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)
        except jwt.InvalidTokenError:
            return Response(status=403)
        found = envelopes(request.body)
        received.extend(found)
        body = json.dumps({"itemsReceived": len(found), "itemsAccepted": len(found), "errors": []})
        return Response(status=200, headers=(("Content-Type", "application/json"),), body=body.encode())

    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(pem(authorities().root.certificate))
    context = await asyncio.to_thread(server_context, (Leaf(names=("localhost",)),))
    async with (
        await Entra.start() as entra,
        ManagedIdentity(entra) as identity,
        await serve(ingest, ssl_context=context) as server,
        await Ingestion.start() as nobody,
    ):
        settings = {
            **telemetry_to(nobody),
            **identity.environment,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": (
                f"InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://localhost:{server.port}/"
            ),
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"Authorization=AAD;ClientId={identity.client_id};",
            "REQUESTS_CA_BUNDLE": str(ca_file),
        }
        async with running(settings, tmp_path) as process:
            await run_timer(process)
            await until(lambda: [one for one in received if one["data"]["baseType"] == "EventData"])
            log = process.log
    assert nobody.envelopes == []
    assert "invalid format" not in log
    assert "eyJ" not in json.dumps(received) + log


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("Authorization=AAD", "Authorization=AAD"),
        ("Authorization=AAD;", "Authorization=AAD"),
        (" Authorization=AAD ; ClientId=1;; ", "Authorization=AAD;ClientId=1"),
        ("", ""),
    ],
)
def test_the_authentication_string_is_tidied(text: str, tidied: str) -> None:
    """What the exporter splits at semicolons has no empty part left."""
    assert tidy(text) == tidied
