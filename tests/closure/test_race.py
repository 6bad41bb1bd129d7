"""Two at once: in two processes with journals of their own, as on two machines."""

import asyncio
from pathlib import Path

import pytest

from probes.closure.journal import held, read
from probes.closure.progress import Outcome, progress
from probes.closure.work import Ending
from tests.closure import dying
from tests.closure.stage import SITE_ID, Closures


async def begun(closures: Closures, name: str) -> Path:
    """A journal of that name, begun."""
    file = closures.folder / name
    with held(file) as journal:
        await closures.begin(journal)
    return file


@pytest.mark.parametrize("round_", range(5))
async def test_of_two_processes_one_closes_and_the_other_withdraws(closures: Closures, round_: int) -> None:
    """The site is written to once, the other has touched nothing, and no mark is left."""
    files = [await begun(closures, f"{round_}-{name}.jsonl") for name in "ab"]
    processes = await asyncio.gather(*(dying.started(closures, file) for file in files))
    codes = sorted([await dying.ended(process) or 0 for process in processes])
    assert codes == sorted([dying.CODES[Ending.CLOSED], dying.CODES[Ending.WITHDRAWN]])
    assert len(closures.writes(SITE_ID)) == 1
    assert await closures.access() == "Disabled"
    assert await closures.tag() is None
    outcomes = {progress(read(file)).outcome for file in files}
    assert outcomes == {None, Outcome.WITHDRAWN}


async def test_of_two_on_one_machine_the_second_does_not_begin(closures: Closures) -> None:
    """The journal is locked: it is the same closure that both would go on with."""
    file = await begun(closures, "journal.jsonl")
    at_work = asyncio.Event()
    closures.after("PATCH", "tags/default", 1, at_work.set)
    first = await dying.started(closures, file)
    await at_work.wait()
    second = await dying.started(closures, file)
    assert await dying.ended(second) == 1
    assert await dying.ended(first) == dying.CODES[Ending.CLOSED]
