"""A network with a name server, apps and faults, on which whole sweeps are made."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lab import name_server
from lab.certificates import server_context
from lab.http import Request, Response, serve
from lab.network import Network
from lab.resolver import SystemResolver
from lab.stream_server import Conversation, StreamServer, bound
from lab.world import Leaf, NameServer, NameServerFault
from probes.observe.surroundings import Surroundings
from probes.path import Path, from_mapping
from probes.sweep import Sweep, sweep

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9vcmRlcnMifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
PLATFORM = ("168.63.129.16", 53)
ADDRESS = "10.80.20.4"
HOST = "func.azurewebsites.net"
SUBNETS = ["10.80.20.0/24"]


@dataclass(frozen=True)
class Given:
    """A token, and a source of it."""

    token: str = TOKEN
    expires_on: int = 1_800_000_000

    def get_token(self, *_scopes: str) -> "Given":
        """Itself."""
        return self


@dataclass
class Stage:
    """A network with a name server and whatever a test puts there."""

    stack: AsyncExitStack
    ca_file: str
    network: Network = field(default_factory=Network)
    requests: list[Request] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)

    async def names(self, *records: str, fault: NameServerFault | None = None) -> None:
        """Let the platform's name server know these records."""
        server = NameServer(address=PLATFORM[0], public=records or (f"{HOST} 10 A {ADDRESS}",), fault=fault)
        running = await name_server.start(server)
        self.stack.push_async_callback(running.aclose)
        self.network.place(*PLATFORM, running.port)

    async def app(self, answer: Callable[[Request], Response] | None = None, *, address: str = ADDRESS) -> None:
        """Put an app at an address, on 443 over TLS, which answers so."""

        async def handler(request: Request) -> Response:
            self.requests.append(request)
            return (answer or guarded)(request)

        context = await asyncio.to_thread(server_context, (Leaf(names=("*.azurewebsites.net",)),))
        server = await self.stack.enter_async_context(await serve(handler, ssl_context=context))
        self.network.place(address, 443, server.port)

    async def talks(self, converse: Conversation, *, address: str = ADDRESS, port: int = 443) -> None:
        """Put a TCP server at an address."""
        server = await StreamServer.start(converse, bound())
        self.stack.push_async_callback(server.aclose)
        self.network.place(address, port, server.port)

    @property
    def surroundings(self) -> Surroundings:
        """The machine on this network."""
        return Surroundings(
            getaddrinfo=SystemResolver(network=self.network, server=PLATFORM).getaddrinfo,
            hosts={},
            name_servers=(PLATFORM,),
            endpoint=self.network.endpoint,
            credential=lambda _: Given(),
        )

    def path(self, *targets: Mapping[str, Any], **keys: Any) -> Path:
        """A path of these targets, which share what is not said; one protected backend where none is given."""
        shared = {"name": "backend", "role": "backend", "url": f"https://{HOST}/api", "ca_file": self.ca_file}
        common = {**shared, "private_subnets": SUBNETS, "correlation": False}
        table = {"name": "test", "targets": [{**common, **each} for each in targets or (PROTECTED,)]}
        return from_mapping({**table, "deadline_s": 10, **keys}, source="test")

    async def sweep(self, *targets: Mapping[str, Any], keys: Mapping[str, Any] | None = None, **options: Any) -> Sweep:
        """One sweep over these targets."""
        return await sweep(self.path(*targets, **(keys or {})), self.surroundings, **options)


PROTECTED: Mapping[str, Any] = {"audience": "api://orders", "must_refuse": ["none"]}


def guarded(request: Request) -> Response:
    """200 with a token, 401 without."""
    return Response(status=200 if request.header("authorization") == f"Bearer {TOKEN}" else 401)


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take the connection, and never say a word."""
    while await reader.read(65_536):
        pass


@asynccontextmanager
async def opened(ca_file: str) -> AsyncIterator[Stage]:
    """An empty stage."""
    async with AsyncExitStack() as stack:
        yield Stage(stack, ca_file)
