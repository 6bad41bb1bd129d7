"""Writes, and Azure's answers to them: taken, refused, or not known; on real servers that answer as Azure does."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from lab.azure.writes import Wanted
from lab.http import Request, Response, serve
from probes.azure.answer import ReadError
from probes.closure.journal import held
from probes.closure.plan import step
from probes.closure.progress import Event, Outcome
from probes.closure.resource import ACCESS, CONFIG_ACCESS, DEFAULT_ACTION, State, resource
from probes.closure.words import command, refused
from probes.closure.work import Ending
from probes.closure.writes import Management, Remembered, UnknownError
from tests.azure.api import Slow, api
from tests.closure.stage import SITE_ID, STORAGE_ID, VAULT_ID, Closures, secretly_public
from tests.support import Given

CHECKER = Path(__file__).parents[3] / "shared" / "tools" / "azcli" / "az_check.py"
SITE = resource(SITE_ID)
OPEN = State(resource=SITE, values={ACCESS: "Enabled", CONFIG_ACCESS: None})
LOCKED = "The scope 'func' cannot perform write operation because following scope(s) are locked: 'rg'."


def told(status: int, code: str, message: str = "words") -> Response:
    """An error object of Azure's."""
    return Response(status, body=json.dumps({"error": {"code": code, "message": message}}).encode())


def management(url: str) -> Management:
    """Azure at that URL."""
    return Management(endpoint=url, credential=Given, deadline_s=0.5)


@pytest.mark.parametrize("answer", [Response(200, body=b"{}"), Response(202), Response(202, body=b"{}")])
async def test_a_write_is_taken(answer: Response) -> None:
    """200 with the resource, or 202 for what goes on: Azure is asked afterwards in any case."""
    async with api(answer) as it:
        await management(it.url).set_access(OPEN, step(OPEN).closing)
        (request,) = it.requests
    assert (request.method, request.path, request.query) == ("PATCH", SITE_ID, "api-version=2025-05-01")
    assert json.loads(request.body) == {"properties": {"publicNetworkAccess": "Disabled"}}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (told(409, "ScopeLocked", LOCKED), "az lock list"),
        (told(403, "RequestDisallowedByPolicy"), "az policy state list"),
        (told(409, "Conflict"), "Another operation on it is under way"),
        (told(403, "AuthorizationFailed"), "Microsoft.Web/sites/write"),
        (told(404, "ResourceNotFound"), "No such resource"),
        (told(429, "TooManyRequests"), "Azure asks for patience"),
        (told(400, "BadRequest", "no"), "400 BadRequest: no"),
    ],
)
async def test_a_refusal_has_changed_nothing(answer: Response, said: str) -> None:
    """Every answer of 4xx; what mends it is told, and the token is not."""
    async with api(answer) as it:
        with pytest.raises(ReadError) as caught:
            await management(it.url).set_access(OPEN, step(OPEN).closing)
    lines = "\n".join(refused(caught.value, SITE))
    assert said in lines
    assert Given().token not in lines


@pytest.mark.parametrize(
    "answer",
    [
        told(500, "InternalServerError"),
        told(502, "BadGateway"),
        told(408, "RequestTimeout"),
        Response(200, body=b"<"),
        None,
    ],
)
async def test_what_may_have_arrived_is_not_known(answer: Response | None) -> None:
    """5xx, a time-out, an answer that is none: a gateway may have said so after the write was made."""
    async with api(answer) as it:
        with pytest.raises(UnknownError):
            await management(it.url).set_access(OPEN, step(OPEN).closing)


async def test_a_token_is_asked_for_once() -> None:
    """azure-identity starts the Azure CLI anew each time; the Management's clients do not last that long."""
    source = Slow()
    remembered = Remembered(lambda: source)
    async with api(Response(200, body=b'{"properties": {"tags": {"Private-Path-Closure": "x"}}}')) as it:
        azure = Management(endpoint=it.url, credential=lambda: remembered, deadline_s=5)
        assert [await azure.tag(SITE) for _ in range(3)] == ["x"] * 3
    assert source.asked == 1


async def test_a_token_that_ends_soon_is_not_shown_again() -> None:
    """A closure waits for minutes between two calls."""
    made: list[Given] = []

    def credential() -> Given:
        made.append(Given(expires_on=0))
        return made[-1]

    remembered = Remembered(credential)
    assert [remembered.get_token("scope") for _ in range(2)] == made
    assert len(made) == 2


async def between(closures: Closures, answer: Callable[[Request], Response | None]) -> Management:
    """Azure behind a gateway that answers some requests itself."""
    client = httpx.AsyncClient(base_url=closures.replica.surroundings.management, trust_env=False)

    async def forward(request: Request) -> Response:
        own = answer(request)
        if own is not None:
            return own
        headers = {"Authorization": request.header("authorization") or "", "Content-Type": "application/json"}
        found = await client.request(request.method, request.target, content=request.body, headers=headers)
        return Response(found.status_code, body=found.content, headers=(("Content-Type", "application/json"),))

    server = await serve(forward)
    closures.stack.push_async_callback(server.aclose)
    closures.stack.push_async_callback(client.aclose)
    return Management(endpoint=server.url, credential=closures.reader, deadline_s=10)


@pytest.mark.parametrize(("times", "ending"), [(2, Ending.CLOSED), (100, Ending.WITHDRAWN)])
async def test_another_operation_under_way_is_waited_for(closures: Closures, times: int, ending: Ending) -> None:
    """So long, and no longer; then nothing was changed."""
    left = times

    def answer(request: Request) -> Response | None:
        nonlocal left
        if request.method == "PATCH" and request.path == SITE_ID and left:
            left -= 1
            return told(HTTPStatus.CONFLICT, "Conflict", "Another operation is in progress.")
        return None

    result = await closures.close(management=await between(closures, answer))
    assert result.ending is ending
    assert (closures.progress.outcome is Outcome.WITHDRAWN) is (ending is Ending.WITHDRAWN)


async def test_reads_that_fail_for_a_while_stop_nothing(closures: Closures) -> None:
    """Right after the change, when nobody has seen yet whether the path holds."""
    left = 3

    def answer(request: Request) -> Response | None:
        nonlocal left
        if request.method == "GET" and request.path == SITE_ID and closures.writes(SITE_ID) and left:
            left -= 1
            return told(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerError")
        return None

    assert (await closures.close(management=await between(closures, answer))).ending is Ending.CLOSED
    assert left == 0


async def test_a_change_that_shows_in_one_place_first_is_made_again(closures: Closures) -> None:
    """The process died meanwhile: the site says closed, and config/web follows once it is written to again."""

    def answer(request: Request) -> Response | None:
        late = request.path == f"{SITE_ID}/config/web" and not closures.writes(SITE_ID)
        return Response(200, body=b'{"properties": {"publicNetworkAccess": "Enabled"}}') if late else None

    with held(closures.file) as journal:
        await closures.begin(journal)
        journal.write(Event.CHANGE_INTENDED, step=0)
    await closures.replica.control_plane.change(SITE_ID, Wanted(public_access=False))
    result = await closures.close(management=await between(closures, answer))
    assert result.ending is Ending.CLOSED, result.told
    assert len(closures.writes(SITE_ID)) == 1


async def test_what_stops_halfway_is_not_left_broken(closures: Closures) -> None:
    """Azure is not to be read any more, by nobody's leave, and the path does not hold: the change is taken back."""
    await closures.replica.become(secretly_public())
    denied = 0

    def answer(request: Request) -> Response | None:
        nonlocal denied
        if request.method == "GET" and request.path == SITE_ID and len(closures.writes(SITE_ID)) == 1 and denied < 2:
            denied += 1
            return told(HTTPStatus.FORBIDDEN, "AuthorizationFailed") if denied > 1 else None
        return None

    result = await closures.close(management=await between(closures, answer))
    assert result.ending is Ending.UNDONE, result.told
    assert "AuthorizationFailed" in result.told[0]
    assert await closures.access() == "Enabled"


async def test_null_is_never_taken_for_closed(closures: Closures) -> None:
    """Azure takes the change and says null of it for ever: that is no proof, and the change is taken back."""

    def answer(request: Request) -> Response | None:
        null = request.method == "GET" and request.path == SITE_ID and closures.writes(SITE_ID)
        return Response(200, body=b'{"properties": {"publicNetworkAccess": null}}') if null else None

    result = await closures.close(management=await between(closures, answer))
    assert result.ending is Ending.HALFWAY
    assert any(line.startswith("NOT SEEN OPEN AGAIN: site func-orders-prod") for line in result.told)
    assert "does not show it" in result.told[0]
    assert json.loads(closures.writes(SITE_ID)[-1].body)["properties"]["publicNetworkAccess"] == "Enabled"


@pytest.mark.parametrize(
    ("resource_id", "values"),
    [
        (SITE_ID, {ACCESS: "Disabled"}),
        (f"{SITE_ID}/slots/staging", {ACCESS: "Disabled", CONFIG_ACCESS: "Disabled"}),
        (STORAGE_ID, {ACCESS: "Enabled", DEFAULT_ACTION: "Allow"}),
        (VAULT_ID, {ACCESS: "Disabled", DEFAULT_ACTION: "Deny"}),
    ],
)
async def test_a_line_to_type_is_one_that_the_cli_takes(
    tmp_path: Path, resource_id: str, values: dict[str, str]
) -> None:
    """Command, options and required options as the real CLI has them."""
    if not CHECKER.exists():
        pytest.skip(f"{CHECKER} is not here")
    file = tmp_path / "line.sh"
    await asyncio.to_thread(file.write_text, command(resource(resource_id), values) + "\n", encoding="utf-8")
    checker = [sys.executable, str(CHECKER), str(file)]
    done = await asyncio.to_thread(subprocess.run, checker, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["1 az lines checked, 0 problems, 0 not checked"]
