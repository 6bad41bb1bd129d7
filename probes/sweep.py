"""One run over a path from one vantage: who is asked, in which order, how often, and until when."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from probes.failure import Failure
from probes.judge import Judgement, judge
from probes.judge.finding import Verdict
from probes.observe.connect import connect, skip
from probes.observe.handshake import handshake
from probes.observe.notebook import Limit, Mark, Notebook
from probes.observe.request import Presented, StreamTransport, request
from probes.observe.resolve import by_system, by_wire
from probes.observe.surroundings import Surroundings, TokenSource
from probes.observe.token import token
from probes.path import Path, Target
from probes.path.definition import ControlPlane
from probes.records import PLATFORM, SYSTEM, Connection, Credential, Exchange, Observation, Reading, Resolution

if TYPE_CHECKING:
    from probes.azure.control_plane import ControlPlaneReads

ATTEMPTS = 2
"""A failing target is tried once more before it is called down; both attempts stay in the sweep."""
PAUSE_S = 0.25
MOST_ADDRESSES = 8
"""Addresses of one name that are walked; Private Endpoints have one or two."""
GATEWAY_TEST_S = 60.0
"""The longest that API Management's own test of a backend may take."""
QUESTION_TYPES = ("A", "AAAA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The observations of one run and what the judge made of them.

    Attributes:
        sweep_id: 32 hexadecimal digits; sent as `x-correlation-id`, and the trace id of the sweep's telemetry.
        path: what was expected, as loaded, so that the sweep can be judged again.
    """

    sweep_id: str
    path: Path
    started_at: datetime
    duration_ms: float
    observations: tuple[Observation, ...]
    judgement: Judgement


async def sweep(
    path: Path,
    surroundings: Surroundings,
    *,
    targets: Collection[str] | None = None,
    observed: Callable[[Observation], None] | None = None,
    also: Sequence[Observation] = (),
    deadline_s: float | None = None,
    ask_gateway: bool = False,
) -> Sweep:
    """Walk the path's targets, or those named, read what Azure says of them, and judge what was seen.

    It ends by the deadline (`deadline_s`, else the path's own) whatever the network does; what was not seen by then is
    recorded as such. `observed` is called with every record as it is written; `also` are observations made elsewhere
    that are judged with the rest. With `ask_gateway` API Management tests the backends itself, which takes up to
    `GATEWAY_TEST_S`, the path's own deadline notwithstanding. A failure of the network is never raised.
    """
    started_at = surroundings.now()
    walk = Walk(
        path=path,
        sweep_id=uuid4().hex,
        notebook=Notebook(
            surroundings=surroundings,
            vantage=path.vantage,
            deadline_s=path.deadline_s if deadline_s is None else min(deadline_s, path.deadline_s),
            step_timeout_s=path.step_timeout_s,
            observed=observed,
        ),
        slots=asyncio.Semaphore(path.concurrency),
    )
    chosen = [target for target in path.targets if targets is None or target.name in targets]
    resourceful = path.control_plane is not ControlPlane.NEVER and any(map(path.resource_of, chosen))
    at_once = resourceful and (path.control_plane is ControlPlane.ALWAYS or ask_gateway)
    async with asyncio.TaskGroup() as group:
        for target in chosen:
            group.create_task(walk.visit(target))
        if at_once or ask_gateway:
            test = partial(gateway_test, walk.notebook, deadline_s) if ask_gateway else None
            group.create_task(walk.read(chosen, reads=at_once, test=test))
    place = {target.name: index for index, target in enumerate(path.targets)}
    if resourceful and not at_once and not well(path, walk, started_at, chosen):
        await walk.read(chosen, reads=True)
    records = sorted(
        walk.notebook.records,
        key=lambda record: (place[record.target], record.attempt, isinstance(record, Reading)),
    )
    observations = (*records, *also)
    return Sweep(
        sweep_id=walk.sweep_id,
        path=path,
        started_at=started_at,
        duration_ms=walk.notebook.elapsed_ms(),
        observations=observations,
        judgement=judge(path, observations, started_at=started_at, among={target.name for target in chosen}),
    )


@dataclass(slots=True, kw_only=True)
class Walk:
    """One sweep under way."""

    path: Path
    sweep_id: str
    notebook: Notebook
    slots: asyncio.Semaphore
    identity: TokenSource | None = None

    async def visit(self, target: Target) -> None:
        """Try the target, and once more if anything was not as it should be."""
        async with self.slots:
            for attempt in range(1, ATTEMPTS + 1):
                before = len(self.notebook.records)
                await self._attempt(target, attempt)
                mine = [
                    record
                    for record in self.notebook.records[before:]
                    if record.target == target.name and not isinstance(record, Reading)
                ]
                if not troubled(target, mine) or self._left_s() <= PAUSE_S:
                    return
                await asyncio.sleep(PAUSE_S)

    async def read(self, targets: Sequence[Target], *, reads: bool, test: Callable[[], Limit] | None = None) -> None:
        """Read what Azure says of the targets, and let API Management test the backends in the time of `test`."""
        reads_of = await asyncio.to_thread(control_plane_reads)
        await reads_of(
            path=self.path,
            targets=targets,
            notebook=self.notebook,
            credential=self._credential,
            reads=reads,
            test=test,
        ).observe()

    async def _attempt(self, target: Target, attempt: int) -> None:
        mark = Mark(target.name, attempt, f"{target.name}/{attempt}")
        (resolver, addresses), bearer, foreign = await asyncio.gather(
            self._addresses(target, mark),
            self._token(target.audience, mark),
            self._token(target.foreign_audience, mark),
        )
        presented = self._presented(target, bearer, foreign)
        for address in addresses[MOST_ADDRESSES:]:
            why = f"only {MOST_ADDRESSES} addresses of a name are tried"
            skip(self.notebook, mark, address, target.port, resolver=resolver, why=why)
        await asyncio.gather(
            *(self._walk(target, mark, address, resolver, presented) for address in addresses[:MOST_ADDRESSES])
        )

    async def _addresses(self, target: Target, mark: Mark) -> tuple[str | None, list[str]]:
        """Name of the resolver and its addresses; the URL's own address needs no resolver."""
        if target.literal is not None:
            return None, [str(target.literal)]
        found = await self._resolve(target, mark)
        return SYSTEM, [address.address for address in found.addresses]

    async def _token(self, audience: str | None, mark: Mark) -> str | None:
        if audience is None:
            return None
        _, bearer = await token(self.notebook, mark, self._credential, audience)
        return bearer

    def _presented(self, target: Target, bearer: str | None, foreign: str | None) -> list[Presented]:
        """What is shown in turn: the target's own credential, then those it must refuse, as far as there are any."""
        key = self.notebook.surroundings.setting(target.old_key_setting) if target.old_key_setting else None
        secrets = {
            Credential.NONE: "",
            Credential.TOKEN: bearer,
            Credential.FOREIGN_TOKEN: foreign,
            Credential.OLD_KEY: key or None,
        }
        kinds = (target.credential, *target.must_refuse)
        return [Presented(kind, secret) for kind in kinds if (secret := secrets[kind]) is not None]

    async def _resolve(self, target: Target, mark: Mark) -> Resolution:
        """Ask everyone at once; the answer of the system is the one to walk on, as an application would."""
        servers = [(PLATFORM, server) for server in self.notebook.surroundings.name_servers]
        servers += [(resolver.name, (resolver.address, resolver.port)) for resolver in self.path.resolvers]
        system, *_ = await asyncio.gather(
            by_system(self.notebook, mark, target.host),
            *(
                by_wire(self.notebook, mark, target.host, kind, resolver=name, server=server)
                for name, server in servers
                for kind in QUESTION_TYPES
            ),
        )
        return system

    async def _walk(
        self, target: Target, mark: Mark, address: str, resolver: str | None, presented: Sequence[Presented]
    ) -> None:
        """Connect, record, shake hands, record, request on the same connection, record."""
        mark = replace(mark, transaction=f"{mark.transaction}/{address}")
        line = await self._open(target, mark, address, resolver)
        try:
            for each in presented:
                if line is not None and not line.ready:
                    await line.aclose()
                    line = await self._open(target, mark, address, resolver)
                if line is None:
                    return
                answered = await self._request(target, mark, line, address, each)
                if answered.failure is not None:
                    return  # who does not answer the expected call has nothing to say to a stranger
        finally:
            if line is not None:
                await line.aclose()

    async def _open(self, target: Target, mark: Mark, address: str, resolver: str | None) -> StreamTransport | None:
        """A connection ready for requests, `None` where a step failed; it is recorded then."""
        _, stream = await connect(self.notebook, mark, address, target.port, resolver=resolver)
        if stream is None:
            return None
        if target.https and (await handshake(self.notebook, mark, stream, target, address)).failure is not None:
            await stream.aclose()
            return None
        return StreamTransport(stream, target)

    async def _request(
        self, target: Target, mark: Mark, line: StreamTransport, address: str, presented: Presented
    ) -> Exchange:
        return await request(
            self.notebook, mark, line, target, address, correlation_id=self.sweep_id, presented=presented
        )

    def _credential(self) -> TokenSource:
        """One credential for the sweep: azure-identity keeps its tokens in it."""
        if self.identity is None:
            self.identity = self.notebook.surroundings.credential(self.path.client_id)
        return self.identity

    def _left_s(self) -> float:
        return self.notebook.deadline_s - self.notebook.elapsed_ms() / 1e3


def control_plane_reads() -> "type[ControlPlaneReads]":
    """Imported when it is first needed, and in a thread: a cold start does without, and the walk goes on meanwhile."""
    from probes.azure.control_plane import ControlPlaneReads  # noqa: PLC0415

    return ControlPlaneReads


def gateway_test(notebook: Notebook, deadline_s: float | None) -> Limit:
    """The time that API Management has for its test: the deadline that the caller set, never the path's."""
    if deadline_s is None:
        return Limit(GATEWAY_TEST_S, Failure.TIMEOUT)
    left_s = deadline_s - notebook.elapsed_ms() / 1e3
    return Limit(GATEWAY_TEST_S, Failure.TIMEOUT) if left_s > GATEWAY_TEST_S else Limit(left_s, Failure.DEADLINE)


def well(path: Path, walk: Walk, started_at: datetime, chosen: Sequence[Target]) -> bool:
    """Whether the walk alone finds nothing that Azure should be asked about."""
    among = {target.name for target in chosen}
    return judge(path, walk.notebook.records, started_at=started_at, among=among).verdict is Verdict.PROVEN


def troubled(target: Target, records: Sequence[Observation]) -> bool:
    """Whether an attempt is worth another: something failed, or answered otherwise than expected.

    This is no judgement: it only decides whether to look twice. A type of address that the name does not have is
    normal, and an anonymous request is expected to be refused.
    """
    own = target.credential
    for record in records:
        match record:
            case Resolution(failure=Failure.NO_DATA, question_type="A" | "AAAA") | Connection(failure=Failure.SKIPPED):
                continue
            case Exchange(failure=None, credential=credential, status=status) if credential is own:
                if status not in target.expected_status or lacks_text(target, record):
                    return True
            case _ if record.failure is not None:
                return True
    return False


def lacks_text(target: Target, answered: Exchange) -> bool:
    """Whether a body that was read to its end does not hold the text looked for."""
    read = answered.body is not None and not answered.body_truncated
    return read and target.body_contains is not None and target.body_contains not in (answered.body or "")
