import json
from http import HTTPStatus

import httpx
import pytest

from lab.host.process import HostProcess
from tests.orders.conftest import ORDERS

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROTECTED = [("GET", "/api/orders"), ("GET", "/api/orders/1"), ("POST", "/api/orders")]


async def test_all_functions_are_indexed(app: HostProcess) -> None:
    """The worker finds the four functions: one bad line would empty the whole app."""
    assert sorted(app.functions) == ["create_order", "health", "list_orders", "read_order"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_open(client: httpx.AsyncClient, method: str) -> None:
    """Anybody may ask for the app's health, with HEAD too."""
    response = await client.request(method, "/api/health")
    assert response.status_code == HTTPStatus.OK
    if method == "GET":
        expected = {"service": "orders", "status": "ok", "configured": True, "wrong_settings": [], "store": "memory"}
        assert response.json() == expected


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_every_other_route_is_closed(client: httpx.AsyncClient, method: str, path: str) -> None:
    """Without a token each of them is 401, before the request is looked at."""
    response = await client.request(method, path)
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.UNAUTHORIZED, "token_missing")
    assert response.headers["cache-control"] == "no-store"


async def test_host_json_has_known_keys_only() -> None:
    """The host ignores a misspelt key in silence, so they are counted here."""
    host = json.loads((ORDERS / "host.json").read_text())
    assert set(host) == {"version", "functionTimeout", "telemetryMode", "logging", "extensions"}
    assert set(host["extensions"]) == {"http"}
    assert (host["version"], host["telemetryMode"]) == ("2.0", "OpenTelemetry")
