"""One resource as Azure Resource Manager keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource.

    Attributes:
        id: in Azure's spelling.
        body: what GET answers; a list where the answer is none of `value` and `nextLink`.
        listed: it stands in the list of its type; one that only GET by name finds does not.
    """

    id: str
    body: Document | Sequence[Document]
    listed: bool = True


def resource(
    id_: str, kind: str, properties: Document, /, *, location: str | None = None, listed: bool = True, **more: Any
) -> Resource:
    """A resource with what every one has: id, name, type."""
    place = {} if location is None else {"location": location}
    body = {"id": id_, "name": id_.rpartition("/")[2], "type": kind, **place, **more, "properties": dict(properties)}
    return Resource(id=id_, body=body, listed=listed)
