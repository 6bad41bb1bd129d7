"""Sweeps that read what Azure says beside their walk: when, of what, and that neither is in the other's way."""

import json
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from jsonschema import Draft202012Validator

from lab.certificates import authorities, pem
from lab.http import Response
from probes.document import dumps, loads, to_document
from probes.failure import Failure
from probes.judge import Verdict
from probes.records import Reading, Vantage
from probes.sweep import Sweep, sweep
from probes.tell.schema import sweep_schema
from tests.azure.arm import Arm, arm, good, refused
from tests.azure.documents import SECRET, SERVICE, SITE
from tests.support import TOKEN, Stage, opened

HOST = "func-orders-prod.azurewebsites.net"
BACKEND = {"name": "backend", "url": f"https://{HOST}/api/orders", "audience": "api://orders", "must_refuse": ["none"]}
RESOURCES = {"site": SITE, "api_management": SERVICE}


@pytest.fixture
def ca_file(tmp_path: File) -> str:
    """The lab's root."""
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(authorities().root.certificate))
    return str(file)


async def prepared(stage: Stage, status: int = 200) -> None:
    """Let the backend be there; it answers a caller with a token so."""
    await stage.names(f"{HOST} 10 A 10.80.20.4")
    await stage.app(
        lambda request: Response(status=status if request.header("authorization") == f"Bearer {TOKEN}" else 401)
    )


async def swept(stage: Stage, it: Arm, *, keys: dict[str, Any] | None = None, **options: Any) -> Sweep:
    """One sweep of a path that names Azure resources."""
    path = stage.path(BACKEND, **({"resources": RESOURCES} | (keys or {})))
    return await sweep(path, replace(stage.surroundings, management=it.url), **options)


def readings(found: Sweep) -> list[Reading]:
    """Its reads."""
    return [record for record in found.observations if isinstance(record, Reading)]


@pytest.mark.parametrize(
    ("control_plane", "status", "read"),
    [
        ("always", 200, True),
        ("always", 500, True),
        ("on-trouble", 200, False),
        ("on-trouble", 500, True),
        ("never", 500, False),
    ],
)
async def test_when_azure_is_asked(ca_file: str, control_plane: str, status: int, *, read: bool) -> None:
    """Always, only where the walk finds something, or never; a path says which."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage, status)
        found = await swept(stage, it, keys={"control_plane": control_plane})
        assert bool(it.requests) is bool(readings(found)) is read


async def test_a_path_without_resources_asks_nobody(ca_file: str) -> None:
    """Nor does one whose resources are none of the targets that are looked at."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage)
        for resources in ({}, {"storage": f"{SITE}x"}):
            found = await swept(stage, it, keys={"resources": resources})
            assert (readings(found), it.requests) == ([], [])


async def test_reads_stand_behind_the_walk_of_their_target(ca_file: str) -> None:
    """Of its first attempt, each with an id of its own."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage, 500)
        found = await swept(stage, it)
    kinds = [isinstance(record, Reading) for record in found.observations if record.attempt == 1]
    assert kinds == sorted(kinds)
    assert [record.attempt for record in found.observations] == sorted(record.attempt for record in found.observations)
    assert {record.target for record in readings(found)} == {"backend"}
    assert len({record.id for record in found.observations}) == len(found.observations)


async def test_a_read_that_fails_is_no_trouble_of_the_target(ca_file: str) -> None:
    """It is not tried again for it."""
    async with opened(ca_file) as stage, arm(instead={SITE: refused(403, "AuthorizationFailed")}) as it:
        await prepared(stage)
        found = await swept(stage, it)
    assert {record.attempt for record in found.observations} == {1}
    assert [record.failure for record in readings(found) if record.kind == "site"] == [Failure.DENIED]


async def test_azure_out_of_reach_does_not_change_what_the_walk_says(ca_file: str) -> None:
    """The path works, whether Azure says so or not."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage)
        surroundings = replace(stage.surroundings, management="http://127.0.0.1:9")
        found = await sweep(stage.path(BACKEND, resources=RESOURCES), surroundings)
        assert it.requests == []
    assert [record.failure for record in readings(found)] == [Failure.REFUSED]
    assert found.judgement.verdict in {Verdict.PROVEN, Verdict.DEGRADED}


async def test_the_deadline_holds_for_reads(ca_file: str) -> None:
    """They end with the sweep, and say that they did."""
    async with opened(ca_file) as stage, arm(instead={SITE: None}) as it:
        await prepared(stage)
        found = await swept(stage, it, deadline_s=1.5)
    assert [record.failure for record in readings(found) if record.kind == "site"] == [Failure.DEADLINE]


async def test_from_outside_azure_is_asked_as_well(ca_file: str) -> None:
    """A closed door is what Azure says, from wherever it is asked."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage)
        found = await swept(stage, it, keys={"vantage": "outside"})
    assert {record.vantage for record in readings(found)} == {Vantage.OUTSIDE}


async def test_reads_do_not_block_the_walk(ca_file: str) -> None:
    """No call to the operating system waits in the loop."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage)
        path, surroundings = stage.path(BACKEND, resources=RESOURCES), replace(stage.surroundings, management=it.url)
        with blockbuster_ctx("probes"):
            found = await sweep(path, surroundings)
    assert len(readings(found)) > 10


async def test_the_gateway_is_asked_where_somebody_wants_it(ca_file: str) -> None:
    """Also of a path that reads nothing else; what it sees is the gateway's."""
    async with opened(ca_file) as stage, arm(instead={f"{SERVICE}/connectivityCheck": good({"hops": []})}) as it:
        await prepared(stage)
        assert not [one for one in readings(await swept(stage, it)) if one.kind == "connectivity"]
        on_trouble = await swept(stage, it, keys={"control_plane": "on-trouble"}, ask_gateway=True)
        assert [one.kind for one in readings(on_trouble)].count("api-management") == 1
        found = await swept(stage, it, keys={"control_plane": "never"}, ask_gateway=True)
    assert [(record.kind, record.vantage) for record in readings(found)] == [
        ("api-management", Vantage.PROBE),
        ("connectivity", Vantage.GATEWAY),
    ]


async def test_a_deadline_that_was_asked_for_ends_the_gateways_test(ca_file: str) -> None:
    """Without one it may take longer than the path's own."""
    async with opened(ca_file) as stage, arm() as it:
        await prepared(stage)
        check = f"{SERVICE}/connectivityCheck"
        waiting = Response(202, headers=(("Location", f"{it.url}{check}"), ("Retry-After", "0.1")))
        it.instead[check] = waiting
        found = await swept(stage, it, ask_gateway=True, deadline_s=1.5)
        assert [one.failure for one in readings(found) if one.kind == "connectivity"] == [Failure.DEADLINE]
        it.instead[check] = [*[waiting] * 12, good({"connectionStatus": "Connected"})]
        patient = await swept(stage, it, keys={"deadline_s": 1}, ask_gateway=True)
    assert [one.failure for one in readings(patient) if one.kind == "connectivity"] == [None]


async def test_what_azure_said_is_saved_and_read_again(ca_file: str) -> None:
    """Valid by the schema, the same again, and without a key or a token."""
    async with opened(ca_file) as stage, arm(instead={f"{SERVICE}/connectivityCheck": good({"hops": []})}) as it:
        await prepared(stage)
        found = await swept(stage, it, ask_gateway=True)
    text = dumps(found)
    Draft202012Validator(sweep_schema()).validate(json.loads(text))
    assert to_document(loads(text, source="test")) == to_document(found)
    assert len(readings(found)) > 10
    assert SECRET not in text
    assert TOKEN not in text
