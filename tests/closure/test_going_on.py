"""What `probes close` does when it is started again: by the lines that it printed, with what is at hand then."""

import asyncio
import json
import shlex
from dataclasses import replace

import pytest

from probes.proof.document import dumps, load
from probes.records import Vantage
from tests.closure.shell import Shell
from tests.closure.stage import OPEN, closed_world
from tests.commands.process import finished
from tests.proof.bench import again

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_key_that_no_header_can_carry_is_not_shown(shell: Shell) -> None:
    """Nor is anything asked with it: a carriage return at its end, as a file from elsewhere leaves it there."""
    file = await shell.proven()
    proof = await asyncio.to_thread(load, file)
    asked = replace(proof.asked, diagnose="https://api.internal.example.com/diagnose", key_setting="GATEWAY_KEY")
    await asyncio.to_thread(file.write_text, dumps(again(proof, asked=asked)), encoding="utf-8")
    with_key = replace(shell, environment={**shell.environment, "GATEWAY_KEY": "abcdef\r"})
    done = await with_key.close("--proof", str(file), "--dry-run")
    assert done.returncode == 2, done.stdout
    assert "GATEWAY_KEY holds what no header can carry" in done.stderr
    assert "abcdef" not in done.stdout + done.stderr


async def test_nothing_is_closed_by_a_proof_of_another_day(shell: Shell) -> None:
    """The process died before its first write arrived; whoever goes on needs a proof of now."""
    file = await shell.proven()
    journal = shell.folder / "mine.jsonl"
    done = await shell.close("--journal", str(journal), "--proof", str(file), "--yes", "--settle", "0.2")
    assert done.returncode == 3, done.stdout
    lines = await asyncio.to_thread(journal.read_text, encoding="utf-8")
    before, intention, rest = lines.partition('{"event": "change-intended"')
    await asyncio.to_thread(journal.write_text, f"{before}{intention}{rest.partition(chr(10))[0]}\n", encoding="utf-8")
    await shell.become(OPEN)
    shell.closures.replica.control_plane.requests.clear()
    done = await shell.close("--journal", str(journal), "--resume", "--yes", "--settle", "0.2")
    assert done.returncode == 1
    assert "no proof was given" in done.stdout
    assert shell.unchanged()
    done = await shell.close("--journal", str(journal), "--resume", "--proof", str(file), "--yes", "--settle", "0.2")
    assert done.returncode == 3, done.stdout


async def test_a_path_that_was_closed_before_is_finished_as_it_is_told(shell: Shell) -> None:
    """By the line that the first run prints: nothing is left to close, so no proof is asked for again."""
    file = await shell.proven()
    await shell.become(closed_world(dependencies=False))
    first = await shell.close("--proof", str(file), "--yes", "--settle", "0.2")
    assert first.returncode == 3, first.stdout
    done = await shell.close("--resume", "--outside", await shell.seen_from(Vantage.OUTSIDE), "--yes")
    assert "REFUSED" not in done.stdout
    assert done.returncode == 3, done.stdout
    assert shell.unchanged()


async def test_an_undoing_needs_no_key(shell: Shell) -> None:
    """The closure had one, for the probe app; whoever opens the door again may have none at hand."""
    journal = shell.folder / "mine.jsonl"
    options = ("--journal", str(journal), "--yes", "--settle", "0.2")
    assert (await shell.close(*options, "--proof", str(await shell.proven()))).returncode == 3
    first, _, rest = (await asyncio.to_thread(journal.read_text, encoding="utf-8")).partition("\n")
    began = json.loads(first)
    began["asked"] |= {"diagnose": "https://api.internal.example.com/diagnose", "key_setting": "GATEWAY_KEY"}
    await asyncio.to_thread(journal.write_text, f"{json.dumps(began)}\n{rest}", encoding="utf-8")
    done = await shell.close(*options, "--undo")
    assert done.returncode == 0, done.stderr
    assert await shell.closures.access() == "Enabled"


async def test_the_line_for_the_outside_can_be_typed(shell: Shell) -> None:
    """It is one of `prove`, which has no journal."""
    file = await shell.proven()
    journal = ("--journal", str(shell.folder / "mine.jsonl"))
    done = await shell.close(*journal, "--proof", str(file), "--yes", "--settle", "0.2")
    assert done.returncode == 3, done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "--vantage outside" in line and str(shell.folder) in line)
    words = shlex.split(line)[1:]
    words[words.index("-o") + 1] = str(shell.folder / "outside.json")
    made = await asyncio.to_thread(finished, *words, environment=shell.environment)
    assert made.returncode != 2, made.stderr
    assert (shell.folder / "outside.json").exists()
