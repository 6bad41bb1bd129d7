"""Where observers write: gives records their ids and times, and steps their time limits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from probes.failure import Failure
from probes.observe.surroundings import Surroundings
from probes.records import Observation, Step, Vantage


@dataclass(frozen=True, slots=True)
class Mark:
    """Where on the sweep a step stands: target, attempt, and the walk it belongs to."""

    target: str
    attempt: int
    transaction: str


@dataclass(slots=True)
class Limit:
    """The time that one step has, and what it means when that is over."""

    seconds: float
    overrun: Failure

    @property
    def spent(self) -> bool:
        """The sweep is over before the step began."""
        return self.seconds <= 0


@dataclass(slots=True)
class Notebook:
    """The records of one sweep in the making.

    Attributes:
        deadline_s: of the sweep, counted from `opened_s` on the monotonic clock.
        observed: told of every record as it is written.
    """

    surroundings: Surroundings
    vantage: Vantage
    deadline_s: float
    step_timeout_s: dict[Step, float]
    observed: Callable[[Observation], None] | None
    opened_s: float = 0.0
    records: list[Observation] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.opened_s = self.surroundings.monotonic()

    def elapsed_ms(self) -> float:
        """Milliseconds since the sweep began."""
        return (self.surroundings.monotonic() - self.opened_s) * 1e3

    def limit(self, step: Step) -> Limit:
        """The step's own time, or what is left of the sweep where that is less."""
        left = self.deadline_s - (self.surroundings.monotonic() - self.opened_s)
        own = self.step_timeout_s[step]
        return Limit(own, Failure.TIMEOUT) if own <= left else Limit(left, Failure.DEADLINE)

    def write[R: Observation](
        self,
        kind: type[R],
        mark: Mark,
        what: str,
        started_ms: float,
        /,
        *,
        failure: Failure | None = None,
        detail: str | None = None,
        ended_ms: float | None = None,
        vantage: Vantage | None = None,
        **fields: Any,
    ) -> R:
        """Write down one step that began at `started_ms` and ends now, or ended at `ended_ms`.

        The id says what was done, so that evidence can be read: `orders/1/handshake/10.80.20.4`. `vantage` is given
        where it is not the sweep's own.
        """
        ended_ms = self.elapsed_ms() if ended_ms is None else ended_ms
        name = f"{mark.target}/{mark.attempt}/{kind.step}/{what}"
        self.ids[name] += 1
        record = kind(
            id=name if self.ids[name] == 1 else f"{name}#{self.ids[name]}",
            target=mark.target,
            vantage=self.vantage if vantage is None else vantage,
            transaction=mark.transaction,
            attempt=mark.attempt,
            started_ms=started_ms,
            duration_ms=None if failure is Failure.SKIPPED else ended_ms - started_ms,
            failure=failure,
            detail=detail,
            **fields,
        )
        self.records.append(record)
        if self.observed is not None:
            self.observed(record)
        return record


class OverrunError(Exception):
    """A step's time is over; `failure` says whether the step's own or the sweep's."""

    def __init__(self, failure: Failure) -> None:
        """Carry the failure."""
        super().__init__(failure.value)
        self.failure = failure


@asynccontextmanager
async def within(limit: Limit) -> AsyncIterator[None]:
    """Run the body within the limit.

    Raises:
        OverrunError: the limit's time is over. A TimeoutError of the body itself (ETIMEDOUT) passes through.
    """
    if limit.spent:
        raise OverrunError(limit.overrun)
    try:
        async with asyncio.timeout(limit.seconds) as scope:
            yield
    except TimeoutError:
        if scope.expired():
            raise OverrunError(limit.overrun) from None
        raise
