"""SIGKILL at every line of the journal: nothing is lost, and both ways are open afterwards."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab import replica
from lab.replica import Replica
from probes.closure.journal import held
from probes.closure.mark import mark
from probes.closure.progress import Event, Outcome
from probes.closure.work import Ending
from tests.closure import dying
from tests.closure.stage import OPEN, SITE_ID, STORAGE_ID, VAULT_ID, Closures, secretly_public

pytestmark = pytest.mark.asyncio(loop_scope="module")
CLOSING = (
    Event.MARK_INTENDED, Event.MARK_SET,
    Event.CHANGE_INTENDED, Event.CHANGE_MADE, Event.AGREED, Event.INSIDE_HOLDS,
    Event.CHANGE_INTENDED, Event.CHANGE_MADE, Event.AGREED,
    Event.CHANGE_INTENDED, Event.CHANGE_MADE, Event.AGREED, Event.INSIDE_HOLDS,
    Event.CLOSED, Event.MARK_REMOVED,
)  # fmt: skip
"""Lines of a closure of site, storage account and vault, after its first."""
OPENING = (
    Event.MARK_INTENDED, Event.MARK_SET,
    Event.CHANGE_INTENDED, Event.CHANGE_MADE, Event.AGREED,
    Event.UNDO_DECIDED, Event.UNDO_INTENDED, Event.UNDO_AGREED, Event.REOPENED, Event.MARK_REMOVED, Event.FINISHED,
)  # fmt: skip
"""Lines of one that breaks the path with the site's own closure."""
DEEDS = {Event.MARK_INTENDED, Event.CHANGE_INTENDED, Event.CLOSED}
"""Lines with a write to Azure behind them: there the process is killed before it as well."""
POINTS = sorted(
    [(line, False) for line in range(1, len(CLOSING) + 1)]
    + [(line, True) for line, event in enumerate(CLOSING, start=1) if event in DEEDS]
)
"""Every boundary: a line that is about to be written, what it tells being done; and an intention with nothing done."""
OPEN_ACCESS = ("Enabled", "Enabled/Allow", "Enabled/Allow")
CLOSED_ACCESS = ("Disabled", "Disabled/Deny", "Disabled/Deny")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[Replica]:
    """One lab for the module."""
    async with replica.opened(OPEN) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def closures(lab: Replica, tmp_path: Path) -> Closures:
    """In the open world again."""
    lab.control_plane.after = None
    lab.control_plane.requests.clear()
    await lab.become(OPEN)
    return Closures(replica=lab, folder=tmp_path)


def named(value: object) -> str | None:
    """Of a point: the line, with what it tells, and the side of it."""
    if isinstance(value, bool):
        return "after" if value else "before"
    return f"{value}-{CLOSING[value - 1]}" if isinstance(value, int) else None


async def access(closures: Closures) -> tuple[str, ...]:
    """How the three doors stand."""
    return tuple([await closures.access(each) for each in (SITE_ID, STORAGE_ID, VAULT_ID)])


async def killed(closures: Closures, line: int, *, after: bool, back: bool = False) -> list[str]:
    """A closure whose process is killed there; what its journal has got."""
    if not closures.file.exists():
        with held(closures.file) as journal:
            await closures.begin(journal, with_dependencies=True)
    before = len(read_events(closures))
    process = await dying.started(closures, line=line, after=after, back=back)
    assert await dying.ended(process) == -signal.SIGKILL
    return read_events(closures)[before:]


def read_events(closures: Closures) -> list[str]:
    """The events of the journal."""
    with held(closures.file) as journal:
        return [record["event"] for record in journal.records]


@pytest.mark.parametrize(("line", "after"), POINTS, ids=named)
async def test_a_killed_closure_goes_on(closures: Closures, line: int, after: bool) -> None:  # noqa: FBT001 - a row of the table
    """It ends as if nothing had happened: all three closed, the path proven from inside, the mark gone."""
    assert await killed(closures, line, after=after) == list(CLOSING[: line if after else line - 1])
    result = await closures.close(with_dependencies=True)
    assert result.ending is Ending.CLOSED, result.told
    assert await access(closures) == CLOSED_ACCESS
    assert (await closures.works()).holds
    assert await closures.tag() is None
    assert len(closures.writes(SITE_ID)) == 1


@pytest.mark.parametrize(("line", "after"), POINTS[::2], ids=named)
async def test_a_killed_closure_goes_back(closures: Closures, line: int, after: bool) -> None:  # noqa: FBT001 - the same
    """Whatever of it had arrived is open again, and the mark is gone."""
    await killed(closures, line, after=after)
    result = await closures.undo()
    assert (result.ending, closures.progress.outcome) == (Ending.UNDONE, Outcome.UNDONE), result.told
    assert await access(closures) == OPEN_ACCESS
    assert await closures.tag() is None


@pytest.mark.parametrize("line", range(1, len(OPENING) + 1), ids=lambda line: f"{line}-{OPENING[line - 1]}")
async def test_a_killed_undoing_goes_on(closures: Closures, line: int) -> None:
    """The path was broken by the closure: whoever goes on with it opens it again, and closes nothing any more."""
    await closures.replica.become(secretly_public())
    assert await killed(closures, line, after=False) == list(OPENING[: line - 1])
    result = await closures.close(with_dependencies=True)
    assert (result.ending, closures.progress.outcome) == (Ending.UNDONE, Outcome.UNDONE), result.told
    assert await access(closures) == OPEN_ACCESS
    assert (await closures.works()).holds
    assert await closures.tag() is None


async def test_a_killed_closure_leaves_its_mark(closures: Closures) -> None:
    """So that nobody else begins on a site that is half closed."""
    await killed(closures, 4, after=True)
    found = mark(await closures.tag())
    assert found is not None
    assert found.closure_id == closures.progress.closure_id
