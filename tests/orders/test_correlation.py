import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra, signing_key
from lab.http import Request, Response, serve
from lab.ingestion import Ingestion
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
HEADER = "x-correlation-id"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
BODY = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 2}]}


def telemetry_to(ingestion: Ingestion) -> dict[str, str]:
    """App settings that send telemetry there, soon."""
    return {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "WEBSITE_SITE_NAME": "func-orders-prod",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_BLRP_SCHEDULE_DELAY": "100",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(entra: Entra, ingestion: Ingestion) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that sends telemetry."""
    async with await run(settings_for(entra) | telemetry_to(ingestion)) as app, client_of(app) as http:
        yield http


async def records(ingestion: Ingestion, kind: str, correlation_id: str) -> list[dict[str, Any]]:
    """The envelopes of one kind that carry the id, once there are any."""
    for _ in range(100):
        found = [
            envelope
            for envelope in ingestion.envelopes
            if envelope["data"]["baseType"] == kind
            and envelope["data"]["baseData"].get("properties", {}).get("correlation.id") == correlation_id
        ]
        if found:
            return found
        await asyncio.sleep(0.05)
    return []


@pytest.mark.parametrize("offered", ["12345678", "a" * 128, "0f8fad5b-d9cb-469f-a165-70867728950e", "AZaz09._-"])
async def test_well_formed_id_is_returned(client: httpx.AsyncClient, offered: str) -> None:
    """The caller's id comes back, also on a refusal."""
    for path in ("/api/health", "/api/orders"):
        assert (await client.get(path, headers={HEADER: offered})).headers[HEADER] == offered


@pytest.mark.parametrize(
    "offered", [None, "", "1234567", "a" * 129, "has blank", "semi;colon", "quote'quote", "äöüäöüäö"]
)
async def test_other_id_is_replaced(client: httpx.AsyncClient, offered: str | None) -> None:
    """An id that is missing or not well formed is replaced by a new UUID."""
    headers = [] if offered is None else [(HEADER.encode(), offered.encode())]
    assert MADE.fullmatch((await client.get("/api/health", headers=headers)).headers[HEADER])


async def test_two_ids_are_none(client: httpx.AsyncClient) -> None:
    """The host joins two headers with a comma, and neither is chosen."""
    twice = [(HEADER, "first-id-1"), (HEADER, "second-id-2")]
    assert MADE.fullmatch((await client.get("/api/health", headers=twice)).headers[HEADER])


async def test_problem_names_the_id(client: httpx.AsyncClient) -> None:
    """The body of a problem has the id as well: people copy bodies, not headers."""
    response = await client.get("/api/orders", headers={HEADER: "call-0001"})
    assert response.json()["correlation_id"] == "call-0001"


async def test_request_record_continues_the_caller_and_has_the_id(
    client: httpx.AsyncClient, ingestion: Ingestion, good: dict[str, str]
) -> None:
    """The request is recorded once, under the caller's trace, with route, status and id; never with the query."""
    headers = good | {HEADER: "record-0001", "traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}
    await client.get("/api/orders/none?code=not-for-the-log", headers=headers)
    (envelope,) = await records(ingestion, "RequestData", "record-0001")
    request = envelope["data"]["baseData"]
    assert (request["name"], request["responseCode"]) == ("GET /api/orders/{id}", "404")
    assert request["properties"]["orders.reason"] == "order_not_found"
    assert (envelope["tags"]["ai.operation.id"], envelope["tags"]["ai.cloud.role"]) == (TRACE_ID, "func-orders-prod")
    assert "not-for-the-log" not in str(envelope)


async def test_logs_have_the_id_and_the_trace(
    client: httpx.AsyncClient, ingestion: Ingestion, good: dict[str, str]
) -> None:
    """Each log record of a call has its id and its operation."""
    headers = good | {HEADER: "log-000001", "traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}
    response = await client.post("/api/orders", headers=headers, json=BODY)
    (envelope,) = await records(ingestion, "MessageData", "log-000001")
    assert envelope["data"]["baseData"]["message"] == f"Order {response.json()['id']} taken"
    assert envelope["tags"]["ai.operation.id"] == TRACE_ID


async def test_concurrent_calls_do_not_mix(
    client: httpx.AsyncClient, ingestion: Ingestion, good: dict[str, str]
) -> None:
    """Of calls at the same time each log record has the id of its own call."""
    ids = [f"concurrent-{number}" for number in range(20)]
    responses = await asyncio.gather(
        *(client.post("/api/orders", headers=good | {HEADER: name}, json=BODY) for name in ids)
    )
    assert [response.headers[HEADER] for response in responses] == ids
    for name, response in zip(ids, responses, strict=True):
        (envelope,) = await records(ingestion, "MessageData", name)
        assert response.json()["id"] in envelope["data"]["baseData"]["message"]


async def test_no_token_is_in_the_telemetry(
    client: httpx.AsyncClient, ingestion: Ingestion, good: dict[str, str]
) -> None:
    """A call with a token leaves records, and the token is in none of them."""
    await client.get("/api/orders", headers=good | {HEADER: "secret-0001"})
    assert await records(ingestion, "RequestData", "secret-0001")
    assert good["Authorization"].partition(" ")[2] not in str(ingestion.envelopes)


async def test_the_keys_are_fetched_under_the_id(entra: Entra, ingestion: Ingestion) -> None:
    """The first call's fetch of the signing keys carries its id, and is a dependency of it by id and by operation."""
    carried: list[str | None] = []

    async def answer(request: Request) -> Response:
        carried.append(request.header(HEADER))
        return Response(200, headers=(("Content-Type", "application/json"),), body=json.dumps(published).encode())

    published = {"keys": [entra.entry(signing_key(0))]}
    async with await serve(answer) as keys:
        settings = settings_for(entra) | telemetry_to(ingestion) | {"ORDERS_JWKS_URL": f"{keys.url}/keys"}
        headers = bearer(token_of(entra)) | {HEADER: "keys-000001"}
        async with await run(settings) as app, client_of(app) as http:
            assert (await http.get("/api/orders", headers=headers)).status_code == httpx.codes.OK
            (dependency,) = await records(ingestion, "RemoteDependencyData", "keys-000001")
            (request,) = await records(ingestion, "RequestData", "keys-000001")
    assert carried == ["keys-000001"]
    assert dependency["data"]["baseData"]["resultCode"] == "200"
    assert dependency["tags"]["ai.operation.id"] == request["tags"]["ai.operation.id"]
    assert dependency["tags"]["ai.operation.parentId"] == request["data"]["baseData"]["id"]


async def test_an_exception_has_the_id(entra: Entra, ingestion: Ingestion) -> None:
    """A fetch that fails leaves its failed dependency and its log under the id; the caller gets 503 with the id."""
    settings = settings_for(entra) | telemetry_to(ingestion) | {"ORDERS_JWKS_URL": "http://127.0.0.1:9/keys"}
    headers = bearer(token_of(entra)) | {HEADER: "gone-000001"}
    async with await run(settings) as app, client_of(app) as http:
        answer = await http.get("/api/orders", headers=headers)
        (dependency,) = await records(ingestion, "RemoteDependencyData", "gone-000001")
        logs = await records(ingestion, "MessageData", "gone-000001")
    assert (answer.status_code, answer.json()["reason"]) == (503, "keys_unavailable")
    assert answer.headers[HEADER] == "gone-000001"
    assert dependency["data"]["baseData"]["success"] is False
    assert any("signing keys could not be fetched" in one["data"]["baseData"]["message"] for one in logs)
