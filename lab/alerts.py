"""Scheduled query rules of Azure Monitor: when a rule fires and resolves over a history of rows.

What the simulator goes by, of Microsoft's pages "Create or edit a log search alert rule" and "Overview of alerts":

- a query sees the rows of `windowSize` times the number of evaluation periods, or of `overrideQueryTimeRange`;
- with one period, all rows of a combination of dimensions are aggregated; with several, each row belongs to the period
  of its own `TimeGenerated`, and so many periods must violate the threshold;
- no row is no value: what is not there neither fires nor resolves anything by itself;
- a stateful alert resolves once its condition has not been met for a time that depends on the frequency.
"""

import json
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql.translate import CLOCK_SLOT, TranslationResult

from lab.log_analytics.rows import Row, Rows
from lab.log_analytics.schema import tables
from lab.log_analytics.workspace import NO_TABLE, NoTableError, QueryError, Workspace

INFRA = Path(__file__).parent.parent / "infra"
RANGE = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": fmean,
    "Count": len,
    "Maximum": max,
    "Minimum": min,
    "Total": sum,
}
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}

type Dimensions = tuple[tuple[str, str], ...]
"""Name and value of each; the alert of one combination is an alert of its own."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One rule, as infra/alerts.json has it.

    Attributes:
        look_back: overrideQueryTimeRange; `None` = as far as the evaluation goes.
    """

    name: str
    severity: int
    query: str
    frequency: timedelta
    window: timedelta
    look_back: timedelta | None
    measure: str
    aggregation: str
    operator: str
    threshold: int
    dimensions: tuple[str, ...]
    periods: int
    violations: int

    @property
    def sees(self) -> timedelta:
        """How far back its query sees."""
        return self.look_back or self.window * self.periods

    @property
    def resolves_after(self) -> timedelta:
        """How long its condition must not have been met."""
        if self.frequency < timedelta(minutes=5):
            return timedelta(minutes=10)
        return self.frequency * (3 if self.frequency <= timedelta(minutes=15) else 2)

    def met(self, rows: Sequence[Row], at: datetime) -> set[Dimensions]:
        """The combinations for which the result of a query at that time is one to fire on."""
        groups: dict[Dimensions, dict[int, list[float]]] = {}
        for row in rows:
            period = 0 if self.periods == 1 else (at - row["TimeGenerated"].replace(tzinfo=UTC)) // self.window
            if row[self.measure] is not None and period < self.periods:
                place = tuple((name, str(row[name])) for name in self.dimensions)
                groups.setdefault(place, {}).setdefault(period, []).append(row[self.measure])
        aggregate, compare = AGGREGATIONS[self.aggregation], OPERATORS[self.operator]
        return {
            place
            for place, periods in groups.items()
            if sum(compare(aggregate(values), self.threshold) for values in periods.values()) >= self.violations
        }


@dataclass(kw_only=True)
class Firing:
    """An alert that fired; `resolved_at` = `None` while it still does."""

    alert: str
    dimensions: Mapping[str, str]
    fired_at: datetime
    last_met_at: datetime
    resolved_at: datetime | None = None


class History(Workspace):
    """A workspace that shows what it knew at a moment, over the time range of a query."""

    def __init__(self, content: Rows, *, without: Collection[str] = ()) -> None:
        """Put a view before each table: rows pass by, the clock is in variables."""
        super().__init__(content, without=without)
        self._connection.execute("SET threads = 1")  # to share out so few rows takes longer than to read them
        for table in tables().keys() - set(without):
            self._connection.execute(f"ALTER TABLE {table} RENAME TO {table}_all")
            self._connection.execute(
                f"CREATE VIEW {table} AS SELECT * FROM {table}_all"  # noqa: S608 - own names
                " WHERE TimeGenerated >= getvariable('since') AND TimeGenerated <= getvariable('until')"
            )

    def result(self, kql: str, *, at: datetime, sees: timedelta, delay: timedelta = timedelta()) -> list[Row]:
        """What a query gives at a moment; a row arrives `delay` after its time.

        Raises:
            QueryError: the rule fails, as with a table that is not there yet.
        """
        for name, value in (("since", at - sees), ("until", at - delay)):
            self._connection.execute(f"SET VARIABLE {name} = TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'")
        sql = translated(kql)
        clock = {CLOCK_SLOT: at.astimezone(UTC).replace(tzinfo=None)} if CLOCK_SLOT in sql.parameters else {}
        try:
            found = self._connection.execute(str(sql), {**sql.parameters, **clock})
        except duckdb.CatalogException as error:
            missing = NO_TABLE.match(str(error))
            raise (NoTableError(missing[1]) if missing else QueryError(str(error))) from None
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def translated(kql: str) -> TranslationResult:
    """The query for the embedded database, its clock a parameter: to translate takes ten times as long as to run."""
    schema = {table: list(columns) for table, columns in tables().items()}
    return duckdb_kql.to_sql(kql, schema=schema, query_now=datetime(1970, 1, 1))  # noqa: DTZ001 - any; it is replaced


def simulate(
    alert: Alert, history: History, *, start: datetime, end: datetime, delay: timedelta = timedelta()
) -> list[Firing]:
    """Every alert that the rule fires between two moments; `delay` = of ingestion.

    It is evaluated once each frequency, the last time at the end: when Azure begins is not for us to say.
    """
    firings: list[Firing] = []
    open_now: dict[Dimensions, Firing] = {}
    for at in reversed(list(moments(end, start, alert.frequency))):
        for place in alert.met(history.result(alert.query, at=at, sees=alert.sees, delay=delay), at):
            if place not in open_now:
                open_now[place] = Firing(alert=alert.name, dimensions=dict(place), fired_at=at, last_met_at=at)
                firings.append(open_now[place])
            open_now[place].last_met_at = at
        for place, firing in list(open_now.items()):
            if at - firing.last_met_at >= alert.resolves_after:
                firing.resolved_at = at
                del open_now[place]
    return firings


def moments(end: datetime, start: datetime, step: timedelta) -> Iterator[datetime]:
    """From the end back to the start."""
    at = end
    while at >= start:
        yield at
        at -= step


def alerts(folder: Path = INFRA) -> dict[str, Alert]:
    """The rules that the infrastructure deploys, by name."""
    listed = json.loads((folder / "alerts.json").read_text(encoding="utf-8"))["alerts"]
    return {
        row["name"]: alert_of(row, (folder / "queries" / f"{row['query']}.kql").read_text("utf-8")) for row in listed
    }


def alert_of(row: Mapping[str, Any], query: str) -> Alert:
    """A row of alerts.json with its query."""
    look_back = row.get("overrideQueryTimeRange")
    return Alert(
        name=row["name"],
        severity=row["severity"],
        query=query,
        frequency=time_of(row["frequency"]),
        window=time_of(row["window"]),
        look_back=time_of(look_back) if look_back else None,
        measure=row["metricMeasureColumn"],
        aggregation=row["timeAggregation"],
        operator=row["operator"],
        threshold=row["threshold"],
        dimensions=tuple(row["dimensions"]),
        periods=row["failingPeriods"]["evaluations"],
        violations=row["failingPeriods"]["violations"],
    )


def time_of(text: str) -> timedelta:
    """An ISO 8601 duration; ValueError where it is none of days, hours and minutes."""
    found = RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration of days, hours and minutes")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
