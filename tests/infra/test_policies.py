"""What the deployed policies do with a call."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lab.policy import deployed
from lab.policy.document import Form, escape_expression, expressions
from lab.policy.program import Program
from probes.app.gateway_evidence import observed
from tests.infra.stage import NAMED_VALUES, call, program
from tests.sweeps import path

REQUEST_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
UNREACHABLE = {"failure": {"reason": "BackendConnectionFailure", "message": "Unable to connect to the remote server"}}
LATE = {"status": 200, "elapsed_ms": 60_000}
APIS = ("orders", "diagnostics")


async def test_orders_calls_the_backend_by_its_host_name_as_itself() -> None:
    """Path and query go on; the caller's token, key and correlation id do not."""
    (sent,) = (await call("orders"))["backend_requests"]
    assert sent["url"] == "https://func-orders-prod.azurewebsites.net/api/orders?limit=5"
    assert sent["headers"] == {"Authorization": ["Bearer of-the-gateway"], "x-correlation-id": [REQUEST_ID]}


async def test_the_callers_answer_names_the_gateways_id_beside_the_backends() -> None:
    """x-correlation-id is left as the backend returned it, so that a lost one shows."""
    answer = {"status": 200, "headers": {"x-correlation-id": ["of-the-backend"]}, "body": "{}"}
    found = (await call("orders", backend=[answer]))["response"]["headers"]
    assert found == {"x-correlation-id": ["of-the-backend"], "x-gateway-request-id": [REQUEST_ID]}


@pytest.mark.parametrize(
    ("changes", "status", "reason", "source", "section"),
    [
        ({"backend": [UNREACHABLE]}, 502, "BackendConnectionFailure", "forward-request", "backend"),
        ({"backend": [LATE]}, 504, "Timeout", "forward-request", "backend"),
        ({"verdicts": {"rate-limit-by-key": "fail"}}, 429, "RateLimitExceeded", "rate-limit-by-key", "inbound"),
        ({"verdicts": {"quota-by-key": "fail"}}, 403, "QuotaExceeded", "quota-by-key", "inbound"),
        (
            {"tokens": {"api://orders": {"failure": {"message": "no identity"}}}},
            500,
            "ManagedIdentityTokenFailure",
            "authentication-managed-identity",
            "inbound",
        ),
    ],
)
async def test_an_error_keeps_its_reason(
    changes: dict[str, Any], status: int, reason: str, source: str, section: str
) -> None:
    """Problem details with the codes of LastError and the id that finds the call; the message is not told."""
    answer = (await call("orders", **changes))["response"]
    said = json.loads(answer["body"])
    assert (answer["status"], said["status"]) == (status, status)
    assert (said["reason"], said["source"], said["section"]) == (reason, source, section)
    assert said["correlation_id"] == REQUEST_ID
    assert answer["headers"] == {
        "Content-Type": ["application/problem+json"],
        "Cache-Control": ["no-store"],
        "x-correlation-id": [REQUEST_ID],
    }
    assert "Unable to connect" not in answer["body"]


async def test_an_error_in_outbound_does_not_show_the_backends_answer() -> None:
    """500 with the reason, and nothing of what the backend said."""
    throws = '<outbound><set-variable name="v" value="@(int.Parse("x"))" />'
    broken = program("orders", ("orders.xml", "<outbound>\n    <base />", throws))
    answer = (await call("orders", ready=broken))["response"]
    assert (answer["status"], json.loads(answer["body"])["reason"]) == (500, "ExpressionValueEvaluationFailure")


async def test_diagnostics_asks_the_backend_as_the_gateway_before_it_asks_the_probe() -> None:
    """With its own token and id, and nothing of the caller's; the probe gets its function key, and no token."""
    found = await call("diagnostics")
    (asked,), (sent,) = found["sent_requests"], found["backend_requests"]
    assert (asked["url"], asked["timeout_s"]) == ("https://func-orders-prod.azurewebsites.net/api/orders", 5)
    assert asked["headers"] == {"x-correlation-id": [REQUEST_ID], "Authorization": ["Bearer of-the-gateway"]}
    assert sent["url"] == "https://func-probe-prod.azurewebsites.net/api/diagnose?path=orders"
    assert sent["headers"]["x-functions-key"] == ["probe-k3y"]
    assert "Authorization" not in sent["headers"]


@pytest.mark.parametrize(
    ("answer", "outcome", "status", "elapsed_ms"),
    [
        ({"status": 200, "elapsed_ms": 37}, None, 200, 37),
        ({"status": 401, "elapsed_ms": 12}, None, 401, 12),
        ({"status": 503, "elapsed_ms": 4999}, None, 503, 4999),
        ({**UNREACHABLE, "elapsed_ms": 20}, "backend_connection_failure", None, 20),
        (LATE, "timeout", None, 5000),
    ],
)
async def test_the_probe_reads_what_the_gateway_saw(
    answer: dict[str, Any], outcome: str | None, status: int | None, elapsed_ms: int
) -> None:
    """The probe app's own reader takes the headers; forged ones of the caller are gone."""
    (sent,) = (await call("diagnostics", send_request={"backend-answer": [answer]}))["backend_requests"]
    assert all(len(values) == 1 for name, values in sent["headers"].items() if name.startswith("x-gateway-"))
    (seen,) = observed(path(), {name: values[0] for name, values in sent["headers"].items()})
    assert (seen.target, seen.failure, seen.status, seen.duration_ms) == ("backend", outcome, status, elapsed_ms)
    assert seen.correlation_id == REQUEST_ID


async def test_a_token_that_the_gateway_does_not_get_is_the_backends_refusal() -> None:
    """The backend is asked all the same, with an empty one: a missing token is not a missing network."""
    refused = {"status": 401, "elapsed_ms": 5}
    found = await call(
        "diagnostics",
        tokens={"api://orders": {"failure": {"message": "no identity"}}},
        send_request={"backend-answer": [refused]},
    )
    assert found["sent_requests"][0]["headers"]["Authorization"] == ["Bearer "]
    assert found["backend_requests"][0]["headers"]["x-gateway-status"] == ["401"]


async def test_only_a_diagnosis_asks_the_backend_first() -> None:
    """The probe app's other operations cost the backend nothing."""
    operation = {"id": "explain", "method": "GET", "url_template": "/findings/{id}"}
    found = await call("diagnostics", operation=operation)
    assert (found["sent_requests"], len(found["backend_requests"])) == ([], 1)


@pytest.mark.parametrize("api", APIS)
async def test_a_document_means_the_same_when_it_is_escaped(api: str) -> None:
    """Deployed with the format `xml` the policies would do what they do as `rawxml`."""
    texts = {name: escaped(text) for name, text in deployed.texts().items()}
    documents = deployed.documents(texts, api, named_values=NAMED_VALUES)
    as_xml = Program(replace(documents, form=Form.XML))
    for backend in ([{"status": 200}], [UNREACHABLE]):
        assert await call(api, ready=as_xml, backend=backend) == await call(api, backend=backend)


def escaped(text: str) -> str:
    """A raw document with its expressions escaped."""
    parts, last = [], 0
    for start, end in expressions(text):
        parts += [text[last:start], escape_expression(text[start:end])]
        last = end
    return "".join((*parts, text[last:]))
