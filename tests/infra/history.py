"""A history made of recorded runs: each span repeats one, minute by minute, with a sweep id of its own each time."""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

from lab.log_analytics.rows import Row, Rows
from tests.infra.recorded import Run

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
"""The end of every history."""
READ_BY_ALERTS = frozenset({"AppEvents", "AppAvailabilityResults", "ApiManagementGatewayLogs"})


@dataclass(frozen=True, kw_only=True)
class Span:
    """One run, repeated.

    Attributes:
        since_min: minutes before NOW of the first one; `until_min` of the last one.
        every_min: minutes from one to the next.
        keep_ids: every repetition has the id of the first: an exporter that sends twice.
        pace: a run whose durations its targets have, `None` = their own. One run's hiccup, repeated, would be a median.
    """

    run: Run
    since_min: float
    until_min: float = 0
    every_min: float = 1
    keep_ids: bool = False
    pace: Run | None = None


def together[T](judge: Callable[[str], T], names: Iterable[str]) -> dict[str, T]:
    """What a function makes of each name, on both cores: the database does its work outside the interpreter's lock."""
    listed = list(names)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(listed, pool.map(judge, listed), strict=True))


def rows_of(spans: Iterable[Span], tables: frozenset[str] = READ_BY_ALERTS) -> Rows:
    """The rows of all spans."""
    found: dict[str, list[Row]] = {table: [] for table in tables}
    for span in spans:
        before_min = span.since_min
        while before_min >= span.until_min:
            again = repeated(span.run, NOW - timedelta(minutes=before_min), keep_ids=span.keep_ids, pace=span.pace)
            for table in tables & again.keys():
                found[table] += again[table]
            before_min -= span.every_min
    return found


@cache
def repeated(run: Run, at: datetime, *, keep_ids: bool = False, pace: Run | None = None) -> Mapping[str, list[Row]]:
    """The rows of a run as if it had begun at another time."""
    shift = at - run.began_at
    found: dict[str, list[Row]] = {}
    for table, rows in run.rows.items():
        times = [row["TimeGenerated"] + shift for row in rows]
        text = json.dumps([{key: value for key, value in row.items() if key != "TimeGenerated"} for row in rows])
        for sweep_id in () if keep_ids else run.sweep_ids:
            text = text.replace(sweep_id, sha256(f"{sweep_id} {at}".encode()).hexdigest()[:32])
        found[table] = [{**row, "TimeGenerated": time} for row, time in zip(json.loads(text), times, strict=True)]
    usual_ms = {} if pace is None else {row["Name"]: row["DurationMs"] for row in pace.rows["AppAvailabilityResults"]}
    for row in found["AppAvailabilityResults"]:
        row["DurationMs"] = usual_ms.get(row["Name"], row["DurationMs"])
    return found
