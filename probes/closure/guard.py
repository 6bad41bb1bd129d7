"""What a proof must be before anything is closed on its word."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path as File
from shlex import join

from probes.closure.mark import SKEW
from probes.path import Path, PathError
from probes.proof.commands import again
from probes.proof.digest import path_digest
from probes.proof.document import load
from probes.proof.records import Proof, Result
from probes.proof.stages import STAGES_VERSION
from probes.records import Vantage
from probes.tell.words import plain

LONGEST = 500
MOST_PROBLEMS = 6
INSIDE = (Vantage.CLIENT, Vantage.PROBE)


class RefusedError(Exception):
    """Nothing is done.

    Attributes:
        told: why, and what to run.
    """

    def __init__(self, *told: str) -> None:
        """Carry them."""
        super().__init__(told[0])
        self.told = told


def proof_of(file: File | None, path: Path, path_file: File, now: datetime, max_age: timedelta) -> Proof:
    """The proof of a file: whole, fresh, complete, and of this very path.

    Raises:
        RefusedError: it is not; says which of these, and what to run.
    """
    anew = join(["probes", "prove", "--path", str(path_file), "-o", str(file or "proof.json")])
    if file is None:
        raise RefusedError(
            "no proof was given (--proof): a path that nobody has proven is not closed", "Run:", f"  {anew}"
        )
    try:
        proof = load(file)
    except PathError as error:
        problems = (f"  {plain(str(problem), LONGEST)}" for problem in error.problems[:MOST_PROBLEMS])
        raise RefusedError(f"{plain(str(file))} is no proof to go by:", *problems, "Run:", f"  {anew}") from None
    reasons = list(objections(proof, path, now, max_age))
    if reasons:
        raise RefusedError(*reasons, "Run, and mend first what it names:", f"  {plain(again(proof), LONGEST)}")
    return proof


def objections(proof: Proof, path: Path, now: datetime, max_age: timedelta) -> Iterator[str]:
    """What speaks against closing on the word of this proof."""
    if proof.path_digest != path_digest(path):
        other = f"another path, {plain(proof.path.name)}" if proof.path.name != path.name else "another path file"
        yield f"the proof is of {other}: what it proved is not what {plain(path.name)} should be"
    if proof.stages_version != STAGES_VERSION:
        yield f"the proof was made by version {proof.stages_version} of the stages, and this is {STAGES_VERSION}"
    age = proof.age(now)
    if age > max_age:
        yield f"the proof is stale: what it saw is {_minutes(age)} old; allowed: {_minutes(max_age)} (--max-age)"
    elif age < -SKEW:
        yield f"the proof is of a time to come ({proof.oldest_at:%Y-%m-%d %H:%M}Z): a clock is wrong"
    if not proof.complete:
        yield f"the proof is not complete ({proof.verdict}):"
        for stage in proof.stages:
            if stage.required and stage.result is not Result.PROVEN:
                yield f"  {stage.id}: {plain(stage.says, LONGEST)}"
    if proof.path.vantage not in INSIDE:
        yield f"the proof was made from vantage {proof.path.vantage}: close from inside, where it can be made again"


def _minutes(span: timedelta) -> str:
    return f"{span / timedelta(minutes=1):.0f} min"
