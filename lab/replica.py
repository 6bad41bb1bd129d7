"""The whole private path on loopback: a world as running servers, and the surroundings in which a probe sees it."""

import asyncio
import errno
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path as File
from typing import Any

from lab import name_server
from lab.azure.api import ControlPlane
from lab.azure.rights import OPERATOR_CLIENT_ID, OPERATOR_OBJECT_ID
from lab.certificates import authorities, pem
from lab.credential import LabCredential
from lab.entra import Entra
from lab.gateway.call import GatewayLog
from lab.ingestion import Ingestion
from lab.listener import FullQueue, open_listener
from lab.log_analytics.api import WORKSPACE_ID, LogAnalytics
from lab.log_analytics.rows import Rows, gateway_row, rows
from lab.managed_identity import ManagedIdentity
from lab.network import LOOPBACK, Network
from lab.resolver import SystemResolver
from lab.services import Services
from lab.standing import StandingLab
from lab.stream_server import Running
from lab.turning import Turning, only_turned
from lab.world import Gateway, Listener, NameServer, World
from probes.observe.surroundings import Surroundings
from probes.path import Path, from_mapping

PLATFORM = "platform"
"""Name of the name server behind getaddrinfo."""
OUTSIDE_ADDRESS = "198.51.100.53"
"""Of a name server of the internet, which a network outside asks."""
NAME_SERVER_PORT = 53
PRIVATE_SPACE = tuple(ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A server that runs, what it was made of, and the front end in it that can take up another network access."""

    data: NameServer | Listener
    running: Running
    front_end: Turning | None = None

    def turn(self) -> None:
        """Let the front end take up what this is made of."""
        if self.front_end is not None and isinstance(self.data, Listener):
            self.front_end.turn(self.data.serves)


class Replica:
    """A running lab; `opened` makes one.

    Attributes:
        world: what it shows now.
        path: of the world, with the lab's own files.
        folder: temporary; holds `ca.pem` (the root) and `intermediates.pem`.
        services: who answers behind the listeners; its `probe` is settable.
        ingestion: takes the telemetry of whoever is pointed at it.
        log_analytics: the query API over both.
        control_plane: Azure Resource Manager; what is written there changes the world.
        engineer: identity of an operator, who reads the logs and may change what Azure holds; no world breaks it.
        followers: called after every change of the world, one that a write has made too.
    """

    def __init__(self, *, entra: Entra, ingestion: Ingestion, folder: File, telemetry: bool) -> None:
        """Stand on these; nothing else runs yet."""
        self.world: World
        self.path: Path
        self.folder = folder
        self.ingestion = ingestion
        self.log_analytics: LogAnalytics
        self.control_plane: ControlPlane
        self.followers: list[Callable[[], Awaitable[None]]] = []
        self.engineer: ManagedIdentity
        self._entra = entra
        self._network = Network()
        self.services = Services(
            entra=entra,
            ingestion=ingestion,
            network=self._network,
            world=lambda: self.world,
            telemetry=telemetry,
        )
        self._hole = FullQueue()
        self._standing: dict[tuple[str, int], Standing] = {}
        self._identity: ManagedIdentity | None = None
        self._changing = asyncio.Lock()

    @property
    def gateway_logs(self) -> GatewayLog:
        """Rows of ApiManagementGatewayLogs, oldest first."""
        return self.services.gateway_logs

    @property
    def surroundings(self) -> Surroundings:
        """The machine on which a probe would stand in this world."""
        return self._surroundings(self._credential)

    @property
    def operator_surroundings(self) -> Surroundings:
        """The same machine, with an operator signed in."""
        return self._surroundings(lambda _: LabCredential(None, self.engineer.environment))

    @property
    def outside_surroundings(self) -> Surroundings:
        """A machine in a network outside: the internet's records, no private zone, and no way to a private address."""
        server = (OUTSIDE_ADDRESS, NAME_SERVER_PORT)
        return Surroundings(
            getaddrinfo=SystemResolver(network=self._network, server=server).getaddrinfo,
            hosts={},
            name_servers=(server,),
            endpoint=self._public_endpoint,
            setting=self.world.settings.get,
            credential=self._credential,
            management=self.control_plane.url,
        )

    def _public_endpoint(self, address: str, port: int) -> tuple[str, int]:
        if is_private(address):
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH), f"{address} port {port}")
        return self._network.endpoint(address, port)

    def _surroundings(self, credential: Callable[[str | None], LabCredential]) -> Surroundings:
        hosts = {name.lower(): (address,) for name, address in self.world.hosts.items()}
        platform = self.world.name_servers[PLATFORM]
        server = (platform.address, platform.port)
        return Surroundings(
            getaddrinfo=SystemResolver(network=self._network, server=server, hosts=hosts).getaddrinfo,
            hosts=hosts,
            name_servers=(server,),
            endpoint=self._endpoint,
            setting=self.world.settings.get,
            credential=credential,
            management=self.control_plane.url,
        )

    def _endpoint(self, address: str, port: int) -> tuple[str, int]:
        """Where packets of the probe's go, which is nowhere for a network that drops them."""
        if any(ip_address(address) in ip_network(each) for each in self.world.dropped):
            return LOOPBACK, self._hole.port
        return self._network.endpoint(address, port)

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
            management=self.control_plane.url,
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
        async with self._changing:
            await self._change(world)
            self.control_plane.became(world)
        await self._tell()

    async def follow(self, change: Callable[[World], World]) -> None:
        """Change to what a write makes of the world; nothing where that is the same."""
        async with self._changing:
            world = change(self.world)
            if world == self.world:
                return
            await self._change(world)
        await self._tell()

    async def _tell(self) -> None:
        for follower in self.followers:
            await follower()

    async def _change(self, world: World) -> None:
        wanted = servers(world)
        path = await asyncio.to_thread(
            from_mapping, filled(world.path, self._files), source="path of the world", folder=self.folder
        )
        kept = {place for place, data in wanted.items() if self._is_standing(place, data)}
        turned = {
            place: Standing(data=data, running=standing.running, front_end=front_end)
            for place, data in wanted.items()
            if place not in kept
            and (standing := self._standing.get(place)) is not None
            and (front_end := standing.front_end) is not None
            and only_turned(standing.data, data)
        }
        started: dict[tuple[str, int], Standing] = {}
        async with AsyncExitStack() as undo:
            for place, data in wanted.items():
                if place not in kept and place not in turned:
                    started[place] = await self._start(data)
                    undo.push_async_callback(started[place].running.aclose)
            identity = self._identity
            if identity is None or identity.identity != world.identity:
                # A new endpoint, not a changed one: callers that the old one keeps waiting end with it.
                identity = await undo.enter_async_context(ManagedIdentity(self._entra, identity=world.identity))
            undo.pop_all()
        self.world, self.path = world, path
        for place, standing in turned.items():
            self._standing[place] = standing
            standing.turn()
        await self._replace(kept | turned.keys(), started, identity)

    async def aclose(self) -> None:
        """End everything that `become` has started."""
        async with AsyncExitStack() as stack:
            for running in (
                self._hole,
                self.services.orders,
                self._identity,
                *(standing.running for standing in self._standing.values()),
            ):
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

    async def _start(self, data: NameServer | Listener) -> Standing:
        if isinstance(data, NameServer):
            return Standing(data=data, running=await name_server.start(data))
        handler = await self.services.handler(data)
        front_end = handler if isinstance(handler, Turning) else None
        return Standing(data=data, running=await open_listener(data, handler), front_end=front_end)

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
        operator = ManagedIdentity(entra, client_id=OPERATOR_CLIENT_ID, object_id=OPERATOR_OBJECT_ID)
        replica.engineer = await stack.enter_async_context(operator)
        replica.log_analytics = await stack.enter_async_context(await LogAnalytics.start(entra, replica.log_rows))
        replica.control_plane = await stack.enter_async_context(await control_plane(entra, replica))
        stack.push_async_callback(replica.aclose)
        await replica.become(world)
        yield replica


async def control_plane(entra: Entra, replica: Replica) -> ControlPlane:
    """Azure Resource Manager over what the replica shows."""
    return await ControlPlane.start(
        entra,
        workspace_id=WORKSPACE_ID,
        world=lambda: replica.world,
        become=replica.follow,
        try_=replica.services.reach,
        source=replica.services.gateway_address,
    )


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
    every: list[NameServer | Listener] = [*world.name_servers.values(), outside(world), *world.listeners]
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


def outside(world: World) -> NameServer:
    """A name server of the internet, which sees no private zone."""
    platform = world.name_servers.get(PLATFORM)
    return NameServer(address=OUTSIDE_ADDRESS, public=() if platform is None else platform.public)


def is_private(address: str) -> bool:
    """Whether an address is one that the internet has no way to."""
    return any(ip_address(address) in net for net in PRIVATE_SPACE)


def filled(value: Any, files: Mapping[str, str]) -> Any:
    """A table of a path file with its placeholders replaced by file names."""
    if isinstance(value, str):
        return files.get(value, value)
    if isinstance(value, Mapping):
        return {key: filled(item, files) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, files) for item in value]
    return value
