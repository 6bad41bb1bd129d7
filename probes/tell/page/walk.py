"""The way to one target as five steps, each with what came of it: what the picture of the path is drawn from.

Nothing is decided here. Whether a step did what it is for is what its records and the report say; which cause it shows
is what the judge has said.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from probes.failure import Failure
from probes.judge.finding import Severity
from probes.path import Target
from probes.records import Connection, Exchange, Handshake, Observation, Resolution, Token, Vantage
from probes.tell.outcome import TargetResult
from probes.tell.report import FAIL, Report
from probes.tell.words import address_of, duration, endpoint, validity

MOST_LINES = 3
"""Said below a step; all of it is in the evidence."""
UNSEEN = frozenset({Failure.DEADLINE, Failure.SKIPPED})


class State(StrEnum):
    """How a step went, for the eye."""

    WORKS = "works"
    FAILS = "fails"
    SHOWS = "shows"
    """It did what it is for, and what it brought is evidence of a cause: a public address, for instance."""
    SEEN = "seen"
    """From outside, where nothing is meant to work, a step is neither good nor bad by itself."""
    UNSEEN = "not seen"
    NOT_REACHED = "not reached"
    """A step before it failed."""
    NOT_ASKED = "not asked"
    """The path file asks for nothing there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One step of the way.

    Attributes:
        cause: number of the cause that it shows, be it through a consequence; `severity` is that cause's.
        root: it is evidence of the cause itself.
        hit: the cause, or a consequence of it, is on this target, and not only elsewhere.
        says: what came of it, a few words a line.
    """

    title: str
    state: State
    cause: int | None
    severity: Severity | None
    root: bool
    hit: bool
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """The steps of one target from the sweep's own vantage, by its last attempt."""

    report: Report
    result: TargetResult

    def stations(self) -> tuple[Station, ...]:
        """Name, address, TLS, HTTP, identity."""
        target = self.result.target
        own = target.credential
        resolutions = self._of(Resolution)
        connections, handshakes, exchanges = self._of(Connection), self._of(Handshake), self._of(Exchange)
        calls = [call for call in exchanges if call.credential is own]
        identity: list[Token | Exchange] = [
            *self._of(Token),
            *(call for call in exchanges if call.credential is not own),
        ]
        asked_identity = target.audience is not None or bool(target.must_refuse)
        return (
            self._station("Name", resolutions, self._names(resolutions), asked=target.literal is None),
            self._station("Address", connections, _each(connections, _connected)),
            self._station("TLS", handshakes, _each(handshakes, self._secured), asked=target.https),
            self._station("HTTP", calls, _each(calls, _answered)),
            self._station("Identity", identity, _each(identity, _identified), asked=asked_identity),
        )

    def _of[R: Observation](self, kind: type[R]) -> list[R]:
        return [record for record in self.result.records if isinstance(record, kind)]

    def _station(
        self, title: str, records: Sequence[Observation], says: Iterable[str], *, asked: bool = True
    ) -> Station:
        number = self._cause(records)
        cause = None if number is None else self.report.sweep.judgement.roots[number - 1]
        hit = cause is not None and any(
            self.result.target.name in finding.targets for finding in (cause, *self.report.consequences(cause))
        )
        lines = tuple(dict.fromkeys(says))
        more = len(lines) - MOST_LINES
        return Station(
            title=title,
            state=self._state(records, shows=hit, asked=asked),
            cause=number,
            severity=None if cause is None else cause.severity,
            root=cause is not None and hit and any(record.id in cause.evidence for record in records),
            hit=hit,
            says=(*lines[:MOST_LINES], f"and {more} more") if more > 0 else lines,
        )

    def _state(self, records: Sequence[Observation], *, shows: bool, asked: bool) -> State:
        if not records:
            return State.NOT_REACHED if asked else State.NOT_ASKED
        failed = any(self.report.word(record) == FAIL for record in records)
        if all(record.failure in UNSEEN for record in records):
            return State.UNSEEN
        if failed:
            return State.FAILS
        if shows:
            return State.SHOWS
        return State.SEEN if self.report.sweep.path.vantage is Vantage.OUTSIDE else State.WORKS

    def _cause(self, records: Sequence[Observation]) -> int | None:
        """Number of the first cause that any of the records is evidence of."""
        numbers = [number for record in records if (number := self.report.numbers.get(record.id)) is not None]
        return min(numbers, default=None)

    def _names(self, records: Sequence[Resolution]) -> list[str]:
        """What the name leads to, and who says so."""
        found: dict[str, tuple[set[str], set[Failure]]] = {}
        for record in records:
            addresses, failures = found.setdefault(record.resolver, (set(), set()))
            addresses.update(address.address for address in record.addresses)
            if record.failure is not None:
                failures.add(record.failure)
        said: dict[str, list[str]] = {}
        for resolver, (addresses, failures) in found.items():
            said.setdefault(self._answer(addresses, failures), []).append(resolver)
        if len(said) == 1:
            return list(said)
        return [f"{answer}, says {' and '.join(resolvers)}" for answer, resolvers in said.items()]

    def _answer(self, addresses: set[str], failures: set[Failure]) -> str:
        if addresses:
            return ", ".join(address_of(address, self.result.target) for address in sorted(addresses))
        decisive = failures - {Failure.NO_DATA} or failures
        return ", ".join(sorted(_said(failure) for failure in decisive))

    def _secured(self, record: Handshake) -> list[str]:
        if record.failure is not None:
            return [_said(record.failure)]
        at = self.report.sweep.started_at + timedelta(milliseconds=record.started_ms)
        days = [validity(record.chain[0], at)] if record.chain else []
        return [record.version or "", *days]


def _each[R: Observation](records: Iterable[R], says: Callable[[R], list[str]]) -> list[str]:
    return [line for record in records for line in says(record) if line]


def _connected(record: Connection) -> list[str]:
    came = [] if record.failure is None else [_said(record.failure)]
    return [endpoint(record.address, record.port), *came]


def _answered(record: Exchange) -> list[str]:
    if record.status is None:
        return [_said(record.failure)] if record.failure is not None else []
    return [f"{record.status} {record.reason or ''}".strip(), duration(record.duration_ms)]


def _identified(record: Token | Exchange) -> list[str]:
    if isinstance(record, Token):
        return ["token given" if record.failure is None else f"token: {_said(record.failure)}"]
    shown = "nothing" if record.credential == "none" else record.credential.replace("-", " ")
    came = record.status if record.status is not None else _said(record.failure) if record.failure else "no answer"
    return [f"{shown} shown: {came}"]


def _said(failure: Failure) -> str:
    """The code as words."""
    return failure.value.replace("_", " ")


def target_word(target: Target) -> str:
    """The role, where it is not the name already."""
    return "" if target.role == target.name else target.role.value
