"""The simulator of scheduled query rules: what Microsoft's pages say a rule does, on rows written by hand."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from lab.alerts import Firing, History, alert_of, simulate, time_of
from lab.log_analytics.workspace import NoTableError
from tests.infra.history import NOW

QUERY = "AppEvents | project TimeGenerated, Name, Value = todouble(Measurements.value)"
ROW: Mapping[str, Any] = {
    "name": "a-rule",
    "severity": 1,
    "frequency": "PT5M",
    "window": "PT5M",
    "metricMeasureColumn": "Value",
    "timeAggregation": "Total",
    "operator": "GreaterThan",
    "threshold": 2,
    "dimensions": [],
    "failingPeriods": {"evaluations": 1, "violations": 1},
}


def fired(*events: tuple[float, str, float], minutes: int = 30, late_min: float = 0, **fields: Any) -> list[Firing]:
    """What a rule with these fields fires on events (minutes before NOW, name, value)."""
    rows = [
        {"TimeGenerated": NOW - timedelta(minutes=before), "Name": name, "Measurements": {"value": value}}
        for before, name, value in events
    ]
    alert = alert_of({**ROW, **fields}, QUERY)
    delay = timedelta(minutes=late_min)
    with History({"AppEvents": rows}) as history:
        return simulate(alert, history, start=NOW - timedelta(minutes=minutes), end=NOW, delay=delay)


@pytest.mark.parametrize(
    ("aggregation", "threshold", "fires"),
    [("Total", 5, True), ("Maximum", 3, True), ("Minimum", 3, False), ("Average", 2, True), ("Count", 2, False)],
)
def test_rows_are_aggregated_and_compared(aggregation: str, threshold: int, fires: bool) -> None:  # noqa: FBT001
    """Two rows of 2 and 4."""
    found = fired((2, "a", 2), (1, "a", 4), minutes=0, timeAggregation=aggregation, threshold=threshold)
    assert bool(found) is fires


def test_each_combination_of_dimensions_is_an_alert_of_its_own() -> None:
    """Neither adds to the other."""
    events = ((3, "a", 2), (2, "a", 2), (1, "b", 2))
    assert [one.dimensions for one in fired(*events, minutes=0, dimensions=["Name"])] == [{"Name": "a"}]


def test_no_row_is_no_value() -> None:
    """Not even for "less than": what is not there is not compared."""
    assert fired(operator="LessThan", threshold=1) == []


def test_several_periods_are_counted_by_the_time_of_the_rows() -> None:
    """Two of three periods of five minutes, and not one with twice as much in it."""
    periods = {"evaluations": 3, "violations": 2}
    assert fired((1, "a", 3), (2, "a", 3), minutes=0, failingPeriods=periods) == []
    assert len(fired((1, "a", 3), (12, "a", 3), minutes=0, failingPeriods=periods)) == 1
    assert fired((1, "a", 3), (16, "a", 3), minutes=0, failingPeriods=periods) == []


def test_a_query_sees_its_window_and_no_more_unless_told() -> None:
    """A row of half an hour ago counts where the rule looks back an hour."""
    assert fired((30, "a", 3), minutes=0) == []
    assert len(fired((30, "a", 3), minutes=0, overrideQueryTimeRange="PT1H")) == 1


def test_a_row_is_seen_once_it_has_arrived() -> None:
    """Three minutes late: the evaluation two minutes after it does not know it yet."""
    assert fired((2, "a", 3), minutes=0, late_min=3) == []
    assert len(fired((2, "a", 3), minutes=0, late_min=1)) == 1


@pytest.mark.parametrize(
    ("frequency", "window", "after_min"), [("PT1M", "PT5M", 10), ("PT5M", "PT5M", 15), ("PT1H", "PT1H", 120)]
)
def test_it_resolves_when_the_condition_was_not_met_for_long_enough(
    frequency: str, window: str, after_min: int
) -> None:
    """Ten minutes, three evaluations, or two, by the frequency; and it fires once meanwhile."""
    (one,) = fired((200, "a", 3), minutes=420, frequency=frequency, window=window)
    assert one.resolved_at is not None
    assert one.resolved_at - one.last_met_at == timedelta(minutes=after_min)


def test_a_missing_table_fails_the_rule() -> None:
    """As Log Analytics does: the rule is unhealthy, and not silent."""
    with History({}, without=["AppEvents"]) as history, pytest.raises(NoTableError, match="AppEvents"):
        simulate(alert_of(ROW, QUERY), history, start=NOW, end=NOW)


@pytest.mark.parametrize(("text", "minutes"), [("PT5M", 5), ("PT1H30M", 90), ("P2D", 2880), ("P1DT1H", 1500)])
def test_durations_are_read(text: str, minutes: int) -> None:
    """Days, hours and minutes."""
    assert time_of(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["5M", "PT5S", "P1W", ""])
def test_other_durations_are_refused(text: str) -> None:
    """A rule that cannot be read is no rule that never fires."""
    with pytest.raises(ValueError, match="no duration"):
        time_of(text)
