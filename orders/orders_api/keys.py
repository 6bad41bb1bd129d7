"""The tenant's signing keys (RFC 7517), fetched when needed and kept for a while.

Nobody can make the app ask for them often: an unknown key id has them fetched again at once, but only once a minute,
and only so many calls wait for it. While they cannot be had, keys that are known go on for the rest of their day, and
any other token is neither good nor bad: the caller is told to come back.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

import httpx
from jwt import PyJWK, PyJWTError
from opentelemetry import trace

from orders_api import correlation

ALGORITHM = "RS256"
SHORTEST_KEY_BITS = 2048
LARGEST_DOCUMENT = 262_144
"""Bytes; the set of a tenant takes less than a tenth of it."""
REFRESHED_AFTER_S = 12 * 3600
TRUSTED_FOR_S = 24 * 3600
"""A key that the tenant withdrew is refused after this long at the latest, whatever happens."""
UNKNOWN_KEY_PAUSE_S = 60
RETRY_PAUSE_S = 10
FETCH_TIMEOUT_S = 3
MOST_WAITING = 50
"""Calls that wait for a fetch; half of what host.json lets run at once, so the other half is left to known keys."""

logger = logging.getLogger(__name__)
tracer = trace.get_tracer("orders_api")


class KeysUnavailable(Exception):  # noqa: N818 - a state of the world rather than an error of this program
    """Whether the tenant has this key cannot be said just now."""


class KeySet:
    """The keys of one tenant at one URL, by key id.

    Args:
        url: of the JWK set.
        tenant_id: of the tenant.
        issuers: of its tokens; a key that names another issuer is not one for them.
        clock: monotonic, in seconds.
    """

    def __init__(
        self, url: str, *, tenant_id: str, issuers: frozenset[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._tenant_id = tenant_id
        self._issuers = issuers
        self._clock = clock
        self._lock = asyncio.Lock()
        self._waiting = 0
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
        if not (key and self._age_s() < TRUSTED_FOR_S and self._waiting):
            await self._refresh(key_id)
        if self._age_s() >= TRUSTED_FOR_S:
            raise KeysUnavailable
        key = self._keys.get(key_id)
        if key is None and self._failed_at is not None:
            raise KeysUnavailable
        return key

    async def _refresh(self, key_id: str) -> None:
        # Without any key there is no caller to keep a place for, and all of a cold start's must wait.
        if self._keys and self._waiting >= MOST_WAITING:
            raise KeysUnavailable
        self._waiting += 1
        try:
            async with self._lock:
                if self._is_due(key_id):
                    await self._load()
        finally:
            self._waiting -= 1

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
            document = json.loads(await self._fetch())
            self._keys = signing_keys(document, tenant_id=self._tenant_id, issuers=self._issuers)
        # OSError: the CA bundle cannot be read. InvalidURL and RecursionError are neither of the other kinds.
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
            self._failed_at = self._clock()
            logger.warning("The signing keys could not be fetched: %s", type(error).__name__)
        else:
            self._loaded_at, self._failed_at = self._clock(), None

    async def _fetch(self) -> bytes:
        """The document, from this URL and from nowhere that it points to; told as a dependency of the call."""
        # A client of its own: this happens twice a day, and a connection kept that long is dead when it is needed.
        verify = await asyncio.to_thread(httpx.create_ssl_context)  # reads the CA bundle from disk
        url = httpx.URL(self._url)
        attributes: dict[str, str | int] = {
            "http.request.method": "GET",
            "url.full": self._url,
            "server.address": url.host,
            "server.port": url.port or (443 if url.scheme == "https" else 80),
        }
        with tracer.start_as_current_span("GET", kind=trace.SpanKind.CLIENT, attributes=attributes) as span:
            async with (
                asyncio.timeout(FETCH_TIMEOUT_S),
                httpx.AsyncClient(verify=verify, follow_redirects=False) as client,
                # Unpacked, a small answer could be of any size.
                client.stream(
                    "GET", url, headers={"Accept-Encoding": "identity", **correlation.outgoing()}
                ) as response,
            ):
                span.set_attribute("http.response.status_code", response.status_code)
                return await _document(response)


async def _document(response: httpx.Response) -> bytes:
    response.raise_for_status()
    document = bytearray()
    async for chunk in response.aiter_raw():
        document += chunk
        if len(document) > LARGEST_DOCUMENT:
            raise ValueError("the document is larger than a key set can be")
    return bytes(document)


def signing_keys(document: Any, *, tenant_id: str, issuers: frozenset[str]) -> Mapping[str, PyJWK]:
    """The RSA keys in a JWK set for signatures of these issuers.

    Entries of other kinds are passed over, as RFC 7517 section 5 asks. So are two different keys of one id: which of
    them the tenant means cannot be said.

    Raises:
        ValueError: the document has no such key.
    """
    keys: dict[str, PyJWK] = {}
    ambiguous = set()
    for entry in _entries(document):
        # Entra names an issuer beside each key; documents for several tenants have a placeholder in it.
        issuer = str(entry.get("issuer", "")).replace("{tenantid}", tenant_id)
        if "issuer" in entry and issuer not in issuers:
            continue
        key_id, key = entry.get("kid"), _public_key(entry)
        if not isinstance(key_id, str) or key is None:
            continue
        if key_id in keys and keys[key_id].key != key.key:
            ambiguous.add(key_id)
        keys[key_id] = key
    if not keys.keys() - ambiguous:
        raise ValueError("the document holds no RSA signing key")
    return {key_id: key for key_id, key in keys.items() if key_id not in ambiguous}


def _entries(document: Any) -> Iterable[dict[str, Any]]:
    entries = document.get("keys") if isinstance(document, dict) else None
    return (entry for entry in (entries if isinstance(entries, list) else ()) if isinstance(entry, dict))


def _public_key(entry: Mapping[str, Any]) -> PyJWK | None:
    """The key of an entry, None = it is none to check a signature of this kind with."""
    if entry.get("use", "sig") != "sig" or entry.get("alg", ALGORITHM) != ALGORITHM:
        return None
    try:
        # Only what makes it a public key: with `d` in it, PyJWT would make a private one, which checks nothing.
        key = PyJWK({name: entry[name] for name in ("kty", "n", "e")}, ALGORITHM)
    except (PyJWTError, KeyError):
        return None
    return key if key.key.key_size >= SHORTEST_KEY_BITS else None
