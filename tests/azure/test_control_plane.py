"""Reads that are refused, late, broken or hostile: each is a record, and stops only what depends on it."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.credential import LabCredential
from lab.entra import Entra
from lab.http import Request, Response, serve
from lab.managed_identity import ManagedIdentity
from lab.world import Identity
from probes.azure.reader import LARGEST_ANSWER_BYTES, MOST_AT_ONCE
from probes.failure import Failure
from probes.fields import encoded, form
from probes.path import Problem
from probes.records import Reading
from tests.azure.api import Slow
from tests.azure.arm import Arm, arm, failures, good, path, read, refused
from tests.azure.documents import (
    API,
    ENDPOINT,
    SERVICE,
    SITE,
    ZONE,
    document,
)
from tests.support import TOKEN

SITE_READ = "backend/1/read/site"
CONNECTIONS = f"{SITE}/privateEndpointConnections"
LINKS = f"{ZONE}/virtualNetworkLinks"
LINKS_READ = "backend/1/read/zone-links/privatelink.azurewebsites.net"


def outcome(record: Reading) -> tuple[Failure | None, int | None, str | None]:
    """What became of a read."""
    return record.failure, record.status, record.detail


@pytest.mark.parametrize(
    ("answer", "failure", "status", "detail"),
    [
        (refused(403, "AuthorizationFailed", "does not have authorization"), "denied", 403, "403 AuthorizationFailed"),
        (refused(401, "InvalidAuthenticationToken"), "denied", 401, "401 InvalidAuthenticationToken: No."),
        (refused(404, "ResourceNotFound"), "not_found", 404, "404 ResourceNotFound: No."),
        (refused(429, "TooManyRequests", "No.", ("Retry-After", "60")), "throttled", 429, "429 TooManyRequests: No."),
        (refused(500, "InternalServerError"), "unknown", 500, "500 InternalServerError: No."),
        (Response(502, body=b"<html><body>Bad gateway</body></html>"), "unknown", 502, "502"),
        (Response(200, body=b"<html><body>Sign in</body></html>"), "malformed_response", 200, "the answer is no JSON"),
        (Response(200, body=b"[" * 50_000), "malformed_response", 200, "the answer is no JSON"),
        (Response(204), "malformed_response", 204, "the answer is empty"),
        (good(None), "malformed_response", 200, "the answer is empty"),
        (good([]), "malformed_response", 200, "the answer is not an object"),
        (good({"properties": 7}), "malformed_response", 200, "properties is not an object"),
        (good({"properties": {"state": 7}}), "malformed_response", 200, "properties.state is not text"),
        (
            good({"properties": {"enabled": "yes"}}),
            "malformed_response",
            200,
            "properties.enabled is not true or false",
        ),
        (good({"properties": {"hostNames": "a"}}), "malformed_response", 200, "properties.hostNames is not an array"),
        (good({"properties": {"hostNames": [7]}}), "malformed_response", 200, "properties.hostNames[0] is not text"),
        (Response(200, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "malformed_response", None, None),
        (Response(200, raw=b""), "closed", None, None),
    ],
)
async def test_a_read_that_brings_nothing_is_a_record(
    answer: Response, failure: str, status: int | None, detail: str | None
) -> None:
    """With how it failed, the status that came, and Azure's words; the other reads of the site go on."""
    async with arm(instead={SITE: answer}) as it:
        found = await read(it.url, path("gateway", "backend"))
    record = found[SITE_READ]
    assert (record.failure, record.status, record.content) == (failure, status, None)
    assert detail is None or (record.detail or "").startswith(detail)
    assert failures(found) == {SITE_READ: failure}
    assert found[LINKS_READ].content is not None


async def test_rights_on_a_part_only() -> None:
    """The zone stands in another subscription, which refuses: what its endpoint says is there all the same."""
    refusal = refused(403, "AuthorizationFailed")
    instead = {LINKS: refusal, f"{ZONE}/A/func-orders-prod": refusal, f"{ZONE}/A/func-orders-prod.scm": refusal}
    async with arm(instead=instead) as it:
        found = await read(it.url)
    assert set(failures(found).values()) == {Failure.DENIED}
    assert len(failures(found)) == 3
    assert found["backend/1/read/zone-groups/pe-orders"].content is not None


async def test_what_depends_on_a_refused_read_is_not_asked() -> None:
    """No connection, no endpoint; no service, no subnet: and no record of what nobody knows of."""
    refusal = refused(403, "AuthorizationFailed")
    instead = {CONNECTIONS: refusal, SERVICE: refusal, f"{SERVICE}/apis": refusal}
    only = {"site": SITE, "api_management": SERVICE}
    async with arm(instead=instead) as it:
        found = await read(it.url, path("gateway", "backend", resources=only))
    assert sorted(failures(found)) == [
        "backend/1/read/endpoint-connections",
        "gateway/1/read/api",
        "gateway/1/read/api-management",
    ]
    assert not [name for name in found if "private-endpoint" in name or "virtual-network" in name]
    assert found["gateway/1/read/api"].resource_id == f"{SERVICE}/apis"
    assert found["gateway/1/read/network-status"].content is not None


async def test_an_operation_list_that_is_refused() -> None:
    """It is recorded as what is missing because of it: a policy."""
    async with arm(instead={f"{API}/operations": refused(403, "AuthorizationFailed")}) as it:
        found = await read(it.url, path("gateway"))
    assert failures(found) == {"gateway/1/read/policy/operations/orders": Failure.DENIED}


@pytest.mark.parametrize("status", [429, 503])
async def test_throttling_is_waited_for(status: int) -> None:
    """As long as Azure says, within the time of the read."""
    later = refused(status, "TooManyRequests", "No.", ("Retry-After", "0.1"))
    async with arm(instead={SITE: [later, later, good(document()[SITE])]}) as it:
        found = await read(it.url, path("backend"))
    assert outcome(found[SITE_READ]) == (None, 200, None)


async def test_a_slow_read_costs_its_own_time() -> None:
    """The step's limit, and the others are there."""
    async with arm(instead={SITE: None}) as it:
        found = await read(it.url, path("gateway", "backend", step_timeout_s={"read": 0.5}))
    assert outcome(found[SITE_READ]) == (Failure.TIMEOUT, None, "no answer within 0.5 s")
    assert failures(found) == {SITE_READ: Failure.TIMEOUT}


async def test_the_end_of_the_sweep_cuts_a_read() -> None:
    """Which says nothing of it; what was answered before is kept."""
    async with arm(instead={SITE: None}) as it:
        found = await asyncio.wait_for(read(it.url, path("gateway", "backend"), deadline_s=1.0), 5.0)
    assert found[SITE_READ].failure is Failure.DEADLINE
    assert found["backend/1/read/site-config"].failure is None


async def test_a_sweep_that_is_over_before_a_read_begins() -> None:
    """One record says so, and nobody is asked."""
    async with arm() as it:
        found = await read(it.url, deadline_s=0.0)
        assert it.requests == []
    assert [record.failure for record in found.values()] == [Failure.DEADLINE]


async def test_azure_out_of_reach_is_told_once() -> None:
    """A network without a way out must not cost every sweep the time of thirty reads."""
    async with await serve(Arm()) as gone:
        url = gone.url
    found = await asyncio.wait_for(read(url), 10.0)
    assert [(name, record.failure) for name, record in found.items()] == [
        ("gateway/1/read/api-management", Failure.REFUSED)
    ]


async def test_azure_that_never_answers_is_told_once() -> None:
    """The first read goes alone, so no other is made in vain."""

    async def silent(_: Request) -> Response:
        asked.append(1)
        await asyncio.Event().wait()
        return Response(200)

    asked: list[int] = []
    async with await serve(silent) as server:
        found = await read(server.url, path(step_timeout_s={"read": 0.5}))
    assert [record.failure for record in found.values()] == [Failure.TIMEOUT]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("identity", "failure"),
    [(Identity(available=False), Failure.TOKEN_UNAVAILABLE), (None, Failure.IDENTITY_ENDPOINT_MISSING)],
)
async def test_without_a_token_one_record_says_so(identity: Identity | None, failure: Failure) -> None:
    """Of the first read, and nobody is asked."""
    async with await Entra.start() as entra, ManagedIdentity(entra, identity=identity) as endpoint, arm() as it:
        gone = {} if identity else {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token"}
        source = LabCredential(None, {**endpoint.environment, **gone})
        found = await read(it.url, source=source)
        assert it.requests == []
    assert [(name, record.failure, record.kind) for name, record in found.items()] == [
        ("gateway/1/read/api-management", failure, "api-management")
    ]


async def test_requests_leave_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Thirty a minute: the host would keep each."""
    with caplog.at_level(logging.INFO):
        async with arm() as it:
            await read(it.url)
    assert caplog.records == []


async def test_one_token_for_all_reads() -> None:
    """However many are made at the same time."""
    source = Slow()
    async with arm() as it:
        await read(it.url, source=source)
        assert len(it.requests) > 30
    assert source.asked == 1


async def test_no_more_than_a_few_reads_at_once() -> None:
    """After the first, which goes alone; as many targets as a path has."""
    targets = [
        {"name": f"b{number}", "role": "backend", "url": "https://f.azurewebsites.net/", "resource": f"{SITE}{number}"}
        for number in range(20)
    ]
    it, full = Arm(), asyncio.Event()
    busy: list[int] = []
    open_now: set[str] = set()

    async def counted(request: Request) -> Response:
        open_now.add(request.target)
        busy.append(len(open_now))
        if len(open_now) == MOST_AT_ONCE:
            full.set()
        if len(busy) > 1:
            await full.wait()
        open_now.remove(request.target)
        return await it(request)

    async with await serve(counted) as server:
        found = await read(server.url, path(resources={}, targets=targets))
    assert (len(found), busy[:3], max(busy)) == (80, [1, 1, 2], MOST_AT_ONCE)


async def test_an_answer_without_end_is_cut() -> None:
    """Nothing that Azure says of a resource is as long."""
    async with arm(instead={SITE: Response(200, body=b" " * (LARGEST_ANSWER_BYTES + 1))}) as it:
        found = (await read(it.url, path("backend")))[SITE_READ]
    assert outcome(found) == (
        Failure.MALFORMED_RESPONSE,
        200,
        f"the answer is longer than {LARGEST_ANSWER_BYTES} bytes",
    )


async def test_an_identity_that_sends_back_the_token() -> None:
    """Azure's words go to the record without it."""
    async with arm(instead={SITE: refused(400, "Bad", f"you sent Bearer {TOKEN} and {TOKEN}")}) as it:
        found = await read(it.url, path("backend"))
    assert found[SITE_READ].failure is Failure.UNKNOWN
    assert TOKEN not in repr(found)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([ENDPOINT, ZONE, SITE, "<policies><inbound/></policies>", "@(x)", "168.63.129.16"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "value", "properties", "id", "name", "nextLink", "privateEndpoint", "state", "subnet", "aRecords",
                "dhcpOptions", "dnsServers", "securityRules", "priority", "direction", "access", "routes", "path",
                "method", "urlTemplate", "displayName", "secret", "sampling", "percentage", "tls", "networkAcls",
                "privateEndpointConnections", "hostnameConfigurations", "networkStatus", "connectivityStatus", "ttl",
                "virtualNetworkConfiguration", "subnetResourceId", "networkInterfaces", "privateDnsZoneConfigs",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


def places(body: Any, *above: str | int) -> list[tuple[str | int, ...]]:
    """Where anything stands in a document."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [above, *(place for key, part in inner for place in places(part, *above, key))]


def with_other(body: Any, place: tuple[str | int, ...], other: Any) -> Any:
    """The document with something else at a place."""
    if not place:
        return other
    first, *rest = place
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    copy[first] = with_other(copy[first], tuple(rest), other)
    return copy


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(JSON, min_size=1, max_size=5))
def test_any_json_in_place_of_an_answer_is_a_record(bodies: list[Any]) -> None:
    """Never an exception; and what is recorded can be saved."""

    async def answer(request: Request) -> Response:
        return good(bodies[len(request.path) % len(bodies)])

    async def attempt() -> dict[str, Reading]:
        async with await serve(answer) as server:
            return await read(server.url)

    savable(asyncio.run(attempt()))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_json_within_an_answer_is_a_record(data: st.DataObject) -> None:
    """In every real document, something else in one place of it."""
    documents = {
        name: with_other(body, data.draw(st.sampled_from(places(body))), data.draw(JSON))
        for name, body in document().items()
    }

    async def attempt() -> dict[str, Reading]:
        async with arm(documents=documents) as it:
            return await read(it.url)

    savable(asyncio.run(attempt()))


def savable(found: Mapping[str, Reading]) -> None:
    """Whether records survive being written to a file and read back, without a token in them."""
    saved = json.dumps([encoded(record) for record in found.values()], allow_nan=False)
    assert TOKEN not in saved
    problems: list[Problem] = []
    again = [form(Reading).read(table, "test", problems) for table in json.loads(saved)]
    assert (len(again), problems) == (len(found), [])
    assert found
