"""What is kept of one call: the gateway's log row, and the items of Application Insights."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Hop(StrEnum):
    """The places where a call leaves a record, in the order of the path."""

    GATEWAY = "gateway"
    """`ApiManagementGatewayLogs`: one row a call."""
    REQUEST = "request"
    """`AppRequests` of the backend: the function was run."""
    LOG = "log"
    """`AppTraces`."""
    DEPENDENCY = "dependency"
    """`AppDependencies`: what the backend called in turn."""
    EXCEPTION = "exception"
    """`AppExceptions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall:
    """One row of the gateway log.

    Attributes:
        status: answered to the caller; `None` = the caller went away.
        backend_status: of the backend's answer; `None` = it was not called, or did not answer.
        error_source: the policy statement that failed, `error_reason` its reason; `None` = nothing failed.
    """

    at: datetime
    method: str | None
    url: str | None
    status: int | None
    duration_ms: float | None
    backend_url: str | None
    backend_status: int | None
    backend_ms: float | None
    error_source: str | None
    error_reason: str | None
    error_message: str | None
    error_section: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record of Application Insights.

    Attributes:
        role: cloud role: the app that wrote it.
        name: of a request or dependency; the message of a log; the type and message of an exception.
        target: of a dependency: who was called.
        code: result code of a request or dependency, severity of a log or exception.
        success: `None` for logs and exceptions.
        span_id: of a request or dependency, `parent_id` of the span it belongs to.
        carries_id: the correlation id stands on the record itself; else it only shares the operation.
        properties: custom dimensions.
    """

    hop: Hop
    at: datetime
    role: str | None
    name: str
    target: str | None
    code: str | None
    success: bool | None
    duration_ms: float | None
    operation_id: str | None
    span_id: str | None
    parent_id: str | None
    carries_id: bool
    properties: Mapping[str, str] = field(hash=False)

    @property
    def of_gateway(self) -> bool:
        """API Management wrote it: its own request, or its dependency on the backend (`Service Type`)."""
        return self.properties.get("Service Type") == "API Management"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything found of one correlation id.

    Attributes:
        gateway: rows of the gateway log, oldest first.
        items: oldest first; at the same time a request before what was written while it was served.
        searched_s: how far back.
        gaps: what is known to be missing from the records, and why; one a line.
        partial: the workspace kept rows back: what was not found may be there.
    """

    correlation_id: str
    gateway: tuple[GatewayCall, ...]
    items: tuple[Item, ...]
    searched_s: float
    gaps: tuple[str, ...] = ()
    partial: bool = False

    def of(self, hop: Hop) -> tuple[Item, ...]:
        """The backend's own records of one kind."""
        return tuple(item for item in self.items if item.hop is hop and not item.of_gateway)

    @property
    def call(self) -> GatewayCall | None:
        """The gateway's row of the call; of several, the last one: a caller may send one id again."""
        return self.gateway[-1] if self.gateway else None

    @property
    def request(self) -> Item | None:
        """The backend's request record; of several calls with the id, that of the last one.

        One that has the id goes before one that has not: the Functions host writes a request of its own, around that of
        the app and without the id. And of those within each other the outermost: the backend may send the id on.
        """
        every = self.of(Hop.REQUEST)
        among = spans(self.items)
        candidates = [item for item in every if item.carries_id] or every
        outermost = [
            item for item in candidates if not any(each in candidates for each in parents(item, among) if each != item)
        ]
        return next(reversed(outermost or candidates), None)

    def of_request(self, hop: Hop) -> tuple[Item, ...]:
        """The backend's own records of one kind that belong to `request`, or to no request that is known."""
        among, request = spans(self.items), self.request
        around = [request, *parents(request, among)] if request else []

        def belongs(item: Item) -> bool:
            above = [each for each in parents(item, among) if each.hop is Hop.REQUEST and not each.of_gateway]
            return not above or above[0] in around or request in above

        return tuple(item for item in self.of(hop) if belongs(item))

    @property
    def failed_dependency(self) -> Item | None:
        """The last call of the request's own that failed."""
        return next((item for item in reversed(self.of_request(Hop.DEPENDENCY)) if item.success is False), None)


type Spans = Mapping[tuple[str | None, str], Item]


def spans(items: Iterable[Item]) -> Spans:
    """Requests and dependencies by operation and span id."""
    return {(item.operation_id, item.span_id): item for item in items if item.span_id is not None}


def parents(item: Item, among: Spans) -> Iterator[Item]:
    """The spans around a record, the nearest first, as far as they are known."""
    seen: set[tuple[str | None, str]] = set()
    while item.parent_id is not None and (place := (item.operation_id, item.parent_id)) not in seen:
        seen.add(place)
        if place not in among:
            return
        item = among[place]
        yield item
