"""API Management's own test of a backend: posted, waited for, and told as seen from the gateway."""

import asyncio
import json
from typing import Any

import pytest

from lab.http import Response
from probes.failure import Failure
from probes.observe.notebook import Limit
from probes.records import Reading, Vantage
from probes.resources import ConnectivityContent, Hop
from tests.azure.arm import Arm, arm, good, path, read, refused
from tests.azure.documents import SERVICE, SITE
from tests.support import TOKEN

CHECK = f"{SERVICE}/connectivityCheck"
OPERATION = f"{CHECK}/operationresults/one"
NAME = "backend/1/read/connectivity/func-orders-prod.azurewebsites.net"
DONE: dict[str, Any] = {
    "hops": [
        {
            "type": "Source",
            "id": "a",
            "address": "10.80.10.5",
            "resourceId": SERVICE,
            "nextHopIds": ["b"],
            "issues": [
                {
                    "origin": "Outbound",
                    "severity": "Error",
                    "type": "NetworkSecurityRule",
                    "context": [{"key": "RuleName", "value": "deny-endpoints"}],
                }
            ],
        },
        {"type": "PrivateEndpoint", "id": "b", "address": "", "resourceId": "no id", "nextHopIds": [], "issues": []},
    ],
    "connectionStatus": "Disconnected",
    "avgLatencyInMs": 3,
    "minLatencyInMs": 2,
    "maxLatencyInMs": 5,
    "probesSent": 30,
    "probesFailed": 30,
}


def accepted(location: str, *headers: tuple[str, str]) -> Response:
    """202, and where the result will be."""
    return Response(202, headers=(("Location", location), *headers))


async def asked(it: Arm, *, seconds: float = 5.0, **options: Any) -> dict[str, Reading]:
    """The reads of a sweep that asks for the test, and for nothing else."""
    options = {"reads": False, "test": lambda: Limit(seconds, Failure.TIMEOUT), **options}
    return await read(it.url, path("gateway", "backend", "scm"), **options)


def in_a_moment(it: Arm, *results: Response) -> None:
    """Let the test take its time, then come to these results."""
    it.instead |= {
        CHECK: accepted(f"{it.url}{OPERATION}?api-version=2024-05-01", ("Retry-After", "0.1")),
        OPERATION: [accepted(f"{it.url}{OPERATION}?api-version=2024-05-01", ("Retry-After", "0")), *results],
    }


async def test_the_result_of_the_test() -> None:
    """It is the gateway's own look, with every hop and what is wrong there."""
    async with arm() as it:
        in_a_moment(it, good(DONE))
        found = await asked(it)
    record = found[NAME]
    assert (record.vantage, record.target, record.kind, record.resource_id) == (
        Vantage.GATEWAY,
        "backend",
        "connectivity",
        SERVICE,
    )
    assert record.content == ConnectivityContent(
        destination="func-orders-prod.azurewebsites.net",
        port=443,
        status="Disconnected",
        hops=(
            Hop(
                role="Source",
                address="10.80.10.5",
                resource_id=SERVICE,
                issues=("Outbound Error: NetworkSecurityRule (RuleName: deny-endpoints)",),
            ),
            Hop(role="PrivateEndpoint", address=None, resource_id=None, issues=()),
        ),
        average_ms=3.0,
        probes_sent=30,
        probes_failed=30,
    )


async def test_what_is_posted() -> None:
    """Once, from the service's own region, without a credential of anybody in it."""
    async with arm() as it:
        in_a_moment(it, good(DONE))
        await asked(it)
        (posted,) = [request for request in it.requests if request.method == "POST"]
        assert it.asked.count(f"GET {OPERATION}?api-version=2024-05-01") == 2
    assert posted.target == f"{CHECK}?api-version=2024-05-01"
    assert json.loads(posted.body) == {
        "source": {"region": "West Europe"},
        "destination": {"address": "https://func-orders-prod.azurewebsites.net", "port": 443},
        "protocol": "HTTPS",
        "protocolConfiguration": {
            "HTTPConfiguration": {"method": "GET", "validStatusCodes": [200, 204, 301, 302, 401, 404]}
        },
    }
    assert TOKEN.encode() not in posted.body


async def test_only_backends_are_asked() -> None:
    """And without reads only the service is read, for its region."""
    async with arm() as it:
        in_a_moment(it, good(DONE))
        assert sorted(await asked(it)) == ["backend/1/read/api-management", NAME]
        assert {request.path for request in it.requests} == {SERVICE, CHECK, OPERATION}


async def test_a_result_at_once() -> None:
    """Azure may have it ready."""
    async with arm(instead={CHECK: good(DONE)}) as it:
        found = await asked(it)
    assert isinstance(found[NAME].content, ConnectivityContent)


async def test_a_test_beside_the_reads() -> None:
    """Its reads are those of any sweep, and API Management is read once."""
    async with arm() as it:
        in_a_moment(it, good(DONE))
        found = await asked(it, reads=True)
        assert it.asked.count(f"GET {SERVICE}?api-version=2024-05-01") == 1
    assert found["backend/1/read/site"].resource_id == SITE
    assert found[NAME].failure is None


@pytest.mark.parametrize(
    ("answer", "failure", "status", "detail"),
    [
        (refused(403, "AuthorizationFailed"), Failure.DENIED, 403, "403 AuthorizationFailed: No."),
        (refused(400, "InvalidParameters"), Failure.UNKNOWN, 400, "400 InvalidParameters: No."),
        (Response(202), Failure.MALFORMED_RESPONSE, 202, "202 without a Location"),
        (good([]), Failure.MALFORMED_RESPONSE, 200, "the answer is not an object"),
        (accepted("https://evil.example.com/x"), Failure.MALFORMED_RESPONSE, 202, None),
        (accepted("/relative"), Failure.MALFORMED_RESPONSE, 202, None),
    ],
)
async def test_a_test_that_brings_nothing(
    answer: Response, failure: Failure, status: int | None, detail: str | None
) -> None:
    """A record says how it failed; the token goes nowhere else."""
    async with arm(instead={CHECK: answer}) as it:
        record = (await asked(it))[NAME]
    assert (record.failure, record.status, record.vantage) == (failure, status, Vantage.GATEWAY)
    assert detail is None or record.detail == detail


async def test_a_test_that_fails_in_the_end() -> None:
    """What Azure says of its end is the record's."""
    async with arm() as it:
        in_a_moment(it, refused(500, "ConnectivityCheckFailed", "The source has no agent."))
        record = (await asked(it))[NAME]
    assert (record.failure, record.detail) == (Failure.UNKNOWN, "500 ConnectivityCheckFailed: The source has no agent.")


@pytest.mark.parametrize("after", ["60", "0.1"])
async def test_a_test_that_takes_too_long(after: str) -> None:
    """It ends with its time, whether Azure says that it will take longer or not."""
    async with arm() as it:
        it.instead = {CHECK: accepted(f"{it.url}{CHECK}", ("Retry-After", after))}
        record = (await asyncio.wait_for(asked(it, seconds=0.5), 5.0))[NAME]
    assert record.failure is Failure.TIMEOUT


async def test_a_service_that_does_not_say_where_it_stands() -> None:
    """Nothing is posted without a region."""
    async with arm(instead={SERVICE: refused(403, "AuthorizationFailed")}) as it:
        found = await asked(it)
        assert [request.method for request in it.requests] == ["GET"]
    assert (found[NAME].failure, found[NAME].duration_ms) == (Failure.SKIPPED, None)
    assert [record.failure for record in found.values()] == [Failure.DENIED, Failure.SKIPPED]
