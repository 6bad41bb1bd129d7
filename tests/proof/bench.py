"""Proofs of the lab's worlds, and proofs with something taken out of them."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from lab.credential import LabCredential
from lab.replica import Replica
from lab.replica import opened as opened_lab
from lab.scenarios.azure.world import WHOLE, opened
from lab.world import World
from probes.proof.document import dumps, loads
from probes.proof.following import Workspace
from probes.proof.judging import judged
from probes.proof.merge import Given
from probes.proof.records import FollowedCall, Look, Proof, Result
from probes.proof.run import prove
from probes.records import Vantage

OPEN = opened(WHOLE)
"""The whole path before its closure."""
CLOSED = WHOLE
SOON_S = 20.0


@dataclass(frozen=True)
class Bench:
    """A lab, and a proof of what it shows."""

    replica: Replica

    @property
    def workspace(self) -> Workspace:
        """Of the lab, as its engineer."""
        lab = self.replica.standing("test")
        return Workspace(
            workspace_id=lab.workspace_id,
            credential=lambda: LabCredential(None, lab.identity),
            endpoint=lab.log_analytics,
        )

    async def seen(self, vantage: Vantage, **options: Any) -> Proof:
        """A proof of what the lab shows, from one vantage."""
        path = replace(self.replica.path, vantage=vantage)
        return await prove(path, self.replica.surroundings, **options)

    async def proof(self, world: World, *merge: Given, client: Proof | None = None, **options: Any) -> Proof:
        """A proof of a world from client and probe, the client's sweep by way of a file; followed in the workspace."""
        await self.replica.become(world)
        there = client or await self.seen(Vantage.CLIENT)
        given = Given(file="client.json", proof=loads(dumps(there), source="client.json"))
        options = {"workspace": self.workspace, "wait_s": SOON_S, **options}
        return await self.seen(Vantage.PROBE, merge=(given, *merge), **options)

    async def outside(self, world: World) -> Given:
        """What a network outside sees of a world."""
        await self.replica.become(strange(world))
        return Given(file="outside.json", proof=await self.seen(Vantage.OUTSIDE))


def strange(world: World) -> World:
    """The world as a network sees it that has no private zone."""
    servers = {name: replace(server, zones=()) for name, server in world.name_servers.items()}
    return replace(world, name_servers=servers)


@asynccontextmanager
async def bench(world: World = OPEN, *, telemetry: bool = True) -> AsyncIterator[Bench]:
    """A lab that shows the world."""
    async with opened_lab(world, telemetry=telemetry) as replica:
        yield Bench(replica)


def results(proof: Proof, result: Result) -> set[str]:
    """Ids of the stages that came to this, and that the proof must have."""
    return {stage.id for stage in proof.stages if stage.required and stage.result is result}


def again(proof: Proof, **changes: Any) -> Proof:
    """The proof with something changed, its stages judged anew."""
    changed = replace(proof, **changes)
    return replace(changed, stages=judged(changed))


def evidence(proof: Proof) -> list[str]:
    """The name of every record in the proof."""
    names = [f"{look.name}:{record.id}" for look in proof.looks for record in look.sweep.observations]
    return [*names, *(name for call in proof.calls for name, _ in kept(call))]


def kept(call: FollowedCall) -> Iterator[tuple[str, object]]:
    """What the workspace has of a call, by the names that the proof gives it."""
    if call.trace is None:
        return
    for number, row in enumerate(call.trace.gateway, start=1):
        yield f"{call.look}:{call.target}/log/{number}", row
    numbers: dict[str, int] = {}
    for item in call.trace.items:
        numbers[item.hop] = numbers.get(item.hop, 0) + 1
        yield f"{call.look}:{call.target}/{item.hop}/{numbers[item.hop]}", item


def without(proof: Proof, *names: str) -> Proof:
    """The proof as if these records had never been written down."""
    gone = set(names)
    looks = tuple(_look(look, gone) for look in proof.looks)
    return again(proof, looks=looks, calls=tuple(_call(call, gone) for call in proof.calls))


def _look(look: Look, gone: set[str]) -> Look:
    left = tuple(record for record in look.sweep.observations if f"{look.name}:{record.id}" not in gone)
    return replace(look, sweep=replace(look.sweep, observations=left))


def _call(call: FollowedCall, gone: set[str]) -> FollowedCall:
    if call.trace is None:
        return call
    left = [record for name, record in kept(call) if name not in gone]
    rows = tuple(row for row in call.trace.gateway if any(row is each for each in left))
    items = tuple(item for item in call.trace.items if any(item is each for each in left))
    return replace(call, trace=replace(call.trace, gateway=rows, items=items))


def swapped(proof: Proof, look: str, observations: Sequence[Any]) -> Proof:
    """The proof with other observations in one of its sweeps, its stages judged anew."""
    looks = tuple(
        replace(each, sweep=replace(each.sweep, observations=tuple(observations))) if each.name == look else each
        for each in proof.looks
    )
    return again(proof, looks=looks)
