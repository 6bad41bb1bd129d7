import asyncio
import json

import azure.functions as func
import pytest

from probes.app.call import answer


def request(**headers: str) -> func.HttpRequest:
    """A call with these headers."""
    return func.HttpRequest("GET", "https://probe/api/x", headers={"x-correlation-id": "12345678", **headers}, body=b"")


async def test_a_cancelled_call_is_answered() -> None:
    """CancelledError out of a function would leave the caller waiting until the function's time limit."""

    async def cancelled(_request: func.HttpRequest, _correlation_id: str) -> func.HttpResponse:
        raise asyncio.CancelledError

    response = await answer(request(), cancelled)
    assert (response.status_code, response.headers["x-correlation-id"]) == (503, "12345678")
    assert json.loads(response.get_body())["reason"] == "interrupted"


@pytest.mark.parametrize("offered", ["short", "a" * 129, "two,ids-of-a-call", "with blank", "line\nbreak", ""])
async def test_a_malformed_correlation_id_is_replaced(offered: str) -> None:
    """What comes back, and goes into logs, is a new one."""

    async def served(_request: func.HttpRequest, correlation_id: str) -> func.HttpResponse:
        return func.HttpResponse(correlation_id)

    response = await answer(request(**{"x-correlation-id": offered}), served)
    assert response.headers["x-correlation-id"] == response.get_body().decode() != offered
