"""Envelopes as exporters send them, and the rows that a workspace has of them."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from lab.log_analytics.rows import gateway_row, milliseconds, rows
from lab.log_analytics.schema import tables

AT = datetime(2026, 11, 24, 13, 30, 5, 250_000, tzinfo=UTC)
TAGS = {
    "ai.cloud.role": "func-orders-prod",
    "ai.cloud.roleInstance": "0",
    "ai.operation.id": "0af7651916cd43dd8448eb211c80319c",
    "ai.operation.parentId": "b7ad6b7169203331",
    "ai.operation.name": "GET /api/orders",
    "ai.internal.sdkVersion": "py3.13",
}
PROPERTIES = {"correlation.id": "abcdefgh"}
DATA: dict[str, dict[str, Any]] = {
    "RequestData": {
        "id": "00f067aa0ba902b7",
        "name": "GET /api/orders",
        "duration": "0.00:00:01.250",
        "responseCode": "200",
        "success": True,
        "url": "https://func-orders-prod.azurewebsites.net/api/orders",
    },
    "RemoteDependencyData": {
        "id": "00f067aa0ba902b8",
        "name": "PUT /orders",
        "duration": "1.02:03:04.005",
        "resultCode": "204",
        "success": "True",
        "type": "HTTP",
        "target": "store.table.core.windows.net",
    },
    "MessageData": {"message": "Order taken", "severityLevel": "Warning"},
    "ExceptionData": {
        "exceptions": [
            {"typeName": "RuntimeError", "message": "outer", "stack": "..."},
            {"typeName": "OSError", "message": "inner"},
        ],
        "severityLevel": 3,
    },
    "AvailabilityData": {
        "id": "1",
        "name": "orders/backend",
        "duration": "00:00:00.250",
        "success": "false",
        "runLocation": "probe",
        "message": "zone-not-linked",
    },
    "EventData": {"name": "probe.finding"},
    "MetricData": {"metrics": [{"name": "probe.success", "value": 0.5, "count": 4, "min": 0, "max": 1}]},
}
OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "RequestData": (
        "AppRequests",
        {"Id": "00f067aa0ba902b7", "ResultCode": "200", "DurationMs": 1250},
    ),
    "RemoteDependencyData": (
        "AppDependencies",
        {"Target": "store.table.core.windows.net", "DependencyType": "HTTP", "Success": True, "DurationMs": 93784005},
    ),
    "MessageData": ("AppTraces", {"Message": "Order taken", "SeverityLevel": 2}),
    "ExceptionData": (
        "AppExceptions",
        {"ExceptionType": "RuntimeError", "OuterMessage": "outer", "InnermostType": "OSError", "SeverityLevel": 3},
    ),
    "AvailabilityData": (
        "AppAvailabilityResults",
        {"Name": "orders/backend", "Location": "probe", "Success": False, "DurationMs": 250},
    ),
    "EventData": ("AppEvents", {"Name": "probe.finding"}),
    "MetricData": ("AppMetrics", {"Name": "probe.success", "Sum": 0.5, "Min": 0, "Max": 1, "ItemCount": 4}),
}


def envelope(kind: str, data: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An envelope of this kind."""
    base = DATA.get(kind, {}) if data is None else data
    return {
        "time": "2026-11-24T13:30:05.250000Z",
        "iKey": "00000000-0000-0000-0000-000000000000",
        "tags": TAGS,
        "data": {"baseType": kind, "baseData": {"properties": PROPERTIES, **base}},
        **changes,
    }


@pytest.mark.parametrize("kind", DATA)
def test_each_kind_has_a_table(kind: str) -> None:
    """Its own columns, and none that Azure's table does not have."""
    table, own = OWN[kind]
    found = rows([envelope(kind)])
    (row,) = found[table]
    assert list(found) == [table]
    assert {name: row[name] for name in own} == own
    assert set(row) <= set(tables()[table])


@pytest.mark.parametrize("kind", DATA)
def test_what_every_table_has(kind: str) -> None:
    """Time, role, operation and custom dimensions."""
    ((row,),) = rows([envelope(kind)]).values()
    assert (row["TimeGenerated"], row["AppRoleName"], row["ParentId"]) == (AT, "func-orders-prod", "b7ad6b7169203331")
    assert (row["OperationId"], row["Properties"]) == (TAGS["ai.operation.id"], PROPERTIES)


def test_rows_are_in_the_order_of_the_envelopes() -> None:
    """Table by table."""
    messages = [envelope("MessageData", {"message": str(number)}) for number in range(3)]
    found = rows([messages[0], envelope("EventData"), *messages[1:]])
    assert [row["Message"] for row in found["AppTraces"]] == ["0", "1", "2"]


@pytest.mark.parametrize(("rate", "count"), [(None, 1), (100, 1), (25.0, 4), (0, 1)])
def test_a_sampled_item_stands_for_several(rate: float | None, count: int) -> None:
    """`ItemCount` is what one sums to count."""
    ((row,),) = rows([envelope("RequestData", sampleRate=rate)]).values()
    assert row["ItemCount"] == count


def test_a_metric_without_extremes_is_its_own() -> None:
    """One point, counted once."""
    ((row,),) = rows([envelope("MetricData", {"metrics": [{"name": "m", "value": 2.0}]})]).values()
    assert (row["Sum"], row["Min"], row["Max"], row["ItemCount"]) == (2.0, 2.0, 2.0, 1)


def test_a_kind_without_a_table_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Without a word: exporters send such, and other tables than these exist."""
    assert rows([envelope("PageViewData")]) == {}
    assert caplog.records == []


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"data": None},
        {"name": "Request", "iKey": "a"},
        envelope("MessageData", {}),
        envelope("RequestData", {**DATA["RequestData"], "duration": "1250"}),
        envelope("RequestData", {**DATA["RequestData"], "duration": None}),
        envelope("ExceptionData", {"exceptions": []}),
        envelope("MetricData", {"metrics": []}),
        envelope("EventData", time="yesterday"),
        envelope("EventData", time=None),
        envelope("EventData", tags=["no", "tags"]),
        envelope("EventData", sampleRate="all"),
        {**envelope("EventData"), "data": {"baseType": "EventData", "baseData": []}},
    ],
)
def test_an_envelope_that_breaks_the_schema_harms_no_other(odd: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a warning, and the rows of the others are there."""
    with caplog.at_level(logging.WARNING):
        found = rows([odd, envelope("EventData")])
    assert {table: len(each) for table, each in found.items()} == {"AppEvents": 1}
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_time_without_a_zone_is_in_utc() -> None:
    """As everything in a workspace is."""
    ((row,),) = rows([envelope("EventData", time="2026-11-24T13:30:05.25")]).values()
    assert row["TimeGenerated"] == AT


@pytest.mark.parametrize(
    ("text", "ms"), [("00:00:00", 0), ("0.00:00:00.001", 1), ("00:01:00.5", 60_500), ("2.00:00:00", 172_800_000)]
)
def test_a_duration_in_milliseconds(text: str, ms: float) -> None:
    """D.HH:MM:SS.ffffff, days and fraction being optional."""
    assert milliseconds(text) == ms


def test_a_row_of_the_gateways_log() -> None:
    """Its columns as they are, its time as a time."""
    row = gateway_row({"TimeGenerated": "2026-11-24T13:30:05.250000+00:00", "ResponseCode": 200})
    assert row == {"Type": "ApiManagementGatewayLogs", "TimeGenerated": AT, "ResponseCode": 200}
