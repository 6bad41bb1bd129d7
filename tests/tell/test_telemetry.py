"""Sweeps told in a process of their own, whose OpenTelemetry providers are globals, and read back where they arrive."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lab.ingestion import Ingestion
from probes.failure import Failure
from probes.judge.finding import Severity, Verdict
from probes.records import Address, Credential
from probes.tell import telemetry
from probes.tell.telemetry import timespan
from tests.sweeps import (
    HOST,
    STARTED_AT,
    SWEEP_ID,
    certificate,
    connection,
    exchange,
    finding,
    handshake,
    path,
    reading,
    resolution,
    site,
    sweep,
    walk,
    wire_resolution,
)

ROOT = Path(__file__).parents[2]
TELL = """
import pickle, sys
from probes.tell import exporter
exporter.configure()
from probes.tell import telemetry
for told, trigger in pickle.load(sys.stdin.buffer):
    telemetry.tell(told, trigger=trigger)
"""
HEALTHY = sweep(
    *walk("gateway"),
    *walk("backend"),
    *walk("scm"),
    reading(site(), duration_ms=40.0),
    reading(site(), "func-probe-prod", target="gateway", duration_ms=60.0),
    reading(site(), "refused", failure=Failure.DENIED, duration_ms=5.0),
)
BROKEN = sweep(
    resolution("203.0.113.10"),
    wire_resolution(question_type="AAAA", addresses=(), failure=Failure.NO_DATA),
    connection("203.0.113.10", failure=Failure.TIMEOUT, duration_ms=1_000.0),
    *walk("scm"),
    *walk("gateway", attempt=1),
    *walk("gateway", attempt=2),
    findings=(
        finding("zone-not-linked", fix=("az network ...",)),
        finding("app-error", targets=("gateway",), masked_by="zone-not-linked"),
        finding("certificate-expires-soon", severity=Severity.WARNING, targets=("scm",)),
    ),
    verdict=Verdict.BROKEN,
    sweep_id="f" * 31 + "0",
    duration_ms=1_234.0,
)
UNSEEN_BACKEND = sweep(
    *walk("scm"),
    findings=(finding("deadline-missed", severity=Severity.WARNING, targets=("backend",)),),
    verdict=Verdict.INCONCLUSIVE,
    sweep_id="a" * 32,
)
"""Nothing was recorded of the backend in time, and the gateway was not asked for."""


class Arrived:
    """The envelopes of three sweeps."""

    def __init__(self, envelopes: list[dict[str, Any]]) -> None:
        self.envelopes = envelopes

    def of(self, kind: str, sweep_id: str) -> list[dict[str, Any]]:
        """Records of one kind and trace."""
        return [
            envelope["data"]["baseData"]
            for envelope in self.envelopes
            if (envelope["data"]["baseType"], envelope["tags"].get("ai.operation.id")) == (kind, sweep_id)
        ]

    def availability(self, sweep_id: str) -> dict[str, dict[str, Any]]:
        """Availability results by name."""
        return {record["name"]: record for record in self.of("AvailabilityData", sweep_id)}

    def metric(self, name: str, **properties: str) -> list[dict[str, Any]]:
        """Points of one metric that have these properties, underscores standing for dots."""
        wanted = {key.replace("_", "."): value for key, value in properties.items()}
        points = [one["data"]["baseData"] for one in self.envelopes if one["data"]["baseType"] == "MetricData"]
        return [
            {**point["metrics"][0], "properties": point["properties"]}
            for point in points
            if point["metrics"][0]["name"] == name and wanted.items() <= point["properties"].items()
        ]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arrived(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arrived]:
    """What the ingestion endpoint has of the three sweeps once the teller's process has ended."""
    import pickle  # noqa: PLC0415 - own objects, to an own process

    told = [(HEALTHY, "timer"), (BROKEN, "timer"), (UNSEEN_BACKEND, "diagnose")]
    async with await Ingestion.start() as ingestion:
        environment = {
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(tmp_path_factory.mktemp("storage")),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
            "PYTHON_ENABLE_OPENTELEMETRY": "true",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "WEBSITE_SITE_NAME": "func-probe",
        }
        teller = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", TELL), env=environment, stdin=asyncio.subprocess.PIPE
        )
        await teller.communicate(pickle.dumps(told))
        assert teller.returncode == 0
        yield Arrived(ingestion.envelopes)


async def test_each_target_has_an_availability_result(arrived: Arrived) -> None:
    """Named path and target, from the sweep's vantage, once each."""
    found = arrived.availability(SWEEP_ID)
    assert list(found) == ["orders/gateway", "orders/backend", "orders/scm"]
    assert {(one["success"], one["runLocation"], one["message"]) for one in found.values()} == {
        (True, "probe", "proven")
    }
    assert len({one["id"] for one in found.values()}) == 3


async def test_a_result_says_how_long_each_step_took(arrived: Arrived) -> None:
    """In the form of a duration, and a measurement a step."""
    result = arrived.availability(SWEEP_ID)["orders/backend"]
    assert result["duration"] == "0.00:00:00.027"
    assert result["measurements"] == {
        "resolve_ms": 2.125,
        "token_ms": 3.5,
        "connect_ms": 1.25,
        "handshake_ms": 6.75,
        "request_ms": 7.0,
    }


async def test_a_result_has_the_names_of_the_semantic_conventions(arrived: Arrived) -> None:
    """Of the request with the target's own credential: the one that was made to be refused says nothing here."""
    properties = arrived.availability(SWEEP_ID)["orders/backend"]["properties"]
    expected = {
        "correlation.id": SWEEP_ID,
        "probe.verdict": "proven",
        "probe.trigger": "timer",
        "probe.outcome": "works",
        "server.address": HOST,
        "server.port": "443",
        "dns.question.name": HOST,
        "network.peer.address": "10.80.20.4",
        "tls.protocol.version": "1.3",
        "http.request.method": "GET",
        "http.response.status_code": "200",
    }
    assert expected.items() <= properties.items()
    assert "error.type" not in properties


async def test_a_result_says_what_each_resolver_answered(arrived: Arrived) -> None:
    """As JSON that KQL can expand: an answer that turns public is seen by looking back."""
    healthy = arrived.availability(SWEEP_ID)["orders/backend"]["properties"]["probe.dns.answers"]
    assert json.loads(healthy) == [
        {"resolver": "platform", "answer": "10.80.20.4"},
        {"resolver": "system", "answer": "10.80.20.4"},
    ]
    broken = arrived.availability(BROKEN.sweep_id)["orders/backend"]["properties"]["probe.dns.answers"]
    assert json.loads(broken) == [
        {"resolver": "platform", "answer": "no_data"},
        {"resolver": "system", "answer": "203.0.113.10"},
    ]


async def test_answers_of_both_types_and_in_any_order_are_one() -> None:
    """A name without IPv6 is none the worse, and neither is one whose addresses rotate."""
    records = (
        wire_resolution(question_type="AAAA", addresses=(), failure=Failure.NO_DATA),
        wire_resolution(addresses=(Address(address="10.80.20.5", ttl_s=10), Address(address="10.80.20.4", ttl_s=10))),
        wire_resolution("on-premises", addresses=(), failure=Failure.NXDOMAIN),
        connection(),
    )
    assert telemetry.answers(records) == [
        {"resolver": "on-premises", "answer": "nxdomain"},
        {"resolver": "platform", "answer": "10.80.20.4,10.80.20.5"},
    ]


async def test_a_failing_target_says_why(arrived: Arrived) -> None:
    """The cause in its message, the failure by its code."""
    result = arrived.availability(BROKEN.sweep_id)["orders/backend"]
    assert (result["success"], result["message"]) == (
        False,
        "zone-not-linked: The cause of backend is zone-not-linked.",
    )
    assert (result["properties"]["error.type"], result["properties"]["probe.roots"]) == (
        "timeout",
        "zone-not-linked,certificate-expires-soon",
    )


async def test_a_consequence_is_a_failure_with_the_cause_of_another(arrived: Arrived) -> None:
    """The gateway fails because the backend does, and its result names the backend's cause; a warning fails nothing."""
    found = arrived.availability(BROKEN.sweep_id)
    assert (found["orders/gateway"]["success"], found["orders/scm"]["success"]) == (False, True)
    assert found["orders/gateway"]["message"].startswith("zone-not-linked: ")
    assert found["orders/scm"]["message"].startswith("certificate-expires-soon: ")


async def test_what_was_not_seen_is_no_success(arrived: Arrived) -> None:
    """Nor a failure: the outcome says so, and the metric has no value. What was not asked for has no result."""
    found = arrived.availability(UNSEEN_BACKEND.sweep_id)
    assert list(found) == ["orders/backend", "orders/scm"]
    assert (found["orders/backend"]["success"], found["orders/backend"]["properties"]["probe.outcome"]) == (
        False,
        "unseen",
    )
    assert arrived.metric("probe.success", probe_target="backend", probe_trigger="diagnose") == []


async def test_each_finding_is_an_event(arrived: Arrived) -> None:
    """With what an alert asks for; the masked one names its root."""
    first, second, _ = [one for one in arrived.of("EventData", BROKEN.sweep_id) if one["name"] == "probe.finding"]
    assert (
        first["properties"].items()
        >= {
            "finding.id": "zone-not-linked",
            "finding.severity": "error",
            "finding.confidence": "high",
            "finding.targets": "backend",
            "finding.masked_by": "",
            "finding.summary": "The cause of backend is zone-not-linked.",
            "finding.evidence": "backend/1/resolve/platform/A",
            "probe.rules_version": "1",
            "correlation.id": BROKEN.sweep_id,
        }.items()
    )
    assert second["properties"]["finding.masked_by"] == "zone-not-linked"


async def test_each_sweep_is_a_heartbeat(arrived: Arrived) -> None:
    """Exactly one, with its verdict, trigger and counts."""
    sweeps = {
        sweep_id: [one for one in arrived.of("EventData", sweep_id) if one["name"] == "probe.sweep"]
        for sweep_id in (SWEEP_ID, BROKEN.sweep_id, UNSEEN_BACKEND.sweep_id)
    }
    (beat,) = sweeps[BROKEN.sweep_id]
    assert [len(found) for found in sweeps.values()] == [1, 1, 1]
    assert beat["properties"]["probe.verdict"] == "broken"
    assert beat["measurements"] == {"duration_ms": 1234, "targets": 3, "observations": 27, "findings": 3, "roots": 2}


async def test_a_sweep_is_a_trace_of_its_own(arrived: Arrived) -> None:
    """A span from the sweep's start to its end, whose trace id is the sweep id: no host gave one."""
    for told in (HEALTHY, BROKEN, UNSEEN_BACKEND):
        (span,) = arrived.of("RemoteDependencyData", told.sweep_id)
        assert (span["name"], span["type"]) == ("probe.sweep", "InProc")
    (span,) = arrived.of("RemoteDependencyData", BROKEN.sweep_id)
    assert span["duration"] == "0.00:00:01.234"
    times = [one["time"] for one in arrived.envelopes if one["data"]["baseType"] == "RemoteDependencyData"]
    assert times == [f"{STARTED_AT:%Y-%m-%dT%H:%M:%S}Z"] * 3


async def test_steps_are_measured(arrived: Arrived) -> None:
    """By step, and by what tells steps of one kind apart; an address type that a name lacks is no error."""
    (timed_out,) = arrived.metric("probe.step.duration", probe_step="connect", error_type="timeout")
    (missing,) = arrived.metric(
        "probe.step.duration", probe_resolver="platform", probe_target="backend", probe_trigger="timer"
    )
    requests = arrived.metric("probe.step.duration", probe_step="request", probe_target="backend")
    assert (timed_out["value"], timed_out["count"]) == (1_000, 1)
    assert "error.type" not in missing["properties"]
    assert {point["properties"]["http.response.status_code"] for point in requests} == {"200", "401"}


async def test_reads_are_measured_by_their_kind(arrived: Arrived) -> None:
    """One series for a kind, whichever target and resource, and one more for each way to fail."""
    points = arrived.metric("probe.step.duration", probe_step="read")
    assert sorted((point["value"], point["count"], point["properties"].get("error.type")) for point in points) == [
        (5, 1, "denied"),
        (100, 2, None),
    ]
    assert {frozenset(point["properties"]) - {"error.type"} for point in points} == {
        frozenset({"probe.path", "probe.vantage", "probe.trigger", "probe.step", "probe.read"})
    }


async def test_success_is_a_ratio(arrived: Arrived) -> None:
    """One works, one does not: sum and count of a histogram, because a gauge would be repeated for ever."""
    (point,) = arrived.metric("probe.success", probe_target="backend", probe_trigger="timer")
    assert (point["value"], point["count"], point["min"], point["max"]) == (1, 2, 0, 1)


async def test_certificates_are_measured_in_days(arrived: Arrived) -> None:
    """What is left of them when the sweep began."""
    points = arrived.metric("tls.certificate.remaining", probe_target="backend")
    assert [(point["value"], point["properties"]["server.address"]) for point in points] == [(120, HOST)]


async def test_metrics_have_no_ids(arrived: Arrived) -> None:
    """An id would make a series of every sweep."""
    keys = {key for point in arrived.metric("probe.step.duration") for key in point["properties"]}
    assert keys == {
        "probe.path",
        "probe.vantage",
        "probe.trigger",
        "probe.target",
        "server.address",
        "server.port",
        "probe.step",
        "probe.resolver",
        "probe.credential",
        "probe.read",
        "http.response.status_code",
        "error.type",
    }


async def test_telling_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    """A sweep that telemetry cannot digest is a line in the log; the caller's verdict does not depend on it."""
    telemetry.tell(sweep(*walk(), sweep_id="not hexadecimal"), trigger="timer")
    assert [record.getMessage() for record in caplog.records] == [
        "Sweep not hexadecimal could not be told to telemetry"
    ]


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0.00:00:00.000"),
        (1.4, "0.00:00:00.001"),
        (999.6, "0.00:00:01.000"),
        (61_001, "0.00:01:01.001"),
        (90_061_002, "1.01:01:01.002"),
    ],
)
async def test_durations_have_the_form_of_application_insights(ms: float, text: str) -> None:
    """D.HH:MM:SS.mmm, which the exporter passes on unchecked."""
    assert timespan(ms) == text


async def test_one_line_names_the_verdict_and_the_causes() -> None:
    """The roots, each once."""
    told = sweep(
        connection(failure=Failure.REFUSED),
        handshake(chain=(certificate(days_left=-1),)),
        exchange(credential=Credential.NONE),
        findings=(finding("connect-refused"), finding("connect-refused", targets=("scm",)), finding("record-stale")),
        verdict=Verdict.BROKEN,
        path=path(name="invoices"),
    )
    assert telemetry.in_one_line(told) == "invoices: broken; causes: connect-refused, record-stale; 42 ms"
    information = finding("control-plane-denied", severity=Severity.INFORMATION)
    assert telemetry.in_one_line(sweep(findings=(information,))) == "orders: proven; causes: none; 42 ms"
    assert json.dumps(telemetry.in_one_line(sweep())) == '"orders: proven; causes: none; 42 ms"'
