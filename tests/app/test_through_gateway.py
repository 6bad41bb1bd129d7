"""A diagnosis by way of API Management: its deployed policies, and what the probe app makes of what they tell."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab import probe_app
from lab.probe_app import ProbeApp
from lab.replica import Replica, opened
from lab.scenarios.article import API, ENTERPRISE_ZONE, GATEWAY, GATEWAY_ADDRESS, PRIVATELINK, PROBE_ADDRESS, WORLD
from lab.scenarios.changes import change_listener, changed_policy
from lab.scenarios.gateway import OLD_NAME_SERVER, gateway_asks
from lab.world import World, Zone
from probes.document import loads
from probes.records import Exchange, Vantage
from probes.sweep import Sweep
from tests.app.conftest import identity_of
from tests.lab.clients import fetch

pytestmark = pytest.mark.asyncio(loop_scope="module")
KNOWS_THE_PROBE_ONLY = Zone(name=PRIVATELINK, records=(f"func-probe-prod 10 A {PROBE_ADDRESS}",))
FORGED = {
    "x-gateway-target": "backend",
    "x-gateway-outcome": "unreachable",
    "x-gateway-status": "",
    "x-gateway-elapsed-ms": "1",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[ProbeApp]:
    """The probe app behind the replica's front end."""
    async with opened(WORLD) as replica, probe_app.opened(replica, identity_of(replica)) as running:
        yield running


async def through_gateway(replica: Replica, path: str, **options: Any) -> httpx.Response:
    """The gateway's answer to a caller without any credential."""
    _, port = replica.surroundings.endpoint(GATEWAY_ADDRESS, 443)
    return await fetch(port, f"https://{API}/diagnostics{path}", seconds=30, **options)


async def diagnosed(app: ProbeApp, world: World, **options: Any) -> Sweep:
    """The sweep that comes back in a world."""
    await app.replica.become(world)
    await app.follow()
    answer = await through_gateway(app.replica, "/diagnose?path=orders", **options)
    assert answer.status_code == httpx.codes.OK, answer.text
    return loads(answer.text, source="answer")


def told(sweep: Sweep) -> Exchange:
    """What API Management told."""
    (found,) = (record for record in sweep.observations if record.vantage is Vantage.GATEWAY)
    assert isinstance(found, Exchange)
    return found


async def test_the_gateways_view_stands_in_the_sweep(app: ProbeApp) -> None:
    """It called the backend with its own token and was answered; the id is the one of its log."""
    sweep = await diagnosed(app, WORLD)
    seen, row = told(sweep), app.replica.gateway_logs[-1]
    assert (sweep.judgement.verdict, seen.status, seen.failure) == ("proven", 200, None)
    assert seen.correlation_id == row["CorrelationId"]
    assert (row["ApiId"], row["OperationId"], row["BackendResponseCode"]) == ("diagnostics", "diagnose", 200)


async def test_a_forged_view_is_replaced(app: ProbeApp) -> None:
    """A caller who claims that the gateway does not reach the backend is not believed."""
    sweep = await diagnosed(app, WORLD, headers=FORGED)
    assert (sweep.judgement.verdict, told(sweep).status) == ("proven", 200)


async def test_what_the_gateway_cannot_reach_is_told(app: ProbeApp) -> None:
    """Its name server has no record of the backend: the cause is named with what the gateway saw as evidence."""
    server = replace(OLD_NAME_SERVER, zones=(ENTERPRISE_ZONE, KNOWS_THE_PROBE_ONLY))
    sweep = await diagnosed(app, gateway_asks(server))
    assert (told(sweep).failure, told(sweep).status) == ("backend_connection_failure", None)
    (cause,) = sweep.judgement.roots
    assert cause.id == "gateway-cannot-reach-backend"
    assert told(sweep).id in cause.evidence


async def test_an_identity_that_the_backend_refuses_is_told(app: ProbeApp) -> None:
    """The gateway has no token, asks all the same, and is answered 401; the probe's own call is in order."""
    sweep = await diagnosed(app, change_listener(WORLD, GATEWAY_ADDRESS, serves=replace(GATEWAY, has_identity=False)))
    assert told(sweep).status == httpx.codes.UNAUTHORIZED


async def test_other_operations_do_not_call_the_backend(app: ProbeApp) -> None:
    """An explanation is the probe app's alone."""
    await app.replica.become(WORLD)
    answer = await through_gateway(app.replica, "/findings/zone-not-linked")
    assert (answer.status_code, answer.json()["id"]) == (httpx.codes.OK, "zone-not-linked")


async def test_a_wrong_key_is_the_probe_apps_refusal(app: ProbeApp) -> None:
    """A policy without the function key gets 401 from the host, and passes it on."""
    header = '<set-header name="x-functions-key" exists-action="override">'
    changed = changed_policy(GATEWAY, "diagnostics.xml", header, header.replace("x-functions-key", "x-other"))
    await app.replica.become(change_listener(WORLD, GATEWAY_ADDRESS, serves=changed))
    answer = await through_gateway(app.replica, "/diagnose")
    row = app.replica.gateway_logs[-1]
    assert (answer.status_code, row["BackendResponseCode"], row["LastErrorReason"]) == (401, 401, None)


async def test_without_a_probe_app_the_front_end_answers() -> None:
    """503 of App Service, as of an app whose host is down."""
    async with opened(WORLD) as replica:
        answer = await through_gateway(replica, "/health")
    assert (answer.status_code, answer.text) == (httpx.codes.SERVICE_UNAVAILABLE, "Function host is not running.")
