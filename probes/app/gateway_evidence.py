"""What API Management saw itself, from the headers that its policy attaches, as an observation of vantage `gateway`.

The policy calls the backend before it calls the probe. It learns no more than whether an answer came, which and when:
name, address and TLS all look alike from there.

    x-gateway-target          name of the target that was called
    x-gateway-outcome         answered, timeout or unreachable
    x-gateway-status          status of the answer, where one came
    x-gateway-elapsed-ms      from the call to its outcome
    x-gateway-correlation-id  the x-correlation-id that was sent, if one was

The policy overrides what a caller sends under these names. The host joins repeated headers with a comma: no value here
holds one, so such a value is malformed.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from probes.app.problem import Problem, Reason, Wrong
from probes.failure import Failure
from probes.observe.request import without_query
from probes.path import Path, Target
from probes.records import Exchange, Vantage

TARGET = "x-gateway-target"
OUTCOME = "x-gateway-outcome"
STATUS = "x-gateway-status"
ELAPSED_MS = "x-gateway-elapsed-ms"
CORRELATION_ID = "x-gateway-correlation-id"
HEADERS = (TARGET, OUTCOME, STATUS, ELAPSED_MS, CORRELATION_ID)
STATUS_FORM = re.compile(r"[1-5][0-9]{2}")
ELAPSED_FORM = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
CORRELATION_FORM = re.compile(r"[A-Za-z0-9._-]{1,128}")


class Outcome(StrEnum):
    """What came of the gateway's call."""

    ANSWERED = "answered"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


FAILURES: Mapping[Outcome, Failure | None] = {
    Outcome.ANSWERED: None,
    Outcome.TIMEOUT: Failure.TIMEOUT,
    Outcome.UNREACHABLE: Failure.BACKEND_CONNECTION_FAILURE,
}


def observed(path: Path, headers: Mapping[str, str]) -> tuple[Exchange, ...]:
    """The gateway's own call as an observation, nothing where the request tells of none; an empty header is none.

    Raises:
        Problem: naming each header that is wrong, and what is allowed.
    """
    said = {name: value for name in HEADERS if (value := headers.get(name, "").strip())}
    if not said:
        return ()
    wrong: list[Wrong] = []

    def take(name: str, allowed: str, form: re.Pattern[str], *, needed: bool) -> str | None:
        value = said.get(name)
        if (needed and value is None) or (value is not None and not form.fullmatch(value)):
            wrong.append(Wrong(key=name, allowed=allowed, value=value))
            return None
        return value

    target = path.target(take(TARGET, _listed(_names(path)), _one_of(_names(path)), needed=True) or "")
    outcome = take(OUTCOME, _listed(list(Outcome)), _one_of(list(Outcome)), needed=True)
    answered = outcome == Outcome.ANSWERED
    status = take(STATUS, "100 to 599, with the outcome answered", STATUS_FORM, needed=answered)
    elapsed_ms = take(ELAPSED_MS, "milliseconds, 0 to 999999", ELAPSED_FORM, needed=True)
    correlation_id = take(CORRELATION_ID, "letters, digits and ._-, 1 to 128", CORRELATION_FORM, needed=False)
    if outcome is not None and status is not None and not answered:
        wrong.append(Wrong(key=STATUS, allowed="nothing, where no answer came", value=status))
    if wrong or target is None or outcome is None or elapsed_ms is None:
        raise Problem(Reason.REQUEST_INVALID, *wrong)
    return (_exchange(target, Outcome(outcome), status, float(elapsed_ms), correlation_id),)


def _exchange(
    target: Target, outcome: Outcome, status: str | None, elapsed_ms: float, correlation_id: str | None
) -> Exchange:
    return Exchange(
        id=f"{target.name}/1/request/gateway",
        target=target.name,
        vantage=Vantage.GATEWAY,
        transaction=f"{target.name}/1/gateway",
        attempt=1,
        # It lies before the sweep, by another machine's clock.
        started_ms=0.0,
        duration_ms=elapsed_ms,
        failure=FAILURES[outcome],
        detail=None,
        address=None,
        port=None,
        method=target.method,
        url=without_query(target.url),
        credential=target.credential,
        correlation_id=correlation_id,
        status=None if status is None else int(status),
        reason=None,
        headers={},
        body=None,
        body_bytes=None,
        body_truncated=False,
        first_byte_ms=None,
        body_ms=None,
    )


def _names(path: Path) -> list[str]:
    return [target.name for target in path.targets]


def _one_of(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)))


def _listed(words: list[str]) -> str:
    return f"one of {', '.join(words)}"
