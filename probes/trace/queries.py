"""The queries of a trace, as data: KQL by the name of its table.

Nothing goes into them but ids of a form that is checked first: an id comes from whoever called, and a query is code.
"""

import re
from collections.abc import Iterable, Mapping

from probes.trace.records import Hop

CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
"""The alphabet of the orders app and of API Management's ids."""
OPERATION_ID = re.compile(r"[0-9a-f]{32}")
"""A trace id (W3C Trace Context section 3.2.2.3)."""
PROPERTY = "correlation.id"
HEADER = "x-correlation-id"
MOST_ROWS = 500
"""Of one table, the newest: a caller that sends one id for ever must not fill the screen."""
MOST_OPERATIONS = 20

GATEWAY = "ApiManagementGatewayLogs"
TABLES: Mapping[Hop, str] = {
    Hop.REQUEST: "AppRequests",
    Hop.LOG: "AppTraces",
    Hop.DEPENDENCY: "AppDependencies",
    Hop.EXCEPTION: "AppExceptions",
}
COLUMNS: Mapping[str, str] = {
    GATEWAY: "Method, Url, ResponseCode, TotalTime, BackendUrl, BackendResponseCode, BackendTime, "
    "LastErrorSource, LastErrorReason, LastErrorMessage, LastErrorSection",
    "AppRequests": "Id, Name, ResultCode, Success, DurationMs",
    "AppTraces": "Message, SeverityLevel",
    "AppDependencies": "Id, Name, Target, ResultCode, Success, DurationMs",
    "AppExceptions": "ExceptionType, OuterMessage, SeverityLevel",
}
COMMON = "AppRoleName, OperationId, ParentId, Properties"
QUERY = f"""\
{{table}}
| where {{condition}}
| top {MOST_ROWS} by TimeGenerated desc
| project TimeGenerated, {{columns}}
"""


def by_id(correlation_id: str) -> Mapping[str, str]:
    """Every table's query for the records that have the id themselves.

    The gateway's own id is `context.RequestId`; where the policy sends another one to the backend, the header that the
    diagnostic setting logs has it.

    Raises:
        ValueError: it is no correlation id.
    """
    if not CORRELATION_ID.fullmatch(correlation_id):
        raise ValueError(f"{correlation_id!r} is no correlation id")
    sent = f'tostring(BackendRequestHeaders["{HEADER}"])'
    gateway = f'CorrelationId == "{correlation_id}" or {sent} == "{correlation_id}"'
    return {GATEWAY: _query(GATEWAY, gateway), **_of_apps(_has(correlation_id))}


def by_operation(operations: Iterable[str], correlation_id: str) -> Mapping[str, str]:
    """Every table's query for the other records of these operations.

    Raises:
        ValueError: one of the ids is none.
    """
    names = sorted(operations)
    if not CORRELATION_ID.fullmatch(correlation_id) or not all(map(OPERATION_ID.fullmatch, names)):
        raise ValueError(f"{[correlation_id, *names]} are no ids")
    listed = ", ".join(f'"{name}"' for name in names)
    return _of_apps(f"OperationId in ({listed}) and not({_has(correlation_id)})")


def _has(correlation_id: str) -> str:
    return f'tostring(Properties["{PROPERTY}"]) == "{correlation_id}"'


def _of_apps(condition: str) -> dict[str, str]:
    return {table: _query(table, condition) for table in TABLES.values()}


def _query(table: str, condition: str) -> str:
    columns = COLUMNS[table] if table == GATEWAY else f"{COMMON}, {COLUMNS[table]}"
    return QUERY.format(table=table, condition=condition, columns=columns)
