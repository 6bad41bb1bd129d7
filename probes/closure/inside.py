"""What is seen from where the command runs: the path as it works now, its proof made again, the public front end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from probes.closure.plan import SITES
from probes.closure.resource import Front
from probes.closure.work import Replay
from probes.judge import Finding, Judgement, Severity, Verdict, judge
from probes.observe.surroundings import Surroundings, TokenSource
from probes.path import Path
from probes.path.definition import ControlPlane
from probes.proof.diagnosis import Diagnosis
from probes.proof.following import Workspace
from probes.proof.judging import cause
from probes.proof.merge import Given
from probes.proof.records import Asked, Look, Origin, Proof, Result, StageResult
from probes.proof.run import prove, reachable
from probes.records import Exchange, Reading
from probes.sweep import Sweep, sweep
from probes.tell.words import plain

WORKS = frozenset({Verdict.PROVEN, Verdict.DEGRADED})
OUTSIDE = "outside-refused"
DEPENDENCIES = "dependencies-closed"
FORBIDDEN = 403
REFUSAL = "x-ms-forbidden-ip"
"""Header that only a public front end sends, with the address that it has turned away."""
LONGEST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The view from here.

    Attributes:
        path: with the vantage of this machine, which is inside.
        diagnosis: where the probe app is asked, as the first proof asked it; `None` = it was not.
        reader: as whom Azure is read.
        merge: proofs made elsewhere, for the last proof.
        asked: how the first proof was called, for the commands that the last one names.
        made: called with the last proof.
    """

    path: Path
    surroundings: Surroundings
    workspace: Workspace | None
    diagnosis: Diagnosis | None
    reader: Callable[[], TokenSource] | None
    merge: Sequence[Given]
    asked: Asked
    with_dependencies: bool
    made: Callable[[Proof], None]

    async def glance(self) -> Replay:
        """A sweep: whether the path works now. Azure's own word is not asked: it is what is being changed."""
        path = replace(self.path, control_plane=ControlPlane.NEVER)
        result = await sweep(path, self.surroundings, targets=reachable(path))
        return Replay(told=() if result.judgement.verdict in WORKS else tuple(causes(result)))

    async def confirm(self) -> Replay:
        """Before anything is changed: the path works, and no stage that was proven is contradicted now."""
        proof = await prove(
            self.path, self.surroundings, diagnosis=self.diagnosis, asked=self.asked, reader=self.reader
        )
        return Replay(told=tuple(broken(proof)))

    async def replay(self) -> Replay:
        """The proof from here, without the records of its calls: these take minutes, and the path may be broken."""
        proof = await prove(
            self.path,
            self.surroundings,
            diagnosis=self.diagnosis,
            closed=True,
            asked=self.asked,
            reader=self.reader,
        )
        return Replay(told=tuple(broken(proof)))

    async def finish(self, since: datetime | None) -> Replay:
        """The whole proof, with what others have seen since the closure."""
        late = [each for each in self.merge if since is None or each.proof.oldest_at > since]
        required = (*self.asked.require, DEPENDENCIES) if self.with_dependencies else self.asked.require
        proof = await prove(
            self.path,
            self.surroundings,
            workspace=self.workspace,
            diagnosis=self.diagnosis,
            merge=late,
            closed=True,
            asked=replace(self.asked, require=tuple(dict.fromkeys(required))),
            wait_s=self.asked.wait_s,
            reader=self.reader,
        )
        self.made(proof)
        early = [each for each in self.merge if each not in late]
        words = [f'"{plain(each.file)}" was made before the closure, and so says nothing of it.' for each in early]
        return Replay(told=tuple(broken(proof)), exposed=tuple(exposed(proof)), missing=(*words, *missing(proof)))

    async def knock(self, front: Front) -> bool | None:
        """Whether a public front end turns us away, as it must once public access is off.

        The name is taken to that address whatever any resolver says. `None` where there was no answer: a network whose
        way out is closed says nothing of the door at the other end.
        """
        target = next((target for target in self.path.targets if target.role in SITES), None)
        if target is None:
            return None

        async def there(_: str) -> tuple[str, ...]:
            return (front.address,)

        bare = replace(
            target,
            url=f"https://{front.host}/",
            private_subnets=(),
            expected_status=(FORBIDDEN,),
            body_contains=None,
            audience=None,
            must_refuse=(),
            foreign_audience=None,
            old_key_setting=None,
            correlation=False,
        )
        seen = await sweep(
            replace(self.path, targets=(bare,), resolvers=(), control_plane=ControlPlane.NEVER),
            replace(self.surroundings, getaddrinfo=there, hosts={}, name_servers=()),
        )
        answers = [each for each in seen.observations if isinstance(each, Exchange) and each.status is not None]
        if not answers:
            return None
        return all(each.status == FORBIDDEN and REFUSAL in each.headers for each in answers)


def broken(proof: Proof) -> Iterator[str]:
    """What contradicts the path from inside: stages, sweeps made now, a probe app that gives nothing any more."""
    seen: list[str] = []
    for stage in proof.stages:
        if stage.required and stage.result is Result.DISPROVEN and stage.id != OUTSIDE:
            yield plain(f"stage {stage.id}: {stage.says}", LONGEST)
            for found in _causes(proof, stage):
                seen.append(found.id)
                yield from _told(found)
    for look in proof.looks:
        walked = without_azure(look)
        if look.origin is not Origin.MERGED and walked.verdict not in WORKS:
            yield f"verdict {walked.verdict} from {look.vantage}"
            for root in errors(walked):
                if root.id not in seen:
                    yield from _told(root)
    for missed in proof.missed:
        yield plain(f"{missed.source} gave nothing: {missed.failure}: {missed.detail or ''}", LONGEST)


def exposed(proof: Proof) -> Iterator[str]:
    """What a network outside still gets."""
    stage = proof.stage(OUTSIDE)
    if stage is not None and stage.result is Result.DISPROVEN:
        yield from (plain(f"stage {stage.id}: {why}", LONGEST) for why in stage.why_not)


def missing(proof: Proof) -> Iterator[str]:
    """What was not shown, and what would show it."""
    lacking = [stage for stage in proof.stages if stage.required and stage.result is Result.NOT_PROVEN]
    for stage in lacking:
        yield plain(f"not shown: {stage.id}: {stage.says}", LONGEST)
    measures = dict.fromkeys(each for stage in lacking if stage.id != OUTSIDE for each in stage.measure)
    yield from (f"  {plain(line, LONGEST)}" for line in measures)


def without_azure(look: Look) -> Judgement:
    """What a sweep comes to by the walk alone: what Azure says of doors that stay open is no sign of a broken path."""
    walked = [record for record in look.sweep.observations if not isinstance(record, Reading)]
    path, among = look.sweep.path, {record.target for record in walked}
    return judge(path, walked, started_at=look.sweep.started_at, among=among)


def causes(result: Sweep) -> Iterator[str]:
    """The verdict of a sweep, its causes, and what mends them."""
    yield f"verdict {result.judgement.verdict} from {result.path.vantage}"
    for root in errors(result.judgement):
        yield from _told(root)


def errors(judgement: Judgement) -> list[Finding]:
    """Its causes without the warnings, or with them where there is nothing else."""
    roots = list(judgement.roots)
    return [root for root in roots if root.severity is Severity.ERROR] or roots


def _causes(proof: Proof, stage: StageResult) -> Iterator[Finding]:
    found = (cause(proof, name) for name in stage.causes)
    return (each[1] for each in found if each is not None)


def _told(finding: Finding) -> Iterator[str]:
    yield plain(f"{finding.id}: {finding.summary}", LONGEST)
    yield from (f"  {plain(line, LONGEST)}" for line in finding.fix)
