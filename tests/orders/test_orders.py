import json
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra
from lab.host.process import HostProcess
from tests.orders.conftest import bearer, run, settings_for, token_of
from tests.orders.storage import storage

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = {"sku": "A-1", "quantity": 2}
BODY: dict[str, Any] = {"customer": "Ada", "lines": [LINE]}

WRONG: dict[str, tuple[object, dict[str, object]]] = {
    "no object": ([], {"body": "list of length 0"}),
    "empty": ({}, {"customer": None, "lines": None}),
    "customer no text": (BODY | {"customer": 7}, {"customer": 7}),
    "customer blank": (BODY | {"customer": "  "}, {"customer": "  "}),
    "customer too long": (BODY | {"customer": "x" * 101}, {"customer": "str of length 101"}),
    "no lines": (BODY | {"lines": []}, {"lines": "list of length 0"}),
    "too many lines": (BODY | {"lines": [LINE] * 51}, {"lines": "list of length 51"}),
    "line no object": (BODY | {"lines": [LINE, "A-1"]}, {"lines[1]": "A-1"}),
    "sku with blank": (BODY | {"lines": [{"sku": "A 1", "quantity": 1}]}, {"lines[0].sku": "A 1"}),
    "quantity zero": (BODY | {"lines": [{"sku": "A", "quantity": 0}]}, {"lines[0].quantity": 0}),
    "quantity too large": (BODY | {"lines": [{"sku": "A", "quantity": 1001}]}, {"lines[0].quantity": 1001}),
    "quantity true": (BODY | {"lines": [{"sku": "A", "quantity": True}]}, {"lines[0].quantity": True}),
    "quantity no integer": (BODY | {"lines": [{"sku": "A", "quantity": 1.5}]}, {"lines[0].quantity": 1.5}),
    "unknown key": (BODY | {"priority": 1}, {"priority": 1}),
    "two at once": ({"customer": "", "lines": [{"sku": "A"}]}, {"customer": "", "lines[0].quantity": None}),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["memory", "table"])
async def app(request: pytest.FixtureRequest, entra: Entra) -> AsyncIterator[HostProcess]:
    """The app with each of the stores: what is promised below, both of them keep."""
    if request.param == "memory":
        async with await run(settings_for(entra)) as process:
            yield process
        return
    async with (
        storage(entra, settings_for(entra)) as account,
        await run(account.settings(ORDERS_TABLE_ENDPOINT=account.azurite.endpoint)) as process,
    ):
        yield process


async def created(client: httpx.AsyncClient, headers: dict[str, str], body: object = BODY) -> dict[str, Any]:
    """A new order."""
    response = await client.post("/api/orders", headers=headers, json=body)
    assert response.status_code == HTTPStatus.CREATED
    order: dict[str, Any] = response.json()
    return order


async def test_order_is_created_and_read_where_location_says(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """201 with a Location that leads, from the URL called, to the same order."""
    response = await client.post("/api/orders", headers=good, json=BODY)
    assert response.status_code == HTTPStatus.CREATED
    location = response.url.join(response.headers["location"])
    read = await client.get(location, headers=good)
    assert (read.status_code, read.json()) == (HTTPStatus.OK, response.json())
    assert {name: read.json()[name] for name in BODY} == BODY


@pytest.mark.parametrize("customer", ["Zoë \U0001f600", "a\u0000b\u2028c", "\ud800", "'; -- \" <&>\r\n"])
async def test_text_comes_back_as_it_was_sent(client: httpx.AsyncClient, good: dict[str, str], customer: str) -> None:
    """Whatever JSON allows in a string, half a surrogate pair included, is kept, and known again by its attempt."""
    body = json.dumps(BODY | {"customer": customer})
    headers = good | {"Idempotency-Key": uuid.uuid4().hex}
    answers = [await client.post("/api/orders", headers=headers, content=body) for _ in range(2)]
    read = await client.get(f"/api/orders/{answers[0].json()['id']}", headers=good)
    assert read.json() == answers[0].json() == answers[1].json()
    assert read.json()["customer"] == customer


@pytest.mark.parametrize("name", WRONG)
async def test_bad_order_is_refused_with_all_errors(client: httpx.AsyncClient, good: dict[str, str], name: str) -> None:
    """400 names each key, what stands there and what is allowed; no more of a long value than its length."""
    body, wrong = WRONG[name]
    response = await client.post("/api/orders", headers=good, json=body)
    problem = response.json()
    assert (response.status_code, problem["reason"]) == (HTTPStatus.BAD_REQUEST, "request_invalid")
    assert {error["key"]: error["value"] for error in problem["errors"]} == wrong
    assert all(error["allowed"] for error in problem["errors"])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"customer": NaN}', b"[" * 60_000])
async def test_body_that_is_no_json_is_refused(client: httpx.AsyncClient, good: dict[str, str], body: bytes) -> None:
    """Bytes that are no JSON are a 400, never a 500."""
    response = await client.post("/api/orders", headers=good, content=body)
    assert (response.status_code, response.json()["errors"][0]["key"]) == (HTTPStatus.BAD_REQUEST, "body")


async def test_large_body_is_refused(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """More than 64 KB is no order: 413."""
    body = json.dumps(BODY | {"customer": "x" * 70_000}).encode()
    response = await client.post("/api/orders", headers=good, content=body)
    assert (response.status_code, response.json()["reason"]) == (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body_too_large",
    )


async def test_unknown_order_is_404(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """An id without an order is a problem with a reason, unlike the host's own empty 404."""
    response = await client.get("/api/orders/none", headers=good)
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.NOT_FOUND, "order_not_found")


async def test_same_attempt_makes_one_order(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """Sent again with its Idempotency-Key, the order is the one made first."""
    headers = good | {"Idempotency-Key": "attempt-1"}
    assert await created(client, headers) == await created(client, headers)


async def test_attempt_with_another_body_is_refused(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """422: the key stands for another order."""
    headers = good | {"Idempotency-Key": "attempt-2"}
    await created(client, headers)
    response = await client.post("/api/orders", headers=headers, json=BODY | {"customer": "Grace"})
    assert (response.status_code, response.json()["reason"]) == (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
    )


async def test_attempts_of_two_callers_are_two(client: httpx.AsyncClient, entra: Entra, good: dict[str, str]) -> None:
    """A caller cannot get at another's order by its key."""
    other = bearer(token_of(entra, object_id="dddddddd-eeee-4fff-8000-111111111111"))
    key = {"Idempotency-Key": "attempt-3"}
    assert (await created(client, good | key))["id"] != (await created(client, other | key))["id"]


async def test_malformed_idempotency_key_is_refused(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """A key with a blank in it is a 400 that says so."""
    response = await client.post("/api/orders", headers=good | {"Idempotency-Key": "a b"}, json=BODY)
    assert (response.status_code, response.json()["errors"][0]["key"]) == (HTTPStatus.BAD_REQUEST, "Idempotency-Key")


async def test_pages_hold_every_order_once(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """Page by page all orders come, in their order, and the last page says that it is the last."""
    made = [(await created(client, good))["id"] for _ in range(5)]
    seen: list[str] = []
    params = {"limit": "2"}
    while True:
        page = (await client.get("/api/orders", headers=good, params=params)).json()
        assert 1 <= len(page["orders"]) <= 2
        seen += [order["id"] for order in page["orders"]]
        if page["continuation"] is None:
            break
        params["continuation"] = page["continuation"]
    assert len(seen) == len(set(seen))
    assert seen[-5:] == made


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "ten"),
        ("limit", "²"),
        ("continuation", "nowhere"),
        ("continuation", "00000000-0000-7000-8000-000000000000"),
        ("continuation", "ffffffff-ffff-7fff-bfff-ffffffffffff"),
        ("continuation", "0190A5B2-2F71-7C4E-8D11-9B6C00000001"),
        ("continuation", "order-00000000-0000-7000-8000-000000000000"),
        ("continuation", "' or RowKey ge '"),
        ("continuation", "%2e%2e/\x7f"),
    ],
)
async def test_bad_page_is_refused(client: httpx.AsyncClient, good: dict[str, str], key: str, value: str) -> None:
    """A parameter out of its range, or a continuation that no page has given, is a 400 that names key and value."""
    response = await client.get("/api/orders", headers=good, params={key: value})
    (error,) = response.json()["errors"]
    assert (response.status_code, error["key"], error["value"]) == (HTTPStatus.BAD_REQUEST, key, value)
