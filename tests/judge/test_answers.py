"""Who made an answer: what a proxy, a front end or API Management says is not said of the application."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Judgement, Verdict
from probes.records import Credential
from tests import sweeps
from tests.judge.observations import CORRELATED, ids, judged, judgement_on, root, visit
from tests.judge.scenes import HTML, NO_PERMISSION, answered, told_by_gateway
from tests.sweeps import HOST

BACKEND = sweeps.TARGETS[1]
JSON = {"content-type": "application/json"}
UNPROTECTED = {name: value for name, value in BACKEND.items() if name not in {"audience", "must_refuse"}}


def asked_openly(expected: int, **answer: Any) -> Judgement:
    """The judgement on a backend that is asked without a token."""
    steps = visit(request={"credential": Credential.NONE, **answer})
    records = [record for record in steps if "token" not in record.id]
    return judged(records, path=sweeps.path(targets=[{**UNPROTECTED, "expected_status": [expected]}]))


def through_gateway(status: int, body: str, headers: Mapping[str, str] = JSON) -> Judgement:
    """The gateway answers so, and the backend is in good order."""
    return judged(visit("gateway", request={"status": status, "body": body, "headers": headers}))


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (502, "<h1>502 Bad Gateway</h1><hr><center>nginx</center>", HTML),
        (502, "<title>502 - Web server received an invalid response while acting as a gateway</title>", HTML),
        (503, "", {}),
        (503, "", HTML),
        (503, "The service is unavailable.", HTML),
        (503, "<h1>503 Service Unavailable</h1>No server is available to handle this request.", HTML),
        (503, "<title>Our services aren't available right now</title>", {**HTML, "x-azure-ref": "x"}),
        (504, "<h1>504 Gateway Time-out</h1>", HTML),
    ],
)
def test_an_error_of_what_stands_before_the_app(status: int, body: str, headers: Mapping[str, str]) -> None:
    """502, 503 and 504 without a sign of the app are no deployment and no error of the app."""
    assert ids(judged(answered(status, body=body, headers=headers))) == ["front-end-error"]


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (503, CORRELATED), (502, JSON)])
def test_an_error_of_the_app(status: int, headers: Mapping[str, str]) -> None:
    """A correlation id or JSON shows the app, whatever the status; 500 is nobody else's."""
    assert ids(judged(answered(status, body='{"title": "down"}', headers=headers))) == ["app-error"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "<title>HTTP Error 500.30 - ASP.NET Core app failed to start</title>"),
        (502, "<h1>HTTP Error 502.5 - ANCM Out-Of-Process Startup Failure</h1>"),
        (503, "<title>Application Error</title><h1>:( Application Error</h1>"),
    ],
)
def test_a_process_that_does_not_come_up(status: int, body: str) -> None:
    """Pages of a process that does not start are no deployment and no error of a request."""
    assert ids(judged(answered(status, body=body, headers=HTML))) == ["app-does-not-start"]


@pytest.mark.parametrize("body", ["<h1>Site Under Construction</h1>", "<p>Down for maintenance, back soon</p>"])
def test_a_page_that_speaks_of_a_deployment(body: str) -> None:
    """A deployment is named only where the page speaks of one."""
    assert ids(judged(answered(503, body=body, headers=HTML))) == ["deployment-in-progress"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (407, {"body": "<h1>Proxy Authentication Required</h1>", "headers": HTML}),
        (470, {"body": "HTTPS request from 10.80.30.4. Action: Deny. Reason: No rule matched.", "headers": {}}),
        (403, {"body": "Access Denied.", "headers": {**HTML, "server": "squid/5.7"}}),
        (503, {"body": "", "headers": {**HTML, "server": "Zscaler/6.2"}}),
    ],
)
def test_a_proxy_in_its_own_name(status: int, answer: Mapping[str, Any]) -> None:
    """What a proxy signs is said of the proxy: no missing role, and no app that is down."""
    assert ids(judged(answered(status, **answer))) == ["proxy-refuses"]


def test_the_page_of_a_closed_public_path_without_its_header() -> None:
    """A 403 that says it has blocked access came by the public path, and says nothing of roles."""
    body = "<h1>Error 403 - Forbidden</h1><p>The web app you have attempted to reach has blocked your access.</p>"
    assert ids(judged(answered(403, reason="Ip Forbidden", body=body, headers=HTML))) == ["public-path-refused"]


@pytest.mark.parametrize(
    ("status", "headers", "cause"),
    [
        (403, {**HTML, "server": "Microsoft-Azure-Application-Gateway/v2"}, "unexpected-status"),
        (401, {**HTML, "www-authenticate": "Negotiate, NTLM"}, "unexpected-status"),
        (401, {**HTML, "www-authenticate": 'Bearer realm="x"'}, "token-rejected"),
        (403, CORRELATED, "role-missing"),
    ],
)
def test_whose_refusal_it_is(status: int, headers: Mapping[str, str], cause: str) -> None:
    """A page of somebody else, or a scheme that is not the token's, is no verdict on the token."""
    assert ids(judged(answered(status, body="<h1>Refused</h1>", headers=headers))) == [cause]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, "<h2>403 - Client Certificate Required</h2>"),
        (400, "<center>No required SSL certificate was sent</center>"),
    ],
)
def test_a_page_that_asks_for_a_client_certificate(status: int, body: str) -> None:
    """A server that wants a certificate says nothing of roles or routes."""
    assert ids(judged(answered(status, body=body, headers=HTML))) == ["client-certificate-required"]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"body": "[]", "headers": CORRELATED}, "body-unexpected"),
        ({"body": "[]", "headers": JSON}, "wrong-responder"),
        ({"body": "<h1>Intranet</h1>", "headers": CORRELATED}, "wrong-responder"),
        ({"body": "", "headers": {}}, "wrong-responder"),
    ],
)
def test_a_body_without_the_text(changes: Mapping[str, Any], cause: str) -> None:
    """Where a correlation id comes back and no page, the app itself answers, and something else than expected."""
    path = sweeps.path(targets=[{**BACKEND, "body_contains": '"orders"'}])
    assert ids(judged(visit(request=changes), path=path)) == [cause]


def test_a_body_in_an_unknown_coding() -> None:
    """A body that cannot be read is not held against the answer."""
    path = sweeps.path(targets=[{**BACKEND, "body_contains": '"orders"'}])
    coded = {"body": "\x1b\x00", "headers": {**CORRELATED, "content-encoding": "br"}}
    assert judged(visit(request=coded), path=path).verdict is Verdict.PROVEN


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (NO_PERMISSION, {**HTML, "www-authenticate": f'Bearer realm="{HOST}" authorization_uri="https://x"'}),
        ("", {}),
    ],
)
def test_an_expected_refusal_before_the_app(body: str, headers: Mapping[str, str]) -> None:
    """App Service authentication and the host's own check of keys know no correlation id, and need none."""
    judgement = asked_openly(401, status=401, body=body, headers=headers)
    assert (judgement.verdict, judgement.findings) == (Verdict.PROVEN, ())


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ('{ "statusCode": 404, "message": "Resource not found" }', "gateway-refuses-caller"),
        ('{"statusCode": 404, "message": "Resource not found", "activityId": "1"}', "gateway-refuses-caller"),
        ('{"statusCode":404,"message":"Cannot GET /x","error":"Not Found"}', "route-not-found"),
        ('{"message":"Not Found","statusCode":404}', "route-not-found"),
    ],
)
def test_the_gateways_own_shape(body: str, cause: str) -> None:
    """An application's error that looks nearly like API Management's is the application's."""
    assert ids(through_gateway(404, body)) == [cause]


@pytest.mark.parametrize("status", [401, 403])
def test_the_backend_refuses_the_gateways_identity(status: int) -> None:
    """A refusal that API Management passes on to a caller without credentials is about its own identity."""
    judgement = through_gateway(status, '{"reason": "token_missing"}')
    assert ids(judgement) == ["gateway-identity-rejected"]
    both = judged(
        visit("gateway", request={"status": status, "body": '{"reason": "token_audience"}'}),
        visit(request={"status": 401, "body": '{"reason": "token_audience"}'}),
    )
    assert ids(both) == ["token-rejected"]


def test_what_the_gateway_tells_of_its_own_call() -> None:
    """A 401 that only the gateway gets is about its identity; another status is told, and no cause made up."""
    assert ids(judgement_on(told_by_gateway(401))) == ["gateway-identity-rejected"]
    assert ids(judgement_on(told_by_gateway(403))) == ["gateway-gets-other-answer"]
    assert ids(judgement_on(told_by_gateway(200))) == []


def test_the_gateways_fix_is_the_gateways() -> None:
    """A host name that the front end does not know, seen through the gateway, is a matter of its policy."""
    found = root(through_gateway(404, "<title>404 Web Site not found</title>", HTML))
    assert found.id == "host-name-not-bound"
    assert any("set-backend-service" in step for step in found.fix)
    assert not any("hostname add" in step for step in found.fix)


def test_one_page_for_everybody_is_one_finding() -> None:
    """A portal that sends every target to itself is one cause; a login page is each app's own."""
    portal = {"status": 302, "headers": {"location": "http://portal.example.com/"}}
    login = {"status": 302, "headers": {"location": "https://login.microsoftonline.com/"}}
    assert ids(judged(visit(request=portal), visit("scm", request=portal))) == ["redirected"]
    assert ids(judged(visit(request=login), visit("scm", request=login))) == ["redirected"] * 2


def test_a_handshake_cut_after_the_certificate() -> None:
    """A server that has shown its certificate did not cut the connection for the name in the ClientHello."""
    assert ids(judged(visit(handshake={"failure": Failure.RESET}))) == ["handshake-cut-off"]
    assert ids(judged(visit(handshake={"failure": Failure.RESET, "chain": ()}))) == ["handshake-reset"]


def test_a_whole_app_that_fails_alike_is_one_finding() -> None:
    """App and deployment site that fail alike are one cause; where they fail differently, two are told."""
    down = {"status": 502, "body": "", "headers": {}}
    same = judged(visit(request=down), visit("scm", request=down))
    assert (ids(same), root(same).targets) == (["front-end-error"], ("backend", "scm"))
    assert len(judged(visit(request=down), visit("scm", request={**down, "status": 503})).roots) == 2
