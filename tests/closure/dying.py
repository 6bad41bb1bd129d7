"""A closure in a process of its own, which is killed with SIGKILL at a line of its journal: no clean-up, no goodbye."""

import asyncio
import multiprocessing
import os
import signal
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from lab import surroundings_file
from lab.probe_app import path_setting
from probes.closure.inside import Inside
from probes.closure.journal import Journal, held
from probes.closure.plan import sites
from probes.closure.progress import Event
from probes.closure.run import run, run_back
from probes.closure.work import Ending, Work
from probes.closure.writes import Management, Remembered
from probes.path import loads
from probes.proof.records import Asked
from tests.closure.stage import PACE, Closures

PATIENCE_S = 60.0
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.closure.dying", "azure.identity", "probes.azure.control_plane"])
CODES = {ending: 10 + place for place, ending in enumerate(Ending)}
"""Exit code of a process that lived to the end."""


@dataclass(slots=True, kw_only=True)
class DyingJournal(Journal):
    """A journal whose process dies before or after its line of that number is on the disk; the first is 1."""

    line: int
    after: bool
    written: int = field(default=0)

    def write(self, event: Event, **more: Any) -> None:
        """Write the line, unless it comes to that."""
        self.written += 1
        if self.written == self.line and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        # Not super(): a class with slots is made anew by its decorator.
        Journal.write(self, event, **more)
        if self.written == self.line:
            os.kill(os.getpid(), signal.SIGKILL)


def live(folder: Path, file: Path, line: int, *, after: bool, back: bool) -> None:
    """Go on with the closure in the journal, or go back, and die on the way."""
    path = loads((folder / "path.json").read_text(encoding="utf-8"), source="path.json")
    here = surroundings_file.read(folder / "surroundings.json", operator=True)
    signed_in = Remembered(partial(here.credential, None))
    seen = Inside(
        path=path,
        surroundings=here,
        workspace=None,
        diagnosis=None,
        reader=lambda: signed_in,
        merge=(),
        asked=Asked(),
        with_dependencies=False,
        made=lambda _: None,
    )
    with held(file) as journal:
        work = Work(
            journal=DyingJournal(file=file, records=journal.records, line=line, after=after),
            management=Management(endpoint=here.management, credential=lambda: signed_in, deadline_s=10),
            pace=PACE,
            anchor=sites(path)[0],
            who="me@here",
            say=lambda _: None,
            glance=seen.glance,
            replay=seen.glance,  # the same walk without Azure's own word, which takes longer than all the rest
            finish=seen.finish,
            knock=seen.knock,
        )
        result = asyncio.run(run_back(work) if back else run(work))
    os._exit(CODES[result.ending])


async def started(
    closures: Closures, file: Path | None = None, *, line: int = 0, after: bool = True, back: bool = False
) -> ForkServerProcess:
    """The process, under way; line 0 = it lives."""
    replica, folder = closures.replica, closures.folder
    (folder / "path.json").write_text(path_setting(replica), encoding="utf-8")
    surroundings_file.write(folder / "surroundings.json", replica)
    process = SERVER.Process(
        target=live, args=(folder, file or closures.file, line), kwargs={"after": after, "back": back}
    )
    await asyncio.to_thread(process.start)
    return process


async def ended(process: ForkServerProcess) -> int | None:
    """Its exit code; that of a signal is negative."""
    await asyncio.to_thread(process.join, PATIENCE_S)
    return process.exitcode
