"""Where orders are kept."""

from dataclasses import dataclass
from itertools import islice
from typing import NoReturn, Protocol

from orders_api.order import Draft, Order
from orders_api.problem import Problem, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some orders in the order of their coming, and what to ask for the next ones with; None = there are no more."""

    orders: tuple[Order, ...]
    continuation: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One wish of one caller, however often it is sent: a stable name of the caller and its Idempotency-Key."""

    caller: str
    key: str


class UnknownContinuation(ValueError):  # noqa: N818 - says what is wrong
    """The store has not given out this continuation."""


class AttemptReused(ValueError):  # noqa: N818 - says what is wrong
    """The same attempt came with another draft."""


class Store(Protocol):
    """Takes, finds and lists orders.

    Where it cannot, for reasons outside the app, each of its methods raises a Problem that says so.

    Attributes:
        kind: its name in the health answer.
    """

    kind: str

    async def add(self, draft: Draft, attempt: Attempt | None) -> Order:
        """A new order, or the one this attempt has made before.

        Raises:
            AttemptReused: that one was made from another draft.
        """

    async def find(self, order_id: str) -> Order | None:
        """The order, if there is one of this id."""

    async def page(self, *, limit: int, continuation: str | None) -> Page:
        """At most `limit` orders, from the first or from where a page ended.

        Raises:
            UnknownContinuation: no page ended there.
        """


class MemoryStore:
    """Orders of one worker process, gone with it: enough to prove a path, and nothing else."""

    kind = "memory"

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._positions: dict[str, int] = {}
        self._attempts: dict[Attempt, Order] = {}

    async def add(self, draft: Draft, attempt: Attempt | None) -> Order:
        """See Store. Nothing waits in here, so two equal attempts cannot interleave."""
        if attempt and (known := self._attempts.get(attempt)):
            if known.draft != draft:
                raise AttemptReused
            return known
        order = Order.taken(draft)
        self._positions[order.id] = len(self._orders)
        self._orders[order.id] = order
        if attempt:
            self._attempts[attempt] = order
        return order

    async def find(self, order_id: str) -> Order | None:
        """See Store."""
        return self._orders.get(order_id)

    async def page(self, *, limit: int, continuation: str | None) -> Page:
        """See Store; a continuation is the id of the last order of its page."""
        if continuation is not None and continuation not in self._positions:
            raise UnknownContinuation
        start = self._positions[continuation] + 1 if continuation is not None else 0
        orders = tuple(islice(self._orders.values(), start, start + limit))
        return Page(orders=orders, continuation=orders[-1].id if start + limit < len(self._orders) else None)


class UnusableStore:
    """Stands for a table that the settings do not name well enough; nothing is kept elsewhere instead."""

    kind = "table"

    async def add(self, draft: Draft, attempt: Attempt | None) -> NoReturn:  # noqa: ARG002
        """See Store."""
        raise Problem(Reason.MISCONFIGURED)

    async def find(self, order_id: str) -> NoReturn:  # noqa: ARG002
        """See Store."""
        raise Problem(Reason.MISCONFIGURED)

    async def page(self, *, limit: int, continuation: str | None) -> NoReturn:  # noqa: ARG002
        """See Store."""
        raise Problem(Reason.MISCONFIGURED)
