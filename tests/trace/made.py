"""Records of a call, as the tests need them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.trace.records import GatewayCall, Hop, Item, Trace

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OPERATION = "0af7651916cd43dd8448eb211c80319c"
AT = datetime(2026, 11, 24, 13, 30, 5, 250_000, tzinfo=UTC)
BACKEND = "https://func-orders-prod.azurewebsites.net/api/orders"


def call(**changes: Any) -> GatewayCall:
    """A row of the gateway: the backend answered 200."""
    row: dict[str, Any] = {
        "at": AT,
        "method": "GET",
        "url": "https://api.internal.example.com/orders/orders",
        "status": 200,
        "duration_ms": 95,
        "backend_url": BACKEND,
        "backend_status": 200,
        "backend_ms": 90,
        "error_source": None,
        "error_reason": None,
        "error_message": None,
        "error_section": None,
    }
    return GatewayCall(**{**row, **changes})


def failed_call(reason: str, message: str = "no luck", **changes: Any) -> GatewayCall:
    """A row of the gateway: a statement failed."""
    said = {"error_source": "forward-request", "error_reason": reason, "error_message": message}
    return call(**{"status": 500, "backend_status": None, **said, "error_section": "backend", **changes})


def item(hop: Hop, name: str = "", *, after_ms: float = 10, **changes: Any) -> Item:
    """A record of the backend that has the id, so long after the gateway's."""
    row: dict[str, Any] = {
        "hop": hop,
        "at": AT + timedelta(milliseconds=after_ms),
        "role": "func-orders-prod",
        "name": name,
        "target": None,
        "code": None,
        "success": None,
        "duration_ms": None,
        "operation_id": OPERATION,
        "span_id": None,
        "parent_id": None,
        "carries_id": True,
        "properties": {"correlation.id": ID} if changes.get("carries_id", True) else {},
    }
    return Item(**{**row, **changes})


def request(code: str | None = "200", **changes: Any) -> Item:
    """The request record of the app."""
    success = code is not None and code < "400"
    row = {"name": "GET /api/orders", "code": code, "success": success, "duration_ms": 80.0, "span_id": "app"}
    return item(Hop.REQUEST, **{**row, **changes})


def log(message: str = "Order taken", **changes: Any) -> Item:
    """A log record below the request."""
    return item(Hop.LOG, message, **{"after_ms": 20, "code": "Information", "parent_id": "app", **changes})


def dependency(code: str = "503", **changes: Any) -> Item:
    """A call of the backend, which failed where its code says so."""
    row = {"code": code, "success": code < "400", "duration_ms": 5.0, "target": "store.table.core.windows.net"}
    return item(
        Hop.DEPENDENCY, "PUT /orders", **{"after_ms": 30, "span_id": "dep", "parent_id": "app", **row, **changes}
    )


def exception(name: str = "OSError: gone", **changes: Any) -> Item:
    """An exception below the request."""
    return item(Hop.EXCEPTION, name, **{"after_ms": 40, "code": "Error", "parent_id": "app", **changes})


def trace(*records: GatewayCall | Item, **changes: Any) -> Trace:
    """All of it."""
    gateway = tuple(each for each in records if isinstance(each, GatewayCall))
    items = tuple(sorted((each for each in records if isinstance(each, Item)), key=lambda each: each.at))
    row: Mapping[str, Any] = {"correlation_id": ID, "searched_s": 86_400.0, "gateway": gateway, "items": items}
    return Trace(**{**row, **changes})
