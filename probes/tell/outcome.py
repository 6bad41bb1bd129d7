"""What a sweep says of each of its targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from probes.judge.finding import Finding, Severity
from probes.judge.rules import UNSEEN
from probes.path import Target
from probes.records import Exchange, Observation, Reading, Step
from probes.sweep import Sweep


class Outcome(StrEnum):
    """Whether a target does what it is for."""

    WORKS = "works"
    FAILS = "fails"
    """An error hits it, be it a cause or another's consequence."""
    UNSEEN = "unseen"
    """It was not observed in time, which is no failure of the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """One target of a sweep.

    Attributes:
        cause: the root of the gravest finding on it, `None` without any.
        records: of the last attempt, from the sweep's own vantage; reads of Azure are of no attempt.
    """

    target: Target
    outcome: Outcome
    cause: Finding | None
    records: tuple[Observation, ...]

    @property
    def duration_ms(self) -> float:
        """From the first step's start to the last one's end; 0 where nothing was begun."""
        if not self.records:
            return 0.0
        started = min(record.started_ms for record in self.records)
        return max(record.started_ms + (record.duration_ms or 0.0) for record in self.records) - started

    @property
    def telling(self) -> tuple[Observation, ...]:
        """The records without the requests that were made only to be refused."""
        own = self.target.credential
        return tuple(record for record in self.records if not isinstance(record, Exchange) or record.credential is own)

    def step_ms(self) -> dict[str, float]:
        """Step to the longest duration of its kind: `resolve_ms`, `connect_ms` ..."""
        found: dict[Step, float] = {}
        for record in self.records:
            if record.duration_ms is not None:
                found[record.step] = max(record.duration_ms, found.get(record.step, 0.0))
        return {f"{step}_ms": round(ms, 3) for step, ms in found.items()}


def results(sweep: Sweep) -> tuple[TargetResult, ...]:
    """One for each target that the sweep was to observe, in the order of the path."""
    own = [
        record
        for record in sweep.observations
        if record.vantage == sweep.path.vantage and not isinstance(record, Reading)
    ]
    swept = {record.target for record in own}.union(*(finding.targets for finding in sweep.judgement.findings))
    return tuple(_result(target, own, sweep) for target in sweep.path.targets if target.name in swept)


def _result(target: Target, own: Sequence[Observation], sweep: Sweep) -> TargetResult:
    mine = [record for record in own if record.target == target.name]
    last = max((record.attempt for record in mine), default=0)
    findings = [finding for finding in sweep.judgement.findings if target.name in finding.targets]
    return TargetResult(
        target=target,
        outcome=_outcome(findings),
        cause=_root(findings, sweep.judgement.findings),
        records=tuple(record for record in mine if record.attempt == last),
    )


def _outcome(findings: Sequence[Finding]) -> Outcome:
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Outcome.FAILS
    return Outcome.UNSEEN if any(finding.id in UNSEEN for finding in findings) else Outcome.WORKS


def _root(findings: Sequence[Finding], every: Sequence[Finding]) -> Finding | None:
    """The gravest finding, or the root that explains it; what is mere information is the cause of nothing."""
    findings = [finding for finding in findings if finding.severity is not Severity.INFORMATION]
    if not findings:
        return None
    gravest = min(findings, key=lambda finding: list(Severity).index(finding.severity))
    return next((root for root in every if root.id == gravest.masked_by and root.masked_by is None), gravest)
