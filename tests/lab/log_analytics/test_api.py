"""The query API, spoken to over HTTP."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra
from lab.log_analytics.api import AUDIENCE, WORKSPACE_ID, LogAnalytics, cell, timespan_of
from lab.log_analytics.rows import Row
from tests.lab.clients import fetch

PATH = f"/v1/workspaces/{WORKSPACE_ID}/query"
AT = datetime.now(UTC).replace(microsecond=250_000) - timedelta(hours=20)
ROWS: list[Row] = [
    {"TimeGenerated": AT, "Message": "first", "SeverityLevel": 1, "Properties": {"a": "b"}},
    {"TimeGenerated": AT + timedelta(hours=10), "Message": "second"},
]


@pytest_asyncio.fixture
async def entra() -> AsyncIterator[Entra]:
    """The tenant."""
    async with await Entra.start() as tenant:
        yield tenant


@pytest_asyncio.fixture
async def api(entra: Entra) -> AsyncIterator[LogAnalytics]:
    """A workspace with two log records."""
    async with await LogAnalytics.start(entra, lambda: {"AppTraces": ROWS}) as found:
        yield found


def token(entra: Entra, audience: str = AUDIENCE, **claims: Any) -> str:
    """A token of the tenant."""
    return entra.issue(audience, client_id="a", object_id="b", roles=(), **claims)


async def ask(
    api: LogAnalytics, bearer: str | None, body: object, *, path: str = PATH, method: str = "POST"
) -> httpx.Response:
    """The answer to one request."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    port = int(api.url.rpartition(":")[2])
    return await fetch(port, f"{api.url}{path}", method=method, headers=headers, content=content, seconds=10)


async def test_an_answer_has_the_form_of_the_real_one(api: LogAnalytics, entra: Entra) -> None:
    """One table, times with seven decimals, dynamic values as text, null for what is missing."""
    query = "AppTraces | order by TimeGenerated asc | project TimeGenerated, Message, SeverityLevel, Properties"
    answer = await ask(api, token(entra), {"query": query})
    kinds = {"TimeGenerated": "datetime", "Message": "string", "SeverityLevel": "int", "Properties": "dynamic"}
    (table,) = answer.json()["tables"]
    assert (answer.status_code, table["name"]) == (200, "PrimaryResult")
    assert {column["name"]: column["type"] for column in table["columns"]} == kinds
    assert table["rows"][0] == [f"{AT:%Y-%m-%dT%H:%M:%S}.2500000Z", "first", 1, '{"a":"b"}']
    assert table["rows"][1][2:] == [None, None]
    assert api.queries == [query]


@pytest.mark.parametrize(("timespan", "count"), [(None, 2), ("PT15H", 1), ("PT1380M", 2), ("P1D", 2), ("PT60S", 0)])
async def test_the_timespan_limits_every_table(
    api: LogAnalytics, entra: Entra, timespan: str | None, count: int
) -> None:
    """Whatever the query says."""
    answer = await ask(api, token(entra), {"query": "AppTraces | count", "timespan": timespan})
    assert answer.json()["tables"][0]["rows"] == [[count]]


async def test_only_a_token_for_the_api_is_taken(api: LogAnalytics, entra: Entra) -> None:
    """Not one for another audience, nor one that has expired, nor none."""
    for bearer in (None, "x", "x.y.z", token(entra, "api://orders"), token(entra, lifetime_s=-600)):
        answer = await ask(api, bearer, {"query": "AppTraces"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidTokenError")
    assert api.queries == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", PATH), ("POST", PATH.replace("3d4e", "0000")), ("POST", "/v1/metadata")]
)
async def test_there_is_one_workspace_and_one_operation(
    api: LogAnalytics, entra: Entra, method: str, path: str
) -> None:
    """404 for everything else."""
    answer = await ask(api, token(entra), {"query": "AppTraces"}, path=path, method=method)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "WorkspaceNotFoundError")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff",
        b"[" * 100_000,
        [],
        "text",
        {},
        {"query": 7},
        {"query": None},
        {"query": "AppTraces", "timespan": "a day"},
        {"query": "AppTraces", "timespan": "P"},
        {"query": "AppTraces", "timespan": "P999999999999D"},
        {"query": "AppTraces", "timespan": 7},
    ],
)
async def test_a_body_that_is_no_query_is_refused(api: LogAnalytics, entra: Entra, body: object) -> None:
    """400, with the reason in the inner error."""
    answer = await ask(api, token(entra), body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["innererror"]["code"]) == (
        400,
        "BadArgumentError",
        "ValidationError",
    )


async def test_a_table_without_a_record_does_not_exist(api: LogAnalytics, entra: Entra) -> None:
    """As in a new workspace; with the code and the words of the real engine."""
    api.without = frozenset({"AppTraces"})
    answer = await ask(api, token(entra), {"query": "AppTraces | take 1"})
    assert (answer.status_code, answer.json()["error"]["innererror"]) == (
        400,
        {"code": "SEM0100", "message": "Failed to resolve table or column expression named 'AppTraces'"},
    )


async def test_a_partial_answer_says_so(api: LogAnalytics, entra: Entra) -> None:
    """200, rows, and an error beside them."""
    api.partial = True
    answer = await ask(api, token(entra), {"query": "AppTraces"})
    document = answer.json()
    assert (answer.status_code, len(document["tables"][0]["rows"])) == (200, 1)
    assert document["error"]["code"] == "PartialError"


@pytest.mark.parametrize(
    ("status", "code", "retry_after"),
    [(429, "ThrottledError", "1"), (503, "InternalServerError", None), (403, "InsufficientAccessError", None)],
)
async def test_a_status_is_that_of_every_answer(
    api: LogAnalytics, entra: Entra, status: int, code: str, retry_after: str | None
) -> None:
    """Until it is taken back."""
    api.status = HTTPStatus(status)
    answer = await ask(api, token(entra), {"query": "AppTraces"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("retry-after") == retry_after
    api.status = None
    assert (await ask(api, token(entra), {"query": "AppTraces"})).status_code == 200


async def test_numbers_that_json_does_not_have_have_names(api: LogAnalytics, entra: Entra) -> None:
    """And so the body is JSON by any parser."""
    answer = await ask(api, token(entra), {"query": "AppTraces | take 1 | project n = real(nan), t = 90s"})

    def refused(name: str) -> None:
        raise AssertionError(name)

    (row,) = json.loads(answer.content, parse_constant=refused)["tables"][0]["rows"]
    assert row[0] == "NaN"


@pytest.mark.parametrize(("value", "written"), [(float("-inf"), "-Infinity"), ([1, "a"], '[1, "a"]'), (None, None)])
def test_a_cell(value: object, written: object) -> None:
    """Lists are dynamic values, and so text."""
    assert cell(value) == written


@pytest.mark.parametrize(
    ("text", "timespan"),
    [
        ("P1D", timedelta(days=1)),
        ("PT24H", timedelta(days=1)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT7776000S", timedelta(days=90)),
    ],
)
def test_a_timespan(text: str, timespan: timedelta) -> None:
    """An ISO 8601 duration."""
    assert timespan_of(text) == timespan


async def test_a_record_that_comes_later_is_found_by_the_next_query(entra: Entra) -> None:
    """A workspace is kept from query to query for as long as it has the same rows, and no longer."""
    content: dict[str, list[Row]] = {}
    async with await LogAnalytics.start(entra, lambda: content) as api:
        counts = []
        for rows in ([], ROWS[:1], ROWS[1:], []):
            content.setdefault("AppTraces", []).extend(rows)
            for timespan in ("P1D", None):
                answer = await ask(api, token(entra), {"query": "AppTraces | count", "timespan": timespan})
                counts.append(answer.json()["tables"][0]["rows"][0][0])
        for _ in range(2):
            content["AppTraces"].append(ROWS[0])
            answer = await ask(api, token(entra), {"query": "AppTraces | count"})
            counts.append(answer.json()["tables"][0]["rows"][0][0])
    assert counts == [0, 0, 1, 1, 2, 2, 2, 2, 3, 4]
