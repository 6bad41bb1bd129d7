"""Every alert on every scenario: what the probe really sent of it, an hour of health and then the fault.

`FIRES` says which alerts a scenario fires, for which dimensions; of all others it must fire none.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from lab.alerts import Firing, History, alerts, simulate
from tests.infra.history import NOW, Span, rows_of, together
from tests.infra.recorded import ON_DEMAND, TIMER, runs

pytestmark = pytest.mark.timeout(400)
ALERTS = alerts()
BASELINE_MIN = 126
"""Of the healthy history: an hour for the baseline of the latency, beside the hour that it leaves out."""
FAULT_MIN = 21
"""How long a fault has lasted at the end: a little longer than what most alerts ask for."""
LASTS_MIN: Mapping[str, int] = {"deadline-missed": 40}
"""Those that last longer."""
SLOW = frozenset({"request-slow", "resolve-slow"})
OUTSIDE = frozenset({"healthy-closed-outside", "public-path-open"})
"""What another probe sees, which stands outside: the one within goes on as ever."""
LATEST_MIN: Mapping[str, int] = {
    "path-broken": 2,
    "answer-turned-public": 2,
    "path-exposed": 6,
    "identity-hole": 6,
    "gateway-cannot-reach-backend": 7,
    "correlation-lost": 20,
    "latency": 25,
    "certificate-expiring": 61,
    "probe-silent": 36,
}
"""Minutes from the first sweep that saw the fault to the alert, at the latest."""


def on(path: str = "orders", **dimensions: str) -> dict[str, str]:
    """The dimensions of an alert on a path."""
    return {"Path": path, **dimensions}


def broken(cause: str) -> list[tuple[str, dict[str, str]]]:
    """The path is broken by one cause, and nothing else pages."""
    return [("path-broken", on(Cause=cause))]


def public(cause: str) -> list[tuple[str, dict[str, str]]]:
    """A name turned public."""
    return [("answer-turned-public", on(Cause=cause))]


FIRES: Mapping[str, list[tuple[str, dict[str, str]]]] = {
    "record-missing": broken("record-missing"),
    "resolver-not-forwarding": broken("resolver-not-forwarding"),
    "hosts-file-override": broken("hosts-file-override"),
    "connect-refused": broken("connect-refused"),
    "certificate-untrusted": broken("certificate-untrusted"),
    "certificate-expired": broken("certificate-expired"),
    "app-stopped": broken("app-stopped"),
    "deployment-in-progress": broken("deployment-in-progress"),
    "app-error": broken("app-error"),
    "token-unavailable": broken("token-unavailable"),
    "gateway-resolves-publicly": broken("public-path-refused"),
    "two-paths": [("path-broken", on("invoices", Cause="name-unknown"))],
    "public-path-open": [("path-exposed", on(Cause="public-path-open"))],
    "hosts-file-override-exposed": [("path-exposed", on(Cause="hosts-file-override"))],
    "no-private-endpoint": public("no-private-endpoint"),
    "zone-not-linked": public("zone-not-linked"),
    "zone-not-linked-and-public": public("zone-not-linked"),
    "gateway-not-internal": public("gateway-not-internal"),
    "answers-mixed": public("answers-mixed"),
    "anonymous-accepted": [("identity-hole", on(Cause="anonymous-accepted"))],
    "foreign-token-accepted": [("identity-hole", on(Cause="foreign-token-accepted"))],
    "old-key-accepted": [("identity-hole", on(Cause="old-key-accepted"))],
    "certificate-expires-soon": [("certificate-expiring", on(Targets="gateway"))],
    "open-and-expiring": [
        ("certificate-expiring", on(Targets="gateway")),
        ("identity-hole", on(Cause="anonymous-accepted")),
    ],
    "response-truncated": broken("response-broken"),
    "open-and-unreached": [
        ("gateway-cannot-reach-backend", {"Backend": "func-orders-prod.azurewebsites.net"}),
        ("identity-hole", on(Cause="anonymous-accepted")),
    ],
    "broken-and-expiring": [("certificate-expiring", on(Targets="gateway")), *broken("app-stopped")],
    "gateway-cannot-reach-backend": [
        ("gateway-cannot-reach-backend", {"Backend": "func-orders-prod.azurewebsites.net"})
    ],
    "gateway-dns-server-gone": [("gateway-cannot-reach-backend", {"Backend": "func-orders-prod.azurewebsites.net"})],
    "correlation-lost": [("correlation-lost", on(Cause="correlation-lost"))],
    "request-slow": [("latency", on())],
    "resolve-slow": [("latency", on())],
    "deadline-missed": [("probe-silent", {})],
}
"""By scenario; one that is not here fires nothing."""
SCENARIOS = (*TIMER, "two-paths")


def lasts_min(name: str) -> int:
    """Minutes of the scenario."""
    return LASTS_MIN.get(name, FAULT_MIN)


def history_of(name: str) -> History:
    """Healthy, and for the last minutes the scenario, at its own pace where that is what it is about."""
    until_min = 0 if name in OUTSIDE else lasts_min(name) + 1
    healthy = Span(run=runs()["healthy"], since_min=BASELINE_MIN, until_min=until_min)
    pace = None if name in SLOW else runs()["healthy"]
    return History(rows_of([healthy, Span(run=runs()[name], since_min=lasts_min(name), pace=pace)]))


def fired(name: str, history: History, **options: Any) -> list[Firing]:
    """Everything that fires from the beginning of the fault on."""
    start = NOW - timedelta(minutes=lasts_min(name))
    return [one for alert in ALERTS.values() for one in simulate(alert, history, start=start, end=NOW, **options)]


@pytest.fixture(scope="module")
def matrix() -> dict[str, list[Firing]]:
    """What each scenario fires."""

    def of(name: str) -> list[Firing]:
        with history_of(name) as history:
            return fired(name, history)

    runs()  # once, and not in two threads at a time
    return together(of, SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_fires_its_alerts_and_no_other(matrix: dict[str, list[Firing]], name: str) -> None:
    """For the right dimensions, each once, in time, and still firing at the end."""
    found = matrix[name]
    told = sorted((one.alert, dict(one.dimensions)) for one in found)
    assert told == sorted(FIRES.get(name, []), key=lambda each: each[0])
    assert [one for one in found if one.resolved_at is not None] == []
    began = NOW - timedelta(minutes=lasts_min(name))
    late = {one.alert: (one.fired_at - began) / timedelta(minutes=1) for one in found}
    # A deployment is let go on for eight sweeps.
    patience_min = 9 if name == "deployment-in-progress" else 0
    assert {alert: minutes for alert, minutes in late.items() if minutes > LATEST_MIN[alert] + patience_min} == {}


@pytest.mark.parametrize("name", ["healthy", "zone-not-linked", "app-stopped", "correlation-lost"])
def test_late_records_change_nothing_but_the_time(name: str) -> None:
    """Four minutes from a record's time to its row: nothing is missed, and nobody is thought to be silent."""
    with history_of(name) as history:
        found = fired(name, history, delay=timedelta(minutes=4))
    assert [(one.alert, dict(one.dimensions), one.resolved_at) for one in found] == [
        (alert, dimensions, None) for alert, dimensions in FIRES.get(name, [])
    ]


@pytest.mark.parametrize("name", ON_DEMAND)
def test_what_is_asked_on_demand_pages_nobody(name: str) -> None:
    """Somebody looks already: diagnoses, however bad, change nothing beside the timer's sweeps."""
    on_demand = Span(run=runs()[f"diagnose {name}"], since_min=20)
    with History(rows_of([Span(run=runs()["healthy"], since_min=BASELINE_MIN), on_demand])) as history:
        assert fired(name, history) == []


def test_every_alert_has_scenarios_that_fire_it_and_many_that_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    """The matrix, in figures."""
    firing = {name: sum(name in [alert for alert, _ in told] for told in FIRES.values()) for name in ALERTS}
    assert set(FIRES) <= set(SCENARIOS)
    assert min(firing.values()) >= 1
    with capsys.disabled():
        print(f"\nalerts: {len(ALERTS)} x {len(SCENARIOS)} scenarios, {sum(firing.values())} fire: {firing}")  # noqa: T201
