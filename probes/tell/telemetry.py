"""A sweep as telemetry: an availability result a target, an event a finding, metrics, and a heartbeat.

    availability  `<path>/<target>`, location = vantage, message = the root cause or the verdict, and
                  what each resolver answered
    event         `probe.finding`, one a finding; `probe.sweep`, one a sweep: its absence is an alert of its own;
                  `probe.misconfigured` where there is nothing to sweep
    metric        `probe.step.duration` (ms), `probe.success` (0 or 1), `tls.certificate.remaining` (days)
    span          `probe.sweep`, in a trace of its own whose id is the sweep id: the host gives timers no trace

On each record stand `probe.path`, `probe.vantage` and `probe.trigger`, and on all but metrics, which would become one
series a sweep, `probe.verdict` and `correlation.id`: the sweep id, which the probed sites got as `x-correlation-id`.
Attributes are named by OpenTelemetry's semantic conventions where these have a name. All metrics are histograms, for
honesty's sake: the SDK repeats the last value of a gauge for as long as the process lives, whatever has happened since.

Events and availability results are log records with certain attributes, by the contract of azure-monitor-opentelemetry.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

from opentelemetry import metrics, trace

from probes.failure import Failure
from probes.judge.finding import Finding, Severity
from probes.records import Exchange, Handshake, Observation, Reading, Resolution
from probes.sweep import Sweep
from probes.tell.outcome import Outcome, TargetResult, results

Trigger = Literal["timer", "diagnose"]
"""What started a sweep. The alert on silence must count the timer's only."""
Value = str | int | float | bool

CORRELATION = "correlation.id"
EVENT = "microsoft.custom_event.name"
AVAILABILITY = "microsoft.availability"
MEASUREMENTS = "microsoft.custom_measurements"

logger = logging.getLogger(__name__)
tracer = trace.get_tracer("probes")
meter = metrics.get_meter("probes")
step_duration = meter.create_histogram("probe.step.duration", unit="ms", description="Duration of one step on a target")
success = meter.create_histogram("probe.success", unit="1", description="1 = the target works, 0 = it does not")
certificate_remaining = meter.create_histogram(
    "tls.certificate.remaining", unit="d", description="Until the certificate of a target expires; negative = since"
)


def tell(sweep: Sweep, *, trigger: Trigger) -> None:
    """Hand the sweep to the exporters, which send in threads of their own. Never raises: the verdict matters more."""
    try:
        common = _common(sweep, trigger)
        with _trace(sweep, common):
            for result in results(sweep):
                _availability(sweep, result, common)
                _measure(sweep, result, trigger)
            _measure_reads(sweep, trigger)
            for finding in sweep.judgement.findings:
                _event("probe.finding", f"{finding.id}: {finding.summary}", {**common, **_described(finding)}, {})
            _event("probe.sweep", in_one_line(sweep), common, _counts(sweep))
    except Exception:
        logger.exception("Sweep %s could not be told to telemetry", sweep.sweep_id)


def tell_misconfigured(keys: Iterable[str]) -> None:
    """Say that nothing is probed because of these settings."""
    listed = ", ".join(keys)
    _event("probe.misconfigured", f"Wrong settings: {listed}", {"probe.settings": listed}, {})


def in_one_line(sweep: Sweep) -> str:
    """Path, verdict and root causes, for a log."""
    causes = ", ".join(_root_ids(sweep)) or "none"
    return f"{sweep.path.name}: {sweep.judgement.verdict}; causes: {causes}; {sweep.duration_ms:.0f} ms"


@contextmanager
def _trace(sweep: Sweep, common: Mapping[str, Value]) -> Iterator[None]:
    """The sweep's span, ended as the sweep ended; what is logged within gets its trace id.

    A trace id can be chosen only by way of a parent: there is none but in name, the second half of the id. The call
    that asked for the sweep, where there was one, is linked.
    """
    trace_id = int(sweep.sweep_id, 16)
    parent = trace.SpanContext(
        trace_id, trace_id & 0xFFFF_FFFF_FFFF_FFFF, is_remote=True, trace_flags=trace.TraceFlags(0x01)
    )
    caller = trace.get_current_span().get_span_context()
    started_ns = round(sweep.started_at.timestamp() * 1e9)
    span = tracer.start_span(
        "probe.sweep",
        context=trace.set_span_in_context(trace.NonRecordingSpan(parent)),
        kind=trace.SpanKind.INTERNAL,
        attributes=common,
        links=[trace.Link(caller)] if caller.is_valid else [],
        start_time=started_ns,
    )
    try:
        with trace.use_span(span):
            yield
    finally:
        span.end(started_ns + round(sweep.duration_ms * 1e6))


def _common(sweep: Sweep, trigger: Trigger) -> dict[str, Value]:
    """The attributes of every record but metrics."""
    return {
        **_origin(sweep, trigger),
        CORRELATION: sweep.sweep_id,
        "probe.verdict": sweep.judgement.verdict.value,
        "probe.roots": ",".join(_root_ids(sweep)),
        "probe.rules_version": sweep.judgement.rules_version,
    }


def _origin(sweep: Sweep, trigger: Trigger) -> dict[str, Value]:
    return {"probe.path": sweep.path.name, "probe.vantage": sweep.path.vantage.value, "probe.trigger": trigger}


def _root_ids(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(finding.id for finding in _causes(sweep)))


def _causes(sweep: Sweep) -> list[Finding]:
    """The roots that weigh something; information has an event of its own, and is the cause of nothing."""
    return [finding for finding in sweep.judgement.roots if finding.severity is not Severity.INFORMATION]


def _availability(sweep: Sweep, result: TargetResult, common: Mapping[str, Value]) -> None:
    message = f"{result.cause.id}: {result.cause.summary}" if result.cause else sweep.judgement.verdict.value
    attributes: dict[str, Value] = {
        f"{AVAILABILITY}.id": f"{sweep.sweep_id}/{result.target.name}",
        f"{AVAILABILITY}.name": f"{sweep.path.name}/{result.target.name}",
        f"{AVAILABILITY}.duration": timespan(result.duration_ms),
        f"{AVAILABILITY}.success": result.outcome is Outcome.WORKS,
        f"{AVAILABILITY}.runLocation": sweep.path.vantage.value,
        f"{AVAILABILITY}.message": message,
        **_address_of(result),
        "probe.outcome": result.outcome.value,
        "probe.dns.answers": json.dumps(answers(result.records), separators=(",", ":")),
    }
    for record in result.telling:
        attributes |= _semantic(record)
    _log(f"{result.target.name} {result.outcome}", {**common, **attributes}, result.step_ms())


def answers(records: Iterable[Observation]) -> list[dict[str, str]]:
    """What each resolver says: its addresses, or how it failed. Sorted, for a rotated answer is no other."""
    addresses: dict[str, set[str]] = {}
    failures: dict[str, str] = {}
    for record in records:
        if isinstance(record, Resolution):
            addresses.setdefault(record.resolver, set()).update(one.address for one in record.addresses)
            if record.failure is not None:
                failures.setdefault(record.resolver, record.failure.value)
    return [
        {"resolver": name, "answer": ",".join(sorted(found)) or failures.get(name, "")}
        for name, found in sorted(addresses.items())
    ]


def _measure(sweep: Sweep, result: TargetResult, trigger: Trigger) -> None:
    """The metrics of one target. Their attributes have few values: no ids, and no addresses but the configured name."""
    place = {**_origin(sweep, trigger), **_address_of(result)}
    if result.outcome is not Outcome.UNSEEN:
        success.record(int(result.outcome is Outcome.WORKS), place)
    for record in result.records:
        if record.duration_ms is not None:
            attributes = {**place, "probe.step": record.step.value, **_kind_of(record)}
            step_duration.record(record.duration_ms, attributes)
        if isinstance(record, Handshake) and record.chain:
            left = record.chain[0].not_after_at - sweep.started_at
            certificate_remaining.record(left / timedelta(days=1), place)


def _measure_reads(sweep: Sweep, trigger: Trigger) -> None:
    """How long reads of Azure took, by their kind: neither targets nor resources are told apart."""
    for record in sweep.observations:
        if isinstance(record, Reading) and record.duration_ms is not None:
            attributes = {**_origin(sweep, trigger), "probe.step": record.step.value, "probe.read": record.kind}
            step_duration.record(record.duration_ms, {**attributes, **_error_of(record)})


def _address_of(result: TargetResult) -> dict[str, Value]:
    target = result.target
    return {"probe.target": target.name, "server.address": target.host, "server.port": target.port}


def _kind_of(record: Observation) -> dict[str, Value]:
    """What tells steps of one kind on one target apart."""
    found = _error_of(record)
    match record:
        case Resolution(resolver=resolver):
            found["probe.resolver"] = resolver
        case Exchange(credential=credential, status=status):
            found["probe.credential"] = credential.value
            if status is not None:
                found["http.response.status_code"] = status
    return found


def _semantic(record: Observation) -> dict[str, Value]:
    """What a record says under the names of the semantic conventions; on one target, the later record overrides."""
    found: dict[str, Value | None] = {}
    match record:
        case Resolution(question_name=name):
            found = {"dns.question.name": name}
        case Handshake(address=address, version=version):
            found = {"network.peer.address": address, "tls.protocol.version": (version or "").removeprefix("TLSv")}
        case Exchange(address=address, status=status, method=method):
            found = {
                "network.peer.address": address,
                "http.request.method": method,
                "http.response.status_code": status,
            }
    return {**{key: value for key, value in found.items() if value not in {None, ""}}, **_error_of(record)}


def _error_of(record: Observation) -> dict[str, Value]:
    """The failure, where it is one: most names have no address of one of the two types, and are none the worse."""
    failure = record.failure
    one_type = isinstance(record, Resolution) and record.question_type is not None
    if failure is None or failure is Failure.SKIPPED or (failure is Failure.NO_DATA and one_type):
        return {}
    return {"error.type": failure.value}


def _described(finding: Finding) -> dict[str, Value]:
    return {
        "finding.id": finding.id,
        "finding.severity": finding.severity.value,
        "finding.confidence": finding.confidence.value,
        "finding.targets": ",".join(finding.targets),
        "finding.masked_by": finding.masked_by or "",
        "finding.summary": finding.summary,
        "finding.evidence": ",".join(finding.evidence),
    }


def _counts(sweep: Sweep) -> dict[str, float]:
    return {
        "duration_ms": sweep.duration_ms,
        "targets": len(results(sweep)),
        "observations": len(sweep.observations),
        "findings": len(sweep.judgement.findings),
        "roots": len(_causes(sweep)),
    }


def timespan(ms: float) -> str:
    """Milliseconds as Application Insights has a duration: D.HH:MM:SS.mmm."""
    seconds, millis = divmod(round(ms), 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}.{hours:02}:{minutes:02}:{seconds:02}.{millis:03}"


def _event(name: str, says: str, attributes: Mapping[str, Value], measurements: Mapping[str, float]) -> None:
    _log(f"{name} {says}", {EVENT: name, **attributes}, measurements)


def _log(says: str, attributes: Mapping[str, Value], measurements: Mapping[str, float]) -> None:
    """A log record that the exporter turns into something else; for a console it says what that is."""
    logger.info("%s", says, extra={**attributes, MEASUREMENTS: json.dumps(dict(measurements))})
