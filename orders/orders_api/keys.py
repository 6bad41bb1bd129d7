"""The tenant's signing keys (RFC 7517), fetched when needed and kept for a while.

Nobody can make the app ask for them often: an unknown key id has them fetched again at once, but only once a minute.
While they cannot be had, keys that are known go on for the rest of their day, and any other token is neither good nor
bad: the caller is told to come back.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import httpx
from jwt import PyJWK, PyJWTError

REFRESHED_AFTER_S = 12 * 3600
TRUSTED_FOR_S = 24 * 3600
"""A key that the tenant withdrew is refused after this long at the latest, whatever happens."""
UNKNOWN_KEY_PAUSE_S = 60
RETRY_PAUSE_S = 10
FETCH_TIMEOUT_S = 3

logger = logging.getLogger(__name__)


class KeysUnavailable(Exception):  # noqa: N818 - a state of the world rather than an error of this program
    """Whether the tenant has this key cannot be said just now."""


class KeySet:
    """The keys at one URL, by key id. `clock` is monotonic, in seconds."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, PyJWK] = {}
        self._loaded_at = -inf
        self._failed_at: float | None = None
        self._searched_at = -inf

    async def find(self, key_id: str) -> PyJWK | None:
        """The key, or None where the tenant publishes no such key.

        Raises:
            KeysUnavailable: the keys cannot be fetched, and what is known does not answer the question.
        """
        key = self._keys.get(key_id)
        if key and self._age_s() < REFRESHED_AFTER_S:
            return key
        # A known key need not wait for the fetch that another call has begun.
        if not (key and self._age_s() < TRUSTED_FOR_S and self._lock.locked()):
            async with self._lock:
                if self._is_due(key_id):
                    await self._load()
        if self._age_s() >= TRUSTED_FOR_S:
            raise KeysUnavailable
        key = self._keys.get(key_id)
        if key is None and self._failed_at is not None:
            raise KeysUnavailable
        return key

    def _age_s(self) -> float:
        return self._clock() - self._loaded_at

    def _is_due(self, key_id: str) -> bool:
        """Whether to fetch now; asked with the lock held, as another call may just have done it."""
        now = self._clock()
        if self._failed_at is not None:
            return now - self._failed_at >= RETRY_PAUSE_S
        if self._age_s() >= REFRESHED_AFTER_S:
            return True
        if key_id in self._keys or now - self._searched_at < UNKNOWN_KEY_PAUSE_S:
            return False
        self._searched_at = now
        return True

    async def _load(self) -> None:
        try:
            self._keys = await self._fetch()
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            self._failed_at = self._clock()
            logger.warning("The signing keys could not be fetched: %s", type(error).__name__)
        else:
            self._loaded_at, self._failed_at = self._clock(), None

    async def _fetch(self) -> Mapping[str, PyJWK]:
        # A client of its own: this happens twice a day, and a connection kept that long is dead when it is needed.
        verify = await asyncio.to_thread(httpx.create_ssl_context)  # reads the CA bundle from disk
        async with asyncio.timeout(FETCH_TIMEOUT_S), httpx.AsyncClient(verify=verify) as client:
            response = await client.get(self._url)
            response.raise_for_status()
        return signing_keys(response.json())


def signing_keys(document: Any) -> Mapping[str, PyJWK]:
    """The RSA keys for signatures in a JWK set; entries of other kinds are passed over, as RFC 7517 section 5 asks.

    Raises:
        ValueError: the document has no such key.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    keys = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig":
            try:
                keys[str(entry["kid"])] = PyJWK(entry, "RS256")
            except (PyJWTError, KeyError):
                continue
    if not keys:
        raise ValueError("the document holds no RSA signing key")
    return keys
