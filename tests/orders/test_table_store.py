import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from lab.host.process import HostProcess
from lab.http import Request, Response
from tests.orders.conftest import client_of, run
from tests.orders.storage import BODY, NOBODY, Storage, created, keyed, silent

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(account: Storage) -> AsyncIterator[HostProcess]:
    """The app of the module, with its orders in the table."""
    async with await run(account.settings()) as process:
        yield process


async def test_health_says_table_and_asks_nobody(client: httpx.AsyncClient, account: Storage) -> None:
    """The health route names the store, without a request to it."""
    account.requests.clear()
    assert (await client.get("/api/health")).json()["store"] == "table"
    assert account.requests == []


async def test_twenty_equal_attempts_on_two_instances_make_one_order(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str]
) -> None:
    """Whichever instance they reach, and at the same time, they get one order; the table holds it and its attempt."""
    headers, before = keyed(good), len(await account.entities())
    async with await run(account.settings()) as other, client_of(other) as second:
        ids = await asyncio.gather(*(created(one, headers) for one in (client, second) * 10))
    assert len(set(ids)) == 1
    assert len(await account.entities()) == before + 2


async def test_attempt_whose_outcome_is_unknown_can_be_repeated(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str]
) -> None:
    """The storage takes the order and its answer gets lost: 503; the same attempt then gets that very order."""
    headers, before = keyed(good), len(await account.entities())

    async def swallow(request: Request) -> Response:
        await account.forward(request)
        return await silent(request)

    account.answer = swallow
    response = await client.post("/api/orders", headers=headers, json=BODY)
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable")
    account.answer = account.forward
    held = await account.entities()
    assert len(held) == before + 2
    assert await created(client, headers) in {entity["order_id"] for entity in held}
    assert await account.entities() == held


@pytest.mark.parametrize("taken", [True, False])
async def test_lost_connection_is_made_up_for(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str], *, taken: bool
) -> None:
    """A connection that ends under an order costs another try, and makes no second order if the first got through."""
    before = len(await account.entities())

    async def hang_up(request: Request) -> Response:
        account.answer = account.forward
        if taken:
            await account.forward(request)
        return Response(0, raw=b"")

    account.answer = hang_up
    order_id = await created(client, good)
    held = await account.entities()
    assert len(held) == before + 1
    assert order_id in {entity["order_id"] for entity in held}


async def test_pages_lose_and_repeat_nothing_while_orders_come(client: httpx.AsyncClient, good: dict[str, str]) -> None:
    """Of 120 orders each comes once, in the order of their ids, however many are added between the pages."""
    made: set[str] = set()
    while len(made) < 120:
        made.update(await asyncio.gather(*(created(client, good) for _ in range(10))))
    seen: list[str] = []
    params = {"limit": "7"}
    while len(seen) < 2000:
        page = (await client.get("/api/orders", headers=good, params=params)).json()
        seen += [order["id"] for order in page["orders"]]
        if page["continuation"] is None:
            break
        params["continuation"] = page["continuation"]
        if not made <= set(seen):
            await created(client, good)
    assert len(seen) == len(set(seen))
    assert made <= set(seen)
    assert seen == sorted(seen)


@pytest.mark.parametrize(("continuation", "asked"), [("' or RowKey ge '", 0), (NOBODY, 1)])
async def test_forged_continuation_is_refused_before_it_gets_anywhere(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str], continuation: str, asked: int
) -> None:
    """One that is no id reaches no query; one that is an id costs a single one."""
    account.requests.clear()
    response = await client.get("/api/orders", headers=good, params={"continuation": continuation})
    assert (response.status_code, len(account.requests)) == (HTTPStatus.BAD_REQUEST, asked)


async def test_pages_are_whole_where_the_service_gives_less(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str]
) -> None:
    """The storage may answer with fewer entities than asked for and say that there are more: they are fetched."""
    for _ in range(7):
        await created(client, good)

    async def stingy(request: Request) -> Response:
        return await account.forward(replace(request, target=request.target.replace("top=6", "top=2")))

    account.requests.clear()
    account.answer = stingy
    page = (await client.get("/api/orders", headers=good, params={"limit": "5"})).json()
    account.answer = account.forward
    assert (len(page["orders"]), len(account.requests)) == (5, 3)
    assert page["continuation"] == page["orders"][-1]["id"]


async def test_orders_found_by_id_are_read_by_their_key(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str]
) -> None:
    """One point read finds an order; an id that the app never makes is looked for nowhere."""
    order_id = await created(client, good)
    account.requests.clear()
    assert (await client.get(f"/api/orders/{order_id}", headers=good)).json()["id"] == order_id
    (request,) = account.requests
    assert f"(PartitionKey='orders',RowKey='order-{order_id}')" in request.path
    for stranger in ("none", order_id.upper(), f"{order_id}'", "..%2f.."):
        assert (await client.get(f"/api/orders/{stranger}", headers=good)).status_code == HTTPStatus.NOT_FOUND
    assert len(account.requests) == 1


async def test_foreign_entity_is_a_503_and_named_in_the_log(
    client: httpx.AsyncClient, app: HostProcess, account: Storage, good: dict[str, str]
) -> None:
    """What somebody else put among the orders is not shown as one."""
    row = {"PartitionKey": "orders", "RowKey": f"order-{NOBODY}"}
    async with account.azurite.table("orders") as table:
        await table.create_entity(row | {"order_id": 1, "draft": "[]"})
        response = await client.get(f"/api/orders/{NOBODY}", headers=good)
        await table.delete_entity(row)
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable")
    assert f"The entity 'order-{NOBODY}' holds no order" in app.log
