"""What lies behind the stages that are disproven: each cause once, with the stages that it explains."""

from collections.abc import Iterable
from dataclasses import dataclass

from probes.judge.finding import Finding
from probes.proof.judging import cause
from probes.proof.records import Proof, Result, StageResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of stages that are disproven.

    Attributes:
        finding: of the first sweep that has it; `None` where no rule tells of it, and the stage speaks for itself.
        looks: names of the sweeps that found it.
        stages: that it explains, in the order of the proof.
    """

    finding: Finding | None
    looks: tuple[str, ...]
    stages: tuple[StageResult, ...]

    @property
    def id(self) -> str:
        """The finding's, or the stage's."""
        return self.finding.id if self.finding is not None else self.stages[0].id

    @property
    def summary(self) -> str:
        """In one sentence."""
        return self.finding.summary if self.finding is not None else self.stages[0].says

    @property
    def fix(self) -> tuple[str, ...]:
        """What mends it, empty where no rule says."""
        return self.finding.fix if self.finding is not None else ()


def causes(proof: Proof) -> tuple[Cause, ...]:
    """Of every stage that is disproven and asked for, in the order of the stages."""
    found: dict[str, list[tuple[str, Finding, StageResult]]] = {}
    alone: list[Cause] = []
    order: list[str] = []
    for stage in disproven(proof.stages):
        known = [(name, cause(proof, name)) for name in stage.causes]
        behind = [(look.name, finding) for _, told in known if told is not None for look, finding in [told]]
        for look, finding in behind:
            if finding.id not in found:
                order.append(finding.id)
            found.setdefault(finding.id, []).append((look, finding, stage))
        if not behind:
            order.append(stage.id)
            alone.append(Cause(finding=None, looks=(), stages=(stage,)))
    by_stage = {each.id: each for each in alone}
    return tuple(_one(found[name]) if name in found else by_stage[name] for name in order)


def disproven(stages: Iterable[StageResult]) -> list[StageResult]:
    """Those that are, and that the proof must have."""
    return [stage for stage in stages if stage.required and stage.result is Result.DISPROVEN]


def lacking(stages: Iterable[StageResult]) -> list[StageResult]:
    """Those that are not proven for want of evidence, and that the proof must have."""
    return [stage for stage in stages if stage.required and stage.result is Result.NOT_PROVEN]


def _one(entries: list[tuple[str, Finding, StageResult]]) -> Cause:
    stages = {stage.id: stage for _, _, stage in entries}
    return Cause(
        finding=entries[0][1],
        looks=tuple(dict.fromkeys(look for look, _, _ in entries)),
        stages=tuple(stages.values()),
    )
