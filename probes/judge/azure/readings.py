"""The readings of a sweep by resource and kind: a content, the knowledge that there is none, or nothing at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from probes.failure import Failure
from probes.records import Reading, Vantage
from probes.resources import Content

OTHER_APP = "/slots/"
"""What stands below a site and is another app: its settings are not those of the site."""


@dataclass(frozen=True, slots=True)
class Found[C: Content]:
    """What is known of one resource.

    Attributes:
        content: `None` where there is no such resource, or where it was not read.
        missing: Azure was asked, and has none.
        ids: of the readings that say so, evidence.
    """

    content: C | None = None
    missing: bool = False
    ids: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether Azure has said anything: that there is one, or none."""
        return self.content is not None or self.missing


@dataclass(frozen=True)
class Readings:
    """Every reading of a sweep, whichever target it was made for."""

    every: tuple[Reading, ...]

    @cached_property
    def _by_kind(self) -> dict[str, dict[str, Reading]]:
        """The last word on each resource; an attempt that brought none does not undo an earlier one that did."""
        found: dict[str, dict[str, Reading]] = {}
        for reading in self.every:
            mine = found.setdefault(reading.kind, {})
            key = normal(reading.resource_id)
            if reading.vantage is Vantage.GATEWAY:
                key = f"{key}/{reading.id}"  # each of its tests is of another destination
            if key not in mine or decisive(reading) or not decisive(mine[key]):
                mine[key] = reading
        return found

    def of[C: Content](self, kind: type[C], resource_id: str | None) -> Found[C]:
        """What is known of a resource, or of the one of that kind that stands directly below it."""
        reading = self._reading(kind.kind, resource_id)
        if reading is None:
            return Found()
        content = reading.content if isinstance(reading.content, kind) else None
        return Found(content, missing=reading.failure is Failure.NOT_FOUND, ids=(reading.id,))

    def every_of[C: Content](self, kind: type[C]) -> Iterator[tuple[Reading, C]]:
        """Every resource of a kind that was read, with its content."""
        for reading in self._by_kind.get(kind.kind, {}).values():
            if isinstance(reading.content, kind):
                yield reading, reading.content

    def attempts(self, kind: type[Content]) -> tuple[Reading, ...]:
        """The last word on every resource of a kind that was asked for, be it none."""
        return tuple(self._by_kind.get(kind.kind, {}).values())

    @cached_property
    def last(self) -> tuple[Reading, ...]:
        """The last word on every resource."""
        return tuple(reading for mine in self._by_kind.values() for reading in mine.values())

    def _reading(self, kind: str, resource_id: str | None) -> Reading | None:
        mine = self._by_kind.get(kind)
        if not mine or resource_id is None:
            return None
        key = normal(resource_id)
        if key in mine:
            return mine[key]
        return next((reading for name, reading in mine.items() if below(name, key)), None)


def below(name: str, key: str) -> bool:
    """Whether an id is of something that belongs to the resource of another id, and is no app of its own."""
    return name.startswith(f"{key}/") and not name[len(key) :].startswith(OTHER_APP)


def decisive(reading: Reading) -> bool:
    """Whether Azure has answered: with a content, or that there is none."""
    return reading.content is not None or reading.failure is Failure.NOT_FOUND


def normal(resource_id: str) -> str:
    """The id as it is compared: Azure's are not case-sensitive."""
    return resource_id.rstrip("/").lower()


def segment(resource_id: str | None, kind: str) -> str | None:
    """The value after `kind` in a resource id, in its own spelling."""
    parts = (resource_id or "").split("/")
    lower = [part.lower() for part in parts]
    place = lower.index(kind.lower()) if kind.lower() in lower else -1
    return parts[place + 1] or None if 0 <= place < len(parts) - 1 else None


def resource_name(resource_id: str | None) -> str | None:
    """The last word of a resource id: the resource's own name."""
    return (resource_id or "").rstrip("/").rpartition("/")[2] or None


def parent(resource_id: str | None, kind: str) -> str | None:
    """The id up to and with the value after `kind`: of a subnet's network, for instance."""
    parts = (resource_id or "").split("/")
    lower = [part.lower() for part in parts]
    place = lower.index(kind.lower()) if kind.lower() in lower else -1
    return "/".join(parts[: place + 2]) if 0 <= place < len(parts) - 1 else None


def listed(words: Sequence[str]) -> str:
    """Words as a sentence has them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
