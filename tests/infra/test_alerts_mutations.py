"""Mistakes made on purpose in the queries and rules: each must be caught by a history that shows it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from lab.alerts import History, alert_of, simulate
from lab.log_analytics.rows import Rows
from tests.infra.history import NOW, Span, rows_of, together
from tests.infra.kql import INFRA
from tests.infra.recorded import runs

pytestmark = pytest.mark.timeout(400)
ROWS: dict[str, dict[str, Any]] = {
    row["name"]: row for row in json.loads((INFRA / "alerts.json").read_text(encoding="utf-8"))["alerts"]
}
type Spans = Callable[[], list[Span]]


def after_health(name: str, since_min: float = 20, until_min: float = 0) -> Spans:
    """Health, and then a scenario."""
    return lambda: [
        Span(run=runs()["healthy"], since_min=126, until_min=since_min + 1),
        Span(run=runs()[name], since_min=since_min, until_min=until_min),
    ]


def beside_health(name: str) -> Spans:
    """A scenario beside health that goes on."""
    return lambda: [Span(run=runs()["healthy"], since_min=126), Span(run=runs()[name], since_min=20)]


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A mistake: in the query, or in a field of the rule; and the history that tells right from wrong."""

    alert: str
    query: tuple[str, str] | None = None
    field: tuple[str, Any] | None = None
    spans: Spans


MASKED = " and isempty(MaskedBy)"
TIMER = 'Trigger == "timer" and '
UNREACHED = 'coalesce(BackendResponseCode, 0) == 0 and LastErrorReason in ("BackendConnectionFailure", "Timeout")'
MUTATIONS = {
    "consequences page": Mutation(alert="path-broken", query=(MASKED, ""), spans=after_health("connect-refused")),
    "consequences of a public answer page": Mutation(
        alert="path-broken", query=(MASKED, ""), spans=after_health("zone-not-linked")
    ),
    "diagnoses page": Mutation(alert="path-broken", query=(TIMER, ""), spans=beside_health("diagnose connect-refused")),
    "diagnoses page for identity": Mutation(
        alert="identity-hole", query=(TIMER, ""), spans=beside_health("diagnose anonymous-accepted")
    ),
    "any verdict is a broken path": Mutation(
        alert="path-broken", query=(' and Verdict == "broken"', ""), spans=after_health("hosts-file-override-exposed")
    ),
    "warnings page": Mutation(
        alert="path-broken",
        query=('| where Severity == "error" or Cause == "deployment-in-progress"\n', ""),
        spans=after_health("broken-and-expiring"),
    ),
    "a public answer pages twice": Mutation(
        alert="path-broken", query=('"zone-not-linked", ', ""), spans=after_health("zone-not-linked")
    ),
    "an exposed path pages twice": Mutation(
        alert="path-exposed", query=('"anonymous-accepted", ', ""), spans=after_health("anonymous-accepted")
    ),
    "the gateway's trouble pages twice": Mutation(
        alert="path-broken",
        query=(', "gateway-cannot-reach-backend"', ""),
        spans=after_health("gateway-cannot-reach-backend"),
    ),
    "one bad sweep pages": Mutation(
        alert="path-broken", field=("threshold", 0), spans=after_health("app-error", 10, 10)
    ),
    "ten bad sweeps do not": Mutation(alert="path-broken", field=("threshold", 10), spans=after_health("app-error")),
    "a deployment pages at once": Mutation(
        alert="path-broken", query=("Sweeps - 8", "Sweeps"), spans=after_health("deployment-in-progress", 5)
    ),
    "causes are mixed up": Mutation(
        alert="identity-hole", field=("dimensions", ["Path"]), spans=after_health("old-key-accepted")
    ),
    "an expired certificate expires": Mutation(
        alert="certificate-expiring",
        query=('Cause == "certificate-expires-soon"', 'Cause startswith "certificate"'),
        spans=after_health("certificate-expired"),
    ),
    "one period is enough": Mutation(
        alert="correlation-lost",
        field=("failingPeriods", {"evaluations": 4, "violations": 1}),
        spans=after_health("correlation-lost", 6),
    ),
    "no baseline is asked for": Mutation(
        alert="latency",
        query=("BaselineSweeps >= 60 and ", ""),
        spans=lambda: [
            Span(run=runs()["healthy"], since_min=75, until_min=21),
            Span(run=runs()["request-slow"], since_min=20),
        ],
    ),
    "the rule looks back an hour only": Mutation(
        alert="latency", field=("overrideQueryTimeRange", "PT1H"), spans=after_health("request-slow")
    ),
    "a slow sweep is its own baseline": Mutation(
        alert="latency",
        query=("TimeGenerated < ago(1h)", "TimeGenerated < ago(1m)"),
        spans=after_health("request-slow", 70),
    ),
    "a backend that is down is the gateway's": Mutation(
        alert="gateway-cannot-reach-backend",
        query=("| join kind=leftanti FailsForAll on BackendHost\n", ""),
        spans=after_health("connect-refused"),
    ),
    "any error is a connection's": Mutation(
        alert="gateway-cannot-reach-backend",
        query=(UNREACHED, "ResponseCode >= 400"),
        spans=after_health("gateway-resolves-publicly"),
    ),
    "no row for silence": Mutation(
        alert="probe-silent",
        query=(
            "| summarize Paths = count(), Longest = max(iff(Silent > Blind, Silent, Blind))",
            "| summarize Paths = count(), Longest = max(iff(Silent > Blind, Silent, Blind)) by Path",
        ),
        spans=lambda: [Span(run=runs()["healthy"], since_min=400, until_min=200, every_min=10)],
    ),
    "a diagnosis is a sign of life": Mutation(
        alert="probe-silent",
        query=('| where Trigger == "timer"\n', ""),
        spans=lambda: [
            Span(run=runs()["healthy"], since_min=126, until_min=30),
            Span(run=runs()["diagnose healthy"], since_min=29),
        ],
    ),
    "a probe that sees nothing is well": Mutation(
        alert="probe-silent",
        query=("iff(Silent > Blind, Silent, Blind)", "Silent"),
        spans=after_health("deadline-missed", 40),
    ),
    "a late record is silence": Mutation(
        alert="probe-silent",
        field=("threshold", 3),
        spans=lambda: [
            Span(run=runs()["healthy"], since_min=126, until_min=26),
            Span(run=runs()["healthy"], since_min=19),
        ],
    ),
}


def outcome(row: dict[str, Any], query: str, rows: Rows) -> list[tuple[dict[str, str], float]]:
    """What a rule fires: the dimensions, and how many minutes before the end."""
    with History(rows) as history:
        found = simulate(alert_of(row, query), history, start=NOW - timedelta(minutes=25), end=NOW)
    return sorted(((dict(one.dimensions), (NOW - one.fired_at) / timedelta(minutes=1)) for one in found), key=str)


def outcomes(name: str) -> list[list[tuple[dict[str, str], float]]]:
    """Of the mistaken rule, and of the deployed one."""
    mutation = MUTATIONS[name]
    row = ROWS[mutation.alert]
    query = (INFRA / "queries" / f"{row['query']}.kql").read_text(encoding="utf-8")
    wrong = query
    if mutation.query is not None:
        old, new = mutation.query
        assert query.count(old) == 1
        wrong = query.replace(old, new)
    wrong_row = {**row, **dict([mutation.field] if mutation.field else [])}
    rows = rows_of(mutation.spans())
    return [outcome(wrong_row, wrong, rows), outcome(row, query, rows)]


@pytest.fixture(scope="module")
def both() -> dict[str, list[list[tuple[dict[str, str], float]]]]:
    """What the mistaken and the deployed rules fire."""
    runs()  # once, and not in two threads at a time
    return together(outcomes, MUTATIONS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mistake_is_caught(both: dict[str, list[list[tuple[dict[str, str], float]]]], name: str) -> None:
    """The mistaken rule fires otherwise than the deployed one, on a history that the tests beside this one judge."""
    mistaken, deployed = both[name]
    assert mistaken != deployed
