"""Histories that no single scenario shows: what heals, what deploys, what is new, what is sent twice or not at all."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from lab.alerts import Firing, History, alerts, simulate
from lab.log_analytics.rows import Row, Rows
from lab.log_analytics.workspace import NoTableError
from tests.infra.history import NOW, Span, rows_of, together
from tests.infra.recorded import runs

pytestmark = pytest.mark.timeout(400)
ALERTS = alerts()


def healthy(since_min: float, until_min: float = 0, **options: float) -> Span:
    """A stretch of health."""
    return span("healthy", since_min, until_min, **options)


def span(name: str, since_min: float, until_min: float = 0, **options: float) -> Span:
    """A stretch of a scenario."""
    pace = None if name == "request-slow" else runs()["healthy"]
    return Span(run=runs()[name], since_min=since_min, until_min=until_min, pace=pace, **options)  # type: ignore[arg-type]


def fired(rows: Rows, *names: str, minutes: int = 25) -> list[Firing]:
    """What the named alerts, or all, fire in the last minutes."""
    start = NOW - timedelta(minutes=minutes)
    with History(rows) as history:
        chosen = names or tuple(ALERTS)
        return [one for name in chosen for one in simulate(ALERTS[name], history, start=start, end=NOW)]


def told(firings: Iterable[Firing]) -> list[str]:
    """The names of the alerts."""
    return [one.alert for one in firings]


BENIGN = {
    "one sweep is bad": lambda: [healthy(126, 21), span("app-error", 20, 20), healthy(19)],
    "one sweep sees a public answer": lambda: [healthy(126, 21), span("zone-not-linked", 20, 20), healthy(19)],
    "the app is deployed for five minutes": lambda: [
        healthy(126, 26),
        span("deployment-in-progress", 25, 21),
        healthy(20),
    ],
    "the timer moves to another instance": lambda: [healthy(126, 22), healthy(20)],
    "the probe is deployed for six minutes": lambda: [healthy(126, 26), healthy(20)],
    "sweeps see too little for ten minutes": lambda: [healthy(126, 26), span("deadline-missed", 25, 16), healthy(15)],
    "sweeps take turns to see too little": lambda: [
        healthy(126, 0, every_min=2),
        span("deadline-missed", 125, 0, every_min=2),
    ],
    "the first half hour after a deployment": lambda: [healthy(30)],
    "two instances sweep at a time": lambda: [healthy(126), healthy(40.5)],
    "an id gets lost now and then": lambda: [healthy(126), span("correlation-lost", 40, 0, every_min=4)],
    "one slow sweep in three": lambda: [healthy(126), span("request-slow", 40, 0, every_min=3)],
}


@pytest.fixture(scope="module")
def benign() -> dict[str, list[Firing]]:
    """What each of these histories fires."""
    runs()  # once, and not in two threads at a time
    return together(lambda name: fired(rows_of(BENIGN[name]())), BENIGN)


@pytest.mark.parametrize("name", BENIGN)
def test_nobody_is_paged(benign: dict[str, list[Firing]], name: str) -> None:
    """No alert fires."""
    assert benign[name] == []


def test_a_deployment_that_does_not_end_pages() -> None:
    """After ten sweeps, and not before."""
    (one,) = fired(rows_of([healthy(126, 26), span("deployment-in-progress", 25)]), "path-broken")
    assert 9 <= (one.fired_at - NOW) / timedelta(minutes=1) + 25 <= 11


def test_a_probe_that_stops_is_missed() -> None:
    """Ten minutes after its last sweep, or at the evaluation after that; once, and for as long as it is silent."""
    found = fired(rows_of([healthy(126, 30)]), minutes=40)
    assert [(one.alert, one.resolved_at) for one in found] == [("probe-silent", None)]
    assert 10 < (found[0].fired_at - NOW) / timedelta(minutes=1) + 30 <= 16


def test_a_probe_that_stopped_long_ago_is_still_missed() -> None:
    """Nothing at all within sight of the query: no row would be no value."""
    assert told(fired(rows_of([healthy(400, 200, every_min=10)]), minutes=30)) == ["probe-silent"]
    assert told(fired({}, minutes=30)) == ["probe-silent"]


def test_diagnoses_on_demand_are_no_sign_of_the_timer() -> None:
    """People press the button while the timer is dead: the silence is told all the same."""
    assert told(fired(rows_of([healthy(126, 30), span("diagnose healthy", 29)]), minutes=40)) == ["probe-silent"]


def test_one_silent_path_among_others_is_missed() -> None:
    """The other path is swept as ever; a path that was taken out is forgotten after an hour."""
    both = [span("two-paths", 126, 60)]
    found = fired(rows_of([*both, healthy(59)]), "probe-silent", minutes=70)
    assert len(found) == 1
    assert found[0].fired_at <= NOW - timedelta(minutes=44)
    assert found[0].last_met_at <= NOW


def test_what_is_mended_resolves() -> None:
    """Ten minutes after the last sweep that counts, by the rule for a frequency of one minute."""
    (one,) = fired(rows_of([healthy(126, 41), span("app-stopped", 40, 31), healthy(30)]), "path-broken", minutes=45)
    assert one.resolved_at is not None
    assert one.resolved_at <= NOW - timedelta(minutes=10)


def test_what_an_exporter_sends_twice_counts_once() -> None:
    """The same sweep, told again and again, is one sweep: it takes two to page."""
    again = Span(run=runs()["app-stopped"], since_min=20, until_min=15, keep_ids=True)
    assert fired(rows_of([healthy(126, 21), again, healthy(14)])) == []


def test_a_sampled_record_counts_for_those_it_stands_for() -> None:
    """One event that stands for two pages as two would."""
    rows = rows_of([healthy(126, 21), span("app-stopped", 20, 20), healthy(19)])
    sampled: list[Row] = [{**row, "ItemCount": 2} for row in rows["AppEvents"]]
    assert told(fired({**rows, "AppEvents": sampled}, "path-broken")) == ["path-broken"]


def test_a_slow_path_is_not_slow_any_more_once_it_is_usual() -> None:
    """Its own baseline: what has taken 2.5 s for hours is as usual."""
    assert fired(rows_of([span("request-slow", 126)]), "latency") == []


def test_the_probes_word_is_taken_where_the_gateway_logs_nothing() -> None:
    """Its diagnostic setting is gone, so that path-broken, which leaves this cause out, must not be all there is."""
    rows = rows_of([healthy(126, 26), span("gateway-cannot-reach-backend", 25)])
    without: Rows = {**rows, "ApiManagementGatewayLogs": []}
    (one,) = fired(without)
    assert (one.alert, one.dimensions) == ("gateway-cannot-reach-backend", {"Backend": "as the probe sees it"})


def test_a_few_failures_among_many_calls_page_nobody() -> None:
    """Three calls without an answer are noise where a hundred have one."""
    rows = rows_of([healthy(126)])
    of_gateway = rows_of([healthy(20, 0, every_min=0.1)])["ApiManagementGatewayLogs"]
    failing = rows_of([span("gateway-cannot-reach-backend", 20, 0, every_min=5)])["ApiManagementGatewayLogs"]
    busy: Rows = {**rows, "ApiManagementGatewayLogs": of_gateway + failing}
    assert fired(busy, "gateway-cannot-reach-backend", minutes=20) == []


def test_only_one_alert_needs_the_gateways_log() -> None:
    """Its table comes with its first row; until then that rule is unhealthy, and the others do their work."""
    needing = []
    with History(rows_of([healthy(20)]), without=["ApiManagementGatewayLogs"]) as history:
        for name, alert in ALERTS.items():
            try:
                simulate(alert, history, start=NOW, end=NOW)
            except NoTableError:
                needing.append(name)
    assert needing == ["gateway-cannot-reach-backend"]
