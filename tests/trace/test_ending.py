"""The rows of endings: each holds for what it is for, and for nothing that an earlier one says better."""

import string
from dataclasses import replace
from typing import Any

import pytest

from probes.trace.ending import ENDINGS, Ending, ending
from probes.trace.records import Hop, Trace
from probes.trace.sentence import advice, sentence, words
from tests.trace.made import ID, call, dependency, exception, failed_call, item, log, request, trace

CASES: dict[str, Trace] = {
    "partly-answered": trace(call(), partial=True, gaps=("AppRequests: E: the result is too large",)),
    "nothing-found": trace(),
    "caller-went-away": trace(failed_call("ClientConnectionFailure", status=None), request()),
    "gateway-did-not-reach-backend": trace(failed_call("BackendConnectionFailure", "Unable to connect")),
    "gateway-did-not-wait": trace(failed_call("Timeout", backend_ms=5_006)),
    "gateway-answered-itself": trace(
        failed_call("SubscriptionKeyNotFound", status=401, error_source="authorization", backend_url=None)
    ),
    "gateway-answered-alone": trace(call(backend_status=None, backend_url=None, backend_ms=None)),
    "platform-answered": trace(call(status=403, backend_status=403)),
    "request-not-recorded": trace(call()),
    "gateway-timed-out-first": trace(failed_call("Timeout"), request(duration_ms=9_000.0)),
    "connection-broke": trace(failed_call("BackendConnectionFailure"), request()),
    "dependency-failed": trace(call(status=503, backend_status=503), request("503"), dependency(), exception()),
    "backend-raised": trace(call(status=500, backend_status=500), request("500"), dependency("204"), exception()),
    "backend-failed": trace(call(status=500, backend_status=500), request("500"), log()),
    "backend-refused": trace(call(status=401, backend_status=401), request("401")),
    "gateway-not-recorded": trace(request(), log()),
    "request-not-found": trace(log()),
    "id-not-on-request": trace(call(), request(carries_id=False), log()),
    "answer-replaced": trace(call(status=502, backend_status=502), request()),
    "answer-changed": trace(failed_call("ExpressionValueEvaluationFailure", backend_status=200), request()),
    "backend-declined": trace(call(status=404, backend_status=404), request("404")),
    "complete": trace(call(), request(), log()),
}
"""A trace for every row."""
WHOLE = {"backend-declined", "complete"}


@pytest.mark.parametrize("row", ENDINGS, ids=lambda row: row.id)
def test_each_row_has_a_trace_of_its_own(row: Ending) -> None:
    """It holds for it, and no earlier one does."""
    found = CASES[row.id]
    assert row.holds(found)
    assert ending(found).id == row.id


def test_ids_are_unique() -> None:
    """And there is a case for each and no other."""
    assert sorted(row.id for row in ENDINGS) == sorted(CASES)


def test_the_last_row_always_holds() -> None:
    """So there is an ending for every trace, and it is whole only where the last two rows say so."""
    for found in (trace(), *CASES.values()):
        assert ENDINGS[-1].holds(found)
    assert {row.id for row in ENDINGS if row.whole} == WHOLE == {row.id for row in ENDINGS[-2:]}


@pytest.mark.parametrize("row", ENDINGS, ids=lambda row: row.id)
def test_every_word_of_a_sentence_exists(row: Ending) -> None:
    """For every trace, also for one in which nothing is given."""
    named = {name for text in (row.says, *row.look_at) for _, name, _, _ in string.Formatter().parse(text) if name}
    bare = trace(item(Hop.REQUEST, role=None, operation_id=None), item(Hop.DEPENDENCY, success=False, role=None))
    for found in (trace(), bare, CASES[row.id]):
        assert named <= set(words(found))
        assert all(words(found).values())
        assert "{" not in sentence(row, found)


@pytest.mark.parametrize("row", ENDINGS, ids=lambda row: row.id)
def test_what_rests_on_something_missing_says_that_records_are_late(row: Ending) -> None:
    """A row that holds without a request, a gateway row or both, and blames neither gateway nor caller, says so."""
    found = CASES[row.id]
    unseen = found.call is None or found.request is None
    sure = {"caller-went-away", "gateway-did-not-reach-backend", "gateway-answered-itself", "gateway-answered-alone"}
    if unseen and row.id not in {*sure, "partly-answered"}:
        assert any("minutes after the call" in step for step in advice(row, found))


def test_a_row_ends_where_its_trace_has_a_record() -> None:
    """`at` names no place from which nothing came."""
    for name, found in CASES.items():
        at = ending(found).at
        places = {Hop.GATEWAY for _ in found.gateway} | {each.hop for each in found.items}
        assert at is None or at in places, name


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (trace(failed_call("ClientConnectionFailure"), request("500"), exception()), "caller-went-away"),
        (trace(failed_call("ClientConnectionFailure", backend_status=None)), "caller-went-away"),
        (trace(failed_call("Timeout"), request("500"), dependency(), exception()), "gateway-timed-out-first"),
        (trace(partial=True), "partly-answered"),
        (trace(failed_call("BackendConnectionFailure"), request("500"), dependency()), "connection-broke"),
        (trace(failed_call("RateLimitExceeded", status=429, backend_status=404), request("404")), "answer-changed"),
        (trace(request("503"), dependency()), "dependency-failed"),
        (trace(request("401")), "backend-refused"),
        (trace(call(status=401, backend_status=401), request("401"), partial=True), "backend-refused"),
        (trace(call(status=502, backend_status=502), request("500"), exception()), "backend-raised"),
        (trace(request("404")), "gateway-not-recorded"),
        (trace(call(status=404, backend_status=200), request("404", carries_id=False)), "id-not-on-request"),
        (trace(call(status=500, backend_status=502), request()), "answer-replaced"),
        (trace(call(status=302, backend_status=302)), "request-not-recorded"),
    ],
)
def test_what_says_most_comes_first(found: Trace, name: str) -> None:
    """Where several rows hold."""
    assert ending(found).id == name


@pytest.mark.parametrize("code", [None, "0", "", "OK", "²"])
def test_a_request_without_a_status_is_not_taken_for_another_answer(code: str | None) -> None:
    """Application Insights has 0 where there was none."""
    assert ending(trace(call(), request(code))).id == "complete"


@pytest.mark.parametrize("status", [500, 502, 599])
def test_any_status_of_a_backend_without_a_record_is_the_platforms(status: int) -> None:
    """Also one that no list has."""
    assert ending(trace(call(status=status, backend_status=status))).id == "platform-answered"


def test_an_earlier_call_with_the_same_id_is_not_blamed() -> None:
    """A caller that tries again sends one id twice: exceptions and failed calls of the first are not of the second."""
    first = [request("503", span_id="first"), dependency(parent_id="first"), exception(parent_id="first")]
    second = request("500", span_id="second", after_ms=500)
    both = trace(call(status=503, backend_status=503), call(status=500, backend_status=500), *first, second)
    assert ending(both).id == "backend-failed"
    again = trace(call(status=503, backend_status=503), call(), *first, replace(second, code="200", success=True))
    assert ending(again).id == "complete"


def test_what_the_gateway_wrote_is_not_the_backends() -> None:
    """Its own request and dependency in Application Insights do not stand for a request of the app."""
    own: dict[str, Any] = {"properties": {"Service Type": "API Management"}, "carries_id": False}
    found = trace(call(), request(**own), dependency("200", **own))
    assert (found.request, ending(found).id) == (None, "request-not-recorded")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("partly-answered", "AppRequests: E: the result is too large"),
        ("nothing-found", f"Nothing is kept of {ID} in the last 24 hours."),
        ("gateway-did-not-reach-backend", "/api/orders, or lost the connection: Unable to connect"),
        ("gateway-did-not-wait", "after 5.01 s"),
        (
            "gateway-answered-itself",
            "401 itself, without the backend: SubscriptionKeyNotFound of authorization in backend",
        ),
        ("gateway-timed-out-first", "took 9.00 s for GET /api/orders"),
        ("dependency-failed", "its call PUT /orders to store.table.core.windows.net (503) failed"),
        ("backend-raised", "answered 500: OSError: gone"),
        ("backend-refused", "with 401: no reason given."),
        ("answer-replaced", "recorded 200, and the gateway got 502"),
        ("complete", "func-orders-prod served GET /api/orders with 200 in 80.0 ms."),
    ],
)
def test_a_sentence_names_what_happened(name: str, said: str) -> None:
    """With the words of the records."""
    found = CASES[name]
    assert said in sentence(ending(found), found)


def test_the_reason_that_the_app_gives_is_told() -> None:
    """The custom dimension orders.reason of its request."""
    refused = request("401", properties={"correlation.id": ID, "orders.reason": "token_expired"})
    found = trace(call(status=401, backend_status=401), refused)
    assert sentence(ending(found), found) == "func-orders-prod refused the caller with 401: token_expired."


def test_words_of_a_record_are_never_filled_in() -> None:
    """A message with braces stays one: it is data."""
    found = trace(failed_call("BackendConnectionFailure", "{id} {0} {message.__class__}"))
    assert sentence(ending(found), found).endswith("{id} {0} {message.__class__}")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "A platform's 403 is that of a public path, an access restriction or a stopped app."),
        (500, "A platform's 500 is that of the app, or of whatever stands before it."),
    ],
)
def test_what_a_platform_means_by_its_status(status: int, said: str) -> None:
    """Where it means something."""
    found = trace(call(status=status, backend_status=status))
    assert said in advice(ending(found), found)


@pytest.mark.parametrize(("seconds", "told"), [(3_600, "1 hour"), (86_400, "24 hours"), (5_400, "1.5 hours")])
def test_the_time_searched(seconds: float, told: str) -> None:
    """In hours."""
    assert words(trace(searched_s=float(seconds)))["searched"] == told
