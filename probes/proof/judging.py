"""From what was seen to what each stage comes to: reads the rows and knows no stage by name. Pure."""

from collections.abc import Iterable, Sequence

from probes.judge.finding import Finding
from probes.path import Role
from probes.proof.commands import measures
from probes.proof.records import Look, Phase, Proof, Result, Source, StageResult
from probes.proof.seen import Seen
from probes.proof.stage import Against, Lacking, Part, Shown, Stage
from probes.proof.stages import STAGES
from probes.resources import SiteContent

ORDER = tuple(Source)
DISABLED = "Disabled"


def judged(proof: Proof) -> tuple[StageResult, ...]:
    """What every stage comes to, in the order of the table; whatever the proof says of its stages is not looked at."""
    seen = Seen.by(proof)
    return tuple(result(stage, tuple(stage.find(seen)), proof) for stage in STAGES)


def phase(seen: Seen) -> Phase:
    """After closure where Azure says of every backend's site that its public access is off; else before."""
    backends = seen.targets(Role.BACKEND)
    reads = [seen.read(SiteContent, seen.path.resource_of(target)) for target in backends]
    contents = [read.record.content if read is not None else None for read in reads]
    off = [isinstance(each, SiteContent) and each.public_network_access == DISABLED for each in contents]
    return Phase.AFTER_CLOSURE if off and all(off) else Phase.BEFORE_CLOSURE


def result(stage: Stage, parts: Sequence[Part], proof: Proof) -> StageResult:
    """What the parts come to: what contradicts weighs more than what is lacking, and that more than all the rest."""
    against = [part for part in parts if isinstance(part, Against)]
    lacking = [part for part in parts if isinstance(part, Lacking)]
    shown = [part for part in parts if isinstance(part, Shown)]
    why_not = tuple(dict.fromkeys([*(part.says for part in against), *(part.says for part in lacking)]))
    counted: Sequence[Against | Shown] = against or shown
    if against:
        outcome, says = Result.DISPROVEN, against[0].says
    elif lacking or not shown:
        why_not = why_not or (f"Nothing was seen of what it takes: {stage.proven_by}",)
        outcome, says = Result.NOT_PROVEN, why_not[0]
    else:
        outcome, says = Result.PROVEN, sentence(part.says for part in shown)
    evidence = tuple(dict.fromkeys(name for part in counted for name in part.evidence))
    causes = explained(proof, evidence) if outcome is Result.DISPROVEN else ()
    return StageResult(
        id=stage.id,
        title=stage.title,
        result=outcome,
        required=proof.phase in stage.required or stage.id in proof.asked.require,
        seen_from=tuple(sorted({part.source for part in counted}, key=ORDER.index)),
        evidence=evidence,
        says=says,
        why_not=why_not,
        causes=causes,
        measure=measures(lacking, proof),
    )


def sentence(clauses: Iterable[str]) -> str:
    """One sentence of clauses, each told once; a name at its beginning stays as it is."""
    words = "; ".join(dict.fromkeys(clauses))
    ordinary = words.partition(" ")[0].isalpha()
    return f"{words[:1].upper()}{words[1:]}." if ordinary else f"{words}."


def explained(proof: Proof, evidence: Sequence[str]) -> tuple[str, ...]:
    """Root causes of the proof's own sweeps that rest on the records that contradict, or whose consequences do."""
    names = set(evidence)
    found: list[str] = []
    for look in proof.looks:
        for finding in look.sweep.judgement.findings:
            if names.isdisjoint(f"{look.name}:{name}" for name in finding.evidence):
                continue
            found.append(root_of(proof, look, finding))
    return tuple(dict.fromkeys(found))


def root_of(proof: Proof, look: Look, finding: Finding) -> str:
    """The root of a finding, with the sweep that knows it.

    What a sweep that saw little takes for a root may be a consequence of what another one saw: a client sees a refusal
    at the gateway, and the probe sees the name behind it that leads there.
    """
    if finding.masked_by is not None:
        return f"{look.name}:{finding.masked_by}"
    for other in proof.looks:
        for same in other.sweep.judgement.findings:
            alike = same.id == finding.id and not set(same.targets).isdisjoint(finding.targets)
            if alike and same.masked_by is not None:
                return f"{other.name}:{same.masked_by}"
    return f"{look.name}:{finding.id}"


def cause(proof: Proof, name: str) -> tuple[Look, Finding] | None:
    """The finding that a cause names, with the sweep that found it."""
    where, _, finding_id = name.partition(":")
    look = proof.look(where)
    if look is None:
        return None
    roots = (finding for finding in look.sweep.judgement.roots if finding.id == finding_id)
    return next(((look, finding) for finding in roots), None)
