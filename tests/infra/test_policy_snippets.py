"""The other credentials of the article: each snippet in its place in orders.xml."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lab.policy import deployed
from lab.policy.program import PolicyError, Program
from tests.infra.stage import NAMED_VALUES, call

CREDENTIAL = '    <authentication-managed-identity resource="{{backend-audience}}" />\n'
SNIPPETS = {file.stem: file for file in (deployed.FOLDER / "snippets").glob("*.xml")}
MORE = {"backend-function-key": "f-k3y", "tenant-id": "a-tenant", "caller-client-id": "a-client"}


def orders(snippet: str, *, keeps_credential: bool = False, certificates: frozenset[str] = frozenset()) -> Program:
    """The orders API with a snippet before, or in place of, the gateway's token."""
    text = SNIPPETS[snippet].read_text(encoding="utf-8")
    inside = re.search(r"<fragment>(.*)</fragment>", text, re.DOTALL)
    assert inside
    texts = dict(deployed.texts())
    assert CREDENTIAL in texts["orders.xml"]
    kept = CREDENTIAL if keeps_credential else ""
    texts["orders.xml"] = texts["orders.xml"].replace(CREDENTIAL, inside[1] + kept)
    return Program(
        deployed.documents(texts, "orders", named_values={**NAMED_VALUES, **MORE}, certificates=certificates)
    )


async def sent(ready: Program, **changes: Any) -> Mapping[str, Any]:
    """The request that came to the backend."""
    (request,) = (await call("orders", ready=ready, **changes))["backend_requests"]
    assert isinstance(request, Mapping)
    return request


async def test_a_function_key_goes_in_place_of_the_token() -> None:
    """And the caller's Authorization does not."""
    headers = (await sent(orders("function-key")))["headers"]
    assert headers["x-functions-key"] == ["f-k3y"]
    assert "Authorization" not in headers


async def test_a_client_certificate_is_shown_in_place_of_the_token() -> None:
    """By the name it has in API Management."""
    request = await sent(orders("client-certificate", certificates=frozenset({"backend-client"})))
    assert request["client_certificate"] == {"certificate_id": "backend-client"}
    assert "Authorization" not in request["headers"]


def test_a_certificate_that_the_gateway_does_not_have_is_refused() -> None:
    """When the documents are read, as an unknown backend is."""
    with pytest.raises(PolicyError, match="certificate backend-client does not exist"):
        orders("client-certificate")


async def test_the_callers_token_is_looked_at_before_it_is_replaced() -> None:
    """Refused it is 401 with its reason, and nothing is sent; accepted, the gateway's goes on."""
    ready = orders("caller-token", keeps_credential=True)
    assert (await sent(ready))["headers"]["Authorization"] == ["Bearer of-the-gateway"]
    verdicts = {"validate-azure-ad-token": {"reason": "TokenExpired", "message": "expired"}}
    refused = await call("orders", ready=ready, verdicts=verdicts)
    assert (refused["response"]["status"], refused["backend_requests"]) == (401, [])
    assert '"reason":"TokenExpired","source":"validate-azure-ad-token"' in refused["response"]["body"]


def test_every_snippet_is_tried() -> None:
    """One without a test would be a promise."""
    assert SNIPPETS.keys() == {"function-key", "client-certificate", "caller-token"}
