"""The deployed policies, run on recorded answers of the world."""

from collections.abc import Mapping
from typing import Any

from lab.policy import deployed
from lab.policy.program import Program
from tests.lab.policy.stage import outcome

NAMED_VALUES: Mapping[str, str] = {
    "backend-host": "func-orders-prod.azurewebsites.net",
    "backend-audience": "api://orders",
    "probe-host": "func-probe-prod.azurewebsites.net",
    "probe-function-key": "probe-k3y",
}
CALLS: Mapping[str, Mapping[str, Any]] = {
    "orders": {
        "api": {"id": "orders", "name": "Orders", "path": "orders", "service_url": "https://unset.example"},
        "operation": {"id": "list-orders", "method": "GET", "url_template": "/orders"},
        "request": {
            "url": "https://api.internal.example.com/orders/orders?limit=5&subscription-key=k3y",
            "headers": {
                "Authorization": ["Bearer of-the-caller"],
                "Ocp-Apim-Subscription-Key": ["k3y"],
                "x-correlation-id": ["of-the-caller"],
            },
        },
    },
    "diagnostics": {
        "api": {
            "id": "diagnostics",
            "name": "Diagnostics",
            "path": "diagnostics",
            "service_url": "https://unset.example",
        },
        "operation": {"id": "diagnose", "method": "GET", "url_template": "/diagnose"},
        "request": {
            "url": "https://api.internal.example.com/diagnostics/diagnose?path=orders",
            "headers": {
                "Authorization": ["Bearer of-the-caller"],
                "x-gateway-target": ["forged"],
                "x-gateway-status": ["200"],
            },
        },
        "send_request": {
            "backend-answer": [{"status": 200, "headers": {}, "body": '{"orders": []}', "elapsed_ms": 37}]
        },
    },
}


def program(api: str, change: tuple[str, str, str] | None = None) -> Program:
    """The program of an API; `change` = a file, and what is put in it for what."""
    texts = dict(deployed.texts())
    if change is not None:
        file, old, new = change
        assert old in texts[file]
        texts[file] = texts[file].replace(old, new)
    return Program(deployed.documents(texts, api, named_values=NAMED_VALUES))


async def call(api: str, *, ready: Program | None = None, **changes: Any) -> dict[str, Any]:
    """What one call of an API comes to, in the words of a vector."""
    given = {"tokens": {"api://orders": "of-the-gateway"}, **CALLS[api], **changes}
    return await outcome(given, ready or program(api))
