"""The operations of the API: each takes a request and returns its answer or raises a Problem."""

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus

import azure.functions as func

from orders_api import store_settings
from orders_api.caller import Role
from orders_api.identity import Gate
from orders_api.order import read_draft
from orders_api.problem import InputError, Problem, Reason
from orders_api.settings import Fault, Unusable, read
from orders_api.store import Attempt, AttemptReused, MemoryStore, Store, UnknownContinuation, UnusableStore
from orders_api.store_settings import StoreSettings, StoreUnusable

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,128}")

logger = logging.getLogger(__name__)


class Api:
    """Orders behind a gate; `faults` are those of the settings that either was made from."""

    def __init__(self, gate: Gate, store: Store, faults: tuple[Fault, ...] = ()) -> None:
        self._gate = gate
        self._store = store
        self._faults = faults

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Api":
        """The API as its app settings want it; what is wrong with them is logged, and does not stop the app."""
        settings = read(environment)
        table = store_settings.read(environment)
        faults = settings.faults if isinstance(settings, Unusable) else ()
        faults += table.faults if isinstance(table, StoreUnusable) else ()
        for fault in faults:
            logger.error("Protected calls are refused: %s", fault)
        return cls(Gate(settings), store_of(table), faults)

    async def health(self, _: func.HttpRequest) -> func.HttpResponse:
        """That the app runs, and whether it is configured; of wrong settings the names only."""
        return _json(
            {
                "service": "orders",
                "status": "ok",
                "configured": not self._faults,
                "wrong_settings": [fault.key for fault in self._faults],
                "store": self._store.kind,
            }
        )

    async def list_orders(self, request: func.HttpRequest) -> func.HttpResponse:
        """`?limit=` orders from `?continuation=` on."""
        await self._gate.admit(request.headers, Role.READ)
        continuation = request.params.get("continuation")
        try:
            page = await self._store.page(limit=_limit(request.params.get("limit")), continuation=continuation)
        except UnknownContinuation:
            raise _invalid("continuation", continuation, "what the previous page gave as continuation") from None
        return _json({"orders": [order.member() for order in page.orders], "continuation": page.continuation})

    async def read_order(self, request: func.HttpRequest) -> func.HttpResponse:
        """The order named in the route."""
        await self._gate.admit(request.headers, Role.READ)
        order = await self._store.find(request.route_params["id"])
        if order is None:
            raise Problem(Reason.ORDER_NOT_FOUND)
        return _json(order.member())

    async def create_order(self, request: func.HttpRequest) -> func.HttpResponse:
        """A new order; sent again with the same Idempotency-Key and body, the same order."""
        caller = await self._gate.admit(request.headers, Role.WRITE)
        key = request.headers.get("idempotency-key")
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
            raise _invalid("Idempotency-Key", key, "1 to 128 visible ASCII characters")
        draft = read_draft(request.get_body())
        try:
            order = await self._store.add(draft, Attempt(caller.subject, key) if key is not None else None)
        except AttemptReused:
            raise Problem(Reason.IDEMPOTENCY_KEY_REUSED) from None
        logger.info("Order %s taken", order.id)
        # Relative to the URL called (RFC 9110 section 10.2.2): behind a gateway only that one is known to the caller.
        return _json(order.member(), HTTPStatus.CREATED, {"Location": f"orders/{order.id}"})


def store_of(settings: StoreSettings | StoreUnusable | None) -> Store:
    """Where orders are kept under these settings."""
    if settings is None:
        return MemoryStore()
    if isinstance(settings, StoreUnusable):
        return UnusableStore()
    # Only now: an app without a table starts a third of a second sooner without the SDK and its HTTP client.
    from orders_api.table_store import TableStore  # noqa: PLC0415

    return TableStore(settings)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= LARGEST_LIMIT:
        raise _invalid("limit", text, f"an integer from 1 to {LARGEST_LIMIT}")
    return int(text)


def _invalid(key: str, value: object, allowed: str) -> Problem:
    return Problem(Reason.REQUEST_INVALID, (InputError(key=key, value=value, allowed=allowed),))


def _json(
    document: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(document),
        status_code=status.value,
        headers={"Cache-Control": "no-store", **(headers or {})},
        mimetype="application/json",
    )
