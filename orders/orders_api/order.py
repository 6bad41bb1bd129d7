"""Orders, and how one is read from the body of a request."""

import json
import re
import secrets
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, Self

from orders_api.problem import InputError, Problem, Reason

LONGEST_CUSTOMER = 100
MOST_LINES = 50
MOST_PIECES = 1000
SKU = re.compile(r"[A-Za-z0-9._-]{1,64}")
LARGEST_BODY = 65_536
"""Bytes; fifty lines of the longest kind take less than a tenth of it."""
ORDER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many pieces of one article."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a caller orders."""

    customer: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, document: Any) -> Self:
        """The draft of a document that has its form."""
        return cls(
            customer=document["customer"],
            lines=tuple(Line(sku=line["sku"], quantity=line["quantity"]) for line in document["lines"]),
        )

    def member(self) -> dict[str, object]:
        """Its form in a document."""
        return {
            "customer": self.customer,
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A draft that was taken; `created_at` in UTC, and `id` in the order of coming."""

    id: str
    created_at: datetime
    draft: Draft

    @classmethod
    def taken(cls, draft: Draft) -> Self:
        """A new order, as of now."""
        now_ns = time.time_ns()
        return cls(id=order_id(now_ns), created_at=datetime.fromtimestamp(now_ns / 1e9, UTC), draft=draft)

    def member(self) -> dict[str, object]:
        """Its form in an answer."""
        created_at = self.created_at.isoformat(timespec="milliseconds")
        return {"id": self.id, "created_at": created_at} | self.draft.member()


def order_id(now_ns: int) -> str:
    """A UUID of version 7 (RFC 9562 section 5.7), which sorts by its time; of Python's own from 3.14 on.

    The twelve bits behind the milliseconds hold their fraction (section 6.2, method 3), so that orders of one instance
    sort by their coming down to a quarter of a microsecond; those of several sort as well as their clocks agree.
    """
    milliseconds, rest_ns = divmod(now_ns, 1_000_000)
    fraction = rest_ns * 4096 // 1_000_000
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62)))


def read_draft(body: bytes) -> Draft:
    """The draft in a JSON body.

    Raises:
        Problem: 400 with everything that is wrong in it, 413 where it is too large to be looked at.
    """
    if len(body) > LARGEST_BODY:
        raise Problem(Reason.BODY_TOO_LARGE)
    try:
        document = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        error = InputError(key="body", value=f"{len(body)} bytes", allowed="a JSON object (RFC 8259) in UTF-8")
        raise Problem(Reason.REQUEST_INVALID, (error,)) from None
    if errors := tuple(_errors(document)):
        raise Problem(Reason.REQUEST_INVALID, errors)
    return Draft.of(document)


def _errors(document: Any) -> Iterable[InputError]:
    if not isinstance(document, dict):
        yield InputError(key="body", value=document, allowed="a JSON object")
        return
    yield from _unknown(document, "", ("customer", "lines"))
    customer, lines = document.get("customer"), document.get("lines")
    if not isinstance(customer, str) or not 1 <= len(customer.strip()) <= len(customer) <= LONGEST_CUSTOMER:
        yield InputError(key="customer", value=customer, allowed=f"text of 1 to {LONGEST_CUSTOMER} characters")
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_LINES:
        yield InputError(key="lines", value=lines, allowed=f"a list of 1 to {MOST_LINES} lines")
        return
    for number, line in enumerate(lines):
        yield from _line_errors(line, f"lines[{number}]")


def _line_errors(line: Any, key: str) -> Iterable[InputError]:
    if not isinstance(line, dict):
        yield InputError(key=key, value=line, allowed="an object with sku and quantity")
        return
    yield from _unknown(line, f"{key}.", ("sku", "quantity"))
    sku, quantity = line.get("sku"), line.get("quantity")
    if not isinstance(sku, str) or not SKU.fullmatch(sku):
        yield InputError(key=f"{key}.sku", value=sku, allowed="1 to 64 characters of A-Z a-z 0-9 . _ -")
    if type(quantity) is not int or not 1 <= quantity <= MOST_PIECES:  # JSON's true is an int to isinstance
        yield InputError(key=f"{key}.quantity", value=quantity, allowed=f"an integer from 1 to {MOST_PIECES}")


def _unknown(table: dict[str, Any], prefix: str, allowed: tuple[str, ...]) -> Iterable[InputError]:
    for name in table.keys() - set(allowed):
        shown = f"{prefix}{name}" if SKU.fullmatch(name) else f"{prefix}?"
        yield InputError(key=shown, value=table[name], allowed=f"only {', '.join(allowed)}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
