"""Puts the correlation id of the call under way on whatever is told of it: every log record and every span.

Done where records are made, not where they are written: what the app's libraries tell of a call has the id as well.
"""

import logging

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

from orders_api.correlation import ATTRIBUTE, current


class LogStamp(logging.Filter):
    """For log records, exceptions among them; the exporter makes the id a custom dimension."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Passes every record."""
        if correlation_id := current():
            setattr(record, ATTRIBUTE, correlation_id)
        return True


class SpanStamp(SpanProcessor):
    """For spans: requests, and dependencies of any library."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the SDK's
        """Runs in the task that begins the span, which is the call's or one that the call has begun."""
        if correlation_id := current():
            span.set_attribute(ATTRIBUTE, correlation_id)
