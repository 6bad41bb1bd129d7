"""Everything that a proof has seen, arranged the way its stages ask for it; nothing here decides anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from probes.failure import Failure
from probes.judge.scene import Answer, Scene, View
from probes.path import Path, Role, Target
from probes.proof.records import FollowedCall, Look, Missed, Origin, Phase, Proof, Source
from probes.records import (
    SYSTEM,
    Connection,
    Credential,
    Exchange,
    Handshake,
    Observation,
    Reading,
    Resolution,
    Vantage,
)
from probes.resources import Content, same

ORDER = (Origin.HERE, Origin.DIAGNOSE, Origin.MERGED)
"""Whose reads of Azure are taken, where several sweeps have some."""
SOURCES = {
    Vantage.CLIENT: Source.CLIENT,
    Vantage.PROBE: Source.PROBE,
    Vantage.GATEWAY: Source.GATEWAY,
    Vantage.OUTSIDE: Source.OUTSIDE,
}


@dataclass(frozen=True)
class Place:
    """One target as one sweep saw it.

    Attributes:
        view: of the attempt that counts.
    """

    look: Look
    view: View

    @property
    def target(self) -> Target:
        """What should be."""
        return self.view.target

    @property
    def source(self) -> Source:
        """Where it was seen from."""
        return SOURCES[self.look.vantage]

    def ids(self, records: Sequence[Observation]) -> tuple[str, ...]:
        """The records by their names in the proof."""
        return tuple(evidence(self.look, record) for record in records)

    def answer_ids(self, answer: Answer) -> tuple[str, ...]:
        """The questions that brought addresses, else all."""
        return tuple(f"{self.look.name}:{name}" for name in answer.ids)

    @cached_property
    def system(self) -> Resolution | None:
        """What an application gets here, hosts file included."""
        return next((record for record in self.view.of(Resolution) if record.resolver == SYSTEM), None)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Where an application would go: what its resolver gives, or the address in the URL."""
        if self.target.literal is not None:
            return (str(self.target.literal),)
        return () if self.system is None else tuple(each.address for each in self.system.addresses)

    def connections(self, address: str) -> list[Connection]:
        """To an address, in the attempt that counts."""
        return [record for record in self.view.of(Connection) if record.address == address]

    def handshakes(self, address: str) -> list[Handshake]:
        """With what stands at an address."""
        return [record for record in self.view.of(Handshake) if record.address == address]

    def exchanges(self, address: str, credential: Credential) -> list[Exchange]:
        """Requests with a credential to an address."""
        found = (record for record in self.view.of(Exchange) if record.address == address)
        return [record for record in found if record.credential is credential]


@dataclass(frozen=True)
class Read:
    """A read of Azure that brought something, or a refusal, or nothing at all."""

    look: Look
    record: Reading

    @property
    def id(self) -> str:
        """Its name in the proof."""
        return evidence(self.look, self.record)


@dataclass(frozen=True)
class Seen:
    """What the stages look at."""

    path: Path
    phase: Phase
    looks: tuple[Look, ...]
    calls: tuple[FollowedCall, ...]
    missed: tuple[Missed, ...]

    @classmethod
    def by(cls, proof: Proof) -> "Seen":
        """What a proof has seen."""
        return cls(proof.path, proof.phase, proof.looks, proof.calls, proof.missed)

    def from_vantage(self, *vantages: Vantage) -> tuple[Look, ...]:
        """The sweeps from there."""
        return tuple(look for look in self.looks if look.vantage in vantages)

    def targets(self, *roles: Role) -> tuple[Target, ...]:
        """Of these roles on the path."""
        return tuple(target for target in self.path.targets if target.role in roles)

    def places(self, look: Look, *roles: Role) -> Iterator[Place]:
        """Every target of these roles as a sweep saw it, be it not at all."""
        return (Place(look, view) for view in self._scenes[look.name].having(*roles))

    def told_by_gateway(self, target: Target) -> tuple[tuple[Look, Exchange], ...]:
        """What API Management told of its own calls of a target, oldest first."""
        return tuple(
            (look, record)
            for look in self.looks
            for record in look.sweep.observations
            if isinstance(record, Exchange) and record.vantage is Vantage.GATEWAY and record.target == target.name
        )

    def read[C: Content](self, kind: type[C], resource: str | None) -> Read | None:
        """The read of that kind of a resource, or of what lies below it, by the sweep whose reads are taken."""
        return None if self.reader is None else self.read_by(self.reader, kind, resource)

    def read_by[C: Content](self, look: Look, kind: type[C], resource: str | None) -> Read | None:
        """The same by one sweep."""
        return None if resource is None else next(self._reads(look, kind, resource), None)

    def every_read[C: Content](self, kind: type[C], resource: str | None) -> tuple[Read, ...]:
        """The same by whichever sweep: what any of them has seen counts against a stage."""
        if resource is None:
            return ()
        return tuple(read for look in self.looks for read in self._reads(look, kind, resource))

    @cached_property
    def reader(self) -> Look | None:
        """The sweep whose reads of Azure are taken: the first that was refused none, else the first that has any."""
        ordered = sorted(self.looks, key=lambda look: ORDER.index(look.origin))
        having = [
            (look, [record for record in look.sweep.observations if isinstance(record, Reading)]) for look in ordered
        ]
        some = [(look, records) for look, records in having if any(record.failure is None for record in records)]
        whole = (look for look, records in some if all(record.failure is not Failure.DENIED for record in records))
        return next(whole, some[0][0] if some else next((look for look, records in having if records), None))

    def _reads[C: Content](self, look: Look, kind: type[C], resource: str) -> Iterator[Read]:
        for record in look.sweep.observations:
            if isinstance(record, Reading) and record.kind == kind.kind and within(record.resource_id, resource):
                yield Read(look, record)

    @cached_property
    def _scenes(self) -> dict[str, Scene]:
        return {look.name: scene(look) for look in self.looks}


def scene(look: Look) -> Scene:
    """The observations of one sweep, arranged as the judge has them; of every target, seen or not."""
    sweep = look.sweep
    names = frozenset(target.name for target in sweep.path.targets)
    return Scene(sweep.path, sweep.observations, sweep.started_at, names)


def evidence(look: Look, record: Observation) -> str:
    """The name of a record in the proof."""
    return f"{look.name}:{record.id}"


def within(resource_id: str, resource: str) -> bool:
    """Whether an id is the resource's own, or of something below it."""
    return same(resource_id, resource) or resource_id.lower().startswith(f"{resource.rstrip('/').lower()}/")
