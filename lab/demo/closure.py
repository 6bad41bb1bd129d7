"""The path proven, closed by the proof, and proven again: the commands that an operator types, each in a process."""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path as File
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

import probes
from lab.replica import Replica
from lab.scenarios import scenario
from lab.standing import state_file, told
from probes.commands.lab_files import Files
from probes.commands.outcome import Exit
from probes.tell.words import plain

BEFORE = "azure-before-closure"
ROOT = File(probes.__file__).parents[1]
SETTLES_S = "2"
LONGEST_LINE = 400
KEPT = re.compile(r"\S+: (?:COMPLETE|INCOMPLETE|DISPROVEN),|  (?:ok|FAIL) |To be closed|  [0-9]\. |[A-Z, ]{6,}:")
"""How the lines begin that are shown of what a command prints: headlines, stages, changes."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at a machine in the network, and the files they work with."""

    replica: Replica
    files: Files
    state: str

    async def types(self, *words: str, outside: bool = False) -> tuple[int, list[str]]:
        """Exit code of a command of this program, and what it printed."""
        seen = self.files.outside if outside else self.files.surroundings
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "probes", *words, "--surroundings", str(seen)),
            env={
                **os.environ,
                **self.replica.identity_environment,
                "PYTHONPATH": str(ROOT),
                "XDG_RUNTIME_DIR": self.state,
                "XDG_STATE_HOME": self.state,
                "no_proxy": "127.0.0.1",
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode("utf-8", "replace").splitlines()


async def show(replica: Replica, console: Console) -> int:
    """The number of commands that did not end as expected."""
    console.rule("Public access, closed by a proof", style="dim")
    await replica.become(scenario(BEFORE).world)
    with ExitStack() as stack:
        state = stack.enter_context(TemporaryDirectory(prefix="private-path-demo-"))
        stack.enter_context(told(replica.standing("demo"), state_file({"XDG_RUNTIME_DIR": state})))
        files = Files.within(replica.folder)

        async def follow() -> None:
            await asyncio.to_thread(files.write, replica)

        await follow()
        replica.followers.append(follow)
        try:
            return await _shown(Operator(replica, files, state), console)
        finally:
            replica.followers.remove(follow)


async def _shown(operator: Operator, console: Console) -> int:
    files = operator.files
    path = ("--path", str(files.reading))
    closing = ("close", *path, "--lab", "--settle", SETTLES_S)
    wrong = 0
    for does, words, expected, outside in (
        ("A client proves its part.", ("prove", *path, "--vantage", "client", "-o", str(files.client_proof)), 3, False),
        (
            "The probe proves the rest, with the client's file.",
            ("prove", *path, "--lab", "--merge", str(files.client_proof), "-o", str(files.proof)),
            0,
            False,
        ),
        ("The door is closed by that proof.", (*closing, "--proof", str(files.proof), "--yes"), 3, False),
        ("The client looks again.", ("prove", *path, "--vantage", "client", "-o", str(files.client_proof)), 3, False),
        (
            "A network outside looks.",
            ("prove", *path, "--vantage", "outside", "--closed", "-o", str(files.outside_proof)),
            3,
            True,
        ),
        (
            "The closure is finished with both files.",
            (*closing, "--resume", "--outside", str(files.outside_proof), "--merge", str(files.client_proof), "--yes"),
            0,
            False,
        ),
    ):
        code, lines = await operator.types(*words, outside=outside)
        _tell(does, words, code, lines, console)
        wrong += code != expected
    return wrong


def _tell(does: str, words: Sequence[str], code: int, lines: Sequence[str], console: Console) -> None:
    """One command: what it is for, what was typed, and the headlines of what it printed."""
    typed = " ".join(File(word).name if word.startswith("/") else word for word in words)
    console.print()
    console.print(Text.assemble((does, "bold"), f" probes {typed}"))
    for line in filter(KEPT.match, lines):
        console.print(Text(f"   {plain(line, LONGEST_LINE)}"))
    console.print(Text(f"   exit code {code}", style="dim" if code in {Exit.FINE, Exit.INCONCLUSIVE} else "red"))
