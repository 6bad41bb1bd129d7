"""Whose the site is for now: the mark taken, looked at again, given back."""

import asyncio
import time
from datetime import UTC, datetime

from probes.azure.answer import ReadError
from probes.closure.mark import TAG, Mark, in_the_way, mark
from probes.closure.progress import Event
from probes.closure.words import refused
from probes.closure.work import HaltError, TakenError, Work
from probes.closure.writes import UnknownError
from probes.tell.words import plain

ATTEMPTS = 3
"""To set the mark, where it is not known whether it arrived."""


async def take(work: Work) -> None:
    """Take the mark, or withdraw.

    Raises:
        HaltError: another closure has it, or it cannot be set.
    """
    for _ in range(ATTEMPTS):
        began_s = time.monotonic()
        value = await _read(work)
        if (
            other := in_the_way(value, work.progress.closure_id, datetime.now(UTC), take_over=work.take_over)
        ) is not None:
            raise TakenError(*_taken(other, work))
        replaced = mark(value)
        if replaced is not None and replaced.closure_id != work.progress.closure_id:
            work.say(
                f"The mark of {plain(replaced.who)}, of {replaced.at:%Y-%m-%d %H:%M}Z, is stale and is taken over."
            )
        await _set(work)
        # A process that stood still may have written long after it read: then the other's pause was too short.
        slow = time.monotonic() - began_s > work.pace.mark_s
        await asyncio.sleep(work.pace.mark_s)
        if await _ours(work) and not slow:
            return
    raise HaltError(f"the mark on {work.anchor.title} does not stay: Azure answers too slowly to be sure of it")


async def check(work: Work) -> None:
    """See that the mark is still ours; raises HaltError where it is not."""
    if not await _ours(work):
        raise HaltError(f"the mark on {work.anchor.title} is gone: somebody took it away, and may be at work there")


async def give_back(work: Work) -> str | None:
    """Take the mark away if it is ours; what to say where that fails, which hinders others until it is stale."""
    if not work.progress.marked:
        return None
    try:
        value = await work.management.tag(work.anchor)
        found = mark(value)
        if value is not None and found is not None and found.closure_id == work.progress.closure_id:
            await work.management.remove_tag(work.anchor, value)
    except (ReadError, UnknownError) as error:
        return f"The tag {TAG} stays on {work.anchor.title}, and counts as stale in two hours ({plain(str(error))})."
    work.write(Event.MARK_REMOVED)
    return None


async def _ours(work: Work) -> bool:
    """Whether it is; raises HaltError where it is another's."""
    value = await _read(work)
    found = mark(value)
    if found is not None and found.closure_id != work.progress.closure_id:
        raise TakenError(*_taken(found, work))
    return found is not None


async def _read(work: Work) -> str | None:
    try:
        return await work.management.tag(work.anchor)
    except ReadError as error:
        raise HaltError(*refused(error, work.anchor, tagging=True, reading=True)) from None


async def _set(work: Work) -> None:
    work.write(Event.MARK_INTENDED)
    try:
        await work.management.set_tag(work.anchor, work.me.value)
    except ReadError as error:
        raise HaltError(*refused(error, work.anchor, tagging=True)) from None
    except UnknownError as error:
        work.say(f"Whether the mark was set is not known ({plain(str(error))}); it is read back.")
        return
    work.write(Event.MARK_SET)


def _taken(other: Mark, work: Work) -> tuple[str, ...]:
    return (
        f"another closure is at work on {work.anchor.title}: of {_who(other)} ({other.closure_id})",
        f"If it is no longer, its mark (tag {TAG}) is stale after two hours: then --resume or --take-over.",
    )


def _who(found: Mark) -> str:
    return f"{plain(found.who)}, since {found.at:%Y-%m-%d %H:%M}Z"
