"""The closing itself: one change after the other, each seen in Azure, and the proof made again from inside."""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus

from probes.azure.answer import ReadError
from probes.closure import claim
from probes.closure.plan import Step
from probes.closure.progress import Event
from probes.closure.resource import Front, State
from probes.closure.words import CONFLICT, FINAL, changed, look, refused, stands
from probes.closure.work import HaltError, Work
from probes.closure.writes import UnknownError
from probes.tell.words import plain

ATTEMPTS = 3
"""To write, where the answer was lost and Azure does not show the change."""
GLANCE_EVERY_S = 5.0
BROKEN = "the path does not hold without public access"
FRONT: Mapping[bool | None, str] = {True: "refuses", False: "still answers", None: "cannot be seen from here"}


async def close(work: Work) -> None:
    """Close what the journal has planned, sites before dependencies, and prove the path from inside after each.

    Raises:
        HaltError: it cannot go on, or the path does not hold.
        JournalError: nothing can be written down any more, and so nothing may be done.
    """
    steps = work.progress.steps
    if not steps:
        await prove(work)
        return
    if await _left(work):
        await claim.take(work)
    if work.resumed and work.progress.intended and not (await work.glance()).holds:
        # Which ends in an undoing: nothing more is closed on a path that is broken already.
        await prove(work, settled=False)
    for dependencies in (False, True):
        group = [index for index, step in enumerate(steps) if step.resource.dependency is dependencies]
        states = [await change(work, index) for index in group]
        if set(group) - work.progress.held:
            await settle(work, states)
            await prove(work)
    await keeps(work)


async def _left(work: Work) -> bool:
    """Whether anything is to be written: who only looks needs no mark."""
    return not all([step.done(await work.state(step.resource)) for step in work.progress.steps])


async def change(work: Work, index: int) -> State:
    """One step, if it is not done already; the state that Azure shows afterwards."""
    step, before = work.progress.steps[index], work.progress
    state = await work.state(step.resource)
    if step.done(state):
        if index in before.intended - before.refused:
            work.say(f"{stands(state)}, by us")
            if index not in before.agreed:
                work.write(Event.AGREED, step=index)
            return state
        if not work.resumed:
            raise HaltError(f"{step.resource.title} was closed by somebody else meanwhile: somebody is at work there")
        work.say(f"{stands(state)}, and not by us: an undoing will leave it so")
        work.write(Event.CHANGE_FOUND, step=index)
        return state
    if not step.untouched(state) and not (index in before.intended and step.underway(state)):
        raise HaltError(f"{stands(state)}: neither as it was planned nor as it was before ({changed(step)})")
    if index in before.agreed:
        work.say(f"{stands(state)}: somebody has opened it again since; it is closed once more")
    await claim.check(work)
    await keeps(work)
    await put(work, index, step, state)
    seen = await work.agreed(step, step.done)
    if seen is None:
        raise HaltError(
            f"{step.resource.title}: Azure took the change and does not show it within {work.pace.azure_s:g} s",
            look(step.resource),
            undo=True,
        )
    work.write(Event.AGREED, step=index)
    work.say(stands(seen))
    return seen


async def put(work: Work, index: int, step: Step, state: State) -> None:
    """Write the change; raises HaltError where Azure refuses it."""
    work.say(f"{step.resource.title}: {changed(step)} ...")
    # An earlier write whose answer nobody has seen may still arrive: a refusal of this one says nothing of that one.
    pending = index in work.progress.ours and index not in work.progress.agreed
    work.write(Event.CHANGE_INTENDED, step=index, changes=[each.name for each in step.changes])
    patience = work.pace.pauses(work.pace.conflict_s)
    lost = 0
    while True:
        try:
            await work.management.set_access(state, step.closing)
        except UnknownError as error:
            lost += 1
            answer = f"no answer to be relied on: {plain(str(error))}"
            work.say(f"{step.resource.title}: {answer}; Azure is asked what it has")
            await asyncio.sleep(work.pace.first_s)
            state = await work.state(step.resource)
            if step.done(state) or lost == ATTEMPTS:
                break
        except ReadError as error:
            pause_s = next(patience, None)
            if pause_s is None or not _conflict(error):
                if not (pending or lost):
                    work.write(Event.CHANGE_REFUSED, step=index, answer=plain(str(error)))
                raise HaltError(*refused(error, step.resource)) from None
            await asyncio.sleep(pause_s)
            state = await work.state(step.resource)
        else:
            answer = "accepted"
            break
    work.write(Event.CHANGE_MADE, step=index, answer=answer)


def _conflict(error: ReadError) -> bool:
    """Whether another operation is under way, which ends."""
    return error.code not in FINAL and (error.code == CONFLICT or error.status == HTTPStatus.CONFLICT)


async def settle(work: Work, states: list[State]) -> None:
    """Wait for the front ends: at least as long as they take, and until the one that can be seen refuses.

    Meanwhile the path is watched from inside: one that breaks is not left broken until the time is over.
    """
    fronts = [state.front for state in states if state.front is not None]
    began_s, looked_s = time.monotonic(), 0.0
    work.say(f"Front ends follow: {work.pace.settle_s:g} s at least ...")
    seen: dict[Front, bool | None] = {}
    for pause_s in work.pace.pauses(max(work.pace.settle_s, work.pace.front_s)):
        await asyncio.sleep(min(pause_s, work.pace.settle_s) if work.pace.settle_s else pause_s)
        waited_s = time.monotonic() - began_s
        await keeps(work)
        seen = {front: await work.knock(front) for front in fronts}
        if waited_s >= work.pace.settle_s and False not in seen.values():
            break
        if waited_s - looked_s >= GLANCE_EVERY_S:
            looked_s = waited_s
            if not (await work.glance()).holds:
                await prove(work, settled=False)
    for front, refuses in seen.items():
        work.say(f"The public front end of {plain(front.host)} at {front.address} {FRONT[refuses]}.")
    if False in seen.values():
        # To leave it so would let the path break later, with nobody there to see it.
        raise HaltError(
            f"Azure says that it is closed, and the public front end still answers after {work.pace.front_s:g} s",
            undo=True,
        )


async def prove(work: Work, *, settled: bool = True) -> None:
    """Make the proof again from inside; a failure is looked at twice. Raises HaltError, to be undone.

    Before the front ends have settled it can only speak against: that it holds then is not written down.
    """
    work.say("The proof is made again from inside ...")
    replay = await work.replay()
    if not replay.holds:
        await asyncio.sleep(work.pace.first_s)
        replay = await work.replay()
    if not replay.holds:
        raise HaltError(BROKEN, *replay.told, undo=True)
    if settled:
        steps = work.progress
        work.write(Event.INSIDE_HOLDS, steps=sorted(steps.agreed | steps.found))
    work.say("It holds from inside.")


async def keeps(work: Work) -> None:
    """See that what was closed is still closed; raises HaltError where somebody opened it."""
    done = work.progress
    for index in sorted(done.agreed | done.found):
        state = await work.state(done.steps[index].resource)
        if not done.steps[index].done(state):
            raise HaltError(f"{stands(state)}: somebody has opened it again while this was under way")
