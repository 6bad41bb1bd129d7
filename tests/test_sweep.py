"""Whole sweeps over real servers: order, attempts, connections, deadlines, and what they leave behind."""

import asyncio
import gc
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path as File
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from lab.certificates import authorities, pem
from lab.http import Request, Response
from lab.listener import FullQueue
from lab.world import NameServerFault
from probes.failure import Failure
from probes.judge import Verdict
from probes.observe.surroundings import in_thread
from probes.records import Connection, Credential, Exchange, Handshake, Observation, Resolution, Token, Vantage
from probes.sweep import MOST_ADDRESSES, PAUSE_S, Sweep, sweep
from tests.support import ADDRESS, HOST, PROTECTED, TOKEN, Given, Stage, guarded, opened, silence

DEADLINE_S = 1.0
LATEST_S = 0.5
"""After the deadline a sweep has to judge; nothing on the network may take this long."""


@pytest.fixture
def ca_file(tmp_path: File) -> str:
    """The lab's root."""
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(authorities().root.certificate))
    return str(file)


def of[R: Observation](found: Sweep, kind: type[R]) -> list[R]:
    """The records of one kind."""
    return [record for record in found.observations if isinstance(record, kind)]


async def test_a_healthy_target(ca_file: str) -> None:
    """Every step is recorded once, on one connection, in the order of the walk, and the path is proven."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        found = await stage.sweep()
    assert (found.judgement.verdict, found.judgement.findings) == (Verdict.PROVEN, ())
    kinds = (Resolution, Token, Connection, Handshake, Exchange)
    assert [len(of(found, kind)) for kind in kinds] == [3, 1, 1, 1, 2]
    walk = [record for record in found.observations if record.transaction == f"backend/1/{ADDRESS}"]
    assert [record.step for record in walk] == ["connect", "handshake", "request", "request"]
    assert [record.credential for record in of(found, Exchange)] == [Credential.TOKEN, Credential.NONE]
    assert [record.started_ms for record in walk] == sorted(record.started_ms for record in walk)
    assert len({record.id for record in found.observations}) == len(found.observations)
    assert {record.attempt for record in found.observations} == {1}


async def test_the_sweeps_id_goes_out_with_every_request(ca_file: str) -> None:
    """The correlation id is the sweep's id, new for each; the token stands in no record."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        first, second = await stage.sweep(), await stage.sweep()
    assert re.fullmatch(r"[0-9a-f]{32}", first.sweep_id)
    assert first.sweep_id != second.sweep_id
    sent = [request.header("x-correlation-id") for request in stage.requests]
    assert sent == [first.sweep_id] * 2 + [second.sweep_id] * 2
    assert TOKEN not in repr(first)


async def test_a_connection_that_the_server_closes_is_opened_again(ca_file: str) -> None:
    """Where the first answer ends the connection, the anonymous request gets a new one in the same transaction."""

    def closing(request: Request) -> Response:
        return replace(guarded(request), headers=(("Connection", "close"),))

    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app(closing)
        found = await stage.sweep()
    assert found.judgement.verdict is Verdict.PROVEN
    assert [len(of(found, kind)) for kind in (Connection, Handshake, Exchange)] == [2, 2, 2]
    assert len({record.transaction for record in of(found, Connection)}) == 1


async def test_what_fails_once_is_tried_again(ca_file: str) -> None:
    """A failing target is walked once more, both attempts stay, and what healed is told as intermittent."""
    answers = iter([Response(status=500)])

    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app(lambda request: next(answers, guarded(request)))
        found = await stage.sweep()
    assert found.judgement.verdict is Verdict.DEGRADED
    assert [finding.id for finding in found.judgement.roots] == ["intermittent"]
    assert [(record.attempt, record.status) for record in of(found, Exchange)] == [
        (1, 500),
        (1, 401),
        (2, 200),
        (2, 401),
    ]
    assert {record.attempt for record in of(found, Token)} == {1, 2}


async def test_what_fails_twice_is_down(ca_file: str) -> None:
    """Two attempts are made and no third, with a pause between."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app(lambda _: Response(status=500))
        found = await stage.sweep()
    assert found.judgement.verdict is Verdict.BROKEN
    assert [record.attempt for record in of(found, Connection)] == [1, 2]
    first, second = of(found, Connection)
    assert second.started_ms - first.started_ms >= PAUSE_S * 1e3


async def test_an_answer_that_is_expected_is_not_tried_again(ca_file: str) -> None:
    """A refusal of strangers, and a name without IPv6, are no reason for a second look."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        found = await stage.sweep({"expected_status": [401]})
    assert found.judgement.verdict is Verdict.PROVEN
    assert {record.attempt for record in found.observations} == {1}
    assert [record.failure for record in of(found, Resolution)].count(Failure.NO_DATA) == 1


async def test_without_a_token_only_the_anonymous_request_is_made(ca_file: str) -> None:
    """No token, no request in its name: the backend is still asked whether it answers strangers."""

    class Nobody:
        def get_token(self, *_scopes: str) -> Given:
            raise OSError

    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        surroundings = replace(stage.surroundings, credential=lambda _: Nobody())
        found = await sweep(stage.path(), surroundings)
    assert {record.credential for record in of(found, Exchange)} == {Credential.NONE}
    assert [finding.id for finding in found.judgement.roots] == ["token-unavailable"]


async def test_the_credential_is_made_once_for_a_sweep(ca_file: str) -> None:
    """Targets share the credential, which keeps its tokens; the path's client id is handed to it."""
    made: list[str | None] = []

    def make(client_id: str | None) -> Given:
        made.append(client_id)
        return Given()

    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        path = stage.path(PROTECTED, {**PROTECTED, "name": "other"}, identity={"client_id": "me"}, concurrency=1)
        await sweep(path, replace(stage.surroundings, credential=make))
    assert made == ["me"]


async def test_an_address_in_the_url_needs_no_resolver(ca_file: str) -> None:
    """A literal is connected to as it is, without a question to anybody."""
    async with opened(ca_file) as stage:
        await stage.app()
        found = await stage.sweep({"url": f"https://{ADDRESS}/"})
    assert not of(found, Resolution)
    assert {record.resolver for record in of(found, Connection)} == {None}
    assert [finding.id for finding in found.judgement.roots] == ["address-hardcoded"]


async def test_addresses_over_the_limit_are_skipped_and_said_to_be(ca_file: str) -> None:
    """Of a name with many addresses the first are walked, the rest have a record each."""
    addresses = [f"10.80.20.{number}" for number in range(10, 10 + MOST_ADDRESSES + 2)]
    async with opened(ca_file) as stage:
        await stage.names(*(f"{HOST} 10 A {address}" for address in addresses))
        for address in addresses:
            await stage.app(address=address)
        found = await stage.sweep()
    skipped = [record for record in of(found, Connection) if record.failure is Failure.SKIPPED]
    assert (len(skipped), len(of(found, Connection))) == (2, len(addresses))
    assert all(record.detail == "only 8 addresses of a name are tried" for record in skipped)
    assert found.judgement.verdict is Verdict.PROVEN


async def test_some_targets_of_a_path(ca_file: str) -> None:
    """Only the targets named are visited and judged; a sweep of none has nothing to say."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        targets = (PROTECTED, {**PROTECTED, "name": "other"})
        found = await stage.sweep(*targets, targets=["other"])
        nothing = await stage.sweep(*targets, targets=["none-such"])
    assert {record.target for record in found.observations} == {"other"}
    assert found.judgement.verdict is Verdict.PROVEN
    assert (nothing.observations, nothing.judgement.verdict) == ((), Verdict.INCONCLUSIVE)


async def test_observations_made_elsewhere_are_judged_with_the_rest(ca_file: str) -> None:
    """What API Management told goes into the sweep and its judgement."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        own = await stage.sweep()
        told = replace(
            of(own, Exchange)[0], id="told", vantage=Vantage.GATEWAY, failure=Failure.BACKEND_CONNECTION_FAILURE
        )
        found = await stage.sweep(also=[told])
    assert found.observations[-1] is told
    assert [finding.id for finding in found.judgement.roots] == ["gateway-cannot-reach-backend"]


async def test_records_are_told_as_they_are_written(ca_file: str) -> None:
    """Whoever watches hears of every record, none of them twice."""
    heard: list[Observation] = []
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        found = await stage.sweep(observed=heard.append)
    assert sorted(record.id for record in heard) == sorted(record.id for record in found.observations)


async def test_targets_wait_their_turn(ca_file: str) -> None:
    """With room for one, targets are visited one after the other, and recorded in the order of the path."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        targets = [{**PROTECTED, "name": f"t{number}"} for number in range(4)]
        found = await stage.sweep(*targets, keys={"concurrency": 1})
    order = [record.target for record in found.observations]
    assert order == sorted(order)
    spans = [span(record for record in found.observations if record.target == f"t{number}") for number in range(4)]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def span(records: Iterable[Observation]) -> tuple[float, float]:
    """Start of the first and end of the last of some records."""
    times = [(record.started_ms, record.started_ms + (record.duration_ms or 0)) for record in records]
    return min(start for start, _ in times), max(end for _, end in times)


async def silent_names(stage: Stage) -> None:
    """The name server takes questions and never answers."""
    await stage.names(fault=NameServerFault.SILENT)


async def silent_app(stage: Stage) -> None:
    """The app takes connections and never says a word."""
    await stage.names()
    await stage.talks(silence)


async def dropping(stage: Stage) -> None:
    """Packets to the app are dropped."""
    await stage.names()
    full = FullQueue()
    stage.stack.push_async_callback(full.aclose)
    stage.network.place(ADDRESS, 443, full.port)


@pytest.mark.parametrize("faulty", [silent_names, silent_app, dropping])
async def test_a_sweep_ends_by_its_deadline(ca_file: str, faulty: Callable[[Stage], Any]) -> None:
    """Whatever is silent, and however many wait behind it, the sweep ends in time and says what it did not see."""
    async with opened(ca_file) as stage:
        await faulty(stage)
        targets = [{**PROTECTED, "name": f"t{number}"} for number in range(5)]
        found = await stage.sweep(*targets, keys={"concurrency": 2}, deadline_s=DEADLINE_S)
    assert found.duration_ms <= (DEADLINE_S + LATEST_S) * 1e3
    cut = {record.target for record in found.observations if record.failure is Failure.DEADLINE}
    assert cut == {f"t{number}" for number in range(5)}
    assert found.judgement.verdict is Verdict.INCONCLUSIVE
    assert [finding.id for finding in found.judgement.roots] == ["deadline-missed"]


@pytest.mark.parametrize(
    ("faulty", "cause"),
    [(silent_names, "resolver-unreachable"), (silent_app, "handshake-timeout"), (dropping, "connect-blocked")],
)
async def test_silence_within_the_deadline_is_a_cause(ca_file: str, faulty: Callable[[Stage], Any], cause: str) -> None:
    """With time to wait for the step's own end, silence is a finding and no longer unknown."""
    times = {"resolve": 0.3, "connect": 0.3, "handshake": 0.3}
    async with opened(ca_file) as stage:
        await faulty(stage)
        found = await stage.sweep(keys={"step_timeout_s": times})
    assert found.judgement.verdict is Verdict.BROKEN
    assert [finding.id for finding in found.judgement.roots] == [cause]
    assert Failure.TIMEOUT in {record.failure for record in found.observations}


async def test_the_callers_deadline_only_shortens_the_paths(ca_file: str) -> None:
    """A caller may have less time than the path, never more."""
    async with opened(ca_file) as stage:
        await silent_app(stage)
        found = await stage.sweep(keys={"deadline_s": 1}, deadline_s=60)
    assert found.duration_ms <= (1 + LATEST_S) * 1e3


async def test_a_resolver_library_that_hangs_does_not_hold_up_the_sweep(ca_file: str) -> None:
    """Getaddrinfo cannot be interrupted: its thread is left behind, and the sweep ends."""

    async def hanging(_host: str) -> tuple[str, ...]:
        await in_thread(lambda: time.sleep(3))
        return ()

    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        surroundings = replace(stage.surroundings, getaddrinfo=hanging)
        found = await sweep(stage.path(), surroundings, deadline_s=DEADLINE_S)
    assert found.duration_ms <= (DEADLINE_S + LATEST_S) * 1e3
    assert found.judgement.verdict is Verdict.INCONCLUSIVE


async def test_a_certificate_file_that_is_gone_does_not_stop_the_sweep(ca_file: str) -> None:
    """What went away since the path was loaded is a finding on its target; the others are judged."""
    gone = f"{ca_file}.gone"
    shutil.copy(ca_file, gone)
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        path = stage.path({"name": "gone", "ca_file": gone}, PROTECTED)
        os.unlink(gone)  # noqa: PTH108 - ASYNC240 wants the other; it is one small file
        found = await sweep(path, stage.surroundings)
    assert [(finding.id, finding.targets) for finding in found.judgement.roots] == [("unexplained", ("gone",))]


@pytest.mark.parametrize("faulty", [silent_names, silent_app, dropping])
async def test_a_cancelled_sweep_leaves_nothing_open(ca_file: str, faulty: Callable[[Stage], Any]) -> None:
    """Cancelled wherever it is, a sweep closes every socket it opened."""
    async with opened(ca_file) as stage:
        await faulty(stage)
        await asyncio.sleep(0)
        before = sockets()
        task = asyncio.create_task(stage.sweep())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        gc.disable()  # what only the collector closes was left open
        try:
            assert sockets() <= before
        finally:
            gc.enable()


def sockets() -> int:
    """Client sockets of this process, those of its servers' connections not counted apart."""
    links = (link.readlink() for link in list(File("/proc/self/fd").iterdir()) if link.is_symlink())
    return sum(str(link).startswith("socket:") for link in links)


async def test_nothing_blocks_the_loop_during_a_sweep(ca_file: str) -> None:
    """No file is read, no name resolved and no lock waited for on the loop, in a first sweep of a fresh trust."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        path = stage.path({**PROTECTED, "intermediates_file": ca_file})
        with blockbuster_ctx("probes"):
            found = await sweep(path, stage.surroundings)
    assert found.judgement.verdict is Verdict.PROVEN


async def test_sweeps_at_the_same_time_do_not_mix(ca_file: str) -> None:
    """Two sweeps of one path share nothing but the trust in certificates."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        path = stage.path()
        found = await asyncio.gather(*(sweep(path, stage.surroundings) for _ in range(5)))
    assert len({each.sweep_id for each in found}) == 5
    assert {len(each.observations) for each in found} == {8}
    assert all(each.judgement.verdict is Verdict.PROVEN for each in found)
