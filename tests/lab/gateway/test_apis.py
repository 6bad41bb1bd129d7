"""Which operation a request is for, and the counters of limits."""

import pytest

from lab.gateway.apis import Operation, published
from lab.gateway.limits import Limits
from lab.policy.run import Limit

LIMIT = Limit(policy="rate-limit-by-key", key="10.80.30.4", calls=2, period_s=60)


def test_the_apis_are_those_of_the_deployed_documents() -> None:
    """Every operation of both OpenAPI documents."""
    orders, diagnostics = published()
    assert [operation.template for operation in orders.operations if operation.method == "GET"] == [
        "/health",
        "/orders",
        "/orders/{id}",
    ]
    assert ("POST", "/diagnose") in {(each.method, each.template) for each in diagnostics.operations}


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/orders/orders/42", "/orders/42"),
        ("/orders", "/"),
        ("/orders/", "/"),
        ("/ordersx/health", None),
        ("/", None),
        ("/diagnostics/orders", None),
    ],
)
def test_a_path_is_an_apis_as_a_whole_segment(path: str, below: str | None) -> None:
    """`/ordersx` is none of orders."""
    assert published()[0].below(path) == below


@pytest.mark.parametrize(
    ("method", "path", "parameters"),
    [
        ("GET", "/orders/42", {"id": "42"}),
        ("GET", "/orders/a%2Fb", {"id": "a%2Fb"}),
        ("GET", "/orders/42/lines", None),
        ("GET", "/orders/", None),
        ("DELETE", "/orders/42", None),
    ],
)
def test_a_template_matches_segments(method: str, path: str, parameters: dict[str, str] | None) -> None:
    """A parameter is one segment, as it was written; the method must be the operation's."""
    assert Operation("read-order", "GET", "/orders/{id}").parameters(method, path) == parameters


def test_calls_are_counted_by_statement_and_key() -> None:
    """Another key and another statement have a counter of their own."""
    limits = Limits()
    assert [limits.admits(LIMIT) for _ in range(3)] == [True, True, False]
    others = (
        Limit(policy="quota-by-key", key=LIMIT.key, calls=2, period_s=60),
        Limit(policy=LIMIT.policy, key="b", calls=2, period_s=60),
    )
    assert [limits.admits(other) for other in others] == [True, True]


def test_a_new_period_begins_at_nothing() -> None:
    """Of what was spent before, too."""
    limits = Limits(spent=2)
    short = Limit(policy=LIMIT.policy, key="c", calls=2, period_s=0)
    assert [limits.admits(LIMIT), limits.admits(short), limits.admits(short)] == [False, False, True]
