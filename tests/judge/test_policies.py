"""What the policies of infra/policies tell in an answer, and what is made of it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from probes.judge import Confidence, Judgement
from tests.judge.observations import ids, judged, root, visit
from tests.sweeps import SWEEP_ID

OWN_ID = "3f1c9a52-0b1d-4c55-9d1e-6a5b7c8d9e0f"
PROBLEM = {"content-type": "application/problem+json", "x-correlation-id": OWN_ID}


def through_gateway(status: int, headers: Mapping[str, str] = PROBLEM, **problem: Any) -> Judgement:
    """The gateway answers so, and the backend is in good order."""
    body = json.dumps({"status": status, **problem}) if problem else ""
    return judged(visit("gateway", request={"status": status, "body": body, "headers": headers}))


def told(source: str, reason: str | None, section: str = "backend") -> dict[str, str | None]:
    """Members of the problem details of an error."""
    return {"type": "about:blank", "reason": reason, "source": source, "section": section, "correlation_id": OWN_ID}


@pytest.mark.parametrize(
    ("status", "problem", "cause", "words"),
    [
        (502, told("forward-request", "BackendConnectionFailure"), "gateway-cannot-reach-backend", "502 (BackendConn"),
        (504, told("forward-request", "Timeout"), "gateway-cannot-reach-backend", "504 (Timeout)"),
        (429, told("rate-limit-by-key", "RateLimitExceeded", "inbound"), "gateway-refuses-caller", "429 (RateLimitE"),
        (
            401,
            told("validate-azure-ad-token", "TokenExpired", "inbound"),
            "gateway-refuses-caller",
            "401 (TokenExpired)",
        ),
        (
            500,
            told("authentication-managed-identity", None, "inbound"),
            "gateway-error",
            "authentication-managed-ident",
        ),
        (
            500,
            told("set-variable", "ExpressionValueEvaluationFailure", "outbound"),
            "gateway-error",
            "set-variable in its",
        ),
    ],
)
def test_the_reason_that_a_policy_keeps_is_told(
    status: int, problem: Mapping[str, Any], cause: str, words: str
) -> None:
    """By its source an error is one of the way to the backend, of the caller, or of the policy itself."""
    judgement = through_gateway(status, **problem)
    assert ids(judgement) == [cause]
    assert words in root(judgement).summary


@pytest.mark.parametrize(
    "problem",
    [
        {"status": 500, "reason": "internal_error"},
        {"status": 500, "source": "app", "section": "orders"},
        {"status": 502, "source": "forward-request", "section": "backend"},
        {"status": 500, "source": ["forward-request"], "section": ["backend"]},
    ],
)
def test_problem_details_of_the_application_are_its_own(problem: Mapping[str, Any]) -> None:
    """Without a statement, a section of a policy and the answer's own status they are not API Management's."""
    gateway = visit("gateway", request={"status": 500, "body": json.dumps(problem), "headers": PROBLEM})
    assert ids(judged(gateway)) == ["app-error"]


def test_an_error_without_a_word_may_be_the_gateways() -> None:
    """Where the backend works, a bare 500 is laid to the gateway, with little confidence."""
    judgement = through_gateway(500, {})
    assert ids(judgement) == ["gateway-cannot-reach-backend"]
    assert root(judgement).confidence is Confidence.LOW
    assert "swallow" in root(judgement).weakened_by[0]


@pytest.mark.parametrize("headers", [{"x-correlation-id": OWN_ID}, {"x-gateway-request-id": OWN_ID}])
def test_an_error_that_is_signed_is_the_applications(headers: Mapping[str, str]) -> None:
    """An id comes from the app, or shows that outbound ran: a backend has answered."""
    assert ids(through_gateway(500, headers)) == ["app-error"]


def test_an_error_without_a_word_is_the_applications_where_the_backend_fails() -> None:
    """Nothing then points at the gateway."""
    failing = {"status": 500, "body": "", "headers": {}}
    assert ids(judged(visit("gateway", request=failing), visit(request=failing))) == ["app-error"]


@pytest.mark.parametrize(
    ("headers", "causes"),
    [
        ({"x-correlation-id": OWN_ID, "x-gateway-request-id": OWN_ID}, []),
        ({"x-correlation-id": SWEEP_ID, "x-gateway-request-id": OWN_ID}, ["correlation-rewritten"]),
        ({"x-correlation-id": "of-the-app", "x-gateway-request-id": OWN_ID}, ["correlation-rewritten"]),
        ({"x-correlation-id": "of-the-gateway"}, []),
        ({"x-gateway-request-id": OWN_ID}, ["correlation-lost"]),
    ],
)
def test_the_id_that_comes_back_through_the_gateway_is_the_gateways(
    headers: Mapping[str, str], causes: list[str]
) -> None:
    """Where its policies tell their own id, another one means that theirs did not arrive; else nothing is said."""
    judgement = judged(visit("gateway", request={"headers": headers}))
    assert ids(judgement) == causes
    assert all(OWN_ID in finding.summary for finding in judgement.findings if finding.id == "correlation-rewritten")
