"""What every content of a read has in common."""

from dataclasses import dataclass
from typing import ClassVar


def same(one: str | None, other: str | None) -> bool:
    """Whether two resource ids are of one resource."""
    return one is not None and other is not None and one.rstrip("/").lower() == other.rstrip("/").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a resource says of itself. `kind` stands in the document and tells one record from another."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConnection:
    """A Private Endpoint as the resource behind it sees it.

    Attributes:
        id: of the connection itself, a child of the resource: what an approval names.
        status: `Approved`, `Pending`, `Rejected`, `Disconnected`.
        addresses: of the endpoint, empty where the answer does not say.
    """

    endpoint_id: str | None
    id: str | None = None
    status: str | None
    description: str | None
    addresses: tuple[str, ...]
    group_ids: tuple[str, ...]
