"""A replica and its Azure Resource Manager, spoken to over HTTP as the probe and as an operator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from lab.replica import Replica, opened
from lab.scenarios.azure.world import WHOLE
from lab.scenarios.changes import change_listener
from lab.world import Application, Site, World
from probes.observe.surroundings import Surroundings, in_thread

SCOPE = "https://management.azure.com/.default"
VERSIONS = {
    "microsoft.web": "2025-05-01",
    "microsoft.network/privatednszones": "2024-06-01",
    "microsoft.network": "2026-03-01",
    "microsoft.apimanagement": "2024-05-01",
    "microsoft.storage": "2026-09-01",
    "microsoft.keyvault": "2024-11-01",
    "microsoft.operationalinsights": "2025-07-01",
    "microsoft.resources": "2025-04-01",
}
"""Those of facts/azure.md section 8, by the provider of the resource asked for."""


def without_orders(world: World) -> World:
    """The world with a stand-in for the orders app, which starts at once."""
    for listener in world.listeners:
        if isinstance(listener.serves, Site) and listener.serves.application is Application.ORDERS:
            serves = replace(listener.serves, application=Application.OPEN)
            world = change_listener(world, listener.address, serves=serves)
    return world


QUICK = without_orders(WHOLE)


def version_of(path: str) -> str:
    """The api-version of a resource's type."""
    kind = path.lower().rpartition("/providers/")[2]
    return next(version for provider, version in VERSIONS.items() if kind.startswith(provider))


async def token(surroundings: Surroundings, scope: str = SCOPE) -> str:
    """An access token of whoever these surroundings are signed in as."""
    credential = surroundings.credential(None)
    return (await in_thread(lambda: credential.get_token(scope))).token


@dataclass
class Azure:
    """A client of the replica's Azure Resource Manager."""

    replica: Replica
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    def id(self, kind: str) -> str:
        """Id of a resource of the path."""
        return self.replica.path.resources[kind]

    async def ask(
        self, path: str, *, method: str = "GET", who: str = "probe", body: Any = None, **query: str
    ) -> httpx.Response:
        """The answer to one request; with a right api-version unless another is given (empty = none)."""
        if who not in self.tokens:
            here = self.replica.surroundings if who == "probe" else self.replica.operator_surroundings
            self.tokens[who] = await token(here)
        asked = {name.replace("_", "-"): value for name, value in query.items() if value}
        if "api_version" not in query:
            asked["api-version"] = version_of(path)
        return await self.client.request(
            method, path, params=asked, json=body, headers={"Authorization": f"Bearer {self.tokens[who]}"}
        )

    async def read(self, path: str, **query: str) -> Any:
        """The JSON of a good answer to GET."""
        answer = await self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def write(self, path: str, properties: dict[str, Any], *, who: str = "operator") -> httpx.Response:
        """The answer to a PATCH."""
        return await self.ask(path, method="PATCH", who=who, body={"properties": properties})


@asynccontextmanager
async def azure(world: World = QUICK) -> AsyncIterator[Azure]:
    """The lab in this world, and a client of its Azure Resource Manager."""
    async with (
        opened(world) as replica,
        httpx.AsyncClient(base_url=replica.control_plane.url, trust_env=False, timeout=10) as client,
    ):
        yield Azure(replica, client)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error."""
    return answer.status_code, answer.json()["error"]["code"]


async def until(holds: Any, seconds: float = 5) -> None:
    """Wait until an awaited question is answered yes; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what a server answers can only be asked for
            await asyncio.sleep(0.02)
