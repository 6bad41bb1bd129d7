"""The search in a workspace: the lab's stand-in with rows as Azure has them, and with rows that are odd."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from lab.credential import LabCredential
from lab.entra import Entra
from lab.log_analytics.api import WORKSPACE_ID
from lab.log_analytics.api import LogAnalytics as StandIn
from lab.log_analytics.rows import Row
from lab.log_analytics.workspace import Workspace
from lab.managed_identity import ManagedIdentity
from probes.azure.answer import ReadError
from probes.azure.log_analytics import AUDIENCE, LogAnalytics
from probes.azure.rest import Rest
from probes.failure import Failure
from probes.trace.ending import ending
from probes.trace.queries import (
    CORRELATION_ID,
    GATEWAY,
    MOST_OPERATIONS,
    MOST_ROWS,
    TABLES,
    by_id,
    by_operation,
)
from probes.trace.records import Hop, Trace
from probes.trace.search import gateway_call, item, properties, search
from tests.azure.api import api, rest, told

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OPERATION = "0af7651916cd43dd8448eb211c80319c"
BASE = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)


@dataclass
class Stage:
    """A workspace, what is in it, and a client of it."""

    content: dict[str, list[Row]] = field(default_factory=dict)
    stand_in: StandIn = field(init=False)
    workspace: LogAnalytics = field(init=False)

    def put(self, table: str, *rows: Row) -> None:
        """Add rows to a table."""
        self.content.setdefault(table, []).extend(rows)

    async def search(self, correlation_id: str = ID, timespan: timedelta = DAY) -> Trace:
        """The trace of an id."""
        return await search(self.workspace, correlation_id, timespan)


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """An empty workspace."""
    found = Stage()
    async with (
        await Entra.start() as entra,
        ManagedIdentity(entra) as identity,
        await StandIn.start(entra, lambda: found.content) as found.stand_in,
        Rest(
            endpoint=found.stand_in.url,
            audience=AUDIENCE,
            credential=lambda: LabCredential(None, identity.environment),
            deadline_s=30,
        ) as client,
    ):
        found.workspace = LogAnalytics(rest=client, workspace_id=WORKSPACE_ID)
        yield found


def gateway(correlation_id: str = ID, *, after_ms: float = 0, **columns: Any) -> Row:
    """A row of the gateway's log."""
    row = {
        "TimeGenerated": BASE + timedelta(milliseconds=after_ms),
        "CorrelationId": correlation_id,
        "Method": "GET",
        "Url": "https://api.internal.example.com/orders/orders",
        "ResponseCode": 200,
        "TotalTime": 95,
        "BackendUrl": "https://func-orders-prod.azurewebsites.net/api/orders",
        "BackendResponseCode": 200,
        "BackendTime": 90,
    }
    return {**row, **columns}


def of_app(correlation_id: str | None = ID, *, after_ms: float = 10, **columns: Any) -> Row:
    """A row of one of Application Insights' tables."""
    row = {
        "TimeGenerated": BASE + timedelta(milliseconds=after_ms),
        "AppRoleName": "func-orders-prod",
        "OperationId": OPERATION,
        "ParentId": "app",
        "Properties": {} if correlation_id is None else {"correlation.id": correlation_id},
    }
    return {**row, **columns}


def request(correlation_id: str | None = ID, **columns: Any) -> Row:
    """A request record."""
    row = {"Id": "app", "Name": "GET /api/orders", "ResultCode": "200", "Success": True, "DurationMs": 80.0}
    return of_app(correlation_id, **{**row, "ParentId": "host", **columns})


async def test_every_record_of_the_call_is_found(stage: Stage) -> None:
    """In the order of time, with what each table has of it."""
    stage.put(GATEWAY, gateway(), gateway(OTHER_ID))
    stage.put("AppRequests", request(), request(OTHER_ID, OperationId="f" * 32))
    stage.put("AppTraces", of_app(Message="Order taken", SeverityLevel=1, after_ms=20), of_app(OTHER_ID, Message="no"))
    stage.put(
        "AppDependencies",
        of_app(
            Id="dep", Name="PUT /orders", Target="store", ResultCode="503", Success=False, DurationMs=5, after_ms=30
        ),
    )
    stage.put("AppExceptions", of_app(ExceptionType="OSError", OuterMessage="gone", SeverityLevel=3, after_ms=40))
    found = await stage.search()
    (call,) = found.gateway
    assert (call.method, call.status, call.backend_status, call.backend_ms, call.error_reason) == (
        "GET",
        200,
        200,
        90,
        None,
    )
    assert [(each.hop, each.name, each.code, each.success) for each in found.items] == [
        (Hop.REQUEST, "GET /api/orders", "200", True),
        (Hop.LOG, "Order taken", "Information", None),
        (Hop.DEPENDENCY, "PUT /orders", "503", False),
        (Hop.EXCEPTION, "OSError: gone", "Error", None),
    ]
    assert (found.items[2].target, found.items[2].duration_ms, found.items[0].at) == ("store", 5.0, BASE + 10 * MS)
    assert all(each.carries_id for each in found.items)
    assert (found.gaps, found.partial, found.searched_s) == ((), False, 86_400)


async def test_nothing_is_kept(stage: Stage) -> None:
    """Nothing is found, and nothing more is asked."""
    found = await stage.search()
    assert (found.gateway, found.items, len(stage.stand_in.queries)) == ((), (), 1 + len(TABLES))


async def test_the_gateways_row_is_found_by_the_id_that_it_sent(stage: Stage) -> None:
    """Where the policy makes an id of its own, the header that the diagnostic setting logs has it."""
    sent = {"x-correlation-id": ID, "Host": "func-orders-prod.azurewebsites.net"}
    stage.put(GATEWAY, gateway("another-request-id", BackendRequestHeaders=sent), gateway(BackendRequestHeaders=None))
    assert len((await stage.search()).gateway) == 2


async def test_what_shares_the_operation_is_found_without_the_id(stage: Stage) -> None:
    """The request record of the Functions host, and a dependency that a library did not stamp."""
    stage.put("AppRequests", request(), request(None, Id="host", ParentId="gateway", after_ms=5, Name="host"))
    stage.put("AppDependencies", of_app(None, Id="dep", Name="PUT /orders", after_ms=30))
    found = await stage.search()
    assert [(each.name, each.carries_id) for each in found.items] == [
        ("host", False),
        ("GET /api/orders", True),
        ("PUT /orders", False),
    ]
    assert found.request is not None
    assert found.request.name == "GET /api/orders"


async def test_another_call_of_the_same_operation_is_left_out(stage: Stage) -> None:
    """A caller with tracing of its own sends one trace id with every call."""
    for correlation_id, name in ((ID, "mine"), (OTHER_ID, "theirs")):
        stage.put(
            "AppRequests",
            request(None, Id=f"host of {name}", ParentId="client", Name=f"host of {name}"),
            request(correlation_id, Id=name, ParentId=f"host of {name}", Name=name),
        )
        stage.put("AppTraces", of_app(correlation_id, Message=f"log of {name}", ParentId=name))
        stage.put("AppDependencies", of_app(None, Id=f"d of {name}", Name=f"call of {name}", ParentId=name))
        stage.put("AppExceptions", of_app(None, ExceptionType=f"error of {name}", ParentId=f"d of {name}"))
    found = await stage.search()
    assert {each.name.rpartition(" ")[2] for each in found.items} == {"mine"}
    assert len(found.items) == 5


async def test_a_table_that_does_not_exist_yet_is_a_gap(stage: Stage) -> None:
    """It comes into being with its first record: the gateway's log was never sent here, the rest is told."""
    stage.stand_in.without = frozenset({GATEWAY, "AppExceptions"})
    stage.put("AppRequests", request())
    found = await stage.search()
    assert len(found.items) == 1
    assert found.gaps == tuple(
        f"{name}: no such table in the workspace, so nothing was ever sent to it" for name in (GATEWAY, "AppExceptions")
    )
    assert ending(found).id == "gateway-not-recorded"


async def test_a_partial_answer_says_nothing_of_what_is_missing(stage: Stage) -> None:
    """What was not found may be among the rows that were kept back."""
    stage.stand_in.partial = True
    stage.put(GATEWAY, gateway(ResponseCode=403, BackendResponseCode=403))
    found = await stage.search()
    assert (found.partial, ending(found).id) == (True, "partly-answered")
    assert f"{GATEWAY}: -2133196797: The results of this query exceed the set limit" in found.gaps


async def test_of_very_many_records_the_newest_are_taken(stage: Stage) -> None:
    """A caller that sends one id for ever; the gap says so."""
    stage.put(GATEWAY, *(gateway(after_ms=number, ResponseCode=200 + number % 2) for number in range(MOST_ROWS + 50)))
    found = await stage.search()
    assert (len(found.gateway), found.gaps) == (MOST_ROWS, (f"{GATEWAY}: the newest {MOST_ROWS} records only",))
    assert (found.gateway[0].at, found.gateway[-1].at) == (BASE + 50 * MS, BASE + (MOST_ROWS + 49) * MS)


async def test_of_very_many_operations_the_newest_are_followed(stage: Stage) -> None:
    """The query does not grow without end."""
    names = [f"{number:032x}" for number in range(MOST_OPERATIONS + 5)]
    for number, name in enumerate(names):
        stage.put("AppRequests", request(OperationId=name, Id=name, after_ms=number))
    await stage.search()
    asked = "".join(stage.stand_in.queries)
    assert [name in asked for name in names] == [False] * 5 + [True] * MOST_OPERATIONS


@pytest.mark.parametrize("operation", [None, "", "|legacy.id.", 'x") | take 1 //', "0" * 31, "0" * 33, "A" * 32])
async def test_an_operation_of_another_form_is_not_followed(stage: Stage, operation: str | None) -> None:
    """It came from whoever called, and a query is code."""
    stage.put("AppRequests", request(OperationId=operation))
    found = await stage.search()
    assert (len(found.items), len(stage.stand_in.queries)) == (1, 1 + len(TABLES))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "short",
        "x" * 129,
        'abcdefgh" or true //',
        "abcdefgh\n",
        "abc defgh",
        "abcdefg\u00e4",
        "abcdefgh\u0660",
        "*" * 8,
    ],
)
async def test_an_id_of_another_form_is_not_asked_for(stage: Stage, name: str) -> None:
    """Nothing of it comes near a query."""
    with pytest.raises(ValueError, match="is no correlation id"):
        await stage.search(name)
    assert stage.stand_in.queries == []


@given(st.from_regex(CORRELATION_ID, fullmatch=True), st.lists(st.from_regex("[0-9a-f]{32}", fullmatch=True)))
def test_no_id_can_leave_its_quotes(name: str, operations: list[str]) -> None:
    """Each query is the same but for the ids, which hold neither quote nor backslash."""
    for made, plain in (
        (by_id(name), by_id("12345678")),
        (by_operation(operations, name), by_operation(operations, ID)),
    ):
        for kql, other in zip(made.values(), plain.values(), strict=True):
            assert kql.replace(f'"{name}"', "?") == other.replace('"12345678"', "?").replace(f'"{ID}"', "?")
            assert "\\" not in kql


@pytest.mark.parametrize("operations", [["x"], ["0" * 32, '"'], ["0" * 32 + "\n"]])
def test_no_operation_of_another_form_goes_into_a_query(operations: list[str]) -> None:
    """Whoever asks for it."""
    with pytest.raises(ValueError, match="are no ids"):
        by_operation(operations, ID)


def test_the_queries_are_data() -> None:
    """KQL by table, which any engine can be given; each has exactly the columns that are read."""
    with Workspace({}) as workspace:
        for name, kql in {**by_id(ID), **by_operation([OPERATION], ID)}.items():
            columns = [column for column, _ in workspace.query(kql).columns]
            assert columns[0] == "TimeGenerated"
            assert kql.startswith(f"{name}\n")
    assert set(by_id(ID)) == {GATEWAY, *TABLES.values()}


@pytest.mark.parametrize(
    ("status", "failure"), [(HTTPStatus.FORBIDDEN, Failure.DENIED), (HTTPStatus.NOT_FOUND, Failure.NOT_FOUND)]
)
async def test_a_workspace_that_refuses(stage: Stage, status: HTTPStatus, failure: Failure) -> None:
    """One error, not one for each table."""
    stage.stand_in.status = status
    with pytest.raises(ReadError) as caught:
        await stage.search()
    assert caught.value.failure is failure


async def test_another_wrong_name_in_a_query_is_an_error() -> None:
    """A column that a table does not have: not everything that cannot be resolved is a missing table."""
    error = {"code": "SEM0100", "message": "Failed to resolve column or scalar expression named 'Id'"}
    async with api(told(400, error=error)) as it, rest(it.url) as client:
        with pytest.raises(ReadError) as caught:
            await search(LogAnalytics(rest=client, workspace_id=WORKSPACE_ID), ID, DAY)
    assert caught.value.code == "SEM0100"


async def test_empty_columns_are_none(stage: Stage) -> None:
    """Rows with nothing but their time and the id: a gateway that did not answer, an app that says nothing."""
    bare = {"TimeGenerated": BASE, "Properties": {"correlation.id": ID}}
    stage.put(GATEWAY, {"TimeGenerated": BASE, "CorrelationId": ID, "ResponseCode": 0, "Url": ""})
    for name in TABLES.values():
        stage.put(name, bare)
    found = await stage.search()
    (call,) = found.gateway
    assert {getattr(call, name) for name in type(call).__slots__ if name != "at"} == {None}
    assert [(each.hop, each.name, each.code, each.role, each.span_id) for each in found.items] == [
        (hop, "", None, None, None) for hop in TABLES
    ]


def test_a_row_without_a_time_is_an_error() -> None:
    """It could not be put in order, and Azure has none such."""
    for made in (gateway_call, lambda row: item(Hop.LOG, row, carries_id=True)):
        for row in ({}, {"TimeGenerated": None}, {"TimeGenerated": "yesterday"}):
            with pytest.raises(ReadError) as caught:
                made(row)
            assert caught.value.failure is Failure.MALFORMED_RESPONSE


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('{"a": "b"}', {"a": "b"}),
        ({"a": 1, "b": None, "c": {"d": []}}, {"a": "1", "b": "None", "c": "{'d': []}"}),
        ("[1, 2]", {}),
        ("no json", {}),
        ("[" * 100_000, {}),
        ("", {}),
        (None, {}),
        (7, {}),
    ],
)
def test_custom_dimensions_of_any_form(value: Any, found: Mapping[str, str]) -> None:
    """Texts by name, or none."""
    assert properties(value) == found


@pytest.mark.parametrize(("level", "name"), [(0, "Verbose"), (4, "Critical"), (5, None), (-1, None), (None, None)])
def test_a_severity_has_a_name(level: int | None, name: str | None) -> None:
    """A level that no list has is none."""
    assert item(Hop.LOG, {"TimeGenerated": BASE, "SeverityLevel": level}, carries_id=True).code == name


async def test_hostile_text_comes_through_as_it_is(stage: Stage) -> None:
    """A record is data: making it harmless is for whoever shows it."""
    message = "it's \"quoted\" \x1b[2J\u202e\n{id}'; drop table AppTraces"
    stage.put("AppTraces", of_app(Message=message, SeverityLevel=1, Properties={"correlation.id": ID, "x": message}))
    (found,) = (await stage.search()).items
    assert (found.name, found.properties["x"]) == (message, message)
    assert json.dumps(found.properties)
