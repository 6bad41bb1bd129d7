from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra
from orders_api.settings import Settings, Unusable, read
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

GUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"
GOOD = {"ORDERS_TENANT_ID": GUID, "ORDERS_AUDIENCES": f"api://orders, {GUID}", "ORDERS_ALLOWED_CLIENTS": GUID}


@pytest_asyncio.fixture
async def tenant() -> AsyncIterator[Entra]:
    """A tenant of this test only."""
    async with await Entra.start() as entra:
        yield entra


async def answers(client: httpx.AsyncClient, token: str) -> tuple[int, str]:
    """Status and reason for a good token."""
    response = await client.get("/api/orders", headers=bearer(token))
    return response.status_code, response.json()["reason"]


async def test_app_without_settings_refuses_everybody(tenant: Entra) -> None:
    """Unconfigured, the app runs, says so, and answers 401 with and without a token."""
    async with await run({}) as app, client_of(app) as client:
        assert await answers(client, token_of(tenant)) == (HTTPStatus.UNAUTHORIZED, "nothing_accepted")
        assert (await client.get("/api/orders")).json()["reason"] == "token_missing"
        health = (await client.get("/api/health")).json()
        assert (health["status"], health["configured"]) == ("ok", False)
        assert health["wrong_settings"] == ["ORDERS_TENANT_ID", "ORDERS_AUDIENCES", "ORDERS_ALLOWED_CLIENTS"]


async def test_app_with_a_wrong_setting_says_which(tenant: Entra) -> None:
    """With one wrong value every protected call is 503; health names the key, the log the value as well."""
    settings = settings_for(tenant) | {"ORDERS_ALLOWED_CLIENTS": "gateway"}
    async with await run(settings) as app, client_of(app) as client:
        assert await answers(client, token_of(tenant)) == (HTTPStatus.SERVICE_UNAVAILABLE, "misconfigured")
        health = await client.get("/api/health")
        assert (health.json()["configured"], health.json()["wrong_settings"]) == (False, ["ORDERS_ALLOWED_CLIENTS"])
        assert "gateway" not in health.text
        assert "ORDERS_ALLOWED_CLIENTS is 'gateway'; allowed: a comma list of GUIDs" in app.log


def test_good_settings_are_read_in_lower_case() -> None:
    """GUIDs compare in lower case, as tokens have them; the keys are the tenant's own by default."""
    settings = read(GOOD)
    assert isinstance(settings, Settings)
    assert settings.audiences == {"api://orders", GUID.lower()}
    assert settings.allowed_clients == {GUID.lower()}
    assert settings.jwks_url == f"https://login.microsoftonline.com/{GUID.lower()}/discovery/v2.0/keys"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ORDERS_TENANT_ID", "common"),
        ("ORDERS_AUDIENCES", ""),
        ("ORDERS_AUDIENCES", "orders"),
        ("ORDERS_AUDIENCES", "api://orders,*"),
        ("ORDERS_ALLOWED_CLIENTS", "*"),
        ("ORDERS_JWKS_URL", "http://keys.example.com/keys"),
        ("ORDERS_JWKS_URL", "https://"),
        ("ORDERS_JWKS_URL", "https://keys.example.com:port/"),
        ("ORDERS_JWKS_URL", "keys"),
    ],
)
def test_wrong_setting_is_named(key: str, value: str) -> None:
    """The fault has key, value and what is allowed, and nothing else is held against the settings."""
    settings = read(GOOD | {key: value})
    assert isinstance(settings, Unusable)
    (fault,) = settings.faults
    assert (fault.key, fault.value, settings.untouched) == (key, value, False)
    assert fault.allowed
