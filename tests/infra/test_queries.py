"""The alert rules as they are deployed: Microsoft's parser, what Azure Monitor allows, one alert for every cause."""

import json
import re
from typing import Any

import pytest

from lab.alerts import Alert, alerts
from probes.judge.finding import Severity
from probes.judge.rules import EVERY_RULE
from tests.infra.kql import INFRA, ROOT, Parsed, parsed

ROWS: list[dict[str, Any]] = json.loads((INFRA / "alerts.json").read_text(encoding="utf-8"))["alerts"]
ALERTS = alerts()
NUMERIC = {"int", "long", "real", "decimal"}
WINDOWS_MIN = {1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880}
"""Lengths that the service takes for a window and a look back."""
MOST_DIMENSIONS, MOST_PERIODS = 6, 6
NOT_IN_A_RULE = (
    "search",
    "union",
    "take",
    "limit",
    "bag_unpack",
    "pivot",
    "narrow",
    "ingestion_time",
    "AggregatedValue",
)
"""What Microsoft's pages say a rule's query cannot have, or not at a frequency of one minute."""
PAGES_NOBODY = {
    "agent-clock-wrong": "the probe's own clock",
    "control-plane-denied": "information: the findings that it leaves open say so themselves",
    "control-plane-unread": "information, and the next sweep reads again",
    "closure-not-seen": "a path closed to the outside that nobody could see; inconclusive, so probe-silent says it",
    "deadline-missed": "inconclusive, so probe-silent says it after half an hour",
    "gateway-dependency-failing": "API Management's own, which serves all the same",
    "gateway-skips-tls-checks": "a setting, told by every diagnosis and by the proof, which refuses the closure",
    "intermittent": "a second attempt healed it",
    "public-access-enabled": "as it must be before the closure; public-path-open once the path says that it is closed",
    "refusal-not-checked": "a gap in the path file",
    "request-slow": "measured: latency, against what is usual",
    "resource-not-found": "a wrong id in the path file",
    "resolve-slow": "measured: latency, against what is usual",
    "resolvers-disagree": "both answers are private",
    "scm-not-private": "hinders deployments and no call",
    "some-addresses-fail": "the other addresses serve",
    "some-resolvers-fail": "the other resolvers answer",
}
"""Findings that no alert names, and why."""


@pytest.fixture(scope="module")
def found() -> dict[str, Parsed]:
    """What the parser says of each alert's query."""
    return parsed({name: alert.query for name, alert in ALERTS.items()})


@pytest.mark.parametrize("name", ALERTS)
def test_a_query_has_no_diagnostic(found: dict[str, Parsed], name: str) -> None:
    """Not even a hint: a rule whose query fails is switched off after a week."""
    assert found[name].diagnostics == ()


@pytest.mark.parametrize("name", ALERTS)
def test_what_is_compared_and_split_by_is_in_the_result(found: dict[str, Parsed], name: str) -> None:
    """The measure is a number and the dimensions are strings; with several periods each row has its time."""
    columns, alert = found[name].columns, ALERTS[name]
    assert columns[alert.measure] in NUMERIC
    assert {columns[dimension] for dimension in alert.dimensions} <= {"string"}
    assert alert.periods == 1 or columns["TimeGenerated"] == "datetime"


def test_the_parser_knows_a_wrong_query() -> None:
    """A misspelt column, an unknown table, and a text compared with a number."""
    wrong = parsed(
        {
            "column": "AppEvents | where Nmae == 'probe.sweep'",
            "table": "AppEvent | take 1",
            "type": "AppRequests | where ResultCode > 400",
        }
    )
    assert [bool(each.diagnostics) for each in wrong.values()] == [True, True, True]


@pytest.mark.parametrize("name", ALERTS)
def test_a_query_is_one_that_a_rule_may_have(name: str) -> None:
    """Microsoft's limits: no union, search or take, ago() of a literal only, and the first operator reads a table."""
    text = re.sub(r"//.*|\"[^\"]*\"", "", ALERTS[name].query)
    assert [word for word in NOT_IN_A_RULE if re.search(rf"\b{word}\b", text)] == []
    assert all(re.fullmatch(r"\d+[dhms]", span) for span in re.findall(r"\bago\(([^)]*)\)", text))
    statements = [statement.strip() for statement in text.split(";") if statement.strip()]
    assert re.match(r"App\w+|ApiManagementGatewayLogs", statements[-1])


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_the_times_of_a_rule_are_ones_that_the_service_takes(alert: Alert) -> None:
    """It looks back as far as its query asks, two days at most, and never less far than it evaluates."""
    lengths_min = [span.total_seconds() / 60 for span in (alert.window, alert.sees)]
    assert set(lengths_min[:1] + ([lengths_min[1]] if alert.look_back else [])) <= WINDOWS_MIN
    assert alert.frequency <= alert.window * alert.periods <= alert.sees
    asked_min = [
        int(n) * {"m": 1, "h": 60, "d": 1440}[unit] for n, unit in re.findall(r"ago\((\d+)([mhd])\)", alert.query)
    ]
    assert max(asked_min, default=0) <= lengths_min[1] <= max(WINDOWS_MIN)
    assert 1 <= alert.violations <= alert.periods <= MOST_PERIODS
    assert len(alert.dimensions) <= MOST_DIMENSIONS
    assert isinstance(alert.threshold, int)


def test_every_alert_has_its_query_its_runbook_and_its_line_in_bicep() -> None:
    """And nothing is left over: a query that no rule asks, a page that no rule names."""
    names = [row["name"] for row in ROWS]
    queries = {row["query"] for row in ROWS}
    bicep = (INFRA / "modules" / "alerts.bicep").read_text(encoding="utf-8")
    loaded = set(re.findall(r"^  '?([\w-]+)'?: loadTextContent\('\.\./queries/\1\.kql'\)$", bicep, re.MULTILINE))
    assert len(set(names)) == len(names)
    assert queries == loaded == {file.stem for file in (INFRA / "queries").glob("*.kql")}
    pages = {file.name for file in (ROOT / "docs" / "alerts").glob("*.md")} - {"README.md"}
    assert {row["runbook"] for row in ROWS} == pages == {f"{name}.md" for name in names}


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_answers_the_same_questions(name: str) -> None:
    """What it means, what to look at, how it is mended, when it is silent, and when it is wrong."""
    page = (ROOT / "docs" / "alerts" / f"{name}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == ["What it means", "What to look at", "How it is mended", "When it is silent", "False alarms"]


def ids(name: str) -> set[str]:
    """The findings that a query names."""
    known = {rule.id for rule in EVERY_RULE}
    return {text for text in re.findall(r'"([a-z-]+)"', ALERTS[name].query) if text in known}


def test_every_cause_has_one_alert() -> None:
    """An error without an alert of its own is path-broken or path-exposed, by the verdict; no two name one cause."""
    own = [ids(name) for name in ("answer-turned-public", "identity-hole", "certificate-expiring", "correlation-lost")]
    claimed = set().union(*own, {"gateway-cannot-reach-backend"})
    assert sum(map(len, own)) + 1 == len(claimed)
    errors = {rule.id for rule in EVERY_RULE if rule.severity is Severity.ERROR}
    assert ids("path-broken") - {"deployment-in-progress"} == errors & claimed
    assert ids("path-exposed") == (errors & claimed) - {"gateway-cannot-reach-backend"}
    others = {rule.id for rule in EVERY_RULE} - errors - claimed
    assert others == {*PAGES_NOBODY, "deployment-in-progress"}


def test_the_index_of_runbooks_names_every_finding_with_its_alert() -> None:
    """So that nobody on call has to read a query."""
    page = (ROOT / "docs" / "alerts" / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (?:\[([a-z-]+)\]|nobody)", page, re.MULTILINE))
    expected = dict.fromkeys(PAGES_NOBODY, "")
    for name in ("answer-turned-public", "identity-hole", "certificate-expiring", "correlation-lost"):
        expected |= dict.fromkeys(ids(name), name)
    expected |= {
        "gateway-cannot-reach-backend": "gateway-cannot-reach-backend",
        "deployment-in-progress": "path-broken",
    }
    assert told == expected
