"""An Azure Resource Manager of the tests' own on loopback, and sweeps that read it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.http import Request, Response, serve
from probes.azure.control_plane import ControlPlaneReads
from probes.failure import Failure
from probes.observe.notebook import Notebook
from probes.observe.surroundings import Surroundings, TokenSource
from probes.path import Path, from_mapping
from probes.records import Observation, Reading
from tests.azure.documents import (
    ENDPOINT,
    NETWORK,
    PROBE,
    SERVICE,
    SITE,
    STORAGE,
    VAULT,
    WORKSPACE,
    ZONE,
    document,
)
from tests.support import Given

TARGETS: tuple[Mapping[str, Any], ...] = (
    {"name": "gateway", "role": "gateway", "url": "https://api.internal.example.com/orders/health"},
    {"name": "backend", "role": "backend", "url": "https://func-orders-prod.azurewebsites.net/api/orders"},
    {"name": "scm", "role": "scm", "url": "https://func-orders-prod.scm.azurewebsites.net/"},
    {"name": "storage", "role": "storage", "url": "https://storders.blob.core.windows.net/?comp=list"},
    {"name": "vault", "role": "key-vault", "url": "https://kv-orders.vault.azure.net/"},
)
RESOURCES: Mapping[str, str] = {
    "site": SITE,
    "virtual_network": NETWORK,
    "private_endpoint": ENDPOINT,
    "private_dns_zone": ZONE,
    "api_management": SERVICE,
    "storage": STORAGE,
    "key_vault": VAULT,
    "probe_site": PROBE,
    "workspace": WORKSPACE,
}
type Answer = Response | None
"""`None` = it never answers."""


@dataclass
class Arm:
    """What answers: the documents, but for what a test puts in their place.

    Attributes:
        instead: by resource id and what stands behind it, in any case: an answer, or several, the last one for ever.
    """

    documents: dict[str, Any] = field(default_factory=document)
    instead: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    busy: int = 0
    busiest: int = 0

    async def __call__(self, request: Request) -> Response:
        """The document of a path, or 404 as ARM words it."""
        self.requests.append(request)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(0)
            return await self._answer(request)
        finally:
            self.busy -= 1

    async def _answer(self, request: Request) -> Response:
        path = request.path.lower()
        for place, answers in self.instead.items():
            if place.lower() == path:
                answer = answers if not isinstance(answers, list) else answers.pop(0) if answers[1:] else answers[0]
                if answer is None:
                    await asyncio.Event().wait()
                return answer or Response(500)
        for place, found in self.documents.items():
            if place.lower() == path:
                return good(found)
        return refused(404, "ResourceNotFound", "The Resource was not found.")

    @property
    def asked(self) -> list[str]:
        """Method and target of every request, sorted."""
        return sorted(f"{request.method} {request.target}" for request in self.requests)


def good(found: Any) -> Response:
    """A document."""
    return Response(
        200, headers=(("Content-Type", "application/json; charset=utf-8"),), body=json.dumps(found).encode()
    )


def refused(status: int, code: str, message: str = "No.", *headers: tuple[str, str]) -> Response:
    """An error as ARM words it."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Response(status, headers=headers, body=body)


@asynccontextmanager
async def arm(**instead: Any) -> AsyncIterator[Arm]:
    """A server with the documents."""
    found = Arm(**instead)
    async with await serve(found) as server:
        found.url = server.url
        yield found


def path(*names: str, resources: Mapping[str, str] = RESOURCES, **keys: Any) -> Path:
    """The article's path, or those of its targets."""
    targets = [target for target in TARGETS if not names or target["name"] in names]
    return from_mapping({"name": "orders", "targets": targets, "resources": resources, **keys}, source="test")


def notebook(
    it: Path, url: str, *, deadline_s: float = 20.0, observed: Callable[[Observation], None] | None = None
) -> Notebook:
    """A notebook of a machine whose Azure Resource Manager stands there."""
    surroundings = Surroundings(hosts={}, name_servers=(), credential=lambda _: Given(), management=url)
    return Notebook(
        surroundings=surroundings,
        vantage=it.vantage,
        deadline_s=deadline_s,
        step_timeout_s=it.step_timeout_s,
        observed=observed,
    )


async def read(
    url: str, it: Path | None = None, *, source: TokenSource | None = None, deadline_s: float = 20.0, **options: Any
) -> dict[str, Reading]:
    """What is read of a path, by the end of the ids: `site`, `zone-links/privatelink.azurewebsites.net`."""
    it = it or path()
    book = notebook(it, url, deadline_s=deadline_s)
    given = source or Given()
    await ControlPlaneReads(path=it, targets=it.targets, notebook=book, credential=lambda: given, **options).observe()
    readings = [record for record in book.records if isinstance(record, Reading)]
    assert len(readings) == len(book.records)
    return {record.id: record for record in readings}


def failures(found: Mapping[str, Reading]) -> dict[str, Failure]:
    """The reads that failed, but for a policy that an operation does not have."""
    failed = {name: record.failure for name, record in found.items() if record.failure is not None}
    return {name: failure for name, failure in failed.items() if "policy/operation/" not in name}


async def everything() -> dict[str, Reading]:
    """The readings of the article's path."""
    async with arm() as it:
        return await read(it.url)


async def content(name: str) -> Any:
    """What one of them brought."""
    found = (await everything())[name]
    assert (found.failure, found.status, found.detail) == (None, 200, None)
    return found.content
