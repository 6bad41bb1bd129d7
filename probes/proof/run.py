"""The final test itself: look from here, ask the probe app, take in what others have seen, follow the calls, judge."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from probes import __version__
from probes.judge import judge
from probes.judge.rules import RULES_VERSION
from probes.observe.notebook import Notebook
from probes.observe.surroundings import Surroundings, TokenSource
from probes.path import Path, Role
from probes.path.definition import ControlPlane
from probes.proof.diagnosis import Diagnosis, diagnosed
from probes.proof.following import Workspace, follow, replaced, unfollowed
from probes.proof.judging import judged, phase
from probes.proof.merge import Given, acceptable, merged, unused
from probes.proof.records import Asked, FollowedCall, Look, Missed, Origin, Phase, Proof
from probes.proof.seen import Seen
from probes.proof.stages import STAGES_VERSION
from probes.records import Observation, Vantage
from probes.sweep import Sweep, sweep

WAIT_S = 300.0
"""For records to arrive: Azure Monitor names two to five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whom to tell of what goes on, while it goes on.

    Attributes:
        observed: of every record of a sweep as it is written.
        waiting: of a call that the workspace does not have yet.
    """

    observed: Callable[[Observation], None] | None = None
    waiting: Callable[[FollowedCall], None] | None = None


async def prove(
    path: Path,
    surroundings: Surroundings,
    *,
    workspace: Workspace | None = None,
    diagnosis: Diagnosis | None = None,
    merge: Sequence[Given] = (),
    closed: bool = False,
    asked: Asked | None = None,
    wait_s: float = WAIT_S,
    reader: Callable[[], TokenSource] | None = None,
    told: Told | None = None,
) -> Proof:
    """Make a proof of the path from its vantage; nothing on the path is changed.

    A failure of the network, of the workspace or of Azure is never raised: it is what a stage is not proven for.

    Args:
        path: with the vantage of this machine.
        surroundings: of this machine.
        workspace: where the gateway's log and Application Insights are; `None` = nothing is followed.
        diagnosis: where the probe app is asked; `None` = it is not.
        merge: proofs made elsewhere.
        closed: public access is off, whether Azure says so or not; else what Azure says decides the phase.
        asked: how the command was called, for the commands that the proof names.
        wait_s: for records to arrive in the workspace.
        reader: as whom Azure is read, `None` = the identity that the path names.
        told: of what goes on.

    Raises:
        MergeError: a proof cannot be taken in.
    """
    told = told or Told()
    made_at = surroundings.now()
    acceptable(merge, path, made_at)
    own, other = await asyncio.gather(
        looked(path, surroundings, reader=reader, observed=told.observed),
        _probe(diagnosis, path, surroundings),
    )
    looks = [Look(name=path.vantage.value, origin=Origin.HERE, file=None, sweep=own)]
    missed: list[Missed] = []
    if isinstance(other, Look):
        looks.append(replace(other, name=unused(other.name, looks)))
    elif other is not None:
        missed.append(other)
    every, calls = merged(looks, (), merge)
    if workspace is not None:
        since = min(look.sweep.started_at for look in every)
        wanted = unfollowed(path, every, calls, surroundings.now())
        anew = await follow(wanted, workspace, wait_s=wait_s, since=since, now=surroundings.now, waiting=told.waiting)
        calls = tuple(replaced(calls, anew))
    seen = Seen(path=path, phase=Phase.BEFORE_CLOSURE, looks=every, calls=calls, missed=tuple(missed))
    return judged_now(
        Proof(
            proof_id=uuid4().hex,
            path=path,
            phase=Phase.AFTER_CLOSURE if closed else phase(seen),
            made_at=made_at,
            finished_at=surroundings.now(),
            asked=asked or Asked(wait_s=float(wait_s)),
            looks=every,
            calls=calls,
            missed=tuple(missed),
            stages=(),
            agent_version=__version__,
            rules_version=RULES_VERSION,
            stages_version=STAGES_VERSION,
        )
    )


def judged_now(proof: Proof) -> Proof:
    """The proof with what its evidence comes to by the stages of this version."""
    return replace(proof, stages=judged(proof), stages_version=STAGES_VERSION)


async def looked(
    path: Path,
    surroundings: Surroundings,
    *,
    reader: Callable[[], TokenSource] | None = None,
    observed: Callable[[Observation], None] | None = None,
) -> Sweep:
    """A sweep from the path's vantage, with what Azure says of the whole path.

    A client sees the gateway and nothing behind it: private endpoints let in the gateway, the apps and the operators.
    From outside Azure is not read: whoever stands there need not be anybody.
    """
    targets = reachable(path)
    reads = path.control_plane is not ControlPlane.NEVER and path.vantage is not Vantage.OUTSIDE
    walked, readings = await asyncio.gather(
        sweep(replace(path, control_plane=ControlPlane.NEVER), surroundings, targets=targets, observed=observed),
        _read(path, surroundings, reader, observed) if reads else _nothing(),
    )
    observations = (*walked.observations, *readings)
    return replace(
        walked,
        path=path,
        observations=observations,
        judgement=judge(path, observations, started_at=walked.started_at, among=targets),
    )


def reachable(path: Path) -> Collection[str]:
    """Names of the targets that are looked at from the path's vantage."""
    roles = (Role.GATEWAY,) if path.vantage is Vantage.CLIENT else tuple(Role)
    return frozenset(target.name for target in path.targets if target.role in roles)


async def _read(
    path: Path,
    surroundings: Surroundings,
    reader: Callable[[], TokenSource] | None,
    observed: Callable[[Observation], None] | None,
) -> tuple[Observation, ...]:
    """What Azure says of everything on the path, whichever of it can be reached from here."""
    from probes.azure.control_plane import ControlPlaneReads  # noqa: PLC0415 - slow to import, and not always needed

    notebook = Notebook(
        surroundings=surroundings,
        vantage=path.vantage,
        deadline_s=path.deadline_s,
        step_timeout_s=path.step_timeout_s,
        observed=observed,
    )
    credential = reader or (lambda: surroundings.credential(path.client_id))
    await ControlPlaneReads(path=path, targets=path.targets, notebook=notebook, credential=credential).observe()
    place = {target.name: index for index, target in enumerate(path.targets)}
    return tuple(sorted(notebook.records, key=lambda record: place[record.target]))


async def _nothing() -> tuple[Observation, ...]:
    return ()


async def _probe(asked: Diagnosis | None, path: Path, surroundings: Surroundings) -> Look | Missed | None:
    return None if asked is None else await diagnosed(asked, path, surroundings)
