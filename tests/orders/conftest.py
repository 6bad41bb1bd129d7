"""The orders app in a host process of its own, with an identity provider and an ingestion endpoint beside it."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra
from lab.host.process import HostProcess, start
from lab.ingestion import Ingestion
from tests.orders.storage import Storage, storage

ORDERS = Path(os.environ.get("ORDERS_UNDER_TEST") or Path(__file__).parents[2] / "orders")
"""The app's folder; the mutation run has the tests look at another one."""
AUDIENCE = "api://orders"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
OBJECT_ID = "66666666-7777-4888-9999-aaaaaaaaaaaa"
LISTED_OBJECT_ID = "22222222-3333-4444-8555-666666666666"

# Where the Functions worker finds the app's package; last, so that no `function_app` of another app is hidden by it.
sys.path.append(str(ORDERS))


def settings_for(entra: Entra) -> dict[str, str]:
    """App settings under which the app accepts two clients, one by its client id and one by its object id."""
    return {
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "ORDERS_TENANT_ID": entra.tenant_id,
        "ORDERS_AUDIENCES": f"{AUDIENCE},{CLIENT_ID}",
        "ORDERS_ALLOWED_CLIENTS": f"{CLIENT_ID}, {LISTED_OBJECT_ID}",
        "ORDERS_JWKS_URL": entra.jwks_url,
    }


def token_of(entra: Entra, audience: str = AUDIENCE, **changes: Any) -> str:
    """A token that opens every route, but for the changes."""
    arguments: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "object_id": OBJECT_ID,
        "roles": ("Orders.Read", "Orders.Write"),
    }
    return entra.issue(audience, **arguments | changes)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def client_of(app: HostProcess) -> httpx.AsyncClient:
    """A client of the app that no proxy setting leads astray."""
    return httpx.AsyncClient(base_url=app.url, trust_env=False, timeout=10)


async def run(settings: Mapping[str, str]) -> HostProcess:
    """The app under these settings; close it."""
    return await start(ORDERS, settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def entra() -> AsyncIterator[Entra]:
    """The tenant of the module."""
    async with await Entra.start() as tenant:
        yield tenant


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingestion() -> AsyncIterator[Ingestion]:
    """Where the telemetry of the module goes."""
    async with await Ingestion.start() as endpoint:
        yield endpoint


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def account(entra: Entra) -> AsyncIterator[Storage]:
    """The storage account of the module."""
    async with storage(entra, settings_for(entra)) as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(entra: Entra) -> AsyncIterator[HostProcess]:
    """The app of the module, configured, without telemetry."""
    async with await run(settings_for(entra)) as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(app: HostProcess) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the module's app."""
    async with client_of(app) as http:
        yield http


@pytest.fixture(scope="module")
def good(entra: Entra) -> dict[str, str]:
    """The header of a caller that may do everything."""
    return bearer(token_of(entra))
