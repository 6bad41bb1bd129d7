"""One read: which resource is asked what, and what its answer comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

WEB = "2025-05-01"
DNS = "2024-06-01"
NETWORK = "2026-03-01"
SERVICE = "2024-05-01"
STORAGE = "2026-09-01"
VAULT = "2024-11-01"
WORKSPACE = "2025-07-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A GET of one resource, or of a list below it.

    Attributes:
        kind: of the content that it brings, as `Reading.kind`.
        resource_id: as `Reading.resource_id`.
        name: tells reads of one kind apart within the ids of observations; empty = a target has only one.
        below: path after the resource's id.
        listed: the answer is a list, on several pages perhaps.
        content: what the answer comes to, of a list its items; raises ReadError.
    """

    kind: str
    resource_id: str
    name: str = ""
    below: str = ""
    version: str
    query: Mapping[str, str] | None = None
    listed: bool = False
    content: Callable[[Any], Any]

    @property
    def path(self) -> str:
        """Path and query of the request."""
        asked = {"api-version": self.version, **(self.query or {})}
        return (
            f"{self.resource_id.rstrip('/')}{self.below}?{'&'.join(f'{key}={value}' for key, value in asked.items())}"
        )

    @property
    def key(self) -> str:
        """The same for two questions that are one."""
        return self.path.lower()

    @property
    def what(self) -> str:
        """The end of the observation's id."""
        return f"{self.kind}/{self.name}" if self.name else self.kind
