"""Queries of a workspace: the lab's stand-in, and answers that only a broken one gives."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio

from lab.credential import LabCredential
from lab.entra import Entra
from lab.http import Response
from lab.log_analytics.api import WORKSPACE_ID
from lab.log_analytics.api import LogAnalytics as StandIn
from lab.managed_identity import ManagedIdentity
from probes.azure.answer import ReadError
from probes.azure.log_analytics import AUDIENCE, LogAnalytics, Result
from probes.azure.rest import Rest
from probes.failure import Failure
from tests.azure.api import api, rest, table

DAY = timedelta(days=1)
AT = datetime(2026, 11, 24, 13, 30, 5, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = {
    "TimeGenerated": datetime.now(UTC) - 2 * HOUR,
    "Name": "GET /api/orders",
    "Success": True,
    "DurationMs": 12.5,
    "ItemCount": 1,
    "Properties": {"correlation.id": "abcdefgh"},
}


@pytest_asyncio.fixture
async def workspace() -> AsyncIterator[tuple[LogAnalytics, StandIn]]:
    """A client of the stand-in, whose workspace has one request; and the stand-in itself."""
    async with (
        await Entra.start() as entra,
        ManagedIdentity(entra) as identity,
        await StandIn.start(entra, lambda: {"AppRequests": [ROW]}) as stand_in,
        Rest(
            endpoint=stand_in.url,
            audience=AUDIENCE,
            credential=lambda: LabCredential(None, identity.environment),
            deadline_s=10,
        ) as client,
    ):
        yield LogAnalytics(rest=client, workspace_id=WORKSPACE_ID), stand_in


async def answered(response: Response, columns: str = "T", timespan: timedelta = DAY) -> Result:
    """The result of a query that an API answers so."""
    async with api(response) as it, rest(it.url) as client:
        return await LogAnalytics(rest=client, workspace_id=WORKSPACE_ID).rows(columns, timespan)


async def test_rows_by_column_name(workspace: tuple[LogAnalytics, StandIn]) -> None:
    """Each cell by the type of its column; dynamic values as text, empty cells as None."""
    query = "AppRequests | project TimeGenerated, Name, Success, DurationMs, ItemCount, Properties, Url"
    result = await workspace[0].rows(query, DAY)
    (row,) = result.rows
    assert result.gap is None
    assert json.loads(row.pop("Properties")) == {"correlation.id": "abcdefgh"}
    assert row == {name: value for name, value in ROW.items() if name != "Properties"} | {"Url": None}


async def test_the_time_searched_goes_along() -> None:
    """As an ISO 8601 duration in seconds, so that no row older than that is read."""
    async with api(table([], *[])) as it, rest(it.url) as client:
        await LogAnalytics(rest=client, workspace_id=WORKSPACE_ID).rows("T | take 1", timedelta(hours=2))
        (request,) = it.requests
    assert request.target == f"/v1/workspaces/{WORKSPACE_ID}/query"
    assert json.loads(request.body) == {"query": "T | take 1", "timespan": "PT7200S"}


async def test_rows_older_than_that_are_left_out(workspace: tuple[LogAnalytics, StandIn]) -> None:
    """The stand-in keeps to it, as the API does."""
    client, _ = workspace
    assert len((await client.rows("AppRequests", 3 * HOUR)).rows) == 1
    assert (await client.rows("AppRequests", HOUR)).rows == ()


@pytest.mark.parametrize(
    ("status", "failure", "code"),
    [
        (HTTPStatus.FORBIDDEN, Failure.DENIED, "InsufficientAccessError"),
        (HTTPStatus.NOT_FOUND, Failure.NOT_FOUND, "WorkspaceNotFoundError"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, Failure.UNKNOWN, "InternalServerError"),
    ],
)
async def test_a_refusal(
    workspace: tuple[LogAnalytics, StandIn], status: HTTPStatus, failure: Failure, code: str
) -> None:
    """With the API's own code."""
    client, stand_in = workspace
    stand_in.status = status
    with pytest.raises(ReadError) as caught:
        await client.rows("AppRequests", DAY)
    assert (caught.value.failure, caught.value.code) == (failure, code)


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("Nothing | take 1", "SEM0100", "Failed to resolve table or column expression named 'Nothing'"),
        ("AppRequests | where", "SyntaxError", "could not parse KQL"),
        ("(" * 3_000, "SyntaxError", "the query is too deep"),
    ],
)
async def test_a_query_that_is_wrong(
    workspace: tuple[LogAnalytics, StandIn], query: str, code: str, words: str
) -> None:
    """The innermost error says why; a table that nobody has written to does not exist."""
    with pytest.raises(ReadError) as caught:
        await workspace[0].rows(query, DAY)
    assert (caught.value.failure, caught.value.code) == (Failure.UNKNOWN, code)
    assert words in (caught.value.detail or "")


async def test_a_result_that_is_not_all(workspace: tuple[LogAnalytics, StandIn]) -> None:
    """The rows that came, and what the API says of the others."""
    client, stand_in = workspace
    stand_in.partial = True
    result = await client.rows("AppRequests", DAY)
    assert (len(result.rows), result.gap) == (1, "-2133196797: The results of this query exceed the set limit")


@pytest.mark.parametrize("error", ["text", {}, [], {"code": 1}])
async def test_an_error_beside_the_rows_of_any_form_is_a_gap(error: Any) -> None:
    """Also where it does not say what is missing."""
    result = await answered(table([("A", "string")], ["x"], error=error))
    assert (result.rows, result.gap) == (({"A": "x"},), "the API does not say why")


async def test_a_token_for_another_audience_is_refused(workspace: tuple[LogAnalytics, StandIn]) -> None:
    """401 is `denied`, and the token is not in it."""
    client, _ = workspace
    client.rest.audience = "https://management.azure.com"
    with pytest.raises(ReadError) as caught:
        await client.rows("AppRequests", DAY)
    assert (caught.value.failure, caught.value.detail) == (
        Failure.DENIED,
        "401 InvalidTokenError: The provided token is not valid.",
    )


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("datetime", "2026-11-24T13:30:05.2500000Z", AT),
        ("datetime", "2026-11-24T13:30:05.25", AT),
        ("datetime", "2026-11-24T14:30:05.25+01:00", AT),
        ("bool", 1, True),
        ("bool", False, False),
        ("int", 7, 7),
        ("long", "9007199254740993", 9_007_199_254_740_993),
        ("real", 1, 1.0),
        ("real", "NaN", None),
        ("real", "-Infinity", None),
        ("dynamic", {"a": 1}, {"a": 1}),
        ("guid", WORKSPACE_ID, WORKSPACE_ID),
        ("a type of tomorrow", [1], [1]),
        *((kind, None, None) for kind in ("datetime", "bool", "int", "long", "real", "string", "dynamic")),
    ],
)
async def test_a_cell_is_read_by_the_type_of_its_column(kind: str, value: Any, read: Any) -> None:
    """Times are in UTC whether they say so or not; a number that JSON does not have is none."""
    result = await answered(table([("A", kind)], [value]))
    assert result.rows == ({"A": read},)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        None,
        7,
        {"tables": None},
        {"tables": []},
        {"tables": [{"name": "Other", "columns": [], "rows": []}]},
        {"tables": [{"name": "PrimaryResult", "columns": [], "rows": []}] * 2},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "int"}], "rows": [[1, 2]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "int"}], "rows": [["x"]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "int"}], "rows": [[1e400]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "bool"}], "rows": [["yes"]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "string"}], "rows": [[{}]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "datetime"}], "rows": [["x"]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": "datetime"}], "rows": [[7]]}]},
        {"tables": [{"name": "PrimaryResult", "columns": ["A"], "rows": []}]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "A", "type": []}], "rows": []}]},
    ],
)
async def test_an_answer_that_is_no_table(body: Any) -> None:
    """It is an error of the closed list, whatever it is instead."""
    with pytest.raises(ReadError) as caught:
        await answered(Response(200, body=json.dumps(body).encode()))
    assert caught.value.failure is Failure.MALFORMED_RESPONSE


@pytest.mark.parametrize("name", ["", "my-workspace", f"{WORKSPACE_ID}/query?", f"{WORKSPACE_ID}\n"])
async def test_a_workspace_id_is_a_guid(name: str) -> None:
    """It goes into a URL, so nothing else may."""
    async with api() as it, rest(it.url) as client:
        with pytest.raises(ValueError, match="allowed: a GUID"):
            LogAnalytics(rest=client, workspace_id=name)
