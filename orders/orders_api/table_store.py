"""Orders in Azure Table Storage.

All of them lie in one partition, `orders`, and nothing but inserts is ever done:

    order-<id>         an order; ids sort by time, so row keys do as well, and a page is a range of them
    attempt-<SHA-256>  the same order again, under the caller and the Idempotency-Key that it came with

An order and its attempt are inserted in one entity group transaction, which takes a single partition: both are there or
neither is, and of attempts that race exactly one gets through. The others read what it has made. An insert fails where
its key is taken, so no ETag is needed; to change an order would need one.

The price is the throughput of one partition: 2,000 entities of 1 KiB a second (20,000 transactions for an account), so
1,000 orders with a key, https://learn.microsoft.com/azure/storage/tables/scalability-targets. Above that the storage
throttles, and callers get 503. An API that needs more gives each tenant a partition, or a table, and lists by tenant.

The table is made with the storage account: the app reads and inserts entities, and needs no right to more than that
(`tables/entities/read` and `tables/entities/add/action`).
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from orders_api.order import ORDER_ID, Draft, Order
from orders_api.problem import Problem, Reason
from orders_api.store import Attempt, AttemptReused, Page, UnknownContinuation
from orders_api.store_settings import StoreSettings
from orders_api.table_service import TableService

PARTITION = "orders"
ORDER = "order-"
END = "order."
"""Comes after every row key of an order."""

logger = logging.getLogger(__name__)


class TableStore:
    """Orders of all instances of the app."""

    kind = "table"

    def __init__(self, settings: StoreSettings) -> None:
        self._table = TableService(settings)

    async def add(self, draft: Draft, attempt: Attempt | None) -> Order:
        """See Store. Safe to repeat with an attempt whatever became of the call before, also where nobody knows."""
        order = Order.taken(draft)
        rows = (row_of(attempt), row_of(order)) if attempt else (row_of(order),)
        if await self._table.insert(*(entity_of(order, row) for row in rows)):
            return order
        # The attempt was made before, or an earlier try of this very insert has got through after all.
        entity = await self._table.find(PARTITION, rows[0])
        if entity is None:
            raise Problem(Reason.STORE_UNAVAILABLE)
        known = order_of(entity)
        if known.draft != draft:
            raise AttemptReused
        return known

    async def find(self, order_id: str) -> Order | None:
        """See Store."""
        if not ORDER_ID.fullmatch(order_id):
            return None
        entity = await self._table.find(PARTITION, ORDER + order_id)
        return order_of(entity) if entity else None

    async def page(self, *, limit: int, continuation: str | None) -> Page:
        """See Store; a continuation is the id of the last order of its page, which is read again: forgeries are none.

        Whoever follows the pages gets every order that was answered for before the first of them, and gets it once. One
        that comes meanwhile is on a later page, but for the difference of the instances' clocks.
        """
        if continuation is not None and not ORDER_ID.fullmatch(continuation):
            raise UnknownContinuation
        known = 0 if continuation is None else 1
        entities = await self._table.between(PARTITION, ORDER + (continuation or ""), END, known + limit + 1)
        orders = tuple(order_of(entity) for entity in entities)
        if continuation is not None and (not orders or orders[0].id != continuation):
            raise UnknownContinuation
        shown = orders[known : known + limit]
        return Page(orders=shown, continuation=shown[-1].id if len(orders) > known + limit else None)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._table.aclose()


def row_of(key: Order | Attempt) -> str:
    """The row key; callers' keys have characters that row keys may not have."""
    if isinstance(key, Order):
        return ORDER + key.id
    return f"attempt-{hashlib.sha256(json.dumps([key.caller, key.key]).encode()).hexdigest()}"


def entity_of(order: Order, row: str) -> dict[str, Any]:
    """The order as an entity; the draft as JSON in ASCII, which brings back any text that a caller may send."""
    return {
        "PartitionKey": PARTITION,
        "RowKey": row,
        "order_id": order.id,
        "created_at": order.created_at,
        "draft": json.dumps(order.draft.member()),
    }


def order_of(entity: Mapping[str, Any]) -> Order:
    """The order of an entity.

    Raises:
        Problem: somebody else wrote it, and it is none.
    """
    try:
        return Order(
            id=entity["order_id"], created_at=entity["created_at"], draft=Draft.of(json.loads(entity["draft"]))
        )
    except (LookupError, TypeError, ValueError) as error:
        logger.exception("The entity %r holds no order", entity.get("RowKey"))
        raise Problem(Reason.STORE_UNAVAILABLE) from error
