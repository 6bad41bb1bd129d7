"""`probes close` as a shell starts it, on a lab that is up: arguments, words, exit codes, signals."""

import asyncio
import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lab.azure.knowledge import OPERATOR, Refusal
from lab.scenarios.article import PRIVATELINK
from lab.scenarios.changes import change_zone
from lab.world import World
from probes.closure.guard import objections
from probes.proof.document import load
from probes.records import Vantage
from tests.closure.shell import Shell
from tests.closure.stage import OPEN, SITE_ID, STORAGE_ID, VAULT_ID, secretly_public
from tests.commands.process import start

pytestmark = pytest.mark.asyncio(loop_scope="module")


def without_zone() -> World:
    """Nobody in the network has the app's private record any more."""
    return change_zone(OPEN, PRIVATELINK, None, "platform", "on-premises")


@contextmanager
def terminal(typed: str) -> Iterator[int]:
    """A terminal in which somebody types."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        yield theirs
    finally:
        os.close(ours)
        os.close(theirs)


async def test_prove_close_prove_and_back(shell: Shell) -> None:
    """The whole of it: 3 while the outside is not shown, 0 once it is, and 0 for the way back."""
    closed = await shell.close("--proof", str(await shell.proven()), "--with-dependencies", "--yes", "--settle", "0.2")
    assert closed.returncode == 3, closed.stdout + closed.stderr
    assert "CLOSED, NOT FULLY PROVEN" in closed.stdout
    assert "probes prove --path" in closed.stdout
    assert (await shell.closures.access(), await shell.closures.access(STORAGE_ID)) == ("Disabled", "Disabled/Deny")
    seen = [await shell.seen_from(vantage) for vantage in (Vantage.OUTSIDE, Vantage.CLIENT)]
    after = str(shell.folder / "after.json")
    whole = ("--resume", "--outside", seen[0], "--merge", seen[1], "--lab", "--yes", "-o", after)
    finished_ = await shell.close(*whole)
    assert finished_.returncode == 0, finished_.stdout + finished_.stderr
    assert "CLOSED AND PROVEN" in finished_.stdout
    proof = load(Path(after))
    assert (proof.complete, proof.phase) == (True, "after-closure")
    back = await shell.close("--undo", "--yes", "--settle", "0.2")
    assert back.returncode == 0, back.stdout + back.stderr
    assert (await shell.closures.access(), await shell.closures.access(STORAGE_ID)) == ("Enabled", "Enabled/Allow")
    assert "eyJ" not in "".join(each.stdout + each.stderr for each in (closed, finished_, back))


async def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    """It reads, and says each change with the line that makes it by hand."""
    done = await shell.close("--proof", str(await shell.proven()), "--dry-run", "--also", VAULT_ID, "--also", SITE_ID)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2. key vault kv-path-prod: publicNetworkAccess Enabled -> Disabled" in done.stdout
    assert "3. " not in done.stdout
    assert "1. site func-orders-prod: publicNetworkAccess Enabled -> Disabled" in done.stdout
    assert "az functionapp update --subscription" in done.stdout
    assert "Stays open (--with-dependencies closes it): storage account stordersprod" in done.stdout
    assert {each.method for each in shell.closures.asked("GET", "PATCH", "PUT", "POST")} == {"GET"}
    assert not (shell.folder / "state" / "private-path-probe" / "closures").exists()


async def test_without_a_proof_nothing_is_closed(shell: Shell) -> None:
    """And it says how to make one."""
    done = await shell.close("--yes")
    assert done.returncode == 1
    assert "no proof was given" in done.stdout
    assert "probes prove --path" in done.stdout
    assert shell.unchanged()


@pytest.mark.parametrize("old", ['"resolve"', "Disabled", "10.80.20.4"])
async def test_an_altered_proof_is_none(shell: Shell, old: str) -> None:
    """Its digest tells."""
    file = await shell.proven()
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, old[:-2] + "x" + old[-1], 1) if old in text else text + " ,", encoding="utf-8")
    done = await shell.close("--proof", str(file), "--yes")
    assert done.returncode == 1
    assert "is no proof to go by" in done.stdout
    assert shell.unchanged()


async def test_a_stale_proof_is_refused(shell: Shell) -> None:
    """It says how old it is, and what is allowed."""
    file = await shell.proven(age=timedelta(minutes=50))
    done = await shell.close("--proof", str(file), "--max-age", "30", "--yes")
    assert done.returncode == 1
    assert "the proof is stale: what it saw is 5" in done.stdout
    assert "allowed: 30 min (--max-age)" in done.stdout
    assert shell.unchanged()


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(minutes=50), []),
        (timedelta(minutes=70), ["the proof is stale: what it saw is 70 min old; allowed: 60 min (--max-age)"]),
        (timedelta(minutes=-4), []),
        (timedelta(minutes=-9), ["the proof is of a time to come"]),
    ],
)
async def test_only_the_age_speaks_against_a_good_proof(shell: Shell, later: timedelta, said: list[str]) -> None:
    """That of the oldest thing that it saw; two clocks may be five minutes apart."""
    proof = load(await shell.proven())
    now = proof.oldest_at + later
    found = list(objections(proof, shell.closures.replica.path, now, timedelta(hours=1)))
    assert [line[: len(wanted)] for line, wanted in zip(found, said, strict=True)] == said


async def test_a_proof_of_another_path_is_refused(shell: Shell) -> None:
    """Be it the same name: what should be is another."""
    file = await shell.proven()
    table = json.loads((shell.folder / "path.json").read_text(encoding="utf-8"))
    table["targets"][0]["url"] += "/other"
    (shell.folder / "path.json").write_text(json.dumps(table), encoding="utf-8")
    done = await shell.close("--proof", str(file), "--yes")
    assert done.returncode == 1
    assert "the proof is of another path" in done.stdout
    assert shell.unchanged()


async def test_an_incomplete_proof_is_refused(shell: Shell) -> None:
    """With the stages that it lacks."""
    done = await shell.close("--proof", str(await shell.proven(Vantage.PROBE)), "--yes")
    assert done.returncode == 1
    assert "the proof is not complete (incomplete):" in done.stdout
    assert "  gateway-resolves-privately: " in done.stdout
    assert shell.unchanged()


async def test_a_path_that_broke_since_is_not_closed(shell: Shell) -> None:
    """The proof is fresh and complete, and the last sweep does not confirm it: cause and fix are told."""
    file = await shell.proven()
    await shell.become(without_zone())
    done = await shell.close("--proof", str(file), "--yes")
    assert done.returncode == 1
    assert "the proof does not hold any more" in done.stdout
    assert "zone-not-linked" in done.stdout
    assert "az network private-dns link vnet create" in done.stdout
    assert shell.unchanged()


async def test_a_gateway_that_asks_elsewhere_since_is_seen_beforehand(shell: Shell) -> None:
    """The path works, by the public door: Azure knows what API Management asks, and the proof said another."""
    file = await shell.proven()
    await shell.become(secretly_public(known=True))
    done = await shell.close("--proof", str(file), "--yes")
    assert done.returncode == 1
    assert "stage backend-resolves-privately: " in done.stdout
    assert shell.unchanged()


async def test_a_closure_that_breaks_the_path_is_undone(shell: Shell) -> None:
    """The gateway began to use the public door after the proof, and nobody saw: exit code 1, and all is open again."""
    file = await shell.proven(Vantage.PROBE, Vantage.CLIENT)
    await shell.become(secretly_public())
    done = await shell.close("--proof", str(file), "--yes", "--settle", "0.2")
    assert done.returncode == 1
    assert "OPEN AGAIN: what was closed is as it was before" in done.stdout
    assert "stage gateway-answers: " in done.stdout
    assert "public-path-refused" in done.stdout
    assert await shell.closures.access() == "Enabled"


@pytest.mark.parametrize(("scope", "code"), [(SITE_ID, 1), (STORAGE_ID, 0)])
async def test_what_cannot_be_read_is_not_closed(shell: Shell, scope: str, code: int) -> None:
    """The right and the role are named; of a dependency that nobody asked to close it is no matter."""
    file = await shell.proven()
    unreadable = Refusal(scope=scope, action="*/read", who=OPERATOR)
    await shell.become(replace(OPEN, azure=replace(OPEN.azure, refusals=(unreadable,))))
    done = await shell.close("--proof", str(file), "--dry-run")
    assert done.returncode == code, done.stdout
    assert ("lacks Microsoft.Web/sites/read" in done.stdout) is (scope == SITE_ID)
    assert ("storage account stordersprod" in done.stdout) is False


async def test_nobody_to_ask_is_no_yes(shell: Shell) -> None:
    """In a pipeline it takes --yes, which is the pipeline's owner's word."""
    done = await shell.close("--proof", str(await shell.proven()), stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "nobody is here to confirm it" in done.stdout
    assert shell.unchanged()


@pytest.mark.parametrize("answer", ["no", "", "y"])
async def test_anything_but_yes_is_no(shell: Shell, answer: str) -> None:
    """On a terminal it asks."""
    file = await shell.proven()
    with terminal(f"{answer}\n") as stdin:
        done = await shell.close("--proof", str(file), stdin=stdin)
    assert done.returncode == 1
    assert 'Type "yes" to go on' in done.stderr
    assert "not confirmed" in done.stdout
    assert shell.unchanged()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_says_how_things_stand(shell: Shell, number: signal.Signals, code: int) -> None:
    """What is done, what is not, how to go on; a new closure is refused until that is done, and both ways are open."""
    file = await shell.proven()
    written = asyncio.Event()
    shell.closures.after("PATCH", "func-orders-prod", 1, written.set)
    process = await asyncio.to_thread(
        start,
        "close",
        *shell.arguments,
        *("--proof", str(file), "--with-dependencies", "--yes", "--settle", "60"),
        environment=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await written.wait()
    process.send_signal(number)
    _, said = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == code
    assert "Stopped halfway. It stands so:" in said
    assert "storage account stordersprod: not changed" in said
    assert "probes close --resume" in said
    again = await shell.close("--proof", str(file), "--yes")
    assert again.returncode == 1
    assert "is not finished" in again.stdout
    assert (await shell.close("--undo", "--yes", "--settle", "0.2")).returncode == 0
    assert await shell.closures.access() == "Enabled"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume", "--undo"], "allowed: one of them"),
        (["--max-age", "0"], "allowed: 1 to 1440 minutes"),
        (["--settle", "-1"], "allowed: 0 to 3600 seconds"),
        (["--also", "/subscriptions/x"], "allowed: the resource id of a web app"),
        (["--outside", "/nowhere.json"], "/nowhere.json"),
    ],
)
async def test_arguments_that_cannot_be_used(shell: Shell, arguments: list[str], said: str) -> None:
    """Exit code 2, and what is allowed."""
    done = await shell.close(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert shell.unchanged()


@pytest.mark.parametrize("way", ["--resume", "--undo"])
async def test_without_a_journal_there_is_nothing_to_go_on_with(shell: Shell, way: str) -> None:
    """It names the file in which it looked."""
    done = await shell.close(way, "--yes")
    assert done.returncode == 1
    assert "no journal of this path" in done.stdout
    assert shell.unchanged()
