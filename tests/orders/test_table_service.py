import asyncio
import json
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from lab.azurite import ACCOUNT
from lab.host.process import HostProcess
from lab.ingestion import Ingestion
from lab.listener import open_listener
from lab.world import Identity, Listener, ListenerFault
from orders_api.table_service import DEADLINE_S
from tests.orders.conftest import client_of, run
from tests.orders.storage import BODY, NOBODY, Handler, Storage, answering, created, keyed, saying, silent

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARGIN_S = 3
"""What a call may take beside its wait for the storage, on a busy machine."""


def xml(code: str) -> str:
    """An error as the storage says it before it has looked at a table."""
    return f'<?xml version="1.0" encoding="utf-8"?><error><code>{code}</code><message>No.\nTime:0</message></error>'


def odata(code: str) -> str:
    """An error as the table service says it."""
    return json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": "No.\nTime:0"}}})


def error(status: int, body: str, **headers: str) -> Handler:
    """An error of the storage, with its request id."""
    kind = "application/xml" if body.startswith("<") else "application/json"
    return answering(status, body, content_type=kind, x_ms_request_id="3f2a-0001", **headers)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FAULTS: dict[str, tuple[Handler, str, str]] = {
    "silent": (silent, "store_unavailable", "SocketTimeoutError"),
    "busy": (error(503, odata("ServerBusy")), "store_unavailable", "ServerBusy"),
    "busy for an hour": (error(503, xml("ServerBusy"), retry_after="3600"), "store_unavailable", "ServerBusy"),
    "too many requests": (error(429, odata("TooManyRequests")), "store_unavailable", "TooManyRequests"),
    "failed": (error(500, odata("InternalError")), "store_unavailable", "InternalError"),
    "failed without a word": (error(500, ""), "store_unavailable", "500"),
    "network refused": (error(403, xml("AuthorizationFailure")), "store_denied", "AuthorizationFailure"),
    "network refused, in JSON": (error(403, odata("AuthorizationFailure")), "store_denied", "AuthorizationFailure"),
    "role missing": (
        error(403, odata("AuthorizationPermissionMismatch")),
        "store_denied",
        "AuthorizationPermissionMismatch",
    ),
    "token refused": (error(401, xml("InvalidAuthenticationInfo")), "store_denied", "InvalidAuthenticationInfo"),
    "table missing": (error(404, odata("TableNotFound")), "store_unavailable", "TableNotFound"),
    "page of something else": (
        error(404, "<html><body>no such site</body></html>"),
        "store_unavailable",
        "404",
    ),
    "code that would break a log line": (error(418, odata("Bad\nERROR forged")), "store_unavailable", "418"),
    "error of another shape": (error(400, '{"odata.error": {"code": 1, "message": "text"}}'), "store_unavailable", ""),
    "empty answer": (error(200, ""), "store_unavailable", ""),
    "half a document": (error(200, '{"value": ['), "store_unavailable", ""),
    "nonsense": (error(200, '{"value": 7}'), "store_unavailable", ""),
    "empty transaction": (
        answering(202, "--b--\r\n", content_type="multipart/mixed; boundary=b", x_ms_request_id="3f2a-0001"),
        "store_unavailable",
        "",
    ),
    "no HTTP": (saying(b"220 mail.example.com ESMTP\r\n"), "store_unavailable", "ClientResponseError"),
    "hung up": (saying(b""), "store_unavailable", "ServerDisconnectedError"),
    "half an answer": (saying(HEAD + b'Content-Length: 99\r\n\r\n{"value": ['), "store_unavailable", ""),
}
"""What the storage does, the reason that callers get, and the code in the log; empty where the SDK chooses it."""
SPEECHLESS = {"silent", "no HTTP", "hung up"}


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _whole(account: Storage) -> AsyncIterator[None]:
    """The storage is as it should be before and after each test."""
    account.answer = account.forward
    account.requests.clear()
    yield
    account.answer = account.forward


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(account: Storage) -> AsyncIterator[HostProcess]:
    """The app of the module, with its orders in the table."""
    async with await run(account.settings()) as process:
        yield process


async def refused(client: httpx.AsyncClient, headers: dict[str, str]) -> set[tuple[int, str, bool]]:
    """Status, reason and whether there is a Retry-After, of every operation."""
    responses = await asyncio.gather(
        client.post("/api/orders", headers=keyed(headers), json=BODY),
        client.post("/api/orders", headers=headers, json=BODY),
        client.get("/api/orders", headers=headers),
        client.get("/api/orders", headers=headers, params={"continuation": NOBODY}),
        client.get(f"/api/orders/{NOBODY}", headers=headers),
    )
    return {(answer.status_code, answer.json()["reason"], "retry-after" in answer.headers) for answer in responses}


@pytest.mark.parametrize("name", FAULTS)
async def test_failing_storage_is_a_503_with_a_reason(
    client: httpx.AsyncClient, app: HostProcess, account: Storage, good: dict[str, str], name: str
) -> None:
    """Every operation says in time that it cannot, and why; the log has the storage's code; nothing is written."""
    account.answer, reason, code = FAULTS[name]
    held, logged, begun = await account.entities(), len(app.log), time.monotonic()
    assert await refused(client, good) == {(HTTPStatus.SERVICE_UNAVAILABLE, reason, True)}
    assert time.monotonic() - begun < DEADLINE_S + MARGIN_S
    records = [line for line in app.log[logged:].splitlines() if line.startswith("ERROR orders_api.table_")]
    assert len(records) == 5
    if code:
        assert all(f"does not serve: {code}" in record for record in records)
        assert all(("x-ms-request-id 3f2a-0001" in record) == (name not in SPEECHLESS) for record in records)
    assert not any(line.startswith("ERROR forged") for line in app.log.splitlines())
    account.answer = account.forward
    assert await account.entities() == held
    assert await created(client, good)


@pytest.mark.parametrize(("headers", "tries"), [({}, 2), ({"retry_after": "3600"}, 1)])
async def test_busy_storage_is_asked_again_unless_it_says_when(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str], headers: dict[str, str], tries: int
) -> None:
    """Two tries in all; where the storage asks for patience, that is the caller's to have."""
    account.answer = error(503, odata("ServerBusy"), **headers)
    await client.get("/api/orders", headers=good)
    assert len(account.requests) == tries


async def test_storage_that_is_gone_is_a_503_until_it_is_back(
    client: httpx.AsyncClient, account: Storage, good: dict[str, str]
) -> None:
    """A closed port, and an emulator that has been stopped behind an open one; then orders are taken as before."""
    unavailable = {(HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable", True)}
    await account.deafen()
    assert await refused(client, good) == unavailable
    await account.listen()
    assert await created(client, good)
    await account.azurite.stop()
    assert await refused(client, good) == unavailable
    await account.azurite.run()
    await account.make_table()
    assert await account.entities() == []
    order_id = await created(client, good)
    assert (await client.get(f"/api/orders/{order_id}", headers=good)).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ListenerFault.DROPS, "ConnectionTimeoutError, nothing answers at the account's address"),
        (ListenerFault.SILENT, "ConnectionTimeoutError"),
        (ListenerFault.RESETS, "ClientConnectorError"),
        (ListenerFault.CLOSES, "ClientConnectorError"),
    ],
)
async def test_storage_that_cannot_be_reached_is_a_503_in_time(
    account: Storage, good: dict[str, str], fault: ListenerFault, code: str
) -> None:
    """Packets that a firewall drops, and handshakes that never end or are cut off."""
    listener = await open_listener(Listener(address="10.80.20.5", port=443, fault=fault), None)
    settings = account.settings(ORDERS_TABLE_ENDPOINT=f"https://127.0.0.1:{listener.port}/{ACCOUNT}")
    try:
        async with await run(settings) as app, client_of(app) as client:
            begun = time.monotonic()
            assert await refused(client, good) == {(HTTPStatus.SERVICE_UNAVAILABLE, "store_unavailable", True)}
            assert time.monotonic() - begun < DEADLINE_S + MARGIN_S
            assert app.log.count(f"does not serve: {code}") == 5
    finally:
        await listener.aclose()


@pytest.mark.parametrize(
    ("identity", "reason", "code"),
    [
        (Identity(available=False), "store_denied", "TokenRefused"),
        (Identity(audience="https://vault.azure.net"), "store_denied", "AuthenticationFailed"),
        (Identity(silent=True), "store_unavailable", "timeout"),
    ],
)
async def test_app_without_a_token_is_not_let_in(
    account: Storage, good: dict[str, str], identity: Identity, reason: str, code: str
) -> None:
    """An identity that gives none, a token for something else, an identity that does not answer: 503 in time."""
    account.identity.identity = identity
    try:
        async with await run(account.settings()) as app, client_of(app) as client:
            begun = time.monotonic()
            assert await refused(client, good) == {(HTTPStatus.SERVICE_UNAVAILABLE, reason, True)}
            assert time.monotonic() - begun < DEADLINE_S + MARGIN_S
        assert f"does not serve: {code}" in app.log
        assert "eyJ" not in app.log
    finally:
        account.identity.identity = Identity()


async def test_app_without_an_identity_is_not_let_in(account: Storage, good: dict[str, str]) -> None:
    """An app to which no identity was assigned is denied at once, and looks for none elsewhere."""
    async with await run(account.settings(IDENTITY_ENDPOINT="")) as app, client_of(app) as client:
        assert await refused(client, good) == {(HTTPStatus.SERVICE_UNAVAILABLE, "store_denied", True)}
    assert "does not serve: TokenRefused, the app has no managed identity" in app.log
    assert "Imds" not in app.log
    assert account.requests == []


async def test_user_assigned_identity_is_asked_for(account: Storage, good: dict[str, str]) -> None:
    """The configured client id gets its token; another one, which the app does not have, gets none."""
    for client_id, status in ((account.identity.client_id, 200), (NOBODY.replace("7", "4"), 503)):
        settings = account.settings(ORDERS_STORE_CLIENT_ID=client_id)
        async with await run(settings) as app, client_of(app) as client:
            assert (await client.get("/api/orders", headers=good)).status_code == status


async def test_storage_with_another_certificate_gets_no_token(account: Storage, good: dict[str, str]) -> None:
    """An app that does not trust whoever answers at the storage's address sends it nothing."""
    async with await run(account.settings(SSL_CERT_FILE="")) as app, client_of(app) as client:
        response = await client.get("/api/orders", headers=good)
        assert (response.status_code, response.json()["reason"]) == (503, "store_unavailable")
        assert "ClientConnectorCertificateError" in app.log
    assert account.requests == []


async def test_connections_are_closed_at_the_end(account: Storage, good: dict[str, str]) -> None:
    """An app that ends leaves neither a client session nor a connector open."""
    async with await run(account.settings()) as app, client_of(app) as client:
        await created(client, good)
    assert "Unclosed" not in app.log


async def test_correlation_id_is_on_every_record_of_the_storage_calls(
    account: Storage, ingestion: Ingestion, good: dict[str, str]
) -> None:
    """One id: on each request to the storage, for the storage's logs, and on each dependency of the call."""
    settings = account.settings(
        APPLICATIONINSIGHTS_CONNECTION_STRING=ingestion.connection_string,
        FUNCTIONS_WORKER_RUNTIME="python",
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    headers = keyed(good) | {"x-correlation-id": "stored-0001"}
    async with await run(settings) as app, client_of(app) as client:
        order_ids = [await created(client, headers) for _ in range(2)]
        account.answer = error(403, odata("AuthorizationPermissionMismatch"))
        await client.get("/api/orders", headers=headers)
    sent = [request.header("x-ms-client-request-id") for request in account.requests]
    assert sent == ["stored-0001"] * 4
    every = [
        envelope["data"]["baseData"]
        for envelope in ingestion.envelopes
        if envelope["data"]["baseType"] == "RemoteDependencyData"
        and envelope["data"]["baseData"]["properties"].get("correlation.id") == "stored-0001"
    ]
    keys, calls = [call for call in every if call["type"] == "HTTP"], [call for call in every if call["type"] != "HTTP"]
    assert [call["success"] for call in keys] == [True]
    assert len(set(order_ids)) == 1
    insert, operations = "EntityGroupTransaction orders", [call["name"] for call in calls]
    assert operations == [insert, insert, "QueryEntity orders", "QueryEntities orders"]
    assert [call["success"] for call in calls] == [True, True, True, False]
    assert {(call["type"], call["target"].split(":")[0]) for call in calls} == {("azure.tables", "127.0.0.1")}
    assert calls[-1]["properties"]["orders.error_code"] == "AuthorizationPermissionMismatch"
    assert calls[-1]["properties"]["azure.service.request.id"] == "3f2a-0001"
