"""One run: closing or undoing, to an ending that says how things stand, whatever came in between."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from probes.closure import claim
from probes.closure.closing import BROKEN, close, keeps
from probes.closure.journal import JournalError
from probes.closure.progress import Event, Outcome
from probes.closure.undoing import undo
from probes.closure.work import Ending, HaltError, Replay, Result, TakenError, Work

FAREWELL_S = 5.0
"""What is left for the mark when a signal asks for the end."""
GO_ON = ("Go on: probes close --resume. Back: probes close --undo.",)
BY_HAND = "an operator asked for it"


async def run(work: Work) -> Result:
    """Close, or go on closing or undoing, by the journal."""
    return await _guarded(work, _forward(work))


async def run_back(work: Work) -> Result:
    """Open again what a closure has closed."""
    return await _guarded(work, _asked_back(work))


async def _guarded(work: Work, doing: Coroutine[Any, Any, Result]) -> Result:
    try:
        return await doing
    except JournalError as error:
        return await _without_journal(work, error)
    except Exception:
        # A defect: it is told as one, but not before how things stand.
        for line in ("Stopped halfway. It stands so:", *work.standing(), *GO_ON):
            work.say(line)
        raise
    except asyncio.CancelledError:
        for line in await _interrupted(work):
            work.say(line)
        raise


async def _without_journal(work: Work, error: JournalError) -> Result:
    """Nothing can be written down any more: so nothing is closed any more, and what was is opened again."""
    if work.progress.ours and work.progress.closed_at is None:
        result = await undo(work, str(error))
        with suppress(JournalError):
            await claim.give_back(work)
        return replace(result, told=(str(error), *result.told))
    return Result(ending=Ending.HALFWAY, told=(str(error), "It stands so:", *work.standing(), *GO_ON))


async def _forward(work: Work) -> Result:
    reason = work.progress.reason
    if reason is not None:
        return await _back(work, (reason,))
    try:
        await close(work)
        return await _closed(work)
    except HaltError as halt:
        if halt.undo:
            return await _back(work, halt.told)
        return await _halted(work, halt)


async def _asked_back(work: Work) -> Result:
    try:
        if work.progress.reason is None:
            await claim.take(work)
    except TakenError as taken:
        return Result(ending=Ending.HALFWAY, told=(*taken.told, "Nothing was opened. It stands so:", *work.standing()))
    except HaltError as halt:
        # A door is never left closed for want of a mark.
        for line in halt.told:
            work.say(line)
    return await _back(work, (BY_HAND,))


async def _closed(work: Work) -> Result:
    """All is closed and holds from inside: what the whole proof says, the outside above all, decides how the run ends.

    Raises:
        HaltError: the path does not hold after all.
    """
    work.say("The whole proof is made after the closure ...")
    final = await work.finish(work.progress.changed_at)
    if not final.holds:
        raise HaltError(BROKEN, *final.told, undo=True)
    complete = not final.missing and not final.exposed
    work.write(Event.CLOSED, outside=complete)
    mark = await claim.give_back(work)
    told = (*final.exposed, *final.missing, *([mark] if mark is not None else []))
    if final.exposed:
        return Result(ending=Ending.EXPOSED, told=told)
    if not complete:
        return Result(ending=Ending.CLOSED, told=told)
    work.write(Event.FINISHED, outcome=Outcome.CLOSED.value)
    return Result(ending=Ending.PROVEN, told=told)


async def _back(work: Work, why: tuple[str, ...]) -> Result:
    result = await undo(work, why[0])
    if result.ending is Ending.HALFWAY:
        again = ("It stands so:", *work.standing(), "Again: probes close --undo.")
        return replace(result, told=(*why, *result.told, *again))
    mark = await claim.give_back(work)
    work.write(Event.FINISHED, outcome=Outcome.UNDONE.value)
    return replace(result, told=(*why, *result.told, *([mark] if mark is not None else [])))


async def _halted(work: Work, halt: HaltError) -> Result:
    done = work.progress
    if not done.intended - done.refused:
        mark = await claim.give_back(work)
        work.write(Event.FINISHED, outcome=Outcome.WITHDRAWN.value)
        return Result(ending=Ending.WITHDRAWN, told=(*halt.told, *([mark] if mark is not None else [])))
    if done.intended - done.refused - done.held:
        # Something is closed, and nobody has seen yet that the path holds without it: it is not left so unseen.
        seen = await _watched(work)
        if not seen.holds:
            return await _back(work, (*halt.told, BROKEN, *seen.told))
    work.write(Event.STOPPED, reason=halt.told[0])
    written = done.intended - done.refused
    holds = bool(done.agreed) and written | done.agreed <= done.held and await _kept(work)
    lines = (*halt.told, "It stands so:", *work.standing(), *GO_ON)
    return Result(ending=Ending.CLOSED if holds else Ending.HALFWAY, told=lines)


async def _watched(work: Work) -> Replay:
    """The path from inside for as long as front ends take: at once it would be seen by a door that is still open."""
    seen = await work.glance()
    for pause_s in work.pace.pauses(work.pace.settle_s):
        if not seen.holds:
            break
        await asyncio.sleep(pause_s)
        seen = await work.glance()
    return seen


async def _kept(work: Work) -> bool:
    """Whether what was closed and proven is so still."""
    try:
        await keeps(work)
    except HaltError:
        return False
    return True


async def _interrupted(work: Work) -> list[str]:
    """A signal asks for the end: what is done and what is not, and how to go on."""
    done = work.progress
    with suppress(JournalError):
        work.write(Event.STOPPED, reason="a signal")
        if done.outcome is not None:
            return []
        if not done.intended - done.refused:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await claim.give_back(work)
            work.write(Event.FINISHED, outcome=Outcome.WITHDRAWN.value)
            return ["Nothing was changed."]
    return ["Stopped halfway. It stands so:", *work.standing(), *GO_ON]
