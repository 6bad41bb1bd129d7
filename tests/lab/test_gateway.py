"""API Management's stand-in, in front of a backend of the lab."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from lab import name_server
from lab.gateway import CORRELATION_ID, ApiManagement, GatewayLog
from lab.http import Request, Response, serve
from lab.listener import open_listener
from lab.network import Network
from lab.resolver import SystemResolver
from lab.world import Gateway, Leaf, Listener, ListenerFault, NameServer, NameServerFault
from tests.lab.clients import fetch

API = "api.internal.example.com"
BACKEND = "app.azurewebsites.net"
ADDRESS = "10.80.20.4"
NAME_SERVER = NameServer(address="168.63.129.16", public=(f"{BACKEND} 60 A {ADDRESS}",))
LISTENER = Listener(address=ADDRESS, certificates=(Leaf(names=("*.azurewebsites.net",)),))
GATEWAY = Gateway(hosts=(API,), backend_url=f"https://{BACKEND}/api", backend_audience="api://orders")
LIMIT_S = 0.5
URL = f"http://{API}/orders/health"


@dataclass(kw_only=True)
class Api:
    """A gateway and what its backend and its log have seen."""

    port: int = 0
    seen: list[Request] = field(default_factory=list)
    log: GatewayLog = field(default_factory=list)

    async def backend(self, request: Request) -> Response:
        """The backend: it shows what it got."""
        self.seen.append(request)
        body = json.dumps({"method": request.method, "target": request.target, "body": request.body.decode()})
        status = 503 if request.path.endswith("/failing") else 200
        return Response(status=status, headers=(("x-backend", "yes"), ("Connection", "close")), body=body.encode())

    def header(self, name: str) -> str | None:
        """A header of the last request that came to the backend."""
        return self.seen[-1].header(name)


@asynccontextmanager
async def api(
    gateway: Gateway = GATEWAY, *, listener: Listener = LISTENER, names: NameServer = NAME_SERVER
) -> AsyncIterator[Api]:
    """A gateway with this policy, this backend and this name server."""
    it, network = Api(), Network()
    resolver = SystemResolver(network=network, server=(names.address, names.port))
    handler = ApiManagement(
        gateway,
        network=network,
        resolver=lambda: resolver,
        token=lambda audience: f"for-{audience}",
        log=it.log,
        backend_limit_s=LIMIT_S,
    )
    dns, behind = await name_server.start(names), await open_listener(listener, it.backend)
    network.place(names.address, names.port, dns.port)
    network.place(listener.address, listener.port, behind.port)
    try:
        async with await serve(handler) as front:
            it.port = front.port
            yield it
    finally:
        await dns.aclose()
        await behind.aclose()


async def test_the_backend_gets_the_operation_below_its_base_url() -> None:
    """Method, path after the API's suffix, query and body go on; status, headers and body come back."""
    async with api() as it:
        answer = await fetch(it.port, f"http://{API}/orders/orders?limit=1", method="POST", content=b"an order")
    assert answer.json() == {"method": "POST", "target": "/api/orders?limit=1", "body": "an order"}
    assert (answer.status_code, answer.headers["x-backend"]) == (200, "yes")


async def test_the_backend_is_called_by_its_host_name() -> None:
    """Host is the backend's, which TLS was verified for."""
    async with api() as it:
        await fetch(it.port, URL)
        assert it.header("host") == BACKEND


async def test_the_policy_overrides_the_correlation_id_with_its_own_request_id() -> None:
    """The caller's id goes no further; the backend's is that of the log."""
    async with api() as it:
        await fetch(it.port, URL, headers={CORRELATION_ID: "from-the-caller"})
        assert it.header(CORRELATION_ID) == it.log[-1]["CorrelationId"] != "from-the-caller"


async def test_a_policy_without_that_statement_passes_the_callers_id_on() -> None:
    """The id of the caller reaches the backend."""
    async with api(replace(GATEWAY, sets_correlation_id=False)) as it:
        await fetch(it.port, URL, headers={CORRELATION_ID: "from-the-caller"})
        assert it.header(CORRELATION_ID) == "from-the-caller"


async def test_the_gateway_shows_its_own_token() -> None:
    """The caller's Authorization is replaced by the managed identity's."""
    async with api() as it:
        await fetch(it.port, URL, headers={"Authorization": "Bearer of-the-caller"})
        assert it.header("authorization") == "Bearer for-api://orders"


async def test_without_an_audience_the_callers_token_goes_on() -> None:
    """A policy without authentication-managed-identity leaves the header alone."""
    async with api(replace(GATEWAY, backend_audience=None)) as it:
        await fetch(it.port, URL, headers={"Authorization": "Bearer of-the-caller"})
        assert it.header("authorization") == "Bearer of-the-caller"


async def test_a_call_is_logged_with_the_backends_answer() -> None:
    """The row says what was called and what came back."""
    async with api() as it:
        await fetch(it.port, URL)
        (row,) = it.log
    assert (row["BackendUrl"], row["BackendResponseCode"]) == (f"https://{BACKEND}/api/health", 200)
    assert (row["ResponseCode"], row["IsRequestSuccess"], row["LastErrorReason"]) == (200, True, None)


async def test_a_failure_of_the_backend_is_passed_on_as_it_is() -> None:
    """503 of the backend is no error of the gateway."""
    async with api() as it:
        answer = await fetch(it.port, f"http://{API}/orders/failing")
        (row,) = it.log
    assert (answer.status_code, answer.headers["x-backend"]) == (503, "yes")
    assert (row["BackendResponseCode"], row["IsRequestSuccess"], row["LastErrorReason"]) == (503, False, None)


@pytest.mark.parametrize("url", [f"http://{API}/", f"http://{API}/ordersx/health", "http://other.example.com/orders/a"])
async def test_what_no_operation_matches_is_not_found(url: str) -> None:
    """404 of the gateway's own making, and the backend is not called."""
    async with api() as it:
        answer = await fetch(it.port, url)
        (row,) = it.log
    assert (answer.status_code, answer.json()) == (404, {"statusCode": 404, "message": "Resource not found"})
    assert (row["LastErrorReason"], row["BackendUrl"], it.seen) == ("OperationNotFound", None, [])


@pytest.mark.parametrize(
    ("listener", "names", "message"),
    [
        (LISTENER, replace(NAME_SERVER, public=()), f"The remote name could not be resolved: '{BACKEND}'"),
        (LISTENER, replace(NAME_SERVER, fault=NameServerFault.CLOSED), "The remote name could not be resolved"),
        (LISTENER, replace(NAME_SERVER, public=(f"{BACKEND} 60 A 10.80.99.4",)), "Unable to connect"),
        (replace(LISTENER, fault=ListenerFault.CLOSED), NAME_SERVER, "Unable to connect"),
        (replace(LISTENER, certificates=(Leaf(names=("x.example.com",)),)), NAME_SERVER, "The remote certificate"),
        (replace(LISTENER, fault=ListenerFault.PLAIN), NAME_SERVER, "The remote certificate"),
    ],
)
async def test_a_backend_that_cannot_be_reached_is_500(listener: Listener, names: NameServer, message: str) -> None:
    """Name, TCP and TLS share one reason; the message alone tells them apart, and the caller learns nothing."""
    async with api(listener=listener, names=names) as it:
        answer = await fetch(it.port, URL)
        (row,) = it.log
    assert (answer.status_code, answer.json()) == (500, {"statusCode": 500, "message": "Internal server error"})
    assert (row["LastErrorReason"], row["BackendResponseCode"]) == ("BackendConnectionFailure", None)
    assert row["LastErrorMessage"].startswith(message)


async def test_the_second_address_is_tried_where_the_first_fails() -> None:
    """A name with two addresses is reached as long as one of them serves."""
    records = (f"{BACKEND} 60 A 10.80.99.4", f"{BACKEND} 60 A {ADDRESS}")
    async with api(names=replace(NAME_SERVER, public=records)) as it:
        assert (await fetch(it.port, URL)).status_code == 200


async def test_a_backend_without_an_answer_is_a_timeout() -> None:
    """After the limit of the policy the answer is 500, and the reason is not that of a failed connection."""
    async with api(listener=replace(LISTENER, fault=ListenerFault.SILENT)) as it:
        answer = await fetch(it.port, URL)
        (row,) = it.log
    assert (answer.status_code, row["LastErrorReason"]) == (500, "Timeout")
    assert row["BackendTime"] >= LIMIT_S * 1e3
