"""The figures of docs/costs.md, measured on what the probe app has really sent of a healthy sweep."""

import json
import re
from collections.abc import Mapping

import pytest

from lab.alerts import alerts
from lab.log_analytics.rows import row_of
from lab.log_analytics.workspace import stored
from tests.infra.kql import ROOT
from tests.infra.recorded import Run, runs

pytestmark = pytest.mark.timeout(400)
PAGE = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
NOT_BILLED = frozenset({"Type", "_ResourceId", "_SubscriptionId", "_ItemId", "_IsBillable", "_BilledSize", "_TenantId"})
TOLERANCE = 0.25
TARGETS, SWEEPS_A_DAY = 3, 1440


def measured(run: Run) -> dict[str, tuple[int, int, int]]:
    """By table: the number of records, the bytes sent, and the bytes of the columns that are billed."""
    found: dict[str, tuple[int, int, int]] = {}
    for envelope in run.envelopes:
        table, row = row_of(envelope)
        assert table is not None
        columns = [value for name, value in row.items() if value is not None and name not in NOT_BILLED]
        texts = [compact(value) if isinstance(value, Mapping) else str(stored(value)) for value in columns]
        sizes = (1, len(compact(envelope).encode()), sum(len(text.encode()) for text in texts))
        before = found.get(table, (0, 0, 0))
        found[table] = (before[0] + sizes[0], before[1] + sizes[1], before[2] + sizes[2])
    records, sent, kept = (sum(each[place] for each in found.values()) for place in range(3))
    return {**found, "all": (records, sent, kept)}


def compact(value: object) -> str:
    """JSON as it is sent."""
    return json.dumps(value, separators=(",", ":"))


def written() -> dict[str, tuple[int, int, int]]:
    """The table of the page."""
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    return {table: (int(records), int(sent), int(kept)) for table, records, sent, kept in rows}


def test_the_records_of_a_sweep_are_as_many_and_as_large_as_the_page_says() -> None:
    """The numbers exactly, the bytes within a quarter."""
    page, found = written(), measured(runs()["healthy"])
    assert page.keys() == found.keys()
    assert {table: each[0] for table, each in page.items()} == {table: each[0] for table, each in found.items()}
    for table, (_, *sizes) in found.items():
        assert page[table][1:] == pytest.approx(sizes, rel=TOLERANCE), table


def test_the_figures_per_target_and_day_follow_from_the_table() -> None:
    """One sweep a minute, three targets."""
    _, sent, kept = written()["all"]
    each_day = [size / TARGETS * SWEEPS_A_DAY / 1e6 for size in (sent, kept)]
    (figures,) = re.findall(r"\*\*([\d.]+) MB sent, and ([\d.]+) MB stored, per target and day\*\*", PAGE)
    assert [float(figure) for figure in figures] == pytest.approx(each_day, abs=0.05)


def test_what_a_broken_path_says_is_within_a_quarter_of_the_page() -> None:
    """Findings and second attempts are extra."""
    kept = measured(runs()["zone-not-linked"])["all"][2] / TARGETS * SWEEPS_A_DAY / 1e6
    (figure,) = re.findall(r"([\d.]+) MB stored per target and day while it lasts", PAGE)
    assert float(figure) == pytest.approx(kept, rel=TOLERANCE)


def test_every_rule_stands_in_the_row_of_its_frequency() -> None:
    """And in no other."""
    rows = re.findall(r"^\| (\d+) (minutes?|hour) \| ([\w, -]+) \|", PAGE, re.MULTILINE)
    told = {name: int(n) * (60 if unit == "hour" else 1) for n, unit, names in rows for name in names.split(", ")}
    assert told == {name: alert.frequency.total_seconds() / 60 for name, alert in alerts().items()}
