"""`probes trace`, in a process of its own, against the stand-in that `lab up` would leave running."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from lab.entra import Entra
from lab.http import Request, Response, serve
from lab.log_analytics.api import WORKSPACE_ID, LogAnalytics
from lab.log_analytics.rows import Row
from lab.managed_identity import ManagedIdentity
from lab.standing import StandingLab, state_file, told
from probes.cli import main
from probes.tell.schema import trace_schema
from tests.commands.process import finished, start

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
EARLY_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
AT = datetime.now(UTC) - timedelta(hours=2)
GUID = "11111111-2222-4333-8444-555555555555"
HOSTILE = "\x1b[2J\u202e\x9b31m"


def rows() -> dict[str, list[Row]]:
    """One call that was served, and one that the platform answered."""
    gateway = {"TimeGenerated": AT, "BackendUrl": "https://func.azurewebsites.net/api/orders"}
    served = {"CorrelationId": ID, "ResponseCode": 200, "BackendResponseCode": 200}
    refused = {"CorrelationId": EARLY_ID, "ResponseCode": 403, "BackendResponseCode": 403}
    request = {"Id": "app", "Name": "GET /api/orders", "ResultCode": "200", "Success": True, "OperationId": "0" * 32}
    return {
        "ApiManagementGatewayLogs": [{**gateway, **served}, {**gateway, **refused}],
        "AppRequests": [{"TimeGenerated": AT, "Properties": {"correlation.id": ID}, **request}],
    }


@dataclass
class Standing:
    """A lab that was left running, and the environment of another terminal of the same user."""

    api: LogAnalytics
    identity: ManagedIdentity
    environment: Mapping[str, str]

    async def trace(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The command, once it has ended."""
        environment = {**self.environment, **more}
        return await asyncio.to_thread(finished, "trace", *arguments, environment=environment)


@pytest_asyncio.fixture
async def standing(tmp_path: Path) -> AsyncIterator[Standing]:
    """The file is there for as long as the test."""
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    async with (
        await Entra.start() as entra,
        ManagedIdentity(entra) as identity,
        await LogAnalytics.start(entra, rows) as api,
    ):
        lab = StandingLab(
            scenario="healthy",
            log_analytics=api.url,
            workspace_id=WORKSPACE_ID,
            management="http://127.0.0.1:9",
            identity=identity.environment,
        )
        with told(lab, state_file(environment)):
            yield Standing(api=api, identity=identity, environment=environment)


async def test_a_whole_chain_is_exit_code_0(standing: Standing) -> None:
    """And the text is all that is printed."""
    done = await standing.trace(ID, "--lab")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{ID}: WHOLE, complete\n2 records, ")


async def test_a_chain_that_ends_early_is_exit_code_1(standing: Standing) -> None:
    """The last lines say where, and what to look at."""
    done = await standing.trace(EARLY_ID, "--lab")
    assert (done.returncode, done.stderr) == (1, "")
    assert "\nENDS at the gateway, platform-answered: " in done.stdout
    assert "    next: " in done.stdout.splitlines()[-1]


async def test_nothing_found_is_exit_code_3(standing: Standing) -> None:
    """Nobody can say where such a chain ends; what is older than asked for is not found either."""
    done = await standing.trace("no-such-call", "--lab")
    assert (done.returncode, "NOT FOUND, nothing-found" in done.stdout) == (3, True)
    older = await standing.trace(ID, "--lab", "--since", "1")
    assert (older.returncode, "in the last 1 hour." in " ".join(older.stdout.split())) == (3, True)


async def test_json_is_one_document(standing: Standing) -> None:
    """Valid by its schema, with the same exit code."""
    done = await standing.trace(EARLY_ID, "--lab", "--format", "json")
    document = json.loads(done.stdout)
    Draft202012Validator(trace_schema()).validate(document)
    assert (done.returncode, done.stderr, document["ending"]["id"]) == (1, "", "platform-answered")


async def test_a_workspace_that_refuses_is_exit_code_3(standing: Standing) -> None:
    """What it said stands on standard error, and nothing on standard output."""
    standing.api.status = HTTPStatus.FORBIDDEN
    done = await standing.trace(ID, "--lab")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"the workspace {WORKSPACE_ID} does not answer: denied: 403 InsufficientAccessError: " in done.stderr


async def test_a_lab_that_is_gone_is_exit_code_3(standing: Standing) -> None:
    """Killed, it could not take its file with it: the message says which file, and how to start another lab."""
    await standing.api.aclose()
    done = await standing.trace(ID, "--lab")
    assert (done.returncode, done.stdout) == (3, "")
    assert "does not answer: refused" in done.stderr
    assert f"{standing.environment['XDG_RUNTIME_DIR']}/private-path-probe/lab.json tells of a lab" in done.stderr
    assert "probes lab up healthy" in done.stderr


async def test_no_lab_standing_is_exit_code_2(standing: Standing) -> None:
    """Nor does a file that is none tell of one."""
    for content in (None, "no json"):
        file = state_file(standing.environment)
        if content is None:
            file.unlink()
        else:
            file.write_text(content)
        done = await standing.trace(ID, "--lab")
        assert (done.returncode, done.stdout) == (2, "")
        assert "probes: --lab: no lab stands on this machine" in done.stderr
        assert "probes lab up healthy" in done.stderr


async def test_it_ends_when_it_is_told_to(standing: Standing) -> None:
    """SIGTERM while the workspace keeps it waiting: 143, and no traceback."""
    waiting = asyncio.Event()

    async def silent(_: Request) -> Response:
        waiting.set()
        await asyncio.Event().wait()
        return Response(500)

    async with await serve(silent) as server:
        lab = StandingLab(
            scenario="healthy",
            log_analytics=server.url,
            workspace_id=WORKSPACE_ID,
            management="http://127.0.0.1:9",
            identity=standing.identity.environment,
        )
        with told(lab, state_file(standing.environment)):
            process = start(
                *("trace", ID, "--lab"),
                environment=standing.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            await waiting.wait()
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.to_thread(process.communicate)
    assert (process.returncode, out, err) == (143, "", "probes: terminated\n")


async def test_azure_is_asked_through_the_proxy_of_this_machine(standing: Standing) -> None:
    """The real API is not where the tests are: its name and port come to the proxy, and the token does not."""
    asked: list[Request] = []

    async def refuse(request: Request) -> Response:
        asked.append(request)
        return Response(403)

    async with await serve(refuse) as proxy:
        done = await standing.trace(
            *(ID, "--workspace", GUID), **standing.identity.environment, **ONLY_IDENTITY, HTTPS_PROXY=proxy.url
        )
    assert {(request.method, request.target) for request in asked} == {("CONNECT", "api.loganalytics.io:443")}
    assert not [request for request in asked if request.header("authorization")]
    assert (done.returncode, done.stdout) == (3, "")
    assert f"the workspace {GUID} does not answer: " in done.stderr


async def test_whoever_is_not_signed_in_is_told_how(standing: Standing) -> None:
    """No identity gives a token: nothing is asked of Azure."""
    gone = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token", "IDENTITY_HEADER": "x"}
    done = await standing.trace(ID, "--workspace", GUID, **gone, **ONLY_IDENTITY, HTTPS_PROXY="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Sign in first: az login" in done.stderr
    assert "Traceback" not in done.stderr


ONLY_IDENTITY = {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}
"""Of azure-identity's own list: the others look for sign-ins of this machine, or beyond it."""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["short", "--lab"], 'id "short"; allowed: 8 to 128 characters of A-Z a-z 0-9 . _ -'),
        (['abcdefgh" or true', "--lab"], 'id "abcdefgh" or true"; allowed: '),
        ([f"abcdefgh{HOSTILE}", "--lab"], r'id "abcdefgh\x1b[2J\u202e\x9b31m"; allowed: '),
        ([ID], "--workspace is missing; allowed: the workspace id (a GUID) of a Log Analytics workspace, or --lab"),
        ([ID, "--workspace", "my-workspace"], '--workspace "my-workspace"; allowed: the workspace id (a GUID)'),
        ([ID, "--workspace", f"{GUID}{HOSTILE}"], r"\x1b[2J\u202e"),
    ],
)
def test_bad_input_names_key_value_and_what_is_allowed(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On one line, with what does not print written out."""
    assert main(["trace", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, said in err, err.count("\n")) == ("", True, 1)
    assert err.replace("\n", "").isprintable()


@pytest.mark.parametrize("hours", ["0", "2161", "-1", "1.5", "nan", "", "1e3", "\u0661", "9" * 5_000])
def test_hours_that_are_none(hours: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A whole number from 1 to 2160."""
    with pytest.raises(SystemExit) as ended:
        main(["trace", ID, "--lab", f"--since={hours}"])
    assert ended.value.code == 2
    assert "allowed: 1 to 2160 hours" in capsys.readouterr().err


def test_one_place_is_searched(capsys: pytest.CaptureFixture[str]) -> None:
    """The lab or a workspace."""
    with pytest.raises(SystemExit) as ended:
        main(["trace", ID, "--lab", "--workspace", GUID])
    assert (ended.value.code, "not allowed with" in capsys.readouterr().err) == (2, True)


def test_the_help_has_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """They are not those of a sweep."""
    with pytest.raises(SystemExit) as ended:
        main(["trace", "--help"])
    out = capsys.readouterr().out
    assert (ended.value.code, "0  the chain is whole" in out, "3  inconclusive" in out) == (0, True, True)
