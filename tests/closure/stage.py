"""The lab with its public doors open, and closures that run on it."""

import errno
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

from lab.azure.api import Asked
from lab.replica import Replica
from lab.resolver import SystemResolver
from lab.scenarios.article import APP_RESOURCES, GATEWAY, GATEWAY_ADDRESS, PUBLIC_ADDRESS, PUBLIC_RECORDS, SITE
from lab.scenarios.azure import world as azure
from lab.scenarios.changes import change_listener, change_zone
from lab.world import NameServer, World
from probes.closure.inside import Inside
from probes.closure.journal import Journal, held, read
from probes.closure.plan import Plan, dependencies, plan, sites
from probes.closure.progress import Event, Progress, asked_table, progress, step_table
from probes.closure.resource import Kind, Resource
from probes.closure.run import run, run_back
from probes.closure.work import Pace, Replay, Result, Work
from probes.closure.writes import Management, Remembered
from probes.observe.surroundings import Surroundings, TokenSource
from probes.proof.following import Workspace
from probes.proof.merge import Given
from probes.proof.records import Asked as ProofAsked
from probes.proof.records import Proof
from probes.proof.run import prove
from probes.records import Vantage

PACE = Pace(mark_s=0.6, first_s=0.02, longest_s=0.2, azure_s=1.5, settle_s=0.1, front_s=1.5, conflict_s=0.3)
"""Nothing in the lab is further away than loopback."""
ASKED = ProofAsked(path_file="path.json", wait_s=10)
SITE_ID = f"{APP_RESOURCES}/Microsoft.Web/sites/func-orders-prod"
STORAGE_ID, VAULT_ID = azure.STORAGE_ID, azure.VAULT_ID
INTERNET, INTERNET_ADDRESS = "internet", "192.0.2.53"
PUBLIC = ip_network("203.0.113.0/24")
"""Where the lab's public front ends are."""
OF_THE_GATEWAY, BLIND_ADDRESS = "of-the-gateway", "10.80.40.9"


def opened_world() -> World:
    """The article's path before the closure, and a resolver of a network that must not reach it."""
    world = azure.opened(azure.WHOLE)
    internet = NameServer(address=INTERNET_ADDRESS, public=(*PUBLIC_RECORDS, *azure.PUBLIC_RECORDS))
    return replace(world, name_servers={**world.name_servers, INTERNET: internet})


OPEN = opened_world()


def secretly_public(world: World = OPEN, *, known: bool = False) -> World:
    """The gateway asks a resolver without the private zone: it uses the public door; `known` = Azure could tell."""
    platform = world.name_servers["platform"]
    blind = replace(platform, address=BLIND_ADDRESS, zones=platform.zones[:1])
    servers = None if known else (platform.address,)
    world = replace(
        world,
        name_servers={**world.name_servers, OF_THE_GATEWAY: blind},
        azure=replace(world.azure, gateway_dns=servers),
    )
    return change_listener(world, GATEWAY_ADDRESS, serves=replace(GATEWAY, name_server=OF_THE_GATEWAY))


def without_storage_zone(world: World) -> World:
    """Nobody in the network has the storage account's record any more, so everybody reaches it in public."""
    return change_zone(world, azure.BLOB_ZONE, None, "platform", "on-premises")


def closed_world(*, dependencies: bool) -> World:
    """The site is closed already, and what it depends on where that is said."""
    world = change_listener(OPEN, PUBLIC_ADDRESS, serves=replace(SITE, public_access=False))
    if not dependencies:
        return world
    for address, service in (
        (azure.PUBLIC_STORAGE_ADDRESS, azure.ACCOUNT),
        (azure.PUBLIC_VAULT_ADDRESS, azure.KEY_VAULT),
    ):
        world = change_listener(world, address, serves=service)
    return world


@dataclass(kw_only=True)
class Closures:
    """A lab and the folder in which the journals of its closures lie."""

    replica: Replica
    folder: Path
    said: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    operator: Remembered | None = None
    journal: Journal | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def file(self) -> Path:
        """The journal of the closure that is made here."""
        return self.folder / "journal.jsonl"

    @property
    def progress(self) -> Progress:
        """How far it is, by its file."""
        return progress(read(self.file))

    @property
    def management(self) -> Management:
        """Azure, as the operator."""
        return Management(endpoint=self.replica.surroundings.management, credential=self.reader, deadline_s=10)

    @property
    def site(self) -> Resource:
        """The site that bears the mark."""
        return next(each for each in sites(self.replica.path) if each.kind is Kind.SITE)

    async def plan(self, *, with_dependencies: bool = False) -> Plan:
        """What a closure would do now."""
        every = (*sites(self.replica.path), *dependencies(self.replica.path))
        states = [await self.management.state(each) for each in every]
        return plan(states, every if with_dependencies else sites(self.replica.path))

    async def begin(self, journal: Journal, *, with_dependencies: bool = False) -> None:
        """The first line of a journal."""
        planned = await self.plan(with_dependencies=with_dependencies)
        journal.write(
            Event.BEGAN,
            closure_id=uuid4().hex,
            path=self.replica.path.name,
            digest="d" * 64,
            proof="e" * 64,
            who="me@here",
            vantage="probe",
            asked=asked_table(ASKED),
            with_dependencies=with_dependencies,
            steps=[step_table(each) for each in planned.steps],
        )

    def inside(self, *merge: Given, **options: Any) -> Inside:
        """The view from the probe's network."""
        here = self.replica.surroundings
        return Inside(
            **{
                "path": self.replica.path,
                "surroundings": here,
                "workspace": None,
                "diagnosis": None,
                "reader": self.reader,
                "merge": merge,
                "asked": ASKED,
                "with_dependencies": False,
                "made": self.proofs.append,
                **options,
            }
        )

    def work(self, journal: Journal, inside: Inside | None = None, **options: Any) -> Work:
        """A run on that journal."""
        seen = inside or self.inside()
        return Work(
            journal=journal,
            anchor=self.site,
            **{
                "management": self.management,
                "pace": PACE,
                "who": "me@here",
                "say": self.said.append,
                "glance": seen.glance,
                "replay": seen.replay,
                "finish": seen.finish,
                "knock": seen.knock,
                **options,
            },
        )

    async def close(
        self,
        *,
        with_dependencies: bool = False,
        inside: Inside | None = None,
        file: Path | None = None,
        **options: Any,
    ) -> Result:
        """A closure from the beginning, or what is left of the one in the journal."""
        with held(file or self.file) as journal:
            self.journal = journal
            resumed = bool(journal.records)
            if not resumed:
                await self.begin(journal, with_dependencies=with_dependencies)
            return await run(self.work(journal, inside, **{"resumed": resumed, **options}))

    async def undo(self, **options: Any) -> Result:
        """The way back."""
        with held(self.file) as journal:
            return await run_back(self.work(journal, **{"resumed": True, **options}))

    async def access(self, resource_id: str = SITE_ID) -> str:
        """PublicNetworkAccess of a resource, and the firewall's default action where it has one."""
        every = (*sites(self.replica.path), *dependencies(self.replica.path))
        (found,) = (each for each in every if each.id == resource_id)
        state = await self.management.state(found)
        return "/".join(str(value) for name, value in state.values.items() if not name.startswith("siteConfig"))

    async def tag(self) -> str | None:
        """The mark on the site."""
        return await self.management.tag(self.site)

    def asked(self, *methods: str) -> list[Asked]:
        """Requests to Azure with these methods."""
        return [each for each in self.replica.control_plane.requests if each.method in methods]

    def writes(self, resource_id: str) -> list[Asked]:
        """Writes of a resource itself."""
        return [each for each in self.asked("PATCH", "PUT") if each.path.lower() == resource_id.lower()]

    async def works(self) -> Replay:
        """Whether the path works from inside."""
        return await self.inside().glance()

    @property
    def outside(self) -> Surroundings:
        """A machine in a network that must not reach the path."""
        server = (INTERNET_ADDRESS, 53)
        here = self.replica.surroundings
        resolver = SystemResolver(network=self.replica._network, server=server)
        return replace(here, getaddrinfo=resolver.getaddrinfo, name_servers=(server,), hosts={})

    @property
    def walled(self) -> Surroundings:
        """A machine inside whose network lets nobody out: no public front end is seen from there."""
        here = self.replica.surroundings

        def endpoint(address: str, port: int) -> tuple[str, int]:
            if ip_address(address) in PUBLIC:
                raise OSError(errno.ENETUNREACH, "Network is unreachable")
            return here.endpoint(address, port)

        return replace(here, endpoint=endpoint)

    @property
    def reader(self) -> Callable[[], TokenSource]:
        """As whom Azure is read: the operator."""
        if self.operator is None:
            self.operator = Remembered(partial(self.replica.operator_surroundings.credential, None))
        operator = self.operator
        return lambda: operator

    def given(self, proof: Proof) -> Given:
        """A proof that was made elsewhere."""
        return Given(file=f"{proof.path.vantage}.json", proof=proof)

    async def seen_from(self, vantage: Vantage) -> Given:
        """What `prove` writes at another vantage, now."""
        here = self.outside if vantage is Vantage.OUTSIDE else self.replica.surroundings
        return self.given(await prove(replace(self.replica.path, vantage=vantage), here, reader=self.reader))

    @property
    def workspace(self) -> Workspace:
        """The lab's own."""
        standing = self.replica.standing("azure-open")
        return Workspace(workspace_id=standing.workspace_id, credential=self.reader, endpoint=standing.log_analytics)

    def after(self, method: str, ending: str, count: int, deed: Callable[[], Awaitable[object] | None]) -> None:
        """Do this once so many requests of that method to a path of that ending were answered."""
        met = 0

        async def watch(asked: Asked) -> None:
            nonlocal met
            if asked.method == method and asked.path.lower().endswith(ending.lower()):
                met += 1
                if met == count and (doing := deed()) is not None:
                    await doing

        self.replica.control_plane.after = watch
