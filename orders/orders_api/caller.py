"""Who calls, the same for every kind of credential."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The app roles of this API."""

    READ = "Orders.Read"
    WRITE = "Orders.Write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An application that showed a good credential.

    Attributes:
        subject: stable name of it for logs and for the orders it makes, led by the kind of its credential; no secret.
        roles: what it may do.
    """

    subject: str
    roles: frozenset[str]
