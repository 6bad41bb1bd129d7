"""The whole private path on loopback: a world as running servers, and the surroundings in which a probe sees it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from lab import managed_identity, name_server, pages
from lab.applications import APPLICATIONS
from lab.certificates import authorities, pem
from lab.credential import LabCredential
from lab.entra import Entra
from lab.front_end import FrontEnd
from lab.gateway.call import GatewayLog
from lab.gateway.call import Surroundings as GatewaySurroundings
from lab.gateway.service import ApiManagement
from lab.http import Handler, Request, Response
from lab.ingestion import Ingestion
from lab.listener import open_listener
from lab.log_analytics.api import WORKSPACE_ID, LogAnalytics
from lab.log_analytics.rows import Rows, gateway_row, rows
from lab.managed_identity import ManagedIdentity
from lab.network import Network
from lab.orders_app import OrdersApp
from lab.resolver import SystemResolver
from lab.standing import StandingLab
from lab.stream_server import Running
from lab.world import Application, Gateway, Listener, NameServer, Site, World
from probes.observe.surroundings import Surroundings
from probes.path import Path, from_mapping

PLATFORM = "platform"
"""Name of the name server behind getaddrinfo."""
ORDERS_AUDIENCE = "api://orders"
GATEWAY_CLIENT_ID = "2c3d4e5f-6071-4829-93a4-b5c6d7e8f90a"
GATEWAY_OBJECT_ID = "8e7d6c5b-4a39-4281-9f60-5e4d3c2b1a09"
GATEWAY_ROLES = ("Orders.Read", "Orders.Write")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A server that runs, and what it was made of."""

    data: NameServer | Listener
    running: Running


class Replica:
    """A running lab; `opened` makes one.

    Attributes:
        world: what it shows now.
        path: of the world, with the lab's own files.
        folder: temporary; holds `ca.pem` (the root) and `intermediates.pem`.
        gateway_logs: rows of ApiManagementGatewayLogs, oldest first.
        ingestion: takes the telemetry of whoever is pointed at it.
        log_analytics: the query API over both.
        engineer: identity of whoever reads the logs; no world breaks it.
        probe: settable; the probe app, `None` = none runs.
    """

    def __init__(self, *, entra: Entra, ingestion: Ingestion, folder: File, telemetry: bool) -> None:
        """Stand on these; nothing else runs yet."""
        self.world: World
        self.path: Path
        self.folder = folder
        self.gateway_logs: GatewayLog = []
        self.ingestion = ingestion
        self.log_analytics: LogAnalytics
        self.engineer: ManagedIdentity
        self.probe: Handler | None = None
        self._entra = entra
        self._telemetry = telemetry
        self._network = Network()
        self._standing: dict[tuple[str, int], Standing] = {}
        self._identity: ManagedIdentity | None = None
        self._orders: OrdersApp | None = None

    @property
    def surroundings(self) -> Surroundings:
        """The machine on which a probe would stand in this world."""
        hosts = {name.lower(): (address,) for name, address in self.world.hosts.items()}
        platform = self.world.name_servers[PLATFORM]
        server = (platform.address, platform.port)
        return Surroundings(
            getaddrinfo=SystemResolver(network=self._network, server=server, hosts=hosts).getaddrinfo,
            hosts=hosts,
            name_servers=(server,),
            endpoint=self._network.endpoint,
            setting=self.world.settings.get,
            credential=self._credential,
        )

    def log_rows(self) -> Rows:
        """The tables of the workspace as they are now."""
        gateway = [gateway_row(row) for row in self.gateway_logs]
        return {**rows(self.ingestion.envelopes), "ApiManagementGatewayLogs": gateway}

    def standing(self, scenario: str) -> StandingLab:
        """Where a command in another process finds what this lab has kept."""
        return StandingLab(
            scenario=scenario,
            log_analytics=self.log_analytics.url,
            workspace_id=WORKSPACE_ID,
            identity=dict(self.engineer.environment),
        )

    @property
    def identity_environment(self) -> Mapping[str, str]:
        """What App Service puts into the environment of an app with the world's identity."""
        if self._identity is None:
            raise RuntimeError("the replica shows no world yet")
        return self._identity.environment

    async def become(self, world: World) -> None:
        """Change to another world; what is the same in both goes on running, the orders app above all.

        Raises:
            ValueError: the world contradicts itself, or one of its records, certificates or path keys is wrong;
                nothing has changed then.
        """
        wanted = servers(world)
        path = await asyncio.to_thread(
            from_mapping, filled(world.path, self._files), source="path of the world", folder=self.folder
        )
        kept = {place for place, data in wanted.items() if self._is_standing(place, data)}
        started: dict[tuple[str, int], Standing] = {}
        async with AsyncExitStack() as undo:
            for place, data in wanted.items():
                if place not in kept:
                    running = await self._start(data)
                    undo.push_async_callback(running.aclose)
                    started[place] = Standing(data=data, running=running)
            identity = self._identity
            if identity is None or identity.identity != world.identity:
                # A new endpoint, not a changed one: callers that the old one keeps waiting end with it.
                identity = await undo.enter_async_context(ManagedIdentity(self._entra, identity=world.identity))
            undo.pop_all()
        self.world, self.path = world, path
        await self._replace(kept, started, identity)

    async def aclose(self) -> None:
        """End everything that `become` has started."""
        async with AsyncExitStack() as stack:
            for running in (self._orders, self._identity, *(standing.running for standing in self._standing.values())):
                if running is not None:
                    stack.push_async_callback(running.aclose)

    async def _replace(
        self, kept: set[tuple[str, int]], started: Mapping[tuple[str, int], Standing], identity: ManagedIdentity
    ) -> None:
        gone: list[Running | ManagedIdentity] = []
        for place in self._standing.keys() - kept:
            self._network.remove(*place)
            gone.append(self._standing.pop(place).running)
        for place, standing in started.items():
            self._network.place(*place, standing.running.port)
            self._standing[place] = standing
        if self._identity is not None and self._identity is not identity:
            gone.append(self._identity)
        self._identity = identity
        for running in gone:
            await running.aclose()

    def _is_standing(self, place: tuple[str, int], data: NameServer | Listener) -> bool:
        return place in self._standing and self._standing[place].data == data

    async def _start(self, data: NameServer | Listener) -> Running:
        if isinstance(data, NameServer):
            return await name_server.start(data)
        return await open_listener(data, await self._handler(data))

    async def _handler(self, listener: Listener) -> Handler | None:
        match listener.serves:
            case Site() as site:
                application = await self._application(site.application)
                return FrontEnd(site, public=listener.public, application=application)
            case Gateway() as gateway:
                surroundings = GatewaySurroundings(
                    network=self._network,
                    resolver=lambda: self._resolver(gateway.name_server),
                    token=self._gateway_token if gateway.has_identity else lambda _: None,
                    vouches=lambda token, audience: self._entra.vouches_for(token, audience=audience),
                )
                return ApiManagement(gateway, surroundings=surroundings, log=self.gateway_logs)
            case None:
                return None

    async def _application(self, application: Application) -> Handler:
        if application is Application.PROBE:
            return self._probe_answer
        if application is not Application.ORDERS:
            return APPLICATIONS[application]
        if self._orders is None:
            self._orders = await OrdersApp.start(
                self._entra,
                audience=ORDERS_AUDIENCE,
                clients=(managed_identity.CLIENT_ID, GATEWAY_CLIENT_ID),
                connection_string=self.ingestion.connection_string if self._telemetry else None,
            )
        return self._orders

    async def _probe_answer(self, request: Request) -> Response:
        return pages.host_not_running() if self.probe is None else await self.probe(request)

    def _resolver(self, name: str) -> SystemResolver:
        server = self.world.name_servers[name]
        return SystemResolver(network=self._network, server=(server.address, server.port))

    def _gateway_token(self, audience: str) -> str:
        """API Management has an identity of its own; the world's is the probe's."""
        return self._entra.issue(
            audience, client_id=GATEWAY_CLIENT_ID, object_id=GATEWAY_OBJECT_ID, roles=GATEWAY_ROLES, version="1.0"
        )

    def _credential(self, client_id: str | None) -> LabCredential:
        return LabCredential(client_id, self.identity_environment)

    @property
    def _files(self) -> dict[str, str]:
        return {
            "{ca_file}": str(self.folder / "ca.pem"),
            "{intermediates_file}": str(self.folder / "intermediates.pem"),
        }


@asynccontextmanager
async def opened(world: World, *, telemetry: bool = False) -> AsyncIterator[Replica]:
    """A lab that shows the world, until the context ends; `telemetry` = the orders app sends to its ingestion.

    Raises:
        ValueError: as `Replica.become`.
    """
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(temporary_folder())
        entra = await stack.enter_async_context(await Entra.start())
        ingestion = await stack.enter_async_context(await Ingestion.start())
        replica = Replica(entra=entra, ingestion=ingestion, folder=folder, telemetry=telemetry)
        replica.engineer = await stack.enter_async_context(ManagedIdentity(entra))
        replica.log_analytics = await stack.enter_async_context(await LogAnalytics.start(entra, replica.log_rows))
        stack.push_async_callback(replica.aclose)
        await replica.become(world)
        yield replica


@asynccontextmanager
async def temporary_folder() -> AsyncIterator[File]:
    """A folder with the files of the lab's authorities, removed afterwards."""
    await asyncio.to_thread(authorities)  # which takes its time
    folder = new_folder()  # not in a thread: cancelled meanwhile, it would be left behind
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)


def new_folder() -> File:
    """A temporary folder with the files of the lab's authorities."""
    folder = File(tempfile.mkdtemp(prefix="private-path-lab-"))
    (folder / "ca.pem").write_bytes(pem(authorities().root.certificate))
    (folder / "intermediates.pem").write_bytes(pem(authorities().intermediate.certificate))
    return folder


def servers(world: World) -> dict[tuple[str, int], NameServer | Listener]:
    """Everything that stands in a world, by address and port.

    Raises:
        ValueError: two stand at one place, or a name server is named that does not exist.
    """
    standing: dict[tuple[str, int], NameServer | Listener] = {}
    every: list[NameServer | Listener] = [*world.name_servers.values(), *world.listeners]
    for data in every:
        place = (data.address, data.port)
        if place in standing:
            raise ValueError(f"two servers stand at {data.address} port {data.port}")
        standing[place] = data
    gateways = (listener.serves for listener in world.listeners if isinstance(listener.serves, Gateway))
    for name in (PLATFORM, *(gateway.name_server for gateway in gateways)):
        if name not in world.name_servers:
            raise ValueError(f"name server {name} does not exist; there are {', '.join(sorted(world.name_servers))}")
    return standing


def filled(value: Any, files: Mapping[str, str]) -> Any:
    """A table of a path file with its placeholders replaced by file names."""
    if isinstance(value, str):
        return files.get(value, value)
    if isinstance(value, Mapping):
        return {key: filled(item, files) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, files) for item in value]
    return value
