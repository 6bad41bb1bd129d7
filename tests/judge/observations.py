"""Visits to the targets of the article's path, written by hand: healthy unless a test says what is otherwise.

    visit("backend", platform=Said("203.0.113.10", chain=(PRIVATELINK, "waws.example")))
    visit("backend", connect={"failure": Failure.REFUSED})

Steps that a failed one makes impossible are left out, as an observer leaves them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from probes.failure import Failure
from probes.judge import Finding, Judgement, judge
from probes.judge.scene import Scene
from probes.path import Path
from probes.records import Address, Alias, Credential, Observation, Resolution
from tests import sweeps
from tests.sweeps import HOST, PLATFORM_SERVER, PRIVATE, PRIVATELINK, PUBLIC, STARTED_AT, SWEEP_ID

GATEWAY_HOST = "api.internal.example.com"
SCM_HOST = "func-orders-prod.scm.azurewebsites.net"
FRONT_END = "waws-prod-am2-001.sip.azurewebsites.windows.net"
CORRELATED = {"content-type": "application/json", "x-correlation-id": SWEEP_ID}
Changes = Mapping[str, Any]
"""Fields of a record that differ from a healthy one's."""


@dataclass(frozen=True)
class Said:
    """What a resolver says of a name.

    Attributes:
        addresses: of either family, in one text: `10.80.20.4 fd00::4`; empty = none.
        chain: names of the CNAME chain after the one asked.
        failure: of both questions where there is no address.
    """

    addresses: str = ""
    chain: tuple[str, ...] = ()
    failure: Failure = Failure.NXDOMAIN


@dataclass(frozen=True)
class Place:
    """Where a target of the article is, in good order."""

    host: str
    address: str
    chain: tuple[str, ...] = ()
    status: int = 200

    @property
    def said(self) -> Said:
        """What DNS says of it."""
        return Said(self.address, self.chain)


PLACES = {
    "gateway": Place(GATEWAY_HOST, "10.80.10.4"),
    "backend": Place(HOST, PRIVATE, (PRIVATELINK,)),
    "scm": Place(SCM_HOST, PRIVATE, ("func-orders-prod.scm.privatelink.azurewebsites.net",), status=401),
}
NOT_LINKED = Said(PUBLIC, (PRIVATELINK, FRONT_END))
NO_ENDPOINT = Said(PUBLIC, (FRONT_END,))


def visit(
    name: str = "backend",
    *,
    place: Place | None = None,
    attempt: int = 1,
    system: Said | None = None,
    platform: Said | None = None,
    on_premises: Said | None = None,
    hosts_entry: tuple[str, ...] = (),
    token: Changes | None = None,
    connect: Changes | None = None,
    handshake: Changes | None = None,
    request: Changes | None = None,
    anonymous: Changes | None = None,
) -> list[Observation]:
    """One attempt on a target; system and platform say the same unless told otherwise."""
    where = place or PLACES[name]
    base = {"target": name, "attempt": attempt}
    wire = platform or where.said
    here = system or wire
    records: list[Observation] = [
        sweeps.resolution(
            *here.addresses.split(),
            **base,
            question_name=where.host,
            hosts_entry=hosts_entry,
            failure=None if here.addresses else here.failure,
        ),
        *asked("platform", PLATFORM_SERVER, where.host, wire, base),
        *asked("on-premises", "10.80.40.4", where.host, on_premises or where.said, base),
    ]
    protected = name == "backend"
    if protected:
        records.append(sweeps.token(**base, **(token or {})))
    for address in here.addresses.split():
        steps = walk(where, address, base, connect or {}, handshake or {})
        records += steps
        if steps[-1].failure is None and len(steps) == 2:
            common = {**base, "headers": CORRELATED, "url": f"https://{where.host}/", "status": where.status}
            bearer = Credential.TOKEN if protected else Credential.NONE
            if not (token or {}).get("failure"):
                records.append(sweeps.exchange(address, **{**common, "credential": bearer, **(request or {})}))
            if protected:
                refused = {**common, "credential": Credential.NONE, "status": 401, **(anonymous or {})}
                records.append(sweeps.exchange(address, **refused))
    return records


def walk(place: Place, address: str, base: Changes, connect: Changes, handshake: Changes) -> list[Observation]:
    """Connection and handshake with one address, as far as they come."""
    steps: list[Observation] = [sweeps.connection(address, **base, **connect)]
    if steps[0].failure is None:
        leaf = sweeps.certificate(names=(place.host,))
        steps.append(sweeps.handshake(address, **{**base, "server_name": place.host, "chain": (leaf,), **handshake}))
    return steps


def asked(resolver: str, server: str, host: str, said: Said, base: Changes) -> list[Resolution]:
    """Both questions to one name server."""
    names = (host, *said.chain)
    aliases = tuple(Alias(name=name, target=end, ttl_s=60) for name, end in pairwise(names))
    records = []
    for kind in ("A", "AAAA"):
        mine = [address for address in said.addresses.split() if (":" in address) == (kind == "AAAA")]
        failure = None if mine else Failure.NO_DATA if said.addresses else said.failure
        records.append(
            sweeps.wire_resolution(
                resolver,
                question_type=kind,
                **base,
                server=server,
                question_name=host,
                aliases=aliases,
                addresses=tuple(Address(address=address, ttl_s=10) for address in mine),
                failure=failure,
                rcode={None: "NOERROR", Failure.NO_DATA: "NOERROR", Failure.NXDOMAIN: "NXDOMAIN"}.get(failure),
            )
        )
    return records


def scene(*visits: list[Observation], path: Path | None = None) -> Scene:
    """What these visits show, the other targets of the article's path being in good order."""
    told = {record.target for each in visits for record in each}
    healthy = [visit(name) for name in PLACES if path is None and name not in told]
    expected = path or sweeps.path()
    observations = tuple(record for each in (*healthy, *visits) for record in each)
    return Scene(expected, observations, STARTED_AT, frozenset(target.name for target in expected.targets))


def judged(*visits: list[Observation], path: Path | None = None) -> Judgement:
    """The judgement on these visits."""
    return judgement_on(scene(*visits, path=path))


def judgement_on(shown: Scene) -> Judgement:
    """The judgement on a scene."""
    return judge(shown.path, shown.observations, started_at=shown.started_at)


def root(judgement: Judgement) -> Finding:
    """The one root cause; the test fails where there are several, or none."""
    (found,) = judgement.roots
    return found


def ids(judgement: Judgement) -> list[str]:
    """Ids of the root causes."""
    return [found.id for found in judgement.roots]
