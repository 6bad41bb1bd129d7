"""The search for a correlation id in a workspace: first by the id, then by the operations that it led to."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from probes.azure.answer import ReadError
from probes.azure.log_analytics import LogAnalytics, Row
from probes.azure.rest import together
from probes.failure import Failure
from probes.trace.kinship import related
from probes.trace.queries import GATEWAY, MOST_OPERATIONS, MOST_ROWS, OPERATION_ID, TABLES, by_id, by_operation
from probes.trace.records import GatewayCall, Hop, Item, Trace

SEVERITIES = ("Verbose", "Information", "Warning", "Error", "Critical")
UNRESOLVED = "SEM0100"
"""Kusto's code for a name that is no table and no column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one table has.

    Attributes:
        gap: what is missing, and why; `None` = nothing is.
        partial: the workspace kept rows back.
    """

    rows: tuple[Row, ...]
    gap: str | None = None
    partial: bool = False


async def search(workspace: LogAnalytics, correlation_id: str, timespan: timedelta) -> Trace:
    """Everything kept of the call.

    Raises:
        ReadError: the workspace does not answer, or what it answers are no such rows.
        ValueError: the id has another form than CORRELATION_ID.
    """
    first = await _asked(workspace, by_id(correlation_id), timespan)
    gateway = sorted(map(gateway_call, first[GATEWAY].rows), key=lambda call: call.at)
    own = in_order(read(first, carries_id=True))
    # The newest: of a caller that sends one id for ever, those are the calls that the gateway's last rows are of.
    names = [name for each in reversed(own) if (name := each.operation_id) and OPERATION_ID.fullmatch(name)]
    operations = list(dict.fromkeys(names))[:MOST_OPERATIONS]
    second = await _asked(workspace, by_operation(operations, correlation_id), timespan) if operations else {}
    others = related(own, read(second, carries_id=False)) if second else []
    found = [*first.items(), *second.items()]
    return Trace(
        correlation_id=correlation_id,
        gateway=tuple(gateway),
        items=tuple(in_order([*own, *others])),
        searched_s=timespan.total_seconds(),
        gaps=tuple(dict.fromkeys(f"{table}: {each.gap}" for table, each in found if each.gap is not None)),
        partial=any(each.partial for _, each in found),
    )


async def _asked(workspace: LogAnalytics, queries: Mapping[str, str], timespan: timedelta) -> dict[str, Found]:
    """What each table has, all asked at the same time."""
    found = await together(*(_of_table(workspace, table, kql, timespan) for table, kql in queries.items()))
    return dict(zip(queries, found, strict=True))


async def _of_table(workspace: LogAnalytics, table: str, kql: str, timespan: timedelta) -> Found:
    """The rows of one query; a table comes into being with its first record, and until then it has none."""
    try:
        result = await workspace.rows(kql, timespan)
    except ReadError as error:
        if error.code != UNRESOLVED or f"'{table}'" not in (error.detail or ""):
            raise
        return Found(rows=(), gap="no such table in the workspace, so nothing was ever sent to it")
    cut = f"the newest {MOST_ROWS} records only" if len(result.rows) >= MOST_ROWS else None
    return Found(rows=result.rows, gap=result.gap or cut, partial=result.gap is not None)


def read(found: Mapping[str, Found], *, carries_id: bool) -> list[Item]:
    """The items of the tables of Application Insights."""
    return [item(hop, row, carries_id=carries_id) for hop, table in TABLES.items() for row in found[table].rows]


def gateway_call(row: Row) -> GatewayCall:
    """A row of the gateway log; an empty column and a status of 0 both mean that there was none.

    Raises:
        ReadError: it is no such row.
    """
    return GatewayCall(
        at=instant(row, GATEWAY),
        method=text(row, "Method"),
        url=text(row, "Url"),
        status=number(row, "ResponseCode") or None,
        duration_ms=number(row, "TotalTime"),
        backend_url=text(row, "BackendUrl"),
        backend_status=number(row, "BackendResponseCode") or None,
        backend_ms=number(row, "BackendTime"),
        error_source=text(row, "LastErrorSource"),
        error_reason=text(row, "LastErrorReason"),
        error_message=text(row, "LastErrorMessage"),
        error_section=text(row, "LastErrorSection"),
    )


def item(hop: Hop, row: Row, *, carries_id: bool) -> Item:
    """A row of one of Application Insights' tables.

    Raises:
        ReadError: it is no such row.
    """
    match hop:
        case Hop.LOG:
            name, code = text(row, "Message"), severity(row)
        case Hop.EXCEPTION:
            name = ": ".join(each for each in (text(row, "ExceptionType"), text(row, "OuterMessage")) if each)
            code = severity(row)
        case _:
            name, code = text(row, "Name"), text(row, "ResultCode")
    return Item(
        hop=hop,
        at=instant(row, TABLES[hop]),
        role=text(row, "AppRoleName"),
        name=name or "",
        target=text(row, "Target"),
        code=code,
        success=row.get("Success"),
        duration_ms=number(row, "DurationMs"),
        operation_id=text(row, "OperationId"),
        span_id=text(row, "Id"),
        parent_id=text(row, "ParentId"),
        carries_id=carries_id,
        properties=properties(row.get("Properties")),
    )


def instant(row: Row, table: str) -> datetime:
    """When the record was made, which every row has.

    Raises:
        ReadError: this one has not.
    """
    at = row.get("TimeGenerated")
    if not isinstance(at, datetime):
        raise ReadError(Failure.MALFORMED_RESPONSE, f"a row of {table} has no time")
    return at


def text(row: Row, column: str) -> str | None:
    """A cell of text; `None` where it is empty, or the table has no such column."""
    value = row.get(column)
    return None if value is None or value == "" else str(value)


def number(row: Row, column: str) -> Any:
    """A number, an int where the column holds ints; `None` where the cell is no number."""
    value = row.get(column)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def properties(value: Any) -> dict[str, str]:
    """Custom dimensions, which the API gives as text; empty where they are none."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(each) for name, each in found.items()} if isinstance(found, dict) else {}


def severity(row: Row) -> str | None:
    """The level's name."""
    level = number(row, "SeverityLevel")
    return SEVERITIES[int(level)] if level in range(len(SEVERITIES)) else None


def in_order(items: Iterable[Item]) -> list[Item]:
    """By time; at the same time a request before what was written while it was served."""
    hops = list(Hop)
    return sorted(items, key=lambda found: (found.at, hops.index(found.hop)))
