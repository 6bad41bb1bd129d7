"""Everything that is ever written to Azure Resource Manager: three kinds of PATCH and one tag. Nothing else writes.

A write that fails in transit (a time-out, a reset, an answer that is no JSON) may have arrived: `Unknown`. One that
Azure answers with an error has not: `ReadError`. Each write sets values and is harmless when it is sent again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from probes.azure.answer import ReadError
from probes.azure.rest import Rest
from probes.closure.mark import TAG
from probes.closure.resource import (
    ACCESS,
    CONFIG_ACCESS,
    DEFAULT_ACTION,
    VERSIONS,
    Kind,
    Resource,
    State,
    dependency_state,
    site_state,
)
from probes.failure import Failure
from probes.observe.surroundings import MANAGEMENT, AccessToken, TokenSource

TAGS_VERSION = "2021-04-01"
NO_TOKEN = frozenset({Failure.TOKEN_UNAVAILABLE, Failure.IDENTITY_ENDPOINT_MISSING})
DEADLINE_S = 60.0
GOOD_S = 300
"""What a token must last at least, to be shown once more."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A source of tokens that gives the last one again while it is good.

    What azure-identity gets from the Azure CLI it does not keep: each call would start `az` anew.
    """

    credential: Callable[[], TokenSource]
    held: dict[tuple[str, ...], AccessToken] = field(default_factory=dict, repr=False)

    def get_token(self, *scopes: str) -> AccessToken:
        """A token that is good for some minutes; raises what azure-identity raises."""
        token = self.held.get(scopes)
        if token is None or token.expires_on - time.time() < GOOD_S:
            token = self.held[scopes] = self.credential().get_token(*scopes)
        return token


class UnknownError(Exception):
    """Whether a write has arrived is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Management:
    """Azure Resource Manager, as one operator.

    Attributes:
        endpoint: base URL.
        deadline_s: of one call with its retries.
    """

    endpoint: str
    credential: Callable[[], TokenSource]
    deadline_s: float = DEADLINE_S

    async def state(self, resource: Resource) -> State:
        """How a resource stands now.

        Raises:
            ReadError: it cannot be read.
        """
        version = f"?api-version={VERSIONS[resource.kind]}"
        document = await self._call("GET", f"{resource.id}{version}")
        try:
            if resource.kind is Kind.SITE:
                return site_state(resource, document, await self._call("GET", f"{resource.id}/config/web{version}"))
            return dependency_state(resource, document)
        except TypeError as error:
            raise ReadError(Failure.MALFORMED_RESPONSE, f"{resource.title} has no {error}") from None

    async def set_access(self, state: State, values: Mapping[str, str]) -> None:
        """Set these properties of a resource; `state` is how it stands now.

        Raises:
            ReadError: Azure refuses.
            UnknownError: it may have arrived, and may not.
        """
        resource = state.resource
        await self._write(f"{resource.id}?api-version={VERSIONS[resource.kind]}", body(state, values))

    async def tag(self, resource: Resource) -> str | None:
        """The closure's tag of a resource, `None` where it has none; raises ReadError."""
        document = await self._call("GET", _tags(resource))
        try:
            found = ((document.get("properties") or {}).get("tags") or {}).items()
        except AttributeError:
            raise ReadError(Failure.MALFORMED_RESPONSE, "the answer holds no tags") from None
        # Azure keeps the spelling of a name and compares without it.
        return next((str(value) for name, value in found if name.lower() == TAG), None)

    async def set_tag(self, resource: Resource, value: str) -> None:
        """Set it, and leave all other tags alone; raises as `set_access`."""
        await self._write(_tags(resource), {"operation": "Merge", "properties": {"tags": {TAG: value}}})

    async def remove_tag(self, resource: Resource, value: str) -> None:
        """Take it away if it still has that value; raises as `set_access`."""
        await self._write(_tags(resource), {"operation": "Delete", "properties": {"tags": {TAG: value}}})

    @property
    def _audience(self) -> str:
        """A cloud's Resource Manager is its own audience; what stands on loopback takes the public cloud's tokens."""
        return self.endpoint if self.endpoint.startswith("https:") else MANAGEMENT

    async def _write(self, path: str, document: Mapping[str, Any]) -> None:
        try:
            await self._call("PATCH", path, document)
        except ReadError as error:
            if error.failure in NO_TOKEN or _refused(error.status):
                raise
            raise UnknownError(str(error)) from None

    async def _call(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        # A client for each call: a closure waits for minutes between two of them, and a token must not grow old in it.
        async with Rest(
            endpoint=self.endpoint, audience=self._audience, credential=self.credential, deadline_s=self.deadline_s
        ) as rest:
            return await rest.call(method, path, body=document)


def body(state: State, values: Mapping[str, str]) -> dict[str, Any]:
    """The document of a write: the properties of a resource that change, and what must come with them."""
    properties: dict[str, Any] = {}
    if ACCESS in values:
        properties["publicNetworkAccess"] = values[ACCESS]
    if CONFIG_ACCESS in values:
        properties["siteConfig"] = {"publicNetworkAccess": values[CONFIG_ACCESS]}
    if DEFAULT_ACTION in values:
        properties["networkAcls"] = {**state.rules, "defaultAction": values[DEFAULT_ACTION]}
    return {"properties": properties}


def _refused(status: int | None) -> bool:
    """Whether Azure has said no: 4xx has changed nothing; 408 and 5xx may come of a write that was made."""
    refusals = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
    return status in refusals and status != HTTPStatus.REQUEST_TIMEOUT


def _tags(resource: Resource) -> str:
    return f"{resource.id}/providers/Microsoft.Resources/tags/default?api-version={TAGS_VERSION}"
