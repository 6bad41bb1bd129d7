"""A whole proof of a path in good order, and what it takes away from it to be none."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.proof.evidence import record
from probes.proof.records import Phase, Proof, Result, Source, Verdict
from probes.proof.stages import STAGES
from tests.proof.bench import evidence, results, without
from tests.proof.goldens import EVIDENCE, FOLDER, golden_evidence

pytestmark = pytest.mark.asyncio(loop_scope="session")
PHASES = pytest.mark.parametrize("phase", ["before", "after"])


@PHASES
async def test_a_path_in_good_order_is_proven(proofs: dict[str, Proof], phase: str) -> None:
    """Every stage that the phase asks for is proven, before the closure and after it."""
    proof = proofs[phase]
    assert {stage.id: stage.why_not for stage in proof.stages if stage.required and stage.why_not} == {}
    assert (proof.verdict, proof.complete) == (Verdict.COMPLETE, True)
    assert proof.phase is {"before": Phase.BEFORE_CLOSURE, "after": Phase.AFTER_CLOSURE}[phase]


@PHASES
async def test_what_is_not_asked_for_is_told_as_it_is(proofs: dict[str, Proof], phase: str) -> None:
    """Before closure the open door is no failing; dependencies are asked for by name only."""
    left = {stage.id: stage.result for stage in proofs[phase].stages if not stage.required}
    assert (
        left
        == {
            "before": {
                "public-access-off": Result.DISPROVEN,
                "outside-refused": Result.NOT_PROVEN,
                "dependencies-closed": Result.DISPROVEN,
            },
            "after": {"dependencies-closed": Result.PROVEN},
        }[phase]
    )


@PHASES
async def test_every_proven_stage_names_its_evidence(proofs: dict[str, Proof], phase: str) -> None:
    """The ids lead to records of the proof, and come from all the sources that the stage needs."""
    needs = {stage.id: set(stage.needs) for stage in STAGES}
    for stage in proofs[phase].stages:
        if stage.result is Result.PROVEN:
            assert stage.evidence, stage.id
            assert all(record(proofs[phase], name) is not None for name in stage.evidence), stage.id
            own = set(stage.seen_from)
            # A call that was followed is a client's, whoever asks for it.
            assert needs[stage.id] - own <= {Source.CLIENT}, stage.id


async def test_each_stage_rests_on_these_records(proofs: dict[str, Proof]) -> None:
    """Neither fewer than it needs nor more: as they were read and found right."""
    assert golden_evidence(proofs["before"]) == (FOLDER / EVIDENCE).read_text(encoding="utf-8")


@PHASES
async def test_a_proven_stage_needs_each_of_its_records(proofs: dict[str, Proof], phase: str) -> None:
    """Whichever record is taken away, the stage that named it is proven no more."""
    proof = proofs[phase]
    spared = [
        (stage.id, name)
        for stage in proof.stages
        if stage.result is Result.PROVEN
        for name in stage.evidence
        if without(proof, name).stage(stage.id).result is Result.PROVEN  # type: ignore[union-attr]
    ]
    assert spared == []


@PHASES
async def test_nothing_is_proven_by_absence(proofs: dict[str, Proof], phase: str) -> None:
    """Whatever is taken away, no stage is proven that was not, and none without any record at all."""
    proof = proofs[phase]
    names = evidence(proof)
    proven = {stage.id for stage in proof.stages if stage.result is Result.PROVEN}

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10_000), st.floats(0, 1))
    def judged_on_less(seed: int, share: float) -> None:
        chosen = random.Random(seed).sample(names, round(share * len(names)))  # noqa: S311 - no secret
        left = without(proof, *chosen)
        still = {stage.id for stage in left.stages if stage.result is Result.PROVEN}
        assert still <= proven
        assert all(stage.evidence for stage in left.stages if stage.result is not Result.NOT_PROVEN)

    judged_on_less()
    nothing = without(proof, *names)
    assert results(nothing, Result.NOT_PROVEN) == {stage.id for stage in proof.stages if stage.required}


@PHASES
async def test_each_stage_that_is_not_proven_says_why_and_what_would_help(proofs: dict[str, Proof], phase: str) -> None:
    """Of a proof with nothing in it, every stage names what it lacks, and a command or a key."""
    proof = proofs[phase]
    for stage in without(proof, *evidence(proof)).stages:
        assert (stage.result, stage.why_not[:1], bool(stage.measure)) == (Result.NOT_PROVEN, (stage.says,), True)
