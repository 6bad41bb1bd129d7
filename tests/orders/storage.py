"""A storage account for the orders app: Azurite, an identity that may use it, and a front end that can be broken."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpcore
import httpx

from lab.azurite import ACCOUNT, Azurite
from lab.entra import Entra
from lab.forward import forward
from lab.http import Request, Response, Server, serve
from lab.managed_identity import ManagedIdentity

TABLE = "orders"
BODY: dict[str, Any] = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 2}]}
NOBODY = "00000000-0000-7000-8000-000000000000"
"""The id of no order."""
Handler = Callable[[Request], Awaitable[Response]]


class Storage:
    """The account.

    Attributes:
        answer: settable; what its front end does with a request, `forward` unless a test wants something else.
        requests: that came to the front end.
    """

    def __init__(self, azurite: Azurite, identity: ManagedIdentity, settings: Mapping[str, str]) -> None:
        """Not listening yet; `storage` opens one."""
        self.azurite = azurite
        self.identity = identity
        self.answer: Handler = self.forward
        self.requests: list[Request] = []
        self._settings = settings
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(azurite.cert_file, azurite.key_file)
        trusting = ssl.create_default_context(cafile=str(azurite.ca_file))
        self._pool = httpcore.AsyncConnectionPool(ssl_context=trusting)
        self._server: Server | None = None
        self._port = 0

    async def listen(self) -> None:
        """Open the front end, at the same port each time."""
        self._server = await serve(self._handle, port=self._port, ssl_context=self._context)
        self._port = self._server.port

    async def deafen(self) -> None:
        """Close the front end and its connections."""
        if self._server:
            await self._server.aclose()
            self._server = None

    async def aclose(self) -> None:
        """Close it for good."""
        await self.deafen()
        await self._pool.aclose()

    async def forward(self, request: Request) -> Response:
        """Azurite's answer."""
        url = f"https://127.0.0.1:{self.azurite.port}{request.target}"
        return await forward(self._pool, request, url, request.headers)

    async def make_table(self) -> None:
        """The table, as the deployment of an account makes it."""
        async with self.azurite.table(TABLE) as table:
            await table.create_table()

    async def entities(self) -> list[dict[str, Any]]:
        """All that the table holds."""
        async with self.azurite.table(TABLE) as table:
            return [dict(entity) async for entity in table.list_entities()]

    def settings(self, **changes: str) -> dict[str, str]:
        """App settings under which the app keeps its orders here, through the front end, but for the changes."""
        return {
            **self._settings,
            **self.identity.environment,
            "ORDERS_TABLE_ENDPOINT": f"https://127.0.0.1:{self._port}/{ACCOUNT}",
            "SSL_CERT_FILE": str(self.azurite.ca_file),
            **changes,
        }

    async def _handle(self, request: Request) -> Response:
        self.requests.append(request)
        return await self.answer(request)


@asynccontextmanager
async def storage(entra: Entra, settings: Mapping[str, str]) -> AsyncIterator[Storage]:
    """An account with the table in it, for an app that has these settings for everything else."""
    async with await Azurite.start(entra) as azurite, ManagedIdentity(entra) as identity:
        account = Storage(azurite, identity, settings)
        await account.make_table()
        await account.listen()
        try:
            yield account
        finally:
            await account.aclose()


async def silent(_: Request) -> Response:
    """Never comes back."""
    await asyncio.Event().wait()
    raise AssertionError("waited for ever")


def answering(status: int, body: str = "", **headers: str) -> Handler:
    """The same answer to every request."""
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())

    async def answer(_: Request) -> Response:
        return Response(status, headers=given, body=body.encode())

    return answer


def saying(text: bytes) -> Handler:
    """These bytes, and the end of the connection."""

    async def answer(_: Request) -> Response:
        return Response(0, raw=text)

    return answer


def keyed(headers: dict[str, str]) -> dict[str, str]:
    """The headers with an Idempotency-Key that nobody has used."""
    return headers | {"Idempotency-Key": uuid.uuid4().hex}


async def created(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    """The id of an order that was taken."""
    response = await client.post("/api/orders", headers=headers, json=BODY)
    assert response.status_code == HTTPStatus.CREATED, response.text
    return str(response.json()["id"])
