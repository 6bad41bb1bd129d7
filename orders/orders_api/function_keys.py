"""Function keys: a shared secret in the header `x-functions-key`.

The keys are the app's own, from its settings, and not those that the Functions host keeps: the host compares its keys
without regard to case and takes them from the query as well. Here a `?code=` in the URL is nothing: URLs end in logs.

The host looks at the header all the same, on an anonymous route too. While the storage of its own keys is down, each
call with a key that it has not seen waits there for half a minute and fails: a caller of a private path that must
outlive storage uses a token.
"""

import hashlib
import hmac
from collections.abc import Mapping

from orders_api.caller import Caller
from orders_api.problem import Problem, Reason
from orders_api.settings import FunctionKeySettings

HEADER = "x-functions-key"
SUBJECT_DIGITS = 8
"""Of the key's digest: enough to tell keys apart in a log, too few to search for the key with."""


class FunctionKeys:
    """Checks function keys."""

    missing = Reason.KEY_MISSING

    def __init__(self, settings: FunctionKeySettings) -> None:
        self._settings = settings

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """The key, empty where the header is; two headers arrive joined with a comma, which is in no key."""
        return headers.get(HEADER)

    async def admit(self, key: str) -> Caller:
        """The holder of a key, named by the key's digest."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        # Every key is compared, and none of them takes longer for being nearly right.
        matches = [hmac.compare_digest(digest, known) for known in self._settings.digests]
        if not any(matches):
            raise Problem(Reason.KEY_REFUSED)
        return Caller(subject=f"key:{digest.hex()[:SUBJECT_DIGITS]}", roles=self._settings.roles)
