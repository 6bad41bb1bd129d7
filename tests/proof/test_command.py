"""`probes prove`, in a process of its own, on a lab that stands: files, exit codes, what is refused."""

import asyncio
import json
import os
import stat
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from lab import surroundings_file
from lab.probe_app import path_setting
from lab.replica import Replica, opened
from lab.scenarios.changes import change_path
from lab.standing import state_file, told
from lab.world import World
from probes.proof.document import load
from tests.commands.process import finished
from tests.proof.worlds import CASES, OPEN

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
GUID = "11111111-2222-4333-8444-555555555555"
KEY = "5up3rs3cr3tk3y0fth3g4t3w4y000001"


@dataclass
class Standing:
    """A lab that was left running, and the environment of another terminal of the same user."""

    replica: Replica
    folder: Path
    environment: Mapping[str, str]

    async def become(self, world: World) -> None:
        """Show another world, and write down where everything stands in it."""
        await self.replica.become(world)
        await asyncio.to_thread(surroundings_file.write, self.folder / "surroundings.json", self.replica)
        await asyncio.to_thread((self.folder / "path.json").write_text, path_setting(self.replica))

    async def prove(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The command on this lab."""
        return await asyncio.to_thread(
            finished,
            *("prove", "--path", str(self.folder / "path.json")),
            *("--surroundings", str(self.folder / "surroundings.json"), *arguments),
            environment={**self.environment, **more},
        )

    def file(self, name: str) -> str:
        """The name of a file in the lab's folder."""
        return str(self.folder / name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Standing]:
    """A lab before its closure, as `lab up` leaves it."""
    folder = tmp_path_factory.mktemp("lab")
    async with opened(OPEN, telemetry=True) as replica:
        environment = {"XDG_STATE_HOME": str(folder / "state"), "no_proxy": "127.0.0.1", **replica.identity_environment}
        with ExitStack() as stack:
            stack.enter_context(told(replica.standing("test"), state_file({"XDG_STATE_HOME": str(folder / "state")})))
            found = Standing(replica, folder, environment)
            await found.become(OPEN)
            yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(standing: Standing) -> str:
    """The file of a client."""
    await standing.become(OPEN)
    file = standing.file("client.json")
    done = await standing.prove("--vantage", "client", "-o", file)
    assert (done.returncode, done.stderr) == (3, "")
    return file


async def test_two_vantages_make_a_proof(standing: Standing, client: str) -> None:
    """Exit code 0; the file is its owner's alone, and says where each sweep came from."""
    output = standing.folder / "proof.json"
    done = await standing.prove("--lab", "--merge", client, "-o", str(output))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("orders: COMPLETE, 14 of 14 stages proven, before closure\n")
    assert done.stdout.endswith(
        "COMPLETE: orders, before closure: every stage is proven; public access may be turned off\n"
    )
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    proof = load(output)
    assert proof.complete
    assert [look.file for look in proof.looks] == [None, client]
    assert proof.asked.path_file == standing.file("path.json")


async def test_a_page_is_written_beside_it(standing: Standing, client: str) -> None:
    """For a browser, and its owner's alone as well."""
    page = standing.folder / "proof.html"
    done = await standing.prove("--lab", "--merge", client, "--page", str(page))
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "gateway-resolves-privately" in text


async def test_the_document_goes_to_standard_output_too(standing: Standing, client: str) -> None:
    """One document and nothing else."""
    done = await standing.prove("--lab", "--merge", client, "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "complete")


async def test_one_vantage_is_no_proof_and_says_what_is_missing(standing: Standing) -> None:
    """Exit code 3; the command that would help can be copied, with the names of this call."""
    await standing.become(OPEN)
    done = await standing.prove("--lab", "--wait", "0")
    assert done.returncode == 3
    path, here = standing.file("path.json"), standing.file("surroundings.json")
    assert f"probes prove --path {path} --surroundings {here} --vantage client -o client.json\n" in done.stdout
    again = (
        f"probes prove --path {path} --surroundings {here} --vantage probe --lab --merge client.json -o proof.json\n"
    )
    assert again in done.stdout


async def test_what_is_disproven_exits_with_1_and_names_the_fix(standing: Standing) -> None:
    """The cause stands at both ends, with the command that mends it."""
    await standing.become(CASES["no checks"].world)
    try:
        done = await standing.prove("--vantage", "client")
    finally:
        await standing.become(OPEN)
    assert done.returncode == 1
    first, last = done.stdout.index("[1] gateway-skips-tls-checks"), done.stdout.rindex("[1] gateway-skips-tls-checks")
    assert first < done.stdout.index("disproves: tls-verified") < last
    assert "az rest" in done.stdout or "az apim" in done.stdout


async def test_a_file_that_was_altered_is_not_merged(standing: Standing, client: str) -> None:
    """Exit code 2, and nothing is looked at."""
    altered = standing.folder / "altered.json"
    text = await asyncio.to_thread(Path(client).read_text)
    await asyncio.to_thread(altered.write_text, text.replace("10.80.10.4", "10.80.10.5", 1))
    done = await standing.prove("--merge", str(altered))
    assert (done.returncode, done.stdout) == (2, "")
    assert "it was altered after it was written" in done.stderr


async def test_a_file_of_another_path_is_not_merged(standing: Standing, client: str) -> None:
    """The message names the file."""
    await standing.become(change_path(OPEN, name="payments"))
    try:
        done = await standing.prove("--merge", client)
    finally:
        await standing.become(OPEN)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f'probes: --merge "{client}" is a proof of another path; allowed: proofs made with the same path file\n'
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--key-setting", "GATEWAY_KEY"], "--key-setting: there is nothing to show the key to"),
        (["--diagnose", "https://evil.example/d"], '--diagnose "evil.example"; allowed: an https URL of the gateway'),
        (
            ["--diagnose", "https://api.internal.example.com/d", "--key-setting", "NOT_SET"],
            "--key-setting NOT_SET: is not set",
        ),
        (
            ["--diagnose", "https://api.internal.example.com/d", "--key-setting", "BAD_KEY"],
            "--key-setting BAD_KEY: holds what no header can carry",
        ),
        (["--require", "gateway-resolve"], 'there is no stage "gateway-resolve"; did you mean gateway-'),
        (["--workspace", "orders"], '--workspace "orders"; allowed'),
        (["--wait", "-1"], '"-1"; allowed: 0 to 3600 seconds'),
        (["--wait", "soon"], '"soon"; allowed: 0 to 3600 seconds'),
        (["--vantage", "gateway"], "invalid choice: 'gateway'"),
        (["--lab", "--workspace", GUID], "not allowed with argument"),
        (["-o", "/nowhere/proof.json"], '-o "/nowhere/proof.json": the folder /nowhere does not exist'),
        (["--page", "/nowhere/proof.html"], '--page "/nowhere/proof.html": the folder /nowhere does not exist'),
        (["-o", "same", "--page", "same"], '--page "same": is the file of -o as well'),
        (["--merge", "/nowhere/client.json"], "a proof that can be read"),
    ],
)
async def test_bad_input_is_told(standing: Standing, arguments: list[str], says: str) -> None:
    """Exit code 2, one clear line, no traceback, and nothing is looked at."""
    done = await standing.prove(*arguments, BAD_KEY=f"{KEY}\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert KEY not in done.stderr
    assert "Traceback" not in done.stderr


async def test_the_key_is_in_no_output(standing: Standing) -> None:
    """It was shown to the gateway, which has no probe app behind it here."""
    url = "https://api.internal.example.com/diagnostics/diagnose"
    done = await standing.prove(
        *("--vantage", "client", "--diagnose", url, "--key-setting", "GATEWAY_KEY", "--format", "json"), GATEWAY_KEY=KEY
    )
    assert done.returncode == 3
    assert json.loads(done.stdout)["missed"][0]["detail"] == "api.internal.example.com answered 503"
    assert KEY not in done.stdout + done.stderr


async def test_without_a_lab_the_workspace_cannot_be_its_own(tmp_path: Path, standing: Standing) -> None:
    """The message says how to start one."""
    lost = replace(standing, environment={**standing.environment, "XDG_STATE_HOME": str(tmp_path)})
    done = await lost.prove("--lab")
    assert (done.returncode, done.stdout) == (2, "")
    assert "probes lab up healthy" in done.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a name is enough
