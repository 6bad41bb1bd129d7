"""API Management's stand-in, running the deployed policies in front of a backend of the lab."""

from dataclasses import replace

import pytest

from lab.policy.document import PolicyError
from lab.policy.message import Backend
from lab.scenarios.changes import changed_policy
from lab.world import Leaf, Listener, ListenerFault, NameServer, NameServerFault
from tests.lab.clients import fetch
from tests.lab.gateway.stage import ADDRESS, API, BACKEND, GATEWAY, IMPATIENT, LISTENER, NAME_SERVER, PROBE, front

HEALTH = "/orders/health"


async def test_the_backend_gets_the_operation_below_its_base_url() -> None:
    """Method, path after the API's suffix, query and body go on; status, headers and body come back."""
    async with front() as it:
        answer = await it.get("/orders/orders?limit=1", method="POST", content=b"an order")
    assert answer.json() == {"method": "POST", "target": "/api/orders?limit=1", "body": "an order"}
    assert (answer.status_code, answer.headers["x-backend"]) == (200, "yes")


async def test_the_backend_is_called_by_its_host_name() -> None:
    """Host is the backend's, which TLS was verified for."""
    async with front() as it:
        await it.get(HEALTH)
        assert it.header("host") == BACKEND


async def test_the_id_of_the_log_is_the_one_that_is_sent_and_told() -> None:
    """The caller's id goes no further; the caller is told the gateway's."""
    async with front() as it:
        answer = await it.get(HEALTH, headers={"x-correlation-id": "from-the-caller"})
        assert it.header("x-correlation-id") == it.log[-1]["CorrelationId"] == answer.headers["x-gateway-request-id"]


async def test_the_gateway_shows_its_own_token() -> None:
    """The caller's Authorization is replaced by the managed identity's, and the subscription key goes no further."""
    async with front() as it:
        sent = {"Authorization": "Bearer of-the-caller", "Ocp-Apim-Subscription-Key": "k3y"}
        await it.get(f"{HEALTH}?subscription-key=k3y", headers=sent)
        assert it.header("authorization") == "Bearer for-api://orders"
        assert it.header("ocp-apim-subscription-key") is None
        assert it.seen[-1].target == "/api/health"


async def test_the_probe_app_is_called_by_its_own_name() -> None:
    """The diagnostics API asks the backend, then the probe app, with its key."""
    async with front() as it:
        answer = await it.get("/diagnostics/diagnose?path=orders")
    assert (answer.status_code, answer.json()["target"]) == (200, "/api/diagnose?path=orders")
    backend, probe = it.seen
    assert (backend.header("host"), backend.target) == (BACKEND, "/api/orders")
    assert (probe.header("x-functions-key"), probe.header("authorization")) == ("k3y", None)
    assert (probe.header("x-gateway-outcome"), probe.header("x-gateway-status")) == ("answered", "200")
    assert [row["ApiId"] for row in it.log] == ["diagnostics"]


async def test_a_call_is_logged_with_the_backends_answer() -> None:
    """The row says what was called and what came back."""
    async with front() as it:
        await it.get(HEALTH)
        (row,) = it.log
    assert (row["ApiId"], row["OperationId"], row["BackendMethod"]) == ("orders", "health", "GET")
    assert (row["BackendUrl"], row["BackendResponseCode"]) == (f"https://{BACKEND}/api/health", 200)
    assert (row["ResponseCode"], row["IsRequestSuccess"], row["LastErrorReason"]) == (200, True, None)


async def test_a_failure_of_the_backend_is_passed_on_as_it_is() -> None:
    """503 of the backend is no error of the gateway."""
    async with front() as it:
        answer = await it.get(HEALTH, headers={"x-fail": "yes"})
        (row,) = it.log
    assert (answer.status_code, answer.headers["x-backend"]) == (503, "yes")
    assert (row["BackendResponseCode"], row["IsRequestSuccess"], row["LastErrorReason"]) == (503, False, None)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"http://{API}/"),
        ("GET", f"http://{API}/ordersx/health"),
        ("GET", f"http://{API}/orders/nothing"),
        ("DELETE", f"http://{API}/orders/health"),
        ("GET", "http://other.example.com/orders/health"),
    ],
)
async def test_what_no_operation_matches_is_not_found(method: str, url: str) -> None:
    """404 of the gateway's own making, and the backend is not called."""
    async with front() as it:
        answer = await fetch(it.port, url, method=method)
        (row,) = it.log
    assert (answer.status_code, answer.json()) == (404, {"statusCode": 404, "message": "Resource not found"})
    assert (row["LastErrorReason"], row["BackendUrl"], row["ApiId"], it.seen) == ("OperationNotFound", None, None, [])


@pytest.mark.parametrize(
    ("listener", "names", "message"),
    [
        (LISTENER, replace(NAME_SERVER, public=()), f"The remote name could not be resolved: '{BACKEND}'"),
        (LISTENER, replace(NAME_SERVER, fault=NameServerFault.CLOSED), "The remote name could not be resolved"),
        (LISTENER, replace(NAME_SERVER, public=(f"{BACKEND} 60 A 10.80.99.4",)), "Unable to connect"),
        (replace(LISTENER, fault=ListenerFault.CLOSED), NAME_SERVER, "Unable to connect"),
        (replace(LISTENER, certificates=(Leaf(names=("x.example.com",)),)), NAME_SERVER, "The remote certificate"),
        (replace(LISTENER, fault=ListenerFault.PLAIN), NAME_SERVER, "The remote certificate"),
    ],
)
async def test_a_backend_that_cannot_be_reached_is_502(listener: Listener, names: NameServer, message: str) -> None:
    """Name, TCP and TLS share one reason, which the caller learns; the log's message alone tells them apart."""
    async with front(listener=listener, names=names) as it:
        answer = await it.get(HEALTH)
        (row,) = it.log
    assert (answer.status_code, answer.headers["content-type"]) == (502, "application/problem+json")
    said = answer.json()
    assert (said["reason"], said["source"]) == ("BackendConnectionFailure", "forward-request")
    assert said["correlation_id"] == answer.headers["x-correlation-id"] == row["CorrelationId"]
    assert (row["LastErrorReason"], row["BackendResponseCode"]) == ("BackendConnectionFailure", None)
    assert (row["LastErrorSection"], row["LastErrorScope"]) == ("backend", "api")
    assert row["LastErrorMessage"].startswith(message)


async def test_the_second_address_is_tried_where_the_first_fails() -> None:
    """A name with two addresses is reached as long as one of them serves."""
    records = (f"{BACKEND} 60 A 10.80.99.4", f"{BACKEND} 60 A {ADDRESS}")
    async with front(names=replace(NAME_SERVER, public=records)) as it:
        assert (await it.get(HEALTH)).status_code == 200


async def test_a_backend_without_an_answer_is_504() -> None:
    """After the limit of the policy, with another reason than that of a failed connection."""
    async with front(IMPATIENT, listener=replace(LISTENER, fault=ListenerFault.SILENT)) as it:
        answer = await it.get(HEALTH)
        (row,) = it.log
    assert (answer.status_code, answer.json()["reason"], row["LastErrorReason"]) == (504, "Timeout", "Timeout")
    assert (row["BackendResponseCode"], row["BackendTime"] >= 1_000) == (None, True)


async def test_a_limit_that_is_used_up_is_429_before_the_backend() -> None:
    """What others have called counts; the row has no backend."""
    async with front(replace(GATEWAY, spent=599)) as it:
        answers = [(await it.get(HEALTH)).status_code for _ in range(2)]
        row = it.log[-1]
    assert answers == [200, 429]
    assert (row["LastErrorSource"], row["LastErrorReason"]) == ("rate-limit-by-key", "RateLimitExceeded")
    assert (row["BackendUrl"], row["BackendResponseCode"], len(it.seen)) == (None, None, 1)


async def test_a_gateway_without_a_reason_in_on_error_answers_as_the_platform_does() -> None:
    """Where on-error is empty the caller gets status, message and activity id; the log has the reason all the same."""
    silent = changed_policy(GATEWAY, "orders.xml", "<on-error>\n    <base />", "<on-error>")
    async with front(silent, names=replace(NAME_SERVER, public=())) as it:
        answer = await it.get(HEALTH)
        (row,) = it.log
    assert answer.status_code == 500
    assert answer.json() == {
        "statusCode": 500,
        "message": "Internal server error",
        "activityId": row["CorrelationId"],
    }
    assert row["LastErrorReason"] == "BackendConnectionFailure"


async def test_without_its_checks_a_backend_entity_takes_any_certificate() -> None:
    """And with them it does not."""
    wrong = replace(LISTENER, certificates=(Leaf(names=("x.example.com",), issuer="self"),))
    by_id = 'backend-id="orders"'
    for checks, status in ((False, 200), (True, 502)):
        gateway = changed_policy(GATEWAY, "orders.xml", 'base-url="https://{{backend-host}}/api"', by_id)
        entity = Backend(url=f"https://{BACKEND}/api", checks_certificates=checks)
        async with front(replace(gateway, backends={"orders": entity}), listener=wrong) as it:
            assert (await it.get(HEALTH)).status_code == status


async def test_a_policy_that_cannot_be_run_keeps_the_gateway_from_starting() -> None:
    """It names document and line."""
    broken = changed_policy(GATEWAY, "orders.xml", "<outbound>", "<outbound><cache-store duration='60' />")
    with pytest.raises(PolicyError, match=r"^orders.xml line \d+: statement <cache-store> is not supported$"):
        async with front(broken):
            pass


async def test_an_api_without_a_backend_of_its_policies_calls_its_service_url() -> None:
    """A policy goes before it."""
    unset = changed_policy(GATEWAY, "orders.xml", '<set-backend-service base-url="https://{{backend-host}}/api" />', "")
    own = {"orders": f"https://{PROBE}/other"}
    async with front(replace(unset, service_urls=own)) as it:
        assert (await it.get(HEALTH)).json()["target"] == "/other/health"
        assert it.header("host") == PROBE
    async with front(replace(GATEWAY, service_urls=own)) as it:
        assert (await it.get(HEALTH)).json()["target"] == "/api/health"


async def test_an_operation_may_have_a_policy_of_its_own() -> None:
    """It runs for that operation, and the API's for the others."""
    own = GATEWAY.policies["orders.xml"].replace("https://{{backend-host}}/api", f"https://{PROBE}/own")
    async with front(replace(GATEWAY, policies={**GATEWAY.policies, "orders/health.xml": own})) as it:
        assert (await it.get(HEALTH)).json()["target"] == "/own/health"
        assert (await it.get("/orders/orders")).json()["target"] == "/api/orders"


async def test_what_is_dropped_on_its_way_is_a_timeout() -> None:
    """As a rule of the gateway's own subnet makes it: the policy's time limit ends it."""
    async with front(replace(IMPATIENT, dropped=("10.80.20.0/24",))) as it:
        answer = await it.get(HEALTH)
    assert (answer.status_code, answer.json()["reason"]) == (504, "Timeout")
    assert it.seen == []
