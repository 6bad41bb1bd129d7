"""What a closure works with, how long it waits, and how it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from probes.azure.answer import ReadError
from probes.closure.journal import Journal
from probes.closure.mark import Mark
from probes.closure.plan import Step
from probes.closure.progress import Event, Progress
from probes.closure.resource import Front, Resource, State
from probes.closure.words import changed, refused
from probes.closure.writes import Management
from probes.failure import Failure

LASTING = frozenset({
    Failure.DENIED, Failure.NOT_FOUND, Failure.TOKEN_UNAVAILABLE, Failure.IDENTITY_ENDPOINT_MISSING,
})  # fmt: skip
"""Failures of a read that no patience mends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a closure waits for what.

    Attributes:
        mark_s: before the mark is read back: longer than it takes to write one.
        first_s, longest_s: between two looks at Azure, doubled from one to the next.
        azure_s: at most, until Azure shows what was written.
        settle_s: at least, until front ends are taken to follow; they do within a minute or two.
        front_s: at most, until the public front end refuses where it can be seen.
        conflict_s: at most, while something that passes keeps Azure from taking a write or answering a read.
    """

    mark_s: float = 5.0
    first_s: float = 1.0
    longest_s: float = 15.0
    azure_s: float = 300.0
    settle_s: float = 120.0
    front_s: float = 600.0
    conflict_s: float = 120.0

    def pauses(self, bound_s: float) -> Iterator[float]:
        """Pauses that grow, and add up to no more than the bound."""
        pause_s, left_s = self.first_s, bound_s
        while left_s > 0:
            yield min(pause_s, left_s)
            left_s -= pause_s
            pause_s = min(pause_s * 2, self.longest_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What became of a proof that was made again.

    Attributes:
        told: the stages that broke, their causes and the fixes; empty where it holds.
        exposed: what a network outside still gets.
        missing: what was not shown, and what would show it; empty where the proof is complete.
    """

    told: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the path from inside: what was not shown does not."""
        return not self.told


class Ending(StrEnum):
    """What a run comes to."""

    PROVEN = "proven"
    """Closed, and proven from inside and outside."""
    CLOSED = "closed"
    """Closed and proven from inside; something is still to be shown."""
    EXPOSED = "exposed"
    """Closed and proven from inside, and the outside still gets in."""
    WITHDRAWN = "withdrawn"
    """Nothing was changed."""
    UNDONE = "undone"
    """What was closed is open again, and the path works from inside."""
    BROKEN = "broken"
    """What was closed is open again, and the path does not work all the same."""
    HALFWAY = "halfway"
    """Some is done and some is not; the journal says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An ending, and what there is to say of it."""

    ending: Ending
    told: tuple[str, ...]


class HaltError(Exception):
    """The work cannot go on.

    Attributes:
        told: why, and what mends it.
        undo: what was closed is to be opened again.
    """

    def __init__(self, *told: str, undo: bool = False) -> None:
        """Carry them."""
        super().__init__(told[0])
        self.told = told
        self.undo = undo


class TakenError(HaltError):
    """Another closure has the site."""


@dataclass(slots=True, kw_only=True)
class Work:
    """One run of a closure.

    Attributes:
        anchor: the site that bears the mark.
        who: `user@host`.
        say: told of every step as it is made.
        glance: a sweep from inside: whether the path works now, and what is wrong where it does not.
        replay: the proof, made again from inside.
        finish: the whole proof after the closure, with what others have seen since the time given (`None` = ever).
        knock: whether a public front end refuses; `None` = it cannot be seen from here.
        take_over: a stale mark of another may be replaced.
        resumed: it goes on where another process ended.
    """

    journal: Journal
    management: Management
    pace: Pace
    anchor: Resource
    who: str
    say: Callable[[str], None]
    glance: Callable[[], Awaitable[Replay]]
    replay: Callable[[], Awaitable[Replay]]
    finish: Callable[[datetime | None], Awaitable[Replay]]
    knock: Callable[[Front], Awaitable[bool | None]]
    take_over: bool = False
    resumed: bool = False

    @property
    def progress(self) -> Progress:
        """How far it is."""
        found = self.journal.progress
        if found is None:
            raise RuntimeError("nothing has begun")
        return found

    @property
    def me(self) -> Mark:
        """The mark of this closure, as of now."""
        return Mark(closure_id=self.progress.closure_id, at=datetime.now(UTC), who=self.who)

    def write(self, event: Event, **more: object) -> None:
        """Into the journal; raises JournalError."""
        self.journal.write(event, **more)

    async def state(self, resource: Resource) -> State:
        """How it stands; raises HaltError where that cannot be read, and would not be the next time."""
        pauses = self.pace.pauses(self.pace.conflict_s)
        while True:
            try:
                return await self.management.state(resource)
            except ReadError as error:
                pause_s = None if error.failure in LASTING else next(pauses, None)
                if pause_s is None:
                    raise HaltError(*refused(error, resource, reading=True)) from None
            await asyncio.sleep(pause_s)

    async def agreed(self, step: Step, shows: Callable[[State], bool]) -> State | None:
        """The state once Azure shows it, `None` where it does not in its time; raises HaltError where nothing is read.

        A read that fails is made again: only the last one counts.
        """
        failure: ReadError | None = None
        for pause_s in (0.0, *self.pace.pauses(self.pace.azure_s)):
            await asyncio.sleep(pause_s)
            try:
                state, failure = await self.management.state(step.resource), None
            except ReadError as error:
                failure = error
                continue
            if shows(state):
                return state
        if failure is not None:
            raise HaltError(*refused(failure, step.resource, reading=True))
        return None

    def standing(self) -> Sequence[str]:
        """What is done by the journal and what is not, a line each."""
        done = self.progress
        return [f"  {step.resource.title}: {_how(index, step, done)}" for index, step in enumerate(done.steps)]


def _how(index: int, step: Step, done: Progress) -> str:
    if index in done.undone:
        return f"opened again ({changed(step, back=True)})"
    if index in done.found:
        return "closed, and not by us"
    if index in done.refused:
        return "not changed: Azure refused"
    if index not in done.intended:
        return "not changed"
    if index in done.agreed:
        return f"closed ({changed(step)})"
    return f"perhaps closed: the write was under way ({changed(step)})"
