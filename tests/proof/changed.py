"""A whole proof with one record changed, its stages judged anew."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from probes.proof.records import FollowedCall, Proof, StageResult
from probes.records import Observation, Reading
from probes.trace.records import GatewayCall, Hop, Item, Trace
from tests.proof.bench import again, swapped


def stage(proof: Proof, name: str) -> StageResult:
    """What the stage came to."""
    found = proof.stage(name)
    assert found is not None
    return found


def with_row(proof: Proof, **changes: Any) -> Proof:
    """The proof with a change in the gateway's row."""
    return with_trace(proof, lambda trace: replace(trace, gateway=tuple(row(each, changes) for each in trace.gateway)))


def row(call: GatewayCall, changes: dict[str, Any]) -> GatewayCall:
    """A row, changed."""
    return replace(call, **changes)


def with_request(proof: Proof, **changes: Any) -> Proof:
    """The proof with a change in the backend's request record."""

    def changed(item: Item) -> Item:
        return replace(item, **changes) if item.hop is Hop.REQUEST else item

    return with_trace(proof, lambda trace: replace(trace, items=tuple(map(changed, trace.items))))


def with_trace(proof: Proof, change: Callable[[Trace], Trace]) -> Proof:
    """The proof with another trace of its call."""

    def changed(call: FollowedCall) -> FollowedCall:
        assert call.trace is not None
        return replace(call, trace=change(call.trace))

    return again(proof, calls=tuple(map(changed, proof.calls)))


def with_reading(proof: Proof, kind: type[Any], **changes: Any) -> Proof:
    """The proof whose own sweep has read something else of each resource of a kind."""

    def changed(record: Observation) -> Observation:
        if isinstance(record, Reading) and isinstance(record.content, kind):
            return replace(record, content=replace(record.content, **changes))
        return record

    look = proof.looks[0]
    return swapped(proof, look.name, [changed(record) for record in look.sweep.observations])


def with_record(proof: Proof, name: str, **changes: Any) -> Proof:
    """The proof with a change in the record of that evidence id."""
    where, _, rest = name.partition(":")
    look = proof.look(where)
    assert look is not None
    assert any(record.id == rest for record in look.sweep.observations), name
    return swapped(
        proof,
        where,
        [replace(record, **changes) if record.id == rest else record for record in look.sweep.observations],
    )


def reading_of(proof: Proof, kind: str) -> str:
    """The evidence id of the proof's own read of a kind, the first one."""
    look = proof.looks[0]
    records = (record for record in look.sweep.observations if isinstance(record, Reading))
    return next(f"{look.name}:{record.id}" for record in records if record.kind == kind)
