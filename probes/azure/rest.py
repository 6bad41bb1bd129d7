"""A call to one of Azure's APIs: a token, patience with throttling, one deadline, and errors of the closed list.

httpx and azure-identity, no management SDK: an SDK for every service costs more at a cold start than the whole probe.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from probes import __version__
from probes.azure.answer import ReadError, content, retry_after_s, transport_failure
from probes.failure import Failure
from probes.observe.surroundings import TokenSource, in_thread
from probes.observe.token import scope, token_failure

PATIENCE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""Statuses that ask to come back, with or without a Retry-After (RFC 9110 section 10.2.3)."""
FIRST_PAUSE_S = 1.0
SHORTEST_PAUSE_S = 0.1
"""Also where an answer asks to come back in 0 seconds, or at a time that has passed."""
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


@dataclass(slots=True, kw_only=True)
class Rest:
    """Calls to one API, sharing a client and a token; use it as an asynchronous context.

    Attributes:
        endpoint: base URL: https, or http on loopback.
        audience: resource that the token is for.
        deadline_s: of one call with all its retries.
    """

    endpoint: str
    audience: str
    credential: Callable[[], TokenSource]
    deadline_s: float
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
        context = await asyncio.to_thread(httpx.create_ssl_context)  # reads the trust store from disk
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
        ends_s = asyncio.get_running_loop().time() + self.deadline_s
        try:
            async with asyncio.timeout_at(ends_s):
                token = await self._token()
                return await self._patiently(method, path, body, token, ends_s)
        except TimeoutError:
            raise ReadError(Failure.TIMEOUT, f"no answer within {self.deadline_s:g} s") from None

    async def _token(self) -> str:
        """Asked for once: calls at the same time wait for one token, and none of them lasts as long as it does."""
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

    async def _patiently(
        self, method: str, path: str, body: Mapping[str, Any] | None, token: str, ends_s: float
    ) -> Any:
        """Ask again for as long as the API says so, and the deadline lets it."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                response = await self._client.request(
                    method, path, json=body, headers={"Authorization": f"Bearer {token}"}
                )
            except httpx.HTTPError as error:
                # Not chained: the HTTP library's words on a header that cannot be sent hold the token.
                raise ReadError(*transport_failure(error)) from None
            asked_s = retry_after_s(response)
            wait_s = pause_s if asked_s is None else max(asked_s, SHORTEST_PAUSE_S)
            if response.status_code not in PATIENCE or wait_s >= ends_s - asyncio.get_running_loop().time():
                return content(response, token)
            await asyncio.sleep(wait_s)
            pause_s *= 2
