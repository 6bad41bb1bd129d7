"""What an ending says of one trace: its sentence and its advice, with the words of the records.

The words are as the records have them: whoever shows them makes them harmless (`probes.tell.words.plain`).
"""

from collections.abc import Mapping

from probes.tell.words import duration
from probes.trace.ending import PLATFORM, REASON, Ending
from probes.trace.records import GatewayCall, Hop, Trace


def sentence(row: Ending, trace: Trace) -> str:
    """What a row says of a trace."""
    return row.says.format_map(words(trace))


def advice(row: Ending, trace: Trace) -> list[str]:
    """What to do next, with the words of the trace."""
    return [step.format_map(words(trace)) for step in row.look_at]


def words(trace: Trace) -> Mapping[str, str]:
    """What the sentences name."""
    hours = trace.searched_s / 3600
    return {
        "id": trace.correlation_id,
        "searched": f"{hours:g} hour" if hours == 1 else f"{hours:g} hours",
        "gap": "; ".join(trace.gaps) or "it does not say what",
        **_of_call(trace.call),
        **_of_request(trace),
    }


def _of_call(call: GatewayCall | None) -> dict[str, str]:
    return {
        "status": _or(call and call.status, "no status"),
        "source": _or(call and call.error_source, "no statement"),
        "reason": _or(call and call.error_reason, "no reason"),
        "message": _or(call and call.error_message, "no message"),
        "section": _or(call and call.error_section, "no section"),
        "backend_url": _or(call and call.backend_url, "the backend"),
        "backend_status": _or(call and call.backend_status, "no status"),
        "platform": _or(call and PLATFORM.get(call.backend_status or 0), "the app, or of whatever stands before it"),
        "waited": _milliseconds(call.backend_ms if call else None),
        "lasted": _milliseconds(call.duration_ms if call else None),
    }


def _of_request(trace: Trace) -> dict[str, str]:
    request, failed, exceptions = trace.request, trace.failed_dependency, trace.of_request(Hop.EXCEPTION)
    whose = f" to {failed.target}" if failed and failed.target else ""
    return {
        "request": _or(request and request.name, "the request"),
        "role": _or(request and request.role, "the backend"),
        "code": _or(request and request.code, "no code"),
        "took": _milliseconds(request.duration_ms if request else None),
        "refusal": _or(request and request.properties.get(REASON), "no reason given"),
        "dependency": f"{failed.name}{whose} ({failed.code or 'no code'})" if failed else "a dependency",
        "exception": _or(exceptions and exceptions[-1].name, "an exception"),
    }


def _or(value: object, otherwise: str) -> str:
    return str(value) if value else otherwise


def _milliseconds(value: float | None) -> str:
    return duration(value) or "some time"
