"""The workbook: the shape of the gallery's schema, and every query parsed, executed, and with rows to show."""

import json
from typing import Any

import jsonschema
import pytest

from lab.log_analytics.rows import Rows
from lab.log_analytics.workspace import Workspace
from tests.infra.kql import INFRA, Parsed, parsed
from tests.infra.recorded import runs

pytestmark = pytest.mark.timeout(400)
BOOK: dict[str, Any] = json.loads((INFRA / "workbooks" / "path.workbook.json").read_text(encoding="utf-8"))
MARKDOWN, QUERY, PARAMETERS = 1, 3, 9
"""Types of item, of those in https://github.com/microsoft/Application-Insights-Workbooks, schema/workbook.json."""
TEXT = {"type": "string", "minLength": 1}
NAMED = {"name": TEXT, "customWidth": {"enum": ["50", "100"]}}
SHAPE: dict[str, Any] = {
    "type": "object",
    "required": ["version", "items"],
    "properties": {"version": {"const": "Notebook/1.0"}, "items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
    "$defs": {
        "item": {
            "type": "object",
            "required": ["type", "content", "name"],
            "properties": {**NAMED, "type": {"enum": [MARKDOWN, QUERY, PARAMETERS]}, "content": {"type": "object"}},
            "additionalProperties": False,
            "allOf": [
                {
                    "if": {"properties": {"type": {"const": kind}}},
                    "then": {"properties": {"content": {"$ref": f"#/$defs/{name}"}}},
                }
                for kind, name in ((MARKDOWN, "markdown"), (QUERY, "query"), (PARAMETERS, "parameters"))
            ],
        },
        "markdown": {"required": ["json"], "properties": {"json": TEXT}, "additionalProperties": False},
        "query": {
            "required": ["version", "query", "size", "title", "queryType", "resourceType", "visualization"],
            "properties": {
                "version": {"const": "KqlItem/1.0"},
                "query": TEXT,
                "size": {"type": "integer"},
                "title": TEXT,
                "noDataMessage": TEXT,
                "timeContextFromParameter": {"const": "TimeRange"},
                "queryType": {"const": 0},
                "resourceType": {"const": "microsoft.operationalinsights/workspaces"},
                "visualization": {"enum": ["table", "timechart", "barchart"]},
                "gridSettings": {"type": "object"},
            },
            "additionalProperties": False,
        },
        "parameters": {
            "required": ["version", "parameters"],
            "properties": {
                "version": {"const": "KqlParameterItem/1.0"},
                "parameters": {
                    "type": "array",
                    "items": {"type": "object", "required": ["id", "version", "name", "type", "value"]},
                },
            },
        },
    },
}
EMPTY_WHEN_HEALTHY = {"findings"}
"""Queries with nothing to show of a healthy path."""


def queries() -> dict[str, str]:
    """Every query of the workbook by the name of its item or parameter."""
    found = {item["name"]: item["content"]["query"] for item in BOOK["items"] if item["type"] == QUERY}
    for item in BOOK["items"]:
        for parameter in item["content"].get("parameters", []):
            if "query" in parameter:
                found[f"parameter {parameter['name']}"] = parameter["query"]
    return found


def filled(kql: str, *, path: str = "orders", correlation_id: str) -> str:
    """The query with its parameters as the workbook fills them in."""
    return kql.replace("{Path}", path).replace("{CorrelationId}", correlation_id)


@pytest.fixture(scope="module")
def found() -> dict[str, Parsed]:
    """What the parser says of each query."""
    return parsed({name: filled(kql, correlation_id="0" * 32) for name, kql in queries().items()})


@pytest.fixture(scope="module")
def results() -> dict[str, list[dict[str, Any]]]:
    """Every query's rows on a healthy run and on one of a broken path, by `scenario query`."""
    answered = {}
    for scenario in ("healthy", "zone-not-linked"):
        run = runs()[scenario]
        gateway_id = next(row["CorrelationId"] for row in run.rows["ApiManagementGatewayLogs"])
        with Workspace(run.rows) as workspace:
            for name, kql in queries().items():
                known = gateway_id if name == "correlation-gateway" else run.sweep_ids[0]
                answered[f"{scenario} {name}"] = workspace.query(filled(kql, correlation_id=known)).records()
    return answered


def test_it_has_the_shape_of_a_workbook() -> None:
    """Items of three kinds, each with what its kind must have and no key that it does not know."""
    jsonschema.Draft202012Validator(SHAPE).validate(BOOK)


def test_names_and_parameters_are_each_one() -> None:
    """An item is found by its name, a parameter by its id; a parameter that a query asks for exists."""
    names = [item["name"] for item in BOOK["items"]]
    parameters = [one for item in BOOK["items"] for one in item["content"].get("parameters", [])]
    assert len(set(names)) == len(names)
    assert len({one["id"] for one in parameters}) == len(parameters)
    assert {one["name"] for one in parameters} == {"TimeRange", "Path", "CorrelationId"}


@pytest.mark.parametrize("name", queries())
def test_a_query_has_no_diagnostic(found: dict[str, Parsed], name: str) -> None:
    """Of Microsoft's parser, of any severity."""
    assert found[name].diagnostics == ()


@pytest.mark.parametrize("name", queries())
def test_a_query_has_rows(results: dict[str, list[dict[str, Any]]], name: str) -> None:
    """On what the probe has really sent, of a healthy path and of a broken one."""
    assert results[f"zone-not-linked {name}"]
    assert bool(results[f"healthy {name}"]) is (name not in EMPTY_WHEN_HEALTHY)


def test_the_path_is_shown_hop_by_hop(results: dict[str, list[dict[str, Any]]]) -> None:
    """For each target its name and answers, address, TLS, HTTP and identity, with how long each took."""
    rows = [row for row in results["healthy hops"] if row["Target"] == "backend"]
    assert [row["Step"] for row in rows] == ["name", "address", "TLS", "HTTP", "identity"]
    assert [row["Seen"] for row in rows[1:]] == ["10.80.20.4", "1.3", "200", "token"]
    assert rows[0]["Seen"].startswith(
        'func-orders-prod.azurewebsites.net [{"resolver":"on-premises","answer":"10.80.20.4"}'
    )
    assert all(row["Milliseconds"] > 0 for row in rows)


def test_an_answer_that_turned_public_stands_beside_the_private_one() -> None:
    """Both runs in one workspace: of the resolver whose network has lost its zone there are two rows."""
    healthy, broken = runs()["healthy"].rows, runs()["zone-not-linked"].rows
    both: Rows = {"AppAvailabilityResults": healthy["AppAvailabilityResults"] + broken["AppAvailabilityResults"]}
    with Workspace(both) as workspace:
        rows = workspace.query(filled(queries()["answers"], correlation_id="")).records()
    of_backend = [
        (row["Resolver"], row["Answer"]) for row in rows if row["Host"] == "func-orders-prod.azurewebsites.net"
    ]
    private, public = "10.80.20.4", "203.0.113.10"
    assert set(of_backend) == {
        ("on-premises", private),
        *((resolver, answer) for resolver in ("system", "platform") for answer in (private, public)),
    }


def test_a_finding_is_open_until_a_sweep_is_without_it() -> None:
    """Broken, then healthy: what was found is closed."""
    broken, healthy = runs()["zone-not-linked"], runs()["healthy"]
    shift = broken.began_at - healthy.began_at
    later = [
        {**row, "TimeGenerated": row["TimeGenerated"] + 2 * abs(shift) + shift} for row in healthy.rows["AppEvents"]
    ]
    states = []
    for events in (broken.rows["AppEvents"], broken.rows["AppEvents"] + later):
        with Workspace({"AppEvents": events}) as workspace:
            rows = workspace.query(filled(queries()["findings"], correlation_id="")).records()
        states.append({(row["Finding"], row["State"]) for row in rows})
    assert states == [
        {("zone-not-linked", "open"), ("public-path-refused", "open")},
        {("zone-not-linked", "closed"), ("public-path-refused", "closed")},
    ]


def test_another_path_is_left_out() -> None:
    """The path asked for, and no other, in every query that has one."""
    with Workspace(runs()["healthy"].rows) as workspace:
        for name, kql in queries().items():
            if "{Path}" in kql:
                assert workspace.query(filled(kql, path="invoices", correlation_id="")).rows == (), name
