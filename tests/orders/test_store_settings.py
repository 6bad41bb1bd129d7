import subprocess
import sys
from http import HTTPStatus

import pytest

from lab.entra import Entra
from orders_api.store_settings import StoreSettings, StoreUnusable, read
from tests.orders.conftest import ORDERS, client_of, run, settings_for

ENDPOINT = "https://stordersprod.table.core.windows.net"
GUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"
SIGNATURE = "sv=2024-11-04&ss=t&sig=bm90LXRvLWJlLWxvZ2dlZA%3D%3D"
CONNECTION = "DefaultEndpointsProtocol=https;AccountName=stordersprod;AccountKey=bm90LXRvLWJlLWxvZ2dlZA=="
SDK = ("azure.data.tables", "azure.identity", "aiohttp")


def test_no_settings_are_none() -> None:
    """Without any of the three, also where they are there and blank, no table is meant."""
    assert read({}) is None
    assert read({"ORDERS_TABLE_ENDPOINT": " ", "ORDERS_TABLE_NAME": "", "ORDERS_TENANT_ID": GUID}) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        ENDPOINT,
        f"{ENDPOINT}/",
        "https://stordersprod.table.core.usgovcloudapi.net",
        "https://stordersprod.z12.table.storage.azure.net",
        "https://127.0.0.1:10002/devstoreaccount1",
    ],
)
def test_endpoint_is_enough(endpoint: str) -> None:
    """The table is called orders and the app's own identity is used where nothing else is said."""
    assert read({"ORDERS_TABLE_ENDPOINT": endpoint}) == StoreSettings(
        endpoint=endpoint.rstrip("/"), table="orders", client_id=None
    )


def test_table_and_identity_can_be_chosen() -> None:
    """The name of the table keeps its case; a client id is compared in lower case everywhere."""
    chosen = {"ORDERS_TABLE_ENDPOINT": ENDPOINT, "ORDERS_TABLE_NAME": "Orders2", "ORDERS_STORE_CLIENT_ID": GUID}
    assert read(chosen) == StoreSettings(endpoint=ENDPOINT, table="Orders2", client_id=GUID.lower())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ORDERS_TABLE_ENDPOINT", ""),
        ("ORDERS_TABLE_ENDPOINT", "stordersprod"),
        ("ORDERS_TABLE_ENDPOINT", ENDPOINT.replace("https", "http")),
        ("ORDERS_TABLE_ENDPOINT", "http://127.0.0.1:10002/devstoreaccount1"),
        ("ORDERS_TABLE_ENDPOINT", "https://127.0.0.1:10002"),
        ("ORDERS_TABLE_ENDPOINT", "https://127.0.0.1:10002/devstoreaccount1/orders"),
        ("ORDERS_TABLE_ENDPOINT", "https://stordersprod.privatelink.table.core.windows.net"),
        ("ORDERS_TABLE_ENDPOINT", "https://stordersprod.blob.core.windows.net"),
        ("ORDERS_TABLE_ENDPOINT", "https://stordersprod.table.cosmos.azure.com"),
        ("ORDERS_TABLE_ENDPOINT", "https://stordersprod.table.core.windows.net.example.com"),
        ("ORDERS_TABLE_ENDPOINT", "https://10.80.20.4"),
        ("ORDERS_TABLE_ENDPOINT", f"{ENDPOINT}:8443"),
        ("ORDERS_TABLE_ENDPOINT", f"{ENDPOINT}/orders"),
        ("ORDERS_TABLE_NAME", "my-orders"),
        ("ORDERS_TABLE_NAME", "2orders"),
        ("ORDERS_TABLE_NAME", "or"),
        ("ORDERS_TABLE_NAME", "o" * 64),
        ("ORDERS_TABLE_NAME", "Tables"),
        ("ORDERS_STORE_CLIENT_ID", "id-orders-prod"),
    ],
)
def test_wrong_setting_is_named(key: str, value: str) -> None:
    """The fault has key, value and what is allowed, and nothing else is held against the settings."""
    settings = read({"ORDERS_TABLE_ENDPOINT": ENDPOINT, "ORDERS_TABLE_NAME": "orders"} | {key: value})
    assert isinstance(settings, StoreUnusable)
    (fault,) = settings.faults
    assert (fault.key, fault.value) == (key, value)
    assert fault.allowed


def test_all_wrong_settings_are_named_at_once() -> None:
    """Whoever mends them need not start the app three times."""
    settings = read({"ORDERS_TABLE_NAME": "x", "ORDERS_STORE_CLIENT_ID": "y"})
    assert isinstance(settings, StoreUnusable)
    keys = [fault.key for fault in settings.faults]
    assert keys == ["ORDERS_TABLE_ENDPOINT", "ORDERS_TABLE_NAME", "ORDERS_STORE_CLIENT_ID"]


@pytest.mark.parametrize("secret", [f"{ENDPOINT}?{SIGNATURE}", CONNECTION, f"https://user:{GUID}@example.com"])
def test_secret_is_refused_and_not_shown(secret: str) -> None:
    """A key or a signature is no endpoint, and does not get into the log with the fault."""
    settings = read({"ORDERS_TABLE_ENDPOINT": secret})
    assert isinstance(settings, StoreUnusable)
    (fault,) = settings.faults
    assert fault.key == "ORDERS_TABLE_ENDPOINT"
    assert not any(part in str(fault) for part in ("bm90", "sig=", GUID, "AccountKey="))


@pytest.mark.asyncio(loop_scope="module")
async def test_app_with_a_wrong_setting_keeps_orders_nowhere(entra: Entra, good: dict[str, str]) -> None:
    """Health names the key and the store that was meant; every route of orders is 503; the secret is in no log."""
    settings = settings_for(entra) | {"ORDERS_TABLE_ENDPOINT": f"{ENDPOINT}?{SIGNATURE}"}
    async with await run(settings) as app, client_of(app) as client:
        health = (await client.get("/api/health")).json()
        assert (health["store"], health["configured"]) == ("table", False)
        assert health["wrong_settings"] == ["ORDERS_TABLE_ENDPOINT"]
        for method, path in (("POST", "/api/orders"), ("GET", "/api/orders"), ("GET", "/api/orders/1")):
            body = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 1}]} if method == "POST" else None
            response = await client.request(method, path, headers=good, json=body)
            expected = (HTTPStatus.SERVICE_UNAVAILABLE, "misconfigured")
            assert (response.status_code, response.json()["reason"]) == expected
            assert (await client.request(method, path)).status_code == HTTPStatus.UNAUTHORIZED
    assert "ORDERS_TABLE_ENDPOINT is" in app.log
    assert "bm90" not in app.log


@pytest.mark.parametrize(("endpoint", "loaded"), [("", False), (ENDPOINT, True)])
def test_storage_library_is_loaded_with_a_table_only(endpoint: str, *, loaded: bool) -> None:
    """An app that keeps its orders in memory starts without the SDK and its HTTP client."""
    code = f"import function_app, sys; sys.exit(2 * sum(name in sys.modules for name in {SDK!r}))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ORDERS, env={"ORDERS_TABLE_ENDPOINT": endpoint}, check=False
    )
    assert ended.returncode == 2 * loaded * len(SDK)
