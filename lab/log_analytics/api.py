"""The query API of Log Analytics on loopback.

Requests, answers and errors have the form of Microsoft's pages "Query - Execute" and "Azure Monitor Log Analytics API
response format"; a token must be for the API's audience and signed by the lab's tenant.
"""

import asyncio
import json
import math
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from lab.entra import Entra
from lab.http import Request, Response, Server, serve
from lab.log_analytics.rows import Rows
from lab.log_analytics.workspace import NoTableError, QueryError, Table, Workspace, since

AUDIENCE = "https://api.loganalytics.io"
WORKSPACE_ID = "3d4e5f60-7182-4934-a5b6-c7d8e9f0a1b2"
TIMESPAN = re.compile(r"P(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?", re.ASCII)
JSON = (("Content-Type", "application/json; charset=utf-8"),)
INVALID = "The request had some invalid properties"
REFUSALS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.FORBIDDEN: (
        "InsufficientAccessError",
        "The provided credentials have insufficient access to perform the requested operation",
    ),
    HTTPStatus.NOT_FOUND: ("WorkspaceNotFoundError", "The workspace could not be found"),
    HTTPStatus.TOO_MANY_REQUESTS: ("ThrottledError", "The request was throttled"),
}
"""Code and message of the error object, by status."""
PARTIAL = {
    "code": "PartialError",
    "message": "There were some errors when processing your query.",
    "details": [
        {
            "code": "EngineError",
            "message": "Something went wrong processing your query on the server.",
            "innererror": {"code": "-2133196797", "message": "The results of this query exceed the set limit"},
        }
    ],
}


class LogAnalytics:
    """The API over one workspace.

    Attributes:
        status: settable; every answer has it from then on, `None` = the query is answered. 429 names a Retry-After.
        without: settable; tables that the workspace does not have, as before their first record.
        partial: settable; of every result the first row only, and an `error` beside it that says so.
        queries: the texts that were asked, in their order.
    """

    def __init__(self, entra: Entra, content: Callable[[], Rows]) -> None:
        """Answer from what `content` gives at each query."""
        self.status: HTTPStatus | None = None
        self.without: frozenset[str] = frozenset()
        self.partial = False
        self.queries: list[str] = []
        self._entra = entra
        self._content = content
        self._server: Server
        self._kept = Kept()

    @classmethod
    async def start(cls, entra: Entra, content: Callable[[], Rows]) -> Self:
        """The API on a free port of loopback."""
        api = cls(entra, content)
        api._server = await serve(api.answer)
        return api

    @property
    def url(self) -> str:
        """Base URL, in place of https://api.loganalytics.io."""
        return self._server.url

    async def aclose(self) -> None:
        """Stop listening."""
        await self._server.aclose()
        self._kept.close()

    async def __aenter__(self) -> Self:
        """The API itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self.aclose()

    async def answer(self, request: Request) -> Response:
        """The answer to one request."""
        if self.status is not None:
            return failure(self.status, *REFUSALS.get(self.status, ("InternalServerError", self.status.phrase)))
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme != "Bearer" or not self._entra.vouches_for(token, audience=AUDIENCE):
            return failure(HTTPStatus.UNAUTHORIZED, "InvalidTokenError", "The provided token is not valid.")
        if request.method != "POST" or request.path != f"/v1/workspaces/{WORKSPACE_ID}/query":
            return failure(HTTPStatus.NOT_FOUND, *REFUSALS[HTTPStatus.NOT_FOUND])
        try:
            kql, timespan = asked(request.body)
        except ValueError as error:
            return failure(HTTPStatus.BAD_REQUEST, "BadArgumentError", INVALID, ("ValidationError", str(error)))
        self.queries.append(kql)
        try:
            table = await asyncio.to_thread(self._answered, kql, timespan)
        except NoTableError as error:
            return failure(HTTPStatus.BAD_REQUEST, "BadArgumentError", INVALID, ("SEM0100", str(error)))
        except QueryError as error:
            return failure(HTTPStatus.BAD_REQUEST, "BadArgumentError", INVALID, ("SyntaxError", str(error)))
        return Response(HTTPStatus.OK, headers=JSON, body=json.dumps(document(table, partial=self.partial)).encode())

    def _answered(self, kql: str, timespan: timedelta | None) -> Table:
        content = self._content()
        if timespan is not None:
            content = since(content, timespan, datetime.now(UTC))
        return self._kept.query(kql, content, self.without)


class Kept:
    """The workspace of the last query, for the next one: most find the same rows, and to make one takes its time."""

    def __init__(self) -> None:
        """Keep none yet."""
        self._lock = threading.Lock()
        self._made_of: tuple[Rows, frozenset[str]] | None = None
        self._workspace: Workspace | None = None

    def query(self, kql: str, content: Rows, without: frozenset[str]) -> Table:
        """The result in a workspace of these rows; one query at a time."""
        made_of = ({table: list(rows) for table, rows in content.items()}, without)
        with self._lock:
            if self._workspace is None or self._made_of != made_of:
                self._close()
                self._workspace, self._made_of = Workspace(content, without=without), made_of
            return self._workspace.query(kql)

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None


def asked(body: bytes) -> tuple[str, timedelta | None]:
    """The query of a request's body, and over how long.

    Raises:
        ValueError: it is no such body.
    """
    try:
        document = json.loads(body)
        kql, timespan = document["query"], document.get("timespan")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("the body is no JSON object with a query") from None
    if not isinstance(kql, str):
        raise ValueError("the query is no text")  # noqa: TRY004 - whatever is wrong with a body is 400
    return kql, timespan_of(timespan)


def timespan_of(text: object) -> timedelta | None:
    """An ISO 8601 duration of days, hours, minutes and seconds; `None` where none is given.

    Raises:
        ValueError: it is no such duration.
    """
    if text is None:
        return None
    found = TIMESPAN.fullmatch(str(text))
    if found is None or not any(found.groups()):
        raise ValueError(f"timespan {text!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def document(table: Table, *, partial: bool = False) -> dict[str, object]:
    """A result as the API writes it; `partial` = it is cut, and says so."""
    columns = [{"name": name, "type": kind} for name, kind in table.columns]
    rows = [list(map(cell, row)) for row in table.rows[: 1 if partial else None]]
    error = {"error": PARTIAL} if partial else {}
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}], **error}


def cell(value: Any) -> object:
    """One value: times in UTC with seven decimals, dynamic values as text, numbers that JSON does not have by name."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else NAMES[str(value)]
        case datetime():
            return f"{value.isoformat(timespec='microseconds')}0Z"
        case list() | dict():
            return json.dumps(value, default=cell)
    return str(value)


NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def failure(status: HTTPStatus, code: str, message: str, inner: tuple[str, str] | None = None) -> Response:
    """An error object, with what is really wrong within it."""
    error: dict[str, object] = {"message": message, "code": code}
    if inner is not None:
        error["innererror"] = {"code": inner[0], "message": inner[1]}
    retry = (("Retry-After", "1"),) if status is HTTPStatus.TOO_MANY_REQUESTS else ()
    return Response(status, headers=(*JSON, *retry), body=json.dumps({"error": error}).encode())
