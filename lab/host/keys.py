"""The keys of a Functions app, and what each of them opens."""

import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from hmac import compare_digest


class Access(IntEnum):
    """What a caller may do, and what a function asks for (`authLevel`)."""

    ANONYMOUS = 0
    FUNCTION = 1
    ADMIN = 2


def _new_key() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of one app; new ones unless given, and an empty one opens nothing.

    Attributes:
        function: opens every function of level FUNCTION (in Azure each function has one of its own).
        host: the same.
        master: opens everything.
    """

    function: str = field(default_factory=_new_key, repr=False)
    host: str = field(default_factory=_new_key, repr=False)
    master: str = field(default_factory=_new_key, repr=False)

    def access(self, offered: str) -> Access:
        """What a key opens. Letter case does not count, as on the real host: never tell keys apart by it."""
        matches = [_same(offered, key) for key in (self.master, self.host, self.function)]
        if matches[0]:
            return Access.ADMIN
        return Access.FUNCTION if any(matches) else Access.ANONYMOUS


def _same(offered: str, key: str) -> bool:
    return compare_digest(offered.lower().encode(), key.lower().encode()) and key != ""
