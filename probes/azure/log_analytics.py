"""Queries of a Log Analytics workspace (https://learn.microsoft.com/rest/api/loganalytics/query/execute)."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.azure.answer import ReadError, innermost, legible
from probes.azure.rest import Rest
from probes.failure import Failure

ENDPOINT = "https://api.loganalytics.io"
AUDIENCE = "https://api.loganalytics.io"
WORKSPACE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DEADLINE_S = 30.0

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The rows of a query.

    Attributes:
        rows: each by column name; times as datetimes, dynamic values as the text they come in.
        gap: why some rows are missing, in the API's words; `None` = none is.
    """

    rows: tuple[Row, ...]
    gap: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAnalytics:
    """One workspace, by its workspace id (a GUID, not the resource id)."""

    rest: Rest
    workspace_id: str

    def __post_init__(self) -> None:
        """Raises ValueError where the id is no GUID: it goes into a URL."""
        if not WORKSPACE_ID.fullmatch(self.workspace_id):
            raise ValueError(f"workspace id {self.workspace_id!r}; allowed: a GUID")

    async def rows(self, kql: str, timespan: timedelta) -> Result:
        """The rows of a query over so long until now.

        A failure that lets the API answer with some of the rows comes as 200 with an `error` beside the tables.

        Raises:
            ReadError: there is no answer; `unknown` with the API's words where the query is wrong.
        """
        body = {"query": kql, "timespan": f"PT{round(timespan.total_seconds())}S"}
        answer = await self.rest.call("POST", f"/v1/workspaces/{self.workspace_id}/query", body=body)
        try:
            (table,) = (found for found in answer["tables"] if found["name"] == "PrimaryResult")
            columns = [(column["name"], READERS.get(column["type"], as_it_is)) for column in table["columns"]]
            return Result(
                rows=tuple(
                    {name: read(value) for (name, read), value in zip(columns, row, strict=True)}
                    for row in table["rows"]
                ),
                gap=gap(answer.get("error")),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise ReadError(Failure.MALFORMED_RESPONSE, "the answer is no table of a query") from None


def gap(error: Any) -> str | None:
    """What an error object beside the tables says."""
    if error is None:
        return None
    return legible(": ".join(each for each in innermost(error) if each) or "the API does not say why")


def as_it_is(value: Any) -> Any:
    """A cell of a type that JSON has no form for, or that may hold anything."""
    return value


def string(value: Any) -> str | None:
    """A cell of type string; raises TypeError."""
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def instant(value: Any) -> datetime | None:
    """A cell of type datetime, which is in UTC whether it says so or not; raises ValueError, TypeError."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def truth(value: Any) -> bool | None:
    """A cell of type bool, which older engines write as a number; raises TypeError."""
    if value is None or isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise TypeError


def whole(value: Any) -> int | None:
    """A cell of type int or long; raises ValueError, TypeError."""
    return None if value is None else int(value)


def number(value: Any) -> float | None:
    """A cell of type real; NaN and the infinities, which JSON does not have, count as empty. Raises as `whole`."""
    found = None if value is None else float(value)
    return found if found is not None and math.isfinite(found) else None


READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": string,
    "datetime": instant,
    "bool": truth,
    "int": whole,
    "long": whole,
    "real": number,
}
"""KQL's scalar type to how a cell of it is read."""
