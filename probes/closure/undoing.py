"""The way back: what this closure has closed is opened again, and nothing else.

It does not ask whose the mark is when the path is broken: what broke it are our own changes, and nobody else knows
what they were before.
"""

import asyncio
from collections.abc import Iterator

from probes.azure.answer import ReadError
from probes.closure.journal import JournalError
from probes.closure.plan import Step
from probes.closure.progress import Event
from probes.closure.words import changed, command, look, refused, stands
from probes.closure.work import Ending, HaltError, Replay, Result, Work
from probes.closure.writes import UnknownError
from probes.tell.words import plain

ATTEMPTS = 5
PATIENCE = 3
"""Times the settling time, until a path that was opened again is called broken for another reason."""


async def undo(work: Work, reason: str) -> Result:
    """Open again what is ours, the last first: undone, broken, or halfway where something stays closed."""
    if work.progress.reason is None:
        _note(work, Event.UNDO_DECIDED, reason=reason)
    left: list[str] = []
    for index in work.progress.ours:
        try:
            left += await _open(work, index)
        except HaltError as error:
            left += (*error.told, *_by_hand(work.progress.steps[index], "NOT KNOWN"))
    if left:
        return Result(ending=Ending.HALFWAY, told=tuple(left))
    replay = await _verified(work)
    _note(work, Event.REOPENED, holds=replay.holds)
    if replay.holds:
        return Result(ending=Ending.UNDONE, told=("All of it is open again, and the path works from inside.",))
    told = ("All of it is open again, but the path does not work from inside:", *replay.told)
    return Result(ending=Ending.BROKEN, told=told)


async def _open(work: Work, index: int) -> list[str]:
    """One step back; what there is to say where it stays closed."""
    step = work.progress.steps[index]
    state = await work.state(step.resource)
    if index in work.progress.agreed and step.undone(state):
        work.say(f"{stands(state)}: open already")
        _note(work, Event.UNDO_AGREED, step=index)
        return []
    # Also where Azure never showed the change: it may be on its way, and would close the door once we are gone.
    work.say(f"{step.resource.title}: {changed(step, back=True)} ...")
    _note(work, Event.UNDO_INTENDED, step=index)
    said: list[str] = []
    for pause_s, _ in zip(work.pace.pauses(work.pace.conflict_s), range(ATTEMPTS), strict=False):
        try:
            await work.management.set_access(state, step.opening)
            break
        except UnknownError as error:
            work.say(f"{step.resource.title}: no answer to be relied on ({plain(str(error))})")
        except ReadError as error:
            said = list(refused(error, step.resource))
            work.say(said[0])
            _note(work, Event.UNDO_REFUSED, step=index, answer=said[0])
        await asyncio.sleep(pause_s)
        state = await work.state(step.resource)
    seen = await work.agreed(step, step.undone)
    if seen is None:
        return [*said, *_by_hand(step, "STILL CLOSED" if said else "NOT SEEN OPEN AGAIN")]
    _note(work, Event.UNDO_AGREED, step=index)
    work.say(stands(seen))
    return []


def _by_hand(step: Step, state: str) -> list[str]:
    return [f"{state}: {step.resource.title}. Look, and open it by hand:", *_indented(step)]


def _indented(step: Step) -> Iterator[str]:
    yield f"  {look(step.resource)}"
    yield f"  {command(step.resource, step.opening)}"


def _note(work: Work, event: Event, **more: object) -> None:
    """Write it down if it can be: that it cannot is no reason to leave a door closed that should be open."""
    try:
        work.write(event, **more)
    except JournalError as error:
        work.say(str(error))


async def _verified(work: Work) -> Replay:
    """The path from inside, until it works or has had its time: front ends take as long to open as to close."""
    seen = await work.glance()
    for pause_s in work.pace.pauses(PATIENCE * work.pace.settle_s):
        if seen.holds:
            break
        await asyncio.sleep(pause_s)
        seen = await work.glance()
    return seen
