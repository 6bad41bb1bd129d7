"""Calls through the gateway stand-in to the orders app, followed by their ids through what each of them has left.

Everything between is real: TLS, the host process, Microsoft's worker library, the exporter that the app is configured
with, KQL over what it sent.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab.certificates import client_context
from lab.credential import LabCredential
from lab.replica import Replica, opened
from lab.scenarios import scenario
from lab.scenarios.article import API, APP, ENDPOINT_ADDRESS, GATEWAY_ADDRESS, WORLD
from lab.scenarios.changes import change_listener
from lab.world import ListenerFault, World
from probes.azure.log_analytics import AUDIENCE, LogAnalytics
from probes.azure.rest import Rest
from probes.observe.surroundings import in_thread
from probes.trace.ending import ending
from probes.trace.records import Hop, Trace
from probes.trace.search import search
from probes.trace.sentence import sentence

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CALLS = 50
ORDER = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 2}]}
HEADER, GATEWAY_HEADER = "x-correlation-id", "x-gateway-request-id"
TRACEPARENT = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
PATIENCE_S = 30.0
LOST, SLOW = "id not sent", "app slow"
CALLERS_ID = "of-the-caller-1"
OWN_ID = "around-the-gateway-1"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A call that was made: its answer, and the id under which it can be found."""

    answer: httpx.Response
    id: str


@asynccontextmanager
async def client(replica: Replica, address: str, host: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of what stands at an address, TLS verified for the name."""
    where, port = replica.surroundings.endpoint(address, 443)

    async def named(request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = host

    async with httpx.AsyncClient(
        base_url=f"https://{where}:{port}",
        headers={"Host": host},
        verify=await asyncio.to_thread(client_context),
        event_hooks={"request": [named]},
        trust_env=False,
        timeout=PATIENCE_S,
    ) as found:
        yield found


async def through_gateway(replica: Replica, method: str = "GET", path: str = "/orders/orders", **more: Any) -> Made:
    """A call of the API."""
    async with client(replica, GATEWAY_ADDRESS, API) as http:
        answer = await http.request(method, path, **more)
    return Made(answer=answer, id=answer.headers.get(GATEWAY_HEADER) or answer.headers.get(HEADER) or last(replica))


def last(replica: Replica) -> str:
    """The id of the last row of the gateway's log: where no operation is called, no policy gives the caller one."""
    return str(replica.gateway_logs[-1]["CorrelationId"])


def sent(replica: Replica, kind: str) -> list[tuple[str | None, Mapping[str, Any]]]:
    """The id on each record of one kind that the app has sent, and the record."""
    found = [envelope["data"] for envelope in replica.ingestion.envelopes]
    data = [each["baseData"] for each in found if each["baseType"] == kind]
    return [((each.get("properties") or {}).get("correlation.id"), each) for each in data]


async def arrived(replica: Replica, kind: str, ids: set[str]) -> None:
    """Wait until a record of that kind with each of the ids has come."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if ids <= {name for name, _ in sent(replica, kind)}:
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def asked(replica: Replica) -> AsyncIterator[LogAnalytics]:
    """The workspace of the lab, as an engineer may read it."""
    lab = replica.standing("test")
    async with Rest(
        endpoint=lab.log_analytics,
        audience=AUDIENCE,
        credential=lambda: LabCredential(None, lab.identity),
        deadline_s=PATIENCE_S,
    ) as rest:
        yield LogAnalytics(rest=rest, workspace_id=lab.workspace_id)


async def test_fifty_calls_at_once_keep_their_ids_apart() -> None:
    """Each id stands on every record of its call and on no other, and the search finds exactly those.

    Half of the calls come with the same trace id, as those of a caller with tracing of its own do.
    """
    async with opened(WORLD, telemetry=True) as replica:
        async with client(replica, GATEWAY_ADDRESS, API) as http:
            answers = await asyncio.gather(*(_call(http, number) for number in range(CALLS)))
        ids = [answer.headers[HEADER] for answer in answers]
        taken = {name: answer.json()["id"] for name, answer in zip(ids, answers, strict=True) if _is_new(answer)}
        assert [answer.status_code for answer in answers] == [200 if number % 2 else 201 for number in range(CALLS)]
        assert [answer.headers[GATEWAY_HEADER] for answer in answers] == ids
        assert (len(set(ids)), len(taken)) == (CALLS, CALLS // 2)
        await arrived(replica, "RequestData", set(ids))
        await arrived(replica, "MessageData", set(taken))
        assert sorted(row["CorrelationId"] for row in replica.gateway_logs) == sorted(ids)
        assert sorted(name or "" for name, _ in sent(replica, "RequestData")) == sorted(ids)
        told = {name: data["message"] for name, data in sent(replica, "MessageData")}
        assert told == {name: f"Order {order} taken" for name, order in taken.items()}
        async with asked(replica) as workspace:
            for name in ids:
                found = await search(workspace, name, timedelta(hours=1))
                _is_of_one_call(found, taken.get(name))


async def _call(http: httpx.AsyncClient, number: int) -> httpx.Response:
    headers = TRACEPARENT if number % 4 < 2 else {}
    if number % 2:
        return await http.get("/orders/orders", headers=headers)
    return await http.post("/orders/orders", json=ORDER, headers=headers)


def _is_new(answer: httpx.Response) -> bool:
    return answer.status_code == 201


def _is_of_one_call(found: Trace, order: str | None) -> None:
    """One row of the gateway, one request, the log of a new order, and nothing with another's id."""
    name = found.correlation_id
    assert len(found.gateway) == 1
    assert [item.name for item in found.of(Hop.REQUEST)] == ["GET /api/orders" if order is None else "POST /api/orders"]
    assert [item.name for item in found.of(Hop.LOG)] == ([] if order is None else [f"Order {order} taken"])
    assert {item.properties["correlation.id"] for item in found.items} == {name}
    assert all(item.carries_id for item in found.items)
    assert (ending(found).id, found.gaps) == ("complete", ())


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call in one world, and how its chain ends."""

    world: World
    ends: str
    says: str
    method: str = "GET"
    path: str = "/orders/orders"
    more: Mapping[str, Any] | None = None


def of(name: str, ends: str, says: str, **more: Any) -> Case:
    """A call of the orders in a scenario."""
    return Case(world=scenario(name).world, ends=ends, says=says, **more)


WITH_ID = {"headers": {HEADER: CALLERS_ID}}
UNREACHED = "gateway-did-not-reach-backend"
CASES: Mapping[str, Case] = {
    "served": of("healthy", "complete", "served GET /api/orders with 200"),
    "new order": of("healthy", "complete", "with 201", method="POST", more={"json": ORDER}),
    "no such order": of("healthy", "backend-declined", "with 404", path="/orders/orders/none"),
    "no such operation": of("healthy", "gateway-answered-itself", "404 itself, without the backend: Op", path="/none"),
    "limit used up": of("gateway-limit-used-up", "gateway-answered-itself", "429 itself, without the backend: Rate"),
    "zone not linked": of("zone-not-linked", "platform-answered", "address answered 403"),
    "app stopped": of("app-stopped", "platform-answered", "address answered 403"),
    "host not running": of("host-not-running", "platform-answered", "address answered 503"),
    "app error": of("app-error", "platform-answered", "address answered 500"),
    "no record of the name": of("gateway-cannot-reach-backend", UNREACHED, f"could not be resolved: '{APP}'"),
    "errors of the platform": of("policy-answers-by-platform", UNREACHED, f"could not be resolved: '{APP}'"),
    "called by address": of("policy-calls-address", UNREACHED, "The remote certificate is invalid"),
    "answer cut": of("response-truncated", UNREACHED, "connection was closed"),
    "nothing listens": Case(
        world=change_listener(WORLD, ENDPOINT_ADDRESS, fault=ListenerFault.CLOSED),
        ends=UNREACHED,
        says="Unable to connect to the remote server",
    ),
    "app hangs": of("request-timeout", "gateway-did-not-wait", f"had no answer of https://{APP}"),
    SLOW: of("policy-waits-too-short", "gateway-timed-out-first", "and the gateway gave up after 1."),
    "other application": of("policy-calls-other-application", "request-not-recorded", "something else answered"),
    "app forgets": of("correlation-lost", "request-not-recorded", "no request record has the id"),
    LOST: of(
        "policy-drops-id", "request-not-recorded", "the id is lost on the way", more={"headers": {HEADER: CALLERS_ID}}
    ),
    "no token": of("gateway-identity-rejected", "backend-refused", "refused the caller with 401"),
    "token for another": of("policy-asks-for-other-audience", "backend-refused", "refused the caller with 401"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def traces() -> AsyncIterator[Mapping[str, Trace]]:
    """Every case's call, and the trace of it once all that any of them has left must have come."""
    async with opened(WORLD, telemetry=True) as replica:
        made: dict[str, str] = {}
        for name, case in CASES.items():
            await replica.become(case.world)
            call = await through_gateway(replica, case.method, case.path, **(case.more or {}))
            made[name] = call.id
            if name == SLOW:
                # The app has not begun when the gateway gives up, and the next world would not let it begin.
                await arrived(replica, "RequestData", {call.id})
        await replica.become(WORLD)
        made |= {"around": await around(replica), CALLERS_ID: CALLERS_ID}
        # The app sends in order: when the records of the last call are there, so are those of all before.
        final = await through_gateway(replica, "POST", json=ORDER)
        await arrived(replica, "RequestData", {final.id})
        await arrived(replica, "MessageData", {final.id})
        async with asked(replica) as workspace:
            yield {name: await search(workspace, each, timedelta(hours=1)) for name, each in made.items()}


async def around(replica: Replica) -> str:
    """A call of the backend itself, with a good token and an id of the caller's own."""
    credential = replica.surroundings.credential(None)
    access = await in_thread(lambda: credential.get_token("api://orders/.default"))
    async with client(replica, ENDPOINT_ADDRESS, APP) as http:
        answer = await http.get("/api/orders", headers={"Authorization": f"Bearer {access.token}", HEADER: OWN_ID})
    return str(answer.headers[HEADER])


@pytest.mark.parametrize("name", CASES)
async def test_the_end_of_the_chain(traces: Mapping[str, Trace], name: str) -> None:
    """Where it is, and the sentence that says so."""
    found, case = traces[name], CASES[name]
    row = ending(found)
    assert row.id == case.ends
    assert case.says in sentence(row, found)
    assert len(found.gateway) == 1


async def test_a_call_around_the_gateway(traces: Mapping[str, Trace]) -> None:
    """The backend served it, and the gateway knows nothing of it."""
    found = traces["around"]
    assert (found.correlation_id, found.gateway, ending(found).id) == (OWN_ID, (), "gateway-not-recorded")


async def test_a_call_whose_id_was_lost_has_two_halves(traces: Mapping[str, Trace]) -> None:
    """The gateway's under its own id, and the app's under the caller's, which the policy let through."""
    gateway, app = traces[LOST], traces[CALLERS_ID]
    assert (len(gateway.gateway), gateway.items) == (1, ())
    assert (app.gateway, ending(app).id) == ((), "gateway-not-recorded")


async def test_a_refusal_has_the_reason_of_the_app(traces: Mapping[str, Trace]) -> None:
    """On the request record, and in the log of the call, with the id on both."""
    for name in ("token for another", "no token"):
        found = traces[name]
        (request,), (log,) = found.of(Hop.REQUEST), found.of(Hop.LOG)
        assert request.properties["orders.reason"] in log.name
        assert request.properties["orders.reason"] in sentence(ending(found), found)
        assert (request.carries_id, log.carries_id) == (True, True)
