"""A sweep, arranged for reading: what was seen of which target in which attempt, and for which cause it is evidence."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise

from probes.failure import Failure
from probes.judge.finding import Finding
from probes.path import Target
from probes.records import Exchange, Observation, Reading, Resolution, Token, Vantage
from probes.resources import DiagnosticContent, PolicyContent, RecordContent
from probes.sweep import Sweep
from probes.tell.outcome import results
from probes.tell.words import says

OK, NONE, FAIL = "ok", "none", "FAIL"
FROM_OUTSIDE = {OK: "done", FAIL: "fails"}
"""There a step that works is not in order, and one that fails is no alarm."""
MARKS = {None: OK, Failure.SKIPPED: "skipped", Failure.DEADLINE: "unseen"}
"""By failure; any other is FAIL, but that a name has no address of one type is no failing: most have no AAAA."""
OPTIONAL = frozenset({PolicyContent.kind, DiagnosticContent.kind, RecordContent.kind})
"""Kinds of what need not be there: that there is none is what a read of it says."""
SUCCESS = range(200, 300)
"""Statuses that no caller may get who is to be refused."""


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one target that are told together.

    Attributes:
        title: what they have in common, `None` where they are all there is.
        records: in the order of the walk.
        quiet: reads of Azure that brought what they were made for and carry no cause: enough to say that there were.
    """

    title: str | None
    records: tuple[Observation, ...]
    quiet: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Report:
    """What the text of a sweep is made of."""

    sweep: Sweep

    @cached_property
    def records(self) -> dict[str, Observation]:
        """By id."""
        return {record.id: record for record in self.sweep.observations}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Observation id to the number of the first cause that rests on it, be it through a consequence."""
        numbers: dict[str, int] = {}
        for number, root in enumerate(self.sweep.judgement.roots, start=1):
            for finding in (root, *self.consequences(root)):
                for name in finding.evidence:
                    numbers.setdefault(name, number)
        return numbers

    @cached_property
    def visited(self) -> tuple[str, ...]:
        """Names of the targets that the sweep was to look at, in the order of the path."""
        return tuple(result.target.name for result in results(self.sweep))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the others, of which nothing is said; none where no target was looked at at all."""
        every = [target.name for target in self.sweep.path.targets]
        return tuple(name for name in every if name not in self.visited) if self.visited else ()

    def by_target(self) -> Iterator[tuple[Target, tuple[Group, ...]]]:
        """The targets of which anything was seen, in the order of the path."""
        for target in self.sweep.path.targets:
            records = [record for record in self.sweep.observations if record.target == target.name]
            if records:
                yield target, tuple(self._groups(records))

    def consequences(self, root: Finding) -> list[Finding]:
        """The findings that a cause explains; of two causes with one id, the one that shares most targets counts."""
        roots = self.sweep.judgement.roots

        def owner(finding: Finding) -> Finding | None:
            own = set(finding.targets)
            named = [other for other in roots if other.id == finding.masked_by]
            return max(named, key=lambda other: len(own.intersection(other.targets)), default=None)

        masked = (finding for finding in self.sweep.judgement.findings if finding.masked_by is not None)
        return [finding for finding in masked if owner(finding) is root]

    def says(self, record: Observation, *, after: Observation | None = None) -> str:
        """The record in words."""
        target = self.sweep.path.target(record.target)
        at = self.sweep.started_at + timedelta(milliseconds=record.started_ms)
        return says(record, target, at, after=after) if target is not None else ""

    def word(self, record: Observation) -> str:
        """Success or failure in one word."""
        word = MARKS.get(record.failure, FAIL)
        if isinstance(record, Resolution) and record.failure is Failure.NO_DATA:
            word = NONE
        if isinstance(record, Exchange) and record.failure is None and not self._wanted(record):
            word = FAIL
        if isinstance(record, Reading) and record.failure is Failure.NOT_FOUND and record.kind in OPTIONAL:
            word = NONE
        elif record.vantage is Vantage.OUTSIDE and not isinstance(record, Reading):
            word = FROM_OUTSIDE.get(word, word)
        return word

    def mark(self, record: Observation) -> str:
        """The word, and the number of the cause that the record is evidence of."""
        word = self.word(record)
        number = self.numbers.get(record.id)
        if number is None:
            return word
        # A step can succeed and still show what is wrong, as an answer with the wrong address does: no ok then.
        return f"[{number}]" if word in {OK, FROM_OUTSIDE[OK]} else f"{word} [{number}]"

    def _wanted(self, answer: Exchange) -> bool:
        """Whether the path file asks for such an answer: it names the status, or that the caller be refused."""
        target = self.sweep.path.target(answer.target)
        if target is None:
            return True
        own = target.credential
        if answer.credential is own:
            return answer.status in target.expected_status
        return answer.status not in SUCCESS or answer.credential not in target.must_refuse

    def _groups(self, records: Sequence[Observation]) -> Iterator[Group]:
        """The attempts, after them what was seen from elsewhere, and last what Azure itself says."""
        read = [record for record in records if isinstance(record, Reading)]
        records = [record for record in records if not isinstance(record, Reading)]
        own = [record for record in records if record.vantage is self.sweep.path.vantage]
        numbers = sorted({record.attempt for record in own})
        attempts = [in_order([record for record in own if record.attempt == number]) for number in numbers]
        if len(attempts) > 1 and all(self._alike(*pair) for pair in pairwise(attempts)):
            before = " and ".join(map(str, numbers[:-1]))
            yield Group(f"attempt {numbers[-1]}; attempt {before} went alike", attempts[-1])
        else:
            for number, found in zip(numbers, attempts, strict=True):
                yield Group(f"attempt {number}" if len(attempts) > 1 else None, found)
        for vantage in sorted({record.vantage for record in records} - {self.sweep.path.vantage}):
            seen = in_order([record for record in records if record.vantage is vantage])
            yield Group(f"seen by {vantage}", seen)
        if read:
            telling = tuple(record for record in read if self._telling(record))
            yield Group("Azure", telling, tuple(record for record in read if not self._telling(record)))

    def _telling(self, record: Reading) -> bool:
        """Whether a read is worth a line of its own: it failed, a cause rests on it, or somebody asked for it."""
        return self.word(record) not in {OK, NONE} or record.id in self.numbers or record.vantage is Vantage.GATEWAY

    def _alike(self, before: Sequence[Observation], last: Sequence[Observation]) -> bool:
        """Whether an attempt need not be told beside the next one: the same was seen, and no cause rests on it."""
        if any(record.id in self.numbers for record in before):
            return False
        return Counter(map(self._gist, before)) == Counter(map(self._gist, last))

    def _gist(self, record: Observation) -> tuple[str, Failure | None, str]:
        """The record without what differs at every attempt."""
        words = record.audience if isinstance(record, Token) else self.says(record)
        return record.step, record.failure, words


def in_order(records: Sequence[Observation]) -> tuple[Observation, ...]:
    """By walk, tokens after names: walks to several addresses run at the same time, their steps interleaved."""
    began: dict[str, float] = {}
    for record in records:
        began[record.transaction] = min(record.started_ms, began.get(record.transaction, record.started_ms))

    def place(record: Observation) -> tuple[float, str, bool, float]:
        return began[record.transaction], record.transaction, isinstance(record, Token), record.started_ms

    return tuple(sorted(records, key=place))
