"""Envelopes of the ingestion endpoint as the rows that Application Insights makes of them in a workspace.

The columns are those of the map from Application Insights to Log Analytics
(https://learn.microsoft.com/azure/azure-monitor/app/convert-classic-resource#workspace-based-resource-changes).
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

logger = logging.getLogger(__name__)

type Row = dict[str, Any]
type Rows = Mapping[str, list[Row]]

DURATION = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")
SEVERITIES = {name: level for level, name in enumerate(("Verbose", "Information", "Warning", "Error", "Critical"))}


def rows(envelopes: Iterable[Mapping[str, Any]]) -> Rows:
    """The rows by table, in the order of the envelopes; those of a kind that has no table here are left out.

    So is one that breaks the schema, with a warning: the real endpoint would not have taken it.
    """
    found: dict[str, list[Row]] = {}
    for envelope in envelopes:
        try:
            table, row = row_of(envelope)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            logger.warning("an envelope breaks the schema: %s", repr(error))
            continue
        if table is not None:
            found.setdefault(table, []).append(row)
    return found


def row_of(envelope: Mapping[str, Any]) -> tuple[str | None, Row]:
    """Table and row of an envelope; raises one of the errors above."""
    kind = KINDS.get(envelope["data"]["baseType"])
    if kind is None:
        return None, {}
    table, own = kind
    return table, {"Type": table, **common(envelope), **own(envelope["data"]["baseData"])}


def gateway_row(row: Mapping[str, Any]) -> Row:
    """A row of the gateway's log, its time as a time."""
    return {"Type": "ApiManagementGatewayLogs", **row, "TimeGenerated": instant(row["TimeGenerated"])}


def common(envelope: Mapping[str, Any]) -> Row:
    """What every table has of an envelope: its time, its tags, and the properties of its data."""
    tags, data = envelope.get("tags") or {}, envelope["data"]["baseData"]
    return {
        "TimeGenerated": instant(envelope["time"]),
        "IKey": envelope.get("iKey"),
        "AppRoleName": tags.get("ai.cloud.role"),
        "AppRoleInstance": tags.get("ai.cloud.roleInstance"),
        "OperationId": tags.get("ai.operation.id"),
        "OperationName": tags.get("ai.operation.name"),
        "ParentId": tags.get("ai.operation.parentId"),
        "SDKVersion": tags.get("ai.internal.sdkVersion"),
        "SyntheticSource": tags.get("ai.operation.syntheticSource"),
        "ClientIP": tags.get("ai.location.ip"),
        "Properties": data.get("properties") or {},
        "ItemCount": round(100 / (envelope.get("sampleRate") or 100)),
    }


def _request(data: Mapping[str, Any]) -> Row:
    return {
        "Id": data["id"],
        "Name": data.get("name"),
        "Url": data.get("url"),
        "Source": data.get("source"),
        "Success": truth(data.get("success")),
        "ResultCode": data.get("responseCode"),
        "DurationMs": milliseconds(data["duration"]),
        "Measurements": data.get("measurements") or {},
    }


def _dependency(data: Mapping[str, Any]) -> Row:
    return {
        "Id": data["id"],
        "Name": data.get("name"),
        "Data": data.get("data"),
        "DependencyType": data.get("type"),
        "Target": data.get("target"),
        "Success": truth(data.get("success")),
        "ResultCode": data.get("resultCode"),
        "DurationMs": milliseconds(data["duration"]),
        "Measurements": data.get("measurements") or {},
    }


def _trace(data: Mapping[str, Any]) -> Row:
    return {
        "Message": data["message"],
        "SeverityLevel": severity(data.get("severityLevel")),
        "Measurements": data.get("measurements") or {},
    }


def _exception(data: Mapping[str, Any]) -> Row:
    """The first of the exceptions is the outermost."""
    outer, innermost = data["exceptions"][0], data["exceptions"][-1]
    return {
        "ExceptionType": outer.get("typeName"),
        "OuterType": outer.get("typeName"),
        "OuterMessage": outer.get("message"),
        "InnermostType": innermost.get("typeName"),
        "InnermostMessage": innermost.get("message"),
        "ProblemId": data.get("problemId"),
        "Details": data["exceptions"],
        "SeverityLevel": severity(data.get("severityLevel")),
        "Measurements": data.get("measurements") or {},
    }


def _availability(data: Mapping[str, Any]) -> Row:
    return {
        "Id": data["id"],
        "Name": data["name"],
        "Location": data.get("runLocation"),
        "Success": truth(data.get("success")),
        "Message": data.get("message"),
        "DurationMs": milliseconds(data["duration"]),
        "Measurements": data.get("measurements") or {},
    }


def _event(data: Mapping[str, Any]) -> Row:
    return {"Name": data["name"], "Measurements": data.get("measurements") or {}}


def _metric(data: Mapping[str, Any]) -> Row:
    """One point; of a histogram, the sum, the extremes and the count."""
    (point,) = data["metrics"]
    value = point["value"]
    return {
        "Name": point["name"],
        "Sum": value,
        "Min": point.get("min") if point.get("min") is not None else value,
        "Max": point.get("max") if point.get("max") is not None else value,
        "ItemCount": point.get("count") or 1,
    }


KINDS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Row]]] = {
    "RequestData": ("AppRequests", _request),
    "RemoteDependencyData": ("AppDependencies", _dependency),
    "MessageData": ("AppTraces", _trace),
    "ExceptionData": ("AppExceptions", _exception),
    "AvailabilityData": ("AppAvailabilityResults", _availability),
    "EventData": ("AppEvents", _event),
    "MetricData": ("AppMetrics", _metric),
}
"""Kind of envelope to its table and its own columns."""


def instant(text: str) -> datetime:
    """The time of an envelope or a log row, in UTC where it does not say."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def milliseconds(duration: str) -> float:
    """A duration D.HH:MM:SS.ffffff in milliseconds.

    Raises:
        ValueError: it has another form; the real endpoint would not take the envelope.
    """
    found = DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no duration D.HH:MM:SS.ffffff")
    days, hours, minutes, seconds = found.groups(default="0")
    whole = timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return whole / timedelta(milliseconds=1)


def severity(value: object) -> int | None:
    """The level as a number: the schema has names, exporters send numbers as well."""
    return SEVERITIES.get(value) if isinstance(value, str) else value if isinstance(value, int) else None


def truth(value: object) -> bool | None:
    """A truth value, which exporters may send as text."""
    return value.lower() == "true" if isinstance(value, str) else value if isinstance(value, bool) else None
