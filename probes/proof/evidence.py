"""The record behind an evidence id."""

from probes.proof.records import FollowedCall, Look, Proof
from probes.records import Observation
from probes.trace.records import GatewayCall, Hop, Item

LOG = "log"

type Record = Observation | GatewayCall | Item


def record(proof: Proof, name: str) -> Record | None:
    """What an evidence id names, `None` where it names nothing in this proof."""
    where, _, rest = name.partition(":")
    look = proof.look(where)
    if look is None:
        return None
    found = next((each for each in look.sweep.observations if each.id == rest), None)
    return found or _kept(proof, look, rest)


def _kept(proof: Proof, look: Look, rest: str) -> GatewayCall | Item | None:
    """A record that the workspace has of a call: `gateway/log/1`, `gateway/request/1`."""
    target, _, what = rest.partition("/")
    kind, _, number = what.partition("/")
    call = next((each for each in proof.calls if (each.look, each.target) == (look.name, target)), None)
    if call is None or not number.isdigit():
        return None
    records = _of(call, kind)
    return records[int(number) - 1] if 0 < int(number) <= len(records) else None


def _of(call: FollowedCall, kind: str) -> tuple[GatewayCall | Item, ...]:
    if call.trace is None:
        return ()
    if kind == LOG:
        return call.trace.gateway
    return tuple(item for item in call.trace.items if item.hop.value == kind and kind in Hop)
