"""What a person reads of a trace, and what a program does."""

import json
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from probes.tell.schema import trace_schema
from probes.tell.text import MOST_COLUMNS, unstyled
from probes.tell.trace import MOST_LINES, dumps, render, to_document
from probes.trace.ending import ENDINGS
from probes.trace.records import Hop, Trace
from tests.trace.made import (
    AT,
    ID,
    OPERATION,
    call,
    dependency,
    exception,
    failed_call,
    item,
    log,
    request,
    trace,
)
from tests.trace.test_ending import CASES

HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\nok\u202e\u2028\x9b31m[red]x[/red]{id}"

WHOLE = f"""\
{ID}: WHOLE, complete
4 records, from 2026-11-24 13:30:05Z

gateway         13:30:05.250  200   95.0 ms  GET https://api.internal.example.com/orders/orders
                                             backend 200 in 90.0 ms:
                                             https://func-orders-prod.azurewebsites.net/api/orders
  request       13:30:05.260  200   80.0 ms  GET /api/orders (func-orders-prod)
    log         13:30:05.270  info           Order taken
    dependency  13:30:05.280  204    5.0 ms  PUT /orders to store.table.core.windows.net

WHOLE, complete: The gateway called https://func-orders-prod.azurewebsites.net/api/orders, and
    func-orders-prod served GET /api/orders with 200 in 80.0 ms.
"""
BROKEN = f"""\
{ID}: ENDS at the gateway, gateway-did-not-reach-backend
1 record, from 2026-11-24 13:30:05Z

gateway  13:30:05.250  500  95.0 ms  GET https://api.internal.example.com/orders/orders
                                     backend no answer in 90.0 ms:
                                     https://func-orders-prod.azurewebsites.net/api/orders
                                     -- BackendConnectionFailure

ENDS at the gateway, gateway-did-not-reach-backend: The gateway could not connect to
    https://func-orders-prod.azurewebsites.net/api/orders, or lost the connection: Unable to connect
    next: probes check --path FILE tells name, TCP and TLS apart, for which API Management has one
      reason.
"""
MISSING = f"""\
{ID}: NOT FOUND, nothing-found
0 records in the last 24 h

NOT FOUND, nothing-found: Nothing is kept of {ID} in the last 24
    hours.
    incomplete: ApiManagementGatewayLogs: no such table in the workspace, so nothing was ever sent
      to it
    next: Records arrive minutes after the call: ask again before you take a missing one for lost.
    next: The id is the gateway's: x-gateway-request-id of the answer, else x-correlation-id; not
      a caller's own.
    next: API Management's diagnostic setting must send GatewayLogs to this workspace, in
      resource-specific tables.
    next: Search further back: --since 168
"""
GAP = "ApiManagementGatewayLogs: no such table in the workspace, so nothing was ever sent to it"


def text(found: Trace, width: int = 100) -> str:
    """What is written to a file."""
    return unstyled(partial(render, found), width)


@pytest.mark.parametrize(
    ("found", "golden"),
    [
        (trace(call(), request(), log(), dependency("204")), WHOLE),
        (CASES["gateway-did-not-reach-backend"], BROKEN),
        (trace(gaps=(GAP,)), MISSING),
    ],
    ids=["whole", "broken", "missing"],
)
def test_the_text_of_a_trace(found: Trace, golden: str) -> None:
    """Word for word and column for column."""
    assert text(found) == golden


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_where_the_chain_ends_stands_at_both_ends(name: str, width: int) -> None:
    """A log is read from the top, a terminal from the bottom."""
    lines = text(CASES[name], width).splitlines()
    row = next(row for row in ENDINGS if row.id == name)
    flat = " ".join(" ".join(lines).split())
    place = "WHOLE" if row.whole else f"ENDS at the {row.at}" if row.at else "NOT FOUND"
    assert flat.startswith(f"{ID}: {place}, {name} ")
    assert f"{place}, {name}: " in flat
    assert [line for line in lines if len(line) > MOST_COLUMNS] == []


def test_records_stand_below_what_they_belong_to() -> None:
    """The request of the host below the gateway, that of the app below the host's, what it did below that."""
    host = request(span_id="host", after_ms=5, carries_id=False)
    found = text(trace(call(), host, request(parent_id="host"), log(), exception(parent_id="dep"), dependency()))
    hops = [line.split("13:30")[0].rstrip() for line in found.splitlines() if " 13:30:05." in line[:40]]
    assert hops == ["gateway", "  request", "    request", "      log", "      dependency", "        exception"]
    words = " ".join(found.split())
    assert words.count("(func-orders-prod) (without the id)") == words.count("(without the id)") == 1


def test_a_request_without_a_gateway_row_stands_at_the_left() -> None:
    """There is nothing that it could stand below."""
    assert "\nrequest  13:30:05.260" in text(trace(request()))


def test_calls_with_the_same_id_each_have_their_own_records() -> None:
    """Below the row of the gateway that came before them, however the clocks of gateway and backend differ."""
    first = request("503", span_id="one", name="first", after_ms=-20)
    second = request(span_id="two", name="second", after_ms=1_010)
    found = text(trace(call(status=503), call(at=AT + timedelta(seconds=1)), first, second))
    lines = [line for line in found.splitlines() if line.startswith(("gateway", "  request"))]
    assert [line.split()[0] for line in lines] == ["gateway", "request", "gateway", "request"]
    assert ("first" in lines[1], "second" in lines[3]) == (True, True)


def test_several_days_are_told_apart() -> None:
    """Where they are not all of one day the time has a date."""
    assert "11-25 13:30:05.250" in text(trace(call(), call(at=AT + timedelta(days=1))))


@pytest.mark.parametrize("width", [40, 100])
def test_what_was_logged_cannot_move_the_cursor(width: int) -> None:
    """Escape sequences, line breaks and invisible characters of every field are written out; markup is text."""
    gateway = failed_call(
        HOSTILE, HOSTILE, method="GET", url=HOSTILE, backend_url=HOSTILE, error_source=HOSTILE, error_section=HOSTILE
    )
    records = [
        request(HOSTILE, name=HOSTILE, role=HOSTILE, span_id="app", properties={"orders.reason": HOSTILE}),
        log(HOSTILE, code=HOSTILE),
        dependency(target=HOSTILE, success=False, code=HOSTILE),
        exception(HOSTILE),
    ]
    changed = failed_call(HOSTILE, backend_status=200, error_source=HOSTILE, error_section=HOSTILE)
    for found in (
        trace(gateway, *records, gaps=(HOSTILE,)),
        trace(gateway),
        trace(changed, request()),
        trace(gaps=(HOSTILE,), partial=True),
    ):
        page = StringIO()
        render(found, Console(file=page, width=width, color_system=None, force_terminal=False, _environ={}))
        assert page.getvalue().replace("\n", "").isprintable()
        assert "[red]x[/red]{id}" in page.getvalue().replace("\n", "").replace(" ", "")
        assert "\nok" not in page.getvalue()


def test_a_very_long_message_is_cut() -> None:
    """JSON has it whole."""
    found = trace(call(), request(), log("x" * 30_000))
    assert len(text(found)) < 2_000
    assert to_document(found)["items"][1]["name"] == "x" * 30_000


def test_of_very_many_records_the_last_are_shown() -> None:
    """And the text says how many are not; JSON has them all."""
    found = trace(call(), request(), *(log(f"message {number}", after_ms=20 + number) for number in range(1_000)))
    lines = text(found).splitlines()
    assert f"{1_002 - MOST_LINES} earlier records, which --format json has" in lines
    assert ("message 999" in text(found), "message 1 " in text(found)) == (True, False)
    assert len(to_document(found)["items"]) == 1_001


def test_colour_only_repeats_what_the_words_say() -> None:
    """On a terminal the same words in the same places."""
    found = CASES["dependency-failed"]
    page = StringIO()
    console = Console(file=page, width=100, color_system="standard", force_terminal=True, _environ={})
    with console.capture() as captured:
        render(found, console)
    bare = Console(file=StringIO(), width=100, color_system=None, force_terminal=False, _environ={})
    with bare.capture() as plain:
        render(found, bare)
    coloured = captured.get()
    assert "\x1b[1;31mENDS\x1b[0m" in coloured
    stripped = coloured
    for code in sorted({part.split("m")[0] for part in coloured.split("\x1b[")[1:]}, key=len, reverse=True):
        stripped = stripped.replace(f"\x1b[{code}m", "")
    assert stripped == plain.get()


@pytest.mark.parametrize("name", CASES)
def test_a_document_is_valid_by_its_schema(name: str) -> None:
    """The schema ships with the package and allows nothing else than what is written."""
    Draft202012Validator.check_schema(trace_schema())
    validator = Draft202012Validator(trace_schema())
    document = json.loads(dumps(CASES[name]))
    validator.validate(document)
    assert document == to_document(CASES[name])
    assert document["ending"]["id"] == name
    for place in (document, document["ending"], *document["gateway"], *document["items"]):
        place["more"] = 1
        assert not validator.is_valid(document)
        del place["more"]


def test_the_schema_knows_every_ending_and_every_place() -> None:
    """So a consumer may rely on it."""
    properties = trace_schema()["$defs"]
    assert set(properties["ending"]["properties"]["at"]["enum"]) == {None, *(hop.value for hop in Hop)}
    assert set(properties["item"]["properties"]["hop"]["enum"]) == {hop.value for hop in Hop} - {"gateway"}


def test_a_document_holds_what_was_logged_as_it_is() -> None:
    """In ASCII, so that it can be written to any terminal; times in UTC, milliseconds to three decimals."""
    found = trace(call(duration_ms=95.12345), request(name=HOSTILE), item(Hop.LOG, "half \ud800"))
    written = dumps(found)
    assert (written.isascii(), "\x1b" in written) == (True, False)
    document = json.loads(written)
    assert document["items"][0]["name"] == HOSTILE
    assert document["gateway"][0] == {
        "at": "2026-11-24T13:30:05.250000Z",
        "method": "GET",
        "url": "https://api.internal.example.com/orders/orders",
        "status": 200,
        "duration_ms": 95.123,
        "backend_url": "https://func-orders-prod.azurewebsites.net/api/orders",
        "backend_status": 200,
        "backend_ms": 90,
        "error_source": None,
        "error_reason": None,
        "error_message": None,
        "error_section": None,
    }
    assert document["items"][0]["operation_id"] == OPERATION
