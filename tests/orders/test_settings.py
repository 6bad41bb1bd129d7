from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra
from orders_api.settings import Settings, TokenSettings, Unusable, read
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

GUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"
GOOD = {"ORDERS_TENANT_ID": GUID, "ORDERS_AUDIENCES": f"api://orders, {GUID}", "ORDERS_ALLOWED_CLIENTS": GUID}
KEYS = {"ORDERS_FUNCTION_KEYS": "k" * 32}
CERTIFICATES = {
    "ORDERS_CLIENT_CERTIFICATES": "AB:" * 31 + "ab",
    "ORDERS_TLS_TERMINATED_BY": "app-service",
    "WEBSITE_INSTANCE_ID": "0",
}


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
        assert (await client.get("/api/orders")).json()["reason"] == "nothing_accepted"
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
    assert settings.tokens == TokenSettings(
        tenant_id=GUID.lower(),
        audiences=frozenset({"api://orders", GUID.lower()}),
        allowed_clients=frozenset({GUID.lower()}),
        jwks_url=f"https://login.microsoftonline.com/{GUID.lower()}/discovery/v2.0/keys",
    )


def test_each_kind_is_accepted_if_it_is_configured() -> None:
    """One kind alone is enough, and the others are nothing then."""
    for environment, kinds in (
        (GOOD, [True, False, False]),
        (KEYS, [False, True, False]),
        (CERTIFICATES, [False, False, True]),
        (GOOD | KEYS | CERTIFICATES, [True, True, True]),
    ):
        settings = read(environment)
        assert isinstance(settings, Settings)
        assert [bool(kind) for kind in (settings.tokens, settings.function_keys, settings.certificates)] == kinds


def test_thumbprints_may_have_colons() -> None:
    """As openssl writes them and as anybody else does, they are the same."""
    settings = read(CERTIFICATES | {"ORDERS_CLIENT_CERTIFICATES": f"{'AB:' * 31}ab, {'ab' * 32}"})
    assert isinstance(settings, Settings)
    assert settings.certificates
    assert settings.certificates.thumbprints == {"ab" * 32}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ORDERS_TENANT_ID", "common"),
        ("ORDERS_TENANT_ID", ""),
        ("ORDERS_AUDIENCES", ""),
        ("ORDERS_AUDIENCES", "orders"),
        ("ORDERS_AUDIENCES", "api://orders,*"),
        ("ORDERS_ALLOWED_CLIENTS", "*"),
        ("ORDERS_ALLOWED_CLIENTS", ""),
        ("ORDERS_JWKS_URL", "http://keys.example.com/keys"),
        ("ORDERS_JWKS_URL", "http://localhost/keys"),
        ("ORDERS_JWKS_URL", "https://"),
        ("ORDERS_JWKS_URL", "https://keys.example.com:port/"),
        ("ORDERS_JWKS_URL", "https://keys.example.com/a\nb"),
        ("ORDERS_JWKS_URL", "file:///etc/keys"),
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


def test_all_faults_come_at_once() -> None:
    """Those of every kind, each setting once."""
    environment = {
        "ORDERS_TENANT_ID": "common",
        "ORDERS_FUNCTION_KEYS": "short",
        "ORDERS_CLIENT_CERTIFICATES": "ab",
        "ORDERS_CLIENT_CERTIFICATE_ROLES": "none",
    }
    settings = read(environment)
    assert isinstance(settings, Unusable)
    assert [fault.key for fault in settings.faults] == [
        "ORDERS_TENANT_ID",
        "ORDERS_AUDIENCES",
        "ORDERS_ALLOWED_CLIENTS",
        "ORDERS_FUNCTION_KEYS",
        "ORDERS_CLIENT_CERTIFICATES",
        "ORDERS_TLS_TERMINATED_BY",
        "ORDERS_CLIENT_CERTIFICATE_ROLES",
    ]
    assert "short" not in str([str(fault) for fault in settings.faults])
