"""The W3C trace context that the host hands to the worker (https://www.w3.org/TR/trace-context/)."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

PARENT = re.compile(r"00-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})")


@dataclass(frozen=True, kw_only=True)
class Trace:
    """`traceparent` and `tracestate` of one invocation, empty where there is none."""

    parent: str = ""
    state: str = ""


NO_TRACE = Trace()


class Telemetry(Enum):
    """Whether the host exports telemetry of its own, which decides what trace context the worker gets."""

    NONE = auto()
    OPEN_TELEMETRY = auto()
    CLASSIC = auto()
    """Application Insights without OpenTelemetry: what no caller began is not sampled."""

    def of_request(self, headers: Mapping[str, str]) -> Trace:
        """The caller's trace with the host's span in it, or a new one; `headers` by names in lower case."""
        if self is Telemetry.NONE:
            return NO_TRACE
        caller = PARENT.fullmatch(headers.get("traceparent", ""))
        if caller:
            return Trace(parent=_parent(caller["trace"], caller["flags"]), state=headers.get("tracestate", ""))
        return Trace(parent=_parent(secrets.token_hex(16), "00" if self is Telemetry.CLASSIC else "01"))

    def of_timer(self) -> Trace:
        """None at all in OpenTelemetry mode."""
        return Trace(parent=_parent(secrets.token_hex(16), "00")) if self is Telemetry.CLASSIC else NO_TRACE


def _parent(trace: str, flags: str) -> str:
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"
