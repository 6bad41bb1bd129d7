"""Proofs that pages are made of: made in the lab, and what the lab cannot show at once written by hand."""

from dataclasses import replace
from datetime import timedelta

from lab.replica import Replica
from probes.failure import Failure
from probes.proof.merge import Given
from probes.proof.records import Asked, FollowedCall, Missed, Phase, Proof, Result, Source, StageResult
from probes.proof.run import prove
from probes.records import Vantage
from probes.trace.records import GatewayCall, Hop, Item, Trace
from tests.page.examples import HOSTILE, poisoned
from tests.sweeps import STARTED_AT


async def made(lab: Replica) -> Proof:
    """Of the lab as it stands, seen by the probe and, with its file, by a client."""
    asked = Asked(path_file="orders.toml")
    probe = await prove(lab.path, lab.surroundings, asked=asked)
    client = replace(lab.path, vantage=Vantage.CLIENT)
    return await prove(client, lab.surroundings, asked=asked, merge=[Given(file="probe.json", proof=probe)])


def complete(proof: Proof) -> Proof:
    """The same with a call that was followed to its end, and nothing lacking."""
    look = proof.looks[0]
    call = FollowedCall(
        look=look.name,
        target="gateway",
        request="gateway/1/request/10.80.10.4/none",
        correlation_id=look.sweep.sweep_id,
        asked_at=STARTED_AT,
        failure=None,
        detail=None,
        trace=trace(look.sweep.sweep_id),
    )
    kept = tuple(f"{look.name}:gateway/{what}" for what in ("log/1", "request/1", "log/99"))
    stages = tuple(_proven(stage, kept) for stage in proof.stages)
    return replace(proof, calls=(call,), stages=stages, phase=Phase.AFTER_CLOSURE, missed=())


def trace(correlation_id: str) -> Trace:
    """A row of the gateway's log, and the request that it led to."""
    row = GatewayCall(
        at=STARTED_AT, method="GET", url="https://api.internal.example.com/orders/health", status=200,
        duration_ms=14.0, backend_url="https://func-orders-prod.azurewebsites.net/api/orders", backend_status=200,
        backend_ms=12.0, error_source=None, error_reason=None, error_message=None, error_section=None,
    )  # fmt: skip
    request = Item(
        hop=Hop.REQUEST, at=STARTED_AT + timedelta(milliseconds=2), role="func-orders-prod", name="GET /api/orders",
        target=None, code="200", success=True, duration_ms=9.5, operation_id="0" * 32, span_id="1" * 16,
        parent_id=None, carries_id=True, properties={"correlation.id": correlation_id},
    )  # fmt: skip
    return Trace(
        correlation_id=correlation_id, gateway=(row,), items=(request,), searched_s=3600.0, partial=False, gaps=()
    )


def hostile(proof: Proof) -> Proof:
    """Whatever a file of somebody else's can say."""
    plain = complete(proof)
    missed = Missed(source=Source.WORKSPACE, failure=Failure.DENIED, detail=HOSTILE)
    silent = replace(plain.calls[0], trace=None, failure=Failure.DENIED, detail=HOSTILE)
    stages = [
        replace(
            poisoned(stage, number),
            evidence=(*stage.evidence, HOSTILE),
            measure=(f"probes {HOSTILE}", HOSTILE),
            result=list(Result)[number % 3],
            causes=(HOSTILE,),
        )
        for number, stage in enumerate(plain.stages)
    ]
    looks = tuple(replace(look, file=HOSTILE) for look in plain.looks)
    calls = (replace(poisoned(plain.calls[0], 0), look=looks[0].name, target="gateway"), silent)
    return replace(plain, missed=(missed,), stages=tuple(stages), looks=looks, calls=calls, agent_version=HOSTILE)


def _proven(stage: StageResult, evidence: tuple[str, ...]) -> StageResult:
    return replace(
        stage,
        result=Result.PROVEN,
        evidence=stage.evidence or evidence,
        says="Shown.",
        why_not=(),
        causes=(),
        measure=(),
    )
