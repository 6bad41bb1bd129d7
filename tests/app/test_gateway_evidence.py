import pytest

from probes.app.gateway_evidence import observed
from probes.app.problem import Problem, Reason
from probes.failure import Failure
from probes.records import Credential, Vantage
from tests.sweeps import path

ANSWERED = {
    "x-gateway-target": "backend",
    "x-gateway-outcome": "answered",
    "x-gateway-status": "502",
    "x-gateway-elapsed-ms": "12.5",
    "x-gateway-correlation-id": "3f1c9a52-0b1d-4c55-9d1e-6a5b7c8d9e0f",
}


def wrong(**changes: str | None) -> list[tuple[str, str | None]]:
    """Key and value of each error that the changed evidence brings."""
    headers = {**ANSWERED, **{f"x-gateway-{name.replace('_', '-')}": value for name, value in changes.items()}}
    with pytest.raises(Problem) as raised:
        observed(path(), {name: value for name, value in headers.items() if value is not None})
    assert raised.value.reason is Reason.REQUEST_INVALID
    return [(error.key, error.value) for error in raised.value.errors]


def test_an_answer_becomes_an_exchange() -> None:
    """With the gateway's vantage, no address, and nothing that the gateway did not say."""
    (seen,) = observed(path(), ANSWERED)
    assert (seen.target, seen.vantage, seen.address, seen.port) == ("backend", Vantage.GATEWAY, None, None)
    assert (seen.status, seen.duration_ms, seen.failure) == (502, 12.5, None)
    assert (seen.correlation_id, seen.credential) == (ANSWERED["x-gateway-correlation-id"], Credential.TOKEN)
    assert (seen.body, seen.headers, seen.first_byte_ms) == (None, {}, None)


@pytest.mark.parametrize(
    ("outcome", "failure"),
    [("timeout", Failure.TIMEOUT), ("unreachable", Failure.BACKEND_CONNECTION_FAILURE)],
)
def test_no_answer_is_a_failure(outcome: str, failure: Failure) -> None:
    """By the gateway's own word; an empty status header is none."""
    headers = {**ANSWERED, "x-gateway-outcome": outcome, "x-gateway-status": ""}
    assert [(seen.failure, seen.status) for seen in observed(path(), headers)] == [(failure, None)]


def test_without_the_headers_there_is_no_evidence() -> None:
    """A call that did not come through the policy, or a policy that had nothing to say."""
    assert observed(path(), {"x-correlation-id": "something"}) == ()
    assert observed(path(), dict.fromkeys(ANSWERED, "")) == ()


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"target": "elsewhere"}, [("x-gateway-target", "elsewhere")]),
        ({"target": None}, [("x-gateway-target", None)]),
        ({"target": "backend,backend"}, [("x-gateway-target", "backend,backend")]),
        ({"outcome": "Answered"}, [("x-gateway-outcome", "Answered")]),
        ({"status": None}, [("x-gateway-status", None)]),
        ({"status": "200,200"}, [("x-gateway-status", "200,200")]),
        ({"status": "600"}, [("x-gateway-status", "600")]),
        ({"status": "\u0661\u0662\u0663"}, [("x-gateway-status", "\u0661\u0662\u0663")]),
        ({"outcome": "timeout"}, [("x-gateway-status", "502")]),
        ({"elapsed_ms": None}, [("x-gateway-elapsed-ms", None)]),
        ({"elapsed_ms": "-1"}, [("x-gateway-elapsed-ms", "-1")]),
        ({"elapsed_ms": "1e9"}, [("x-gateway-elapsed-ms", "1e9")]),
        ({"elapsed_ms": "inf"}, [("x-gateway-elapsed-ms", "inf")]),
        ({"correlation_id": "a b"}, [("x-gateway-correlation-id", "a b")]),
        ({"target": "x", "elapsed_ms": "y"}, [("x-gateway-target", "x"), ("x-gateway-elapsed-ms", "y")]),
    ],
)
def test_malformed_evidence_is_refused(changes: dict[str, str | None], errors: list[tuple[str, str | None]]) -> None:
    """Every wrong header is named with what it holds; half a piece of evidence is none to judge by."""
    assert wrong(**changes) == errors
