"""A call to one of Azure's APIs: a token, patience with throttling, one deadline, and errors of the closed list.

httpx and azure-identity, no management SDK: an SDK for every service costs more at a cold start than the whole probe.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import httpx

from probes import __version__
from probes.azure.answer import Answer, ReadError, answer, legible, retry_after_s, transport_failure
from probes.azure.urls import bare_url
from probes.failure import Failure
from probes.observe.surroundings import TokenSource, in_thread
from probes.observe.token import scope, token_failure

PATIENCE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""Statuses that ask to come back, with or without a Retry-After (RFC 9110 section 10.2.3)."""
FIRST_PAUSE_S = 1.0
SHORTEST_PAUSE_S = 0.1
"""Also where an answer asks to come back in 0 seconds, or at a time that has passed."""
LARGEST_ANSWER_BYTES = 128 * 1024 * 1024
"""Log Analytics sends up to 100 MB (https://learn.microsoft.com/azure/azure-monitor/service-limits)."""
LONGEST_URL = 8_192
PORTS = {"https": 443, "http": 80}
LOOPBACK = frozenset({"127.0.0.1", "::1"})


async def together[T](*reads: Coroutine[Any, Any, T]) -> list[T]:
    """The results of reads made at the same time, in their order; the first that fails ends the others.

    Raises:
        ReadError: of the first that failed.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read) for read in reads]
    except* ReadError as failed:
        first = next(error for error in failed.exceptions if isinstance(error, ReadError))
    else:
        return [task.result() for task in tasks]
    raise first


logging.getLogger("httpx").setLevel(logging.WARNING)
"""At INFO it writes a line for every request, and the Functions host keeps every line."""


@dataclass(slots=True, kw_only=True)
class Rest:
    """Calls to one API, sharing a client and a token; use it as an asynchronous context.

    Attributes:
        endpoint: base URL: https, or http on loopback.
        audience: resource that the token is for.
        deadline_s: of one call with all its retries.
        largest_bytes: of an answer, decoded.
    """

    endpoint: str
    audience: str
    credential: Callable[[], TokenSource]
    deadline_s: float
    largest_bytes: int = LARGEST_ANSWER_BYTES
    _client: httpx.AsyncClient = field(init=False, repr=False)
    _access: str | None = field(init=False, default=None, repr=False)
    _asking: asyncio.Lock = field(init=False, default_factory=asyncio.Lock, repr=False)

    async def __aenter__(self) -> Self:
        """Open the client; a proxy of this machine is used for Azure, and not for what stands on loopback.

        Raises:
            ValueError: a token would go over the network in the clear, or nowhere.
        """
        parts = urlsplit(self.endpoint)
        here = parts.hostname in LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise ValueError(f"endpoint {self.endpoint}; allowed: an https URL, or http on loopback")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if parts.scheme == "http" else await asyncio.to_thread(trust)
        self._client = httpx.AsyncClient(
            base_url=self.endpoint,
            verify=context,
            trust_env=not here,
            headers={"User-Agent": f"private-path-probe/{__version__}"},
            timeout=self.deadline_s,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the client."""
        await self._client.aclose()

    async def call(self, method: str, path: str, *, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON of a 2xx answer; redirects are not followed, so that the token stays where it belongs.

        Raises:
            ReadError: there is none within the deadline.
        """
        found = await self.ask(method, path, body=body)
        return found.document

    async def ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, within_s: float | None = None
    ) -> Answer:
        """A 2xx answer, with what it says beside its JSON; `within_s` takes the deadline's place. Raises as `call`."""
        within_s = self.deadline_s if within_s is None else within_s
        ends_s = asyncio.get_running_loop().time() + within_s
        try:
            async with asyncio.timeout_at(ends_s):
                token = await self.token()
                return await self._patiently(method, path, body, token, ends_s)
        except TimeoutError:
            raise ReadError(Failure.TIMEOUT, f"no answer within {within_s:.3g} s") from None

    async def token(self) -> str:
        """Asked for once: calls at the same time wait for one token, and none of them lasts as long as it does.

        Raises:
            ReadError: there is none.
        """
        async with self._asking:
            if self._access is None:
                try:
                    access = await in_thread(lambda: self.credential().get_token(scope(self.audience)))
                except Exception as error:
                    raise ReadError(*token_failure(error)) from error
                if not access.token or not (access.token.isascii() and access.token.isprintable()):
                    raise ReadError(Failure.TOKEN_UNAVAILABLE, "what came as a token cannot be sent")
                self._access = access.token
            return self._access

    def path_here(self, url: str) -> str:
        """Path and query of a URL that an answer names, where it leads to this API: a token must not leave it.

        Raises:
            ReadError: it leads somewhere else.
        """
        try:
            parts = urlsplit(url)
            here = origin(parts) == origin(urlsplit(self.endpoint)) and parts.username is None
        except ValueError:
            here = False
        if not here or not parts.path.startswith("/") or parts.path.startswith("//") or not sendable(url):
            raise ReadError(Failure.MALFORMED_RESPONSE, legible(f"the answer leads to another place: {bare_url(url)}"))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    async def _patiently(
        self, method: str, path: str, body: Mapping[str, Any] | None, token: str, ends_s: float
    ) -> Answer:
        """Ask again for as long as the API says so, and the deadline lets it."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                response = await self._sent(method, path, body, token)
            except httpx.HTTPError as error:
                # Not chained: the HTTP library's words on a header that cannot be sent hold the token.
                raise ReadError(*transport_failure(error)) from None
            asked_s = retry_after_s(response)
            wait_s = pause_s if asked_s is None else max(asked_s, SHORTEST_PAUSE_S)
            if response.status_code not in PATIENCE or wait_s >= ends_s - asyncio.get_running_loop().time():
                return answer(response, token)
            await asyncio.sleep(wait_s)
            pause_s *= 2

    async def _sent(self, method: str, path: str, body: Mapping[str, Any] | None, token: str) -> httpx.Response:
        """The response with its body, as long as that is no longer than any real one."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self._client.stream(method, path, json=body, headers=headers) as response:
            read = bytearray()
            async for part in response.aiter_bytes():
                read += part
                if len(read) > self.largest_bytes:
                    why = f"the answer is longer than {self.largest_bytes} bytes"
                    raise ReadError(Failure.MALFORMED_RESPONSE, why, status=response.status_code)
        # As httpx builds it, but from what is decoded already.
        plain = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(
            response.status_code,
            headers=plain,
            content=bytes(read),
            extensions={key: value for key, value in response.extensions.items() if key == "reason_phrase"},
        )


def sendable(url: str) -> bool:
    """Whether an HTTP library takes it as it is."""
    return len(url) <= LONGEST_URL and url.isascii() and url.isprintable()


def origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """What two URLs of one server share (RFC 6454), the scheme's own port written out; raises ValueError."""
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


@cache
def trust() -> ssl.SSLContext:
    """The machine's trust anchors, read from disk once: that takes longer than a whole sweep's reads."""
    return httpx.create_ssl_context()
