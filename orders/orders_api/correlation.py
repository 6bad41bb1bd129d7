"""The correlation id of a call: taken if well formed, made otherwise, and known to everything done for the call.

API Management sets it from its own request id, so one id finds the gateway's log, the request and every log record.
The alphabet keeps it harmless in logs, headers and queries; two headers arrive joined with a comma, and are not taken.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "x-correlation-id"
ATTRIBUTE = "correlation.id"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,128}")

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


@contextmanager
def of_call(offered: str | None) -> Iterator[str]:
    """The id of one call, known to its task and to what that task starts."""
    correlation_id = offered if offered and WELL_FORMED.fullmatch(offered) else str(uuid.uuid4())
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)


def outgoing() -> dict[str, str]:
    """The header with which the id goes on to whoever is called for the call under way."""
    correlation_id = _current.get()
    return {HEADER: correlation_id} if correlation_id else {}


def current() -> str | None:
    """The id of the call under way, `None` outside any."""
    return _current.get()
