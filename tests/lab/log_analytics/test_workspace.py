"""The embedded workspace: what KQL finds in it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.log_analytics.rows import Row
from lab.log_analytics.schema import DUCKDB_TYPES, tables
from lab.log_analytics.workspace import NoTableError, QueryError, Workspace, since

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOSTILE = 'it\'s "quoted"; DROP TABLE AppTraces --\n\x00\x1b[2J\u202e \U0001f600'
ROWS: list[Row] = [
    {
        "TimeGenerated": NOW - timedelta(minutes=minutes),
        "Name": name,
        "DurationMs": minutes * 1.5,
        "Success": minutes < 3,
        "ItemCount": minutes,
        "ResultCode": "200" if minutes < 3 else "500",
        "Properties": {"correlation.id": f"call-{minutes:04}", "nested": {"a": [1, 2]}},
    }
    for minutes, name in ((1, "GET /api/orders"), (2, "POST /api/orders"), (3, HOSTILE))
]


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """Three requests."""
    with Workspace({"AppRequests": ROWS}) as found:
        yield found


def test_every_table_has_its_columns_and_types() -> None:
    """Those of Azure's table reference, also where it is empty."""
    with Workspace({}) as empty:
        for name, columns in tables().items():
            result = empty.query(f"{name} | take 1")
            assert (dict(result.columns), result.rows) == (columns, ())


def test_the_schema_has_no_type_that_it_cannot_store() -> None:
    """Every column of `tables.json`."""
    assert {kind for columns in tables().values() for kind in columns.values()} <= set(DUCKDB_TYPES)


def test_a_value_comes_back_as_it_was_stored(workspace: Workspace) -> None:
    """Texts of any characters, times, numbers, truths; dynamic values as JSON text; what is missing is null."""
    rows = workspace.query("AppRequests | order by TimeGenerated asc").records()
    assert [row["Name"] for row in rows] == [HOSTILE, "POST /api/orders", "GET /api/orders"]
    assert rows[0]["TimeGenerated"] == (NOW - timedelta(minutes=3)).replace(tzinfo=None)
    assert (rows[0]["DurationMs"], rows[0]["Success"], rows[0]["ItemCount"], rows[0]["Url"]) == (4.5, False, 3, None)
    assert rows[0]["Properties"] == '{"correlation.id":"call-0003","nested":{"a":[1,2]}}'


def test_a_character_that_is_half_of_one_is_replaced() -> None:
    """A lone surrogate, which JSON can escape and no text can hold."""
    with Workspace({"AppTraces": [{"TimeGenerated": NOW, "Message": "a\ud800b"}]}) as found:
        assert found.query("AppTraces | project Message").rows == (("a?b",),)


def test_a_value_of_another_type_than_its_column_is_null() -> None:
    """As at the real ingestion, the rest of the row is kept."""
    odd = {"TimeGenerated": NOW, "Name": "m", "Sum": "many", "Min": None}
    with Workspace({"AppMetrics": [odd]}) as found:
        assert found.query("AppMetrics | project Name, Sum").rows == (("m", None),)


def test_a_custom_dimension_with_a_dot_is_found(workspace: Workspace) -> None:
    """By the brackets of KQL."""
    query = 'AppRequests | where tostring(Properties["correlation.id"]) == "call-0002" | project Name'
    assert workspace.query(query).rows == (("POST /api/orders",),)


def test_the_clock_of_a_query_can_be_set(workspace: Workspace) -> None:
    """`ago()` and `now()` go by it."""
    query = "AppRequests | where TimeGenerated > ago(150s) | count"
    counts = [workspace.query(query, now=NOW + timedelta(minutes=later)).rows[0][0] for later in (0, 1, 2)]
    assert counts == [2, 1, 0]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("count()", "long"),
        ("sum(ItemCount)", "long"),
        ("avg(DurationMs)", "real"),
        ("max(TimeGenerated)", "datetime"),
        ("max(TimeGenerated) - min(TimeGenerated)", "timespan"),
        ("make_list(Name)", "dynamic"),
        ("take_any(Success)", "bool"),
    ],
)
def test_a_result_has_kql_types(workspace: Workspace, expression: str, kind: str) -> None:
    """Not those of the database behind it."""
    assert workspace.query(f"AppRequests | summarize found = {expression}").columns == (("found", kind),)


@pytest.mark.parametrize(
    "query",
    ["", "AppRequests | where Nope == 1", "AppRequests |", "AppRequests | make-series n = count() on TimeGenerated"],
)
def test_what_it_cannot_answer_is_an_error(workspace: Workspace, query: str) -> None:
    """With a sentence on one line, never a wrong answer."""
    with pytest.raises(QueryError) as caught:
        workspace.query(query)
    assert str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("query", ["(" * 3_000, "AppRequests | where " + "(" * 500 + "true" + ")" * 500])
def test_a_query_without_a_bottom_is_an_error(workspace: Workspace, query: str) -> None:
    """It does not end the stand-in."""
    with pytest.raises(QueryError):
        workspace.query(query)


def test_a_table_that_is_not_there_is_an_error_of_its_own() -> None:
    """One that no workspace has, and one that this one is without."""
    with Workspace({"AppTraces": ROWS}, without={"AppTraces"}) as found:
        for name in ("Nothing", "AppTraces"):
            with pytest.raises(NoTableError, match=f"named '{name}'"):
                found.query(f"{name} | take 1")
        assert found.query("AppRequests | count").rows == ((0,),)


@pytest.mark.parametrize("query", ["read_text('{file}')", "['{file}']", "externaldata(a: string)['{file}']"])
def test_a_query_does_not_reach_the_machine(workspace: Workspace, query: str, tmp_path: Path) -> None:
    """The embedded database could read files; a query of it cannot."""
    file = tmp_path / "secret.csv"
    file.write_text("a\nsecret\n")
    with pytest.raises(QueryError) as caught:
        workspace.query(query.format(file=file))
    assert "secret\n" not in str(caught.value)


def test_rows_of_a_time() -> None:
    """The oldest that counts is as old as the time."""
    found = since({"AppRequests": ROWS}, timedelta(minutes=2), NOW)
    assert [row["ItemCount"] for row in found["AppRequests"]] == [1, 2]
