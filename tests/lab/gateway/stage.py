"""A gateway with the deployed policies, in front of one backend of the lab."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from lab import name_server
from lab.gateway.call import GatewayLog, Surroundings
from lab.gateway.service import ApiManagement
from lab.http import Request, Response, serve
from lab.listener import open_listener
from lab.network import Network
from lab.resolver import SystemResolver
from lab.scenarios.changes import changed_policy
from lab.world import Gateway, Leaf, Listener, NameServer
from tests.lab.clients import fetch

API = "api.internal.example.com"
BACKEND = "app.azurewebsites.net"
PROBE = "probe.azurewebsites.net"
ADDRESS = "10.80.20.4"
NAME_SERVER = NameServer(address="168.63.129.16", public=(f"{BACKEND} 60 A {ADDRESS}", f"{PROBE} 60 A {ADDRESS}"))
LISTENER = Listener(address=ADDRESS, certificates=(Leaf(names=("*.azurewebsites.net",)),))
GATEWAY = Gateway(
    hosts=(API,),
    named_values={
        "backend-host": BACKEND,
        "backend-audience": "api://orders",
        "probe-host": PROBE,
        "probe-function-key": "k3y",
    },
)
IMPATIENT = changed_policy(GATEWAY, "orders.xml", 'timeout="8"', 'timeout="1"')


@dataclass(kw_only=True)
class Front:
    """A gateway and what its backend and its log have seen."""

    port: int = 0
    seen: list[Request] = field(default_factory=list)
    log: GatewayLog = field(default_factory=list)

    async def backend(self, request: Request) -> Response:
        """The backend: it shows what it got."""
        self.seen.append(request)
        body = json.dumps({"method": request.method, "target": request.target, "body": request.body.decode()})
        status = 503 if request.header("x-fail") else 200
        return Response(status=status, headers=(("x-backend", "yes"), ("Connection", "close")), body=body.encode())

    def header(self, name: str) -> str | None:
        """A header of the last request that came to the backend."""
        return self.seen[-1].header(name)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """The gateway's answer."""
        return await fetch(self.port, f"http://{API}{path}", seconds=5, **options)


@asynccontextmanager
async def front(
    gateway: Gateway = GATEWAY, *, listener: Listener = LISTENER, names: NameServer = NAME_SERVER
) -> AsyncIterator[Front]:
    """A gateway with these policies, this backend and this name server."""
    it, network = Front(), Network()
    resolver = SystemResolver(network=network, server=(names.address, names.port))
    surroundings = Surroundings(
        network=network,
        resolver=lambda: resolver,
        token=lambda audience: f"for-{audience}",
        vouches=lambda token, audience: token.endswith(f"for-{audience}"),
        dropped=gateway.dropped,
    )
    handler = ApiManagement(gateway, surroundings=surroundings, log=it.log)
    dns, behind = await name_server.start(names), await open_listener(listener, it.backend)
    network.place(names.address, names.port, dns.port)
    network.place(listener.address, listener.port, behind.port)
    try:
        async with await serve(handler) as server:
            it.port = server.port
            yield it
    finally:
        await dns.aclose()
        await behind.aclose()
