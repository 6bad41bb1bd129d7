"""Paths that stand in no scenario and may well stand in a reader's network: right causes, and silence where due."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Judgement, Verdict
from probes.records import Credential, Observation, Resolution
from tests import sweeps
from tests.judge.observations import CORRELATED, FRONT_END, NOT_LINKED, PLACES, Place, Said, ids, judged, root, visit
from tests.judge.scenes import GATEWAY_ERROR, HTML, answered, certificate, on_backend
from tests.sweeps import HOST, PRIVATE, PRIVATELINK, PUBLIC

BACKEND = sweeps.TARGETS[1]
GATEWAY = sweeps.TARGETS[0]
KEY_VAULT = Place("kv-orders.vault.azure.net", "10.80.20.9", ("kv-orders.privatelink.vaultcore.azure.net",))
BLOB = Place("stordersprod.blob.core.windows.net", "10.80.20.9", ("stordersprod.privatelink.blob.core.windows.net",))
INGESTION = Place(
    "westeurope-5.in.applicationinsights.azure.com", PUBLIC, ("westeurope-5.in.ai.privatelink.monitor.azure.com",)
)


def alone(target: Mapping[str, Any], *steps: Observation) -> Judgement:
    """The judgement on a path of one target."""
    return judged(list(steps), path=sweeps.path(targets=[target]))


def of_role(role: str, place: Place, **keys: Any) -> Mapping[str, Any]:
    """A target of another role."""
    return {"name": role, "role": role, "url": f"https://{place.host}/", **keys}


def silent(judgement: Judgement) -> bool:
    """Whether the path is proven and nothing at all was found."""
    return judgement.verdict is Verdict.PROVEN and not judgement.findings


def test_ipv6_only() -> None:
    """A name with a private IPv6 address and no other is as good as one with IPv4."""
    place = Place(HOST, "fd00:80:20::4", (PRIVATELINK,))
    assert silent(alone({**BACKEND, "private_subnets": ["fd00:80:20::/64"]}, *visit(place=place)))


def test_both_families() -> None:
    """Private addresses of both families are one private answer; a public one among them is told."""
    both = {**BACKEND, "private_subnets": ["10.80.20.0/27", "fd00:80:20::/64"]}
    assert silent(alone(both, *visit(place=Place(HOST, f"{PRIVATE} fd00:80:20::4", (PRIVATELINK,)))))
    mixed = alone(both, *visit(place=Place(HOST, f"{PRIVATE} 2001:db8::10", (PRIVATELINK,))))
    assert ids(mixed) == ["answers-mixed"]


def test_a_custom_domain_without_a_chain() -> None:
    """A name of one's own with a private A record needs no privatelink name."""
    place = Place("orders.example.com", PRIVATE)
    assert silent(alone({**BACKEND, "url": f"https://{place.host}/"}, *visit(place=place)))


@pytest.mark.parametrize(
    ("place", "confidence"),
    [
        (Place("orders.example.com", PUBLIC), Confidence.MEDIUM),
        (Place("orders.example.com", PUBLIC, (HOST, FRONT_END)), Confidence.HIGH),
        (Place(HOST, PUBLIC, (FRONT_END,)), Confidence.HIGH),
    ],
)
def test_a_public_name_without_privatelink(place: Place, confidence: Confidence) -> None:
    """That no endpoint exists is sure only where Azure's own name stands in the chain."""
    judgement = alone({**BACKEND, "url": f"https://{place.host}/"}, *visit(place=place))
    assert (ids(judgement), root(judgement).confidence) == (["no-private-endpoint"], confidence)


def test_without_a_name_server_to_ask() -> None:
    """Where only getaddrinfo can be asked the cause is less sure: the chain was not seen."""
    steps = [record for record in visit(system=Said(PUBLIC)) if getattr(record, "server", None) is None]
    judgement = alone(BACKEND, *steps)
    assert (ids(judgement), root(judgement).confidence) == (["no-private-endpoint"], Confidence.MEDIUM)


def test_a_gateway_that_is_expected_to_refuse() -> None:
    """API Management's own 401 where 401 is expected: no cause, and no correlation id to miss."""
    refused = {"status": 401, "body": GATEWAY_ERROR.replace("500", "401"), "headers": {}}
    assert silent(alone({**GATEWAY, "expected_status": [401]}, *visit("gateway", request=refused)))


@pytest.mark.parametrize(("role", "place"), [("storage", BLOB), ("key-vault", KEY_VAULT)])
def test_storage_and_key_vault(role: str, place: Place) -> None:
    """Other services are judged by their own privatelink zones."""
    target = of_role(role, place, expected_status=[400, 401])
    answer = {"status": 400, "headers": {}}
    assert silent(alone(target, *visit(role, place=place, request=answer)))
    public = alone(target, *visit(role, place=replace(place, address=PUBLIC), request=answer))
    assert ids(public) == ["zone-not-linked"]
    zone = place.chain[0].partition(".")[2]
    assert f"zone {zone} is not linked" in root(public).summary


@pytest.mark.parametrize(
    ("role", "place", "answer"),
    [
        ("storage", BLOB, {"headers": {"x-ms-error-code": "AuthorizationFailure"}}),
        ("key-vault", KEY_VAULT, {"body": '{"error": {"innererror": {"code": "ForbiddenByFirewall"}}}'}),
        ("key-vault", KEY_VAULT, {"body": '{"error": {"innererror": {"code": "ForbiddenByConnection"}}}'}),
    ],
)
def test_a_firewall_is_no_missing_role(role: str, place: Place, answer: Mapping[str, Any]) -> None:
    """403 of a storage or vault firewall says nothing of roles: it is the network that is refused."""
    target = of_role(role, place, audience="https://storage.azure.com")
    request = {"status": 403, "credential": Credential.TOKEN, **answer}
    steps = [*visit(role, place=place, request=request), sweeps.token(target=role)]
    assert ids(alone(target, *steps)) == [f"{role}-network-denied"]


def test_a_role_that_storage_misses() -> None:
    """The other 403 of storage is about the role."""
    target = of_role("storage", BLOB, audience="https://storage.azure.com")
    headers = {"x-ms-error-code": "AuthorizationPermissionMismatch"}
    request = {"status": 403, "credential": Credential.TOKEN, "headers": headers}
    steps = [*visit("storage", place=BLOB, request=request), sweeps.token(target="storage")]
    assert ids(alone(target, *steps)) == ["role-missing"]


def test_ingestion_in_public() -> None:
    """Telemetry may be sent to a public address, although its chain always has a privatelink name."""
    target = of_role("ingestion", INGESTION, expected_status=[404])
    steps = visit("ingestion", place=INGESTION, request={"status": 404})
    assert silent(alone(target, *steps))
    private = alone({**target, "private_subnets": ["10.80.50.0/27"]}, *steps)
    assert ids(private) == ["zone-not-linked"]


def test_ingestion_without_a_record() -> None:
    """An empty zone for telemetry breaks it, wherever it was meant to go."""
    steps = visit("ingestion", place=INGESTION, platform=Said(chain=INGESTION.chain))
    judgement = alone(of_role("ingestion", INGESTION), *steps)
    assert ids(judgement) == ["record-missing"]
    assert "zone privatelink.monitor.azure.com" in root(judgement).summary


def test_two_apps_behind_two_gateways() -> None:
    """One app that is down is one cause; what works beside it is left in peace."""
    other = Place("func-billing.azurewebsites.net", "10.80.20.8", ("func-billing.privatelink.azurewebsites.net",))
    billing = {
        "name": "billing",
        "role": "backend",
        "url": f"https://{other.host}/",
        "private_subnets": ["10.80.20.0/27"],
    }
    second = Place("billing.internal.example.com", "10.80.10.5")
    front = {"name": "front", "role": "gateway", "url": f"https://{second.host}/", "private_subnets": ["10.80.10.0/27"]}
    path = sweeps.path(targets=[GATEWAY, BACKEND, front, billing])
    steps = [
        visit("gateway"),
        visit(),
        visit("front", place=second, request={"status": 500, "body": GATEWAY_ERROR}),
        visit("billing", place=other, request={"status": 500, "body": ""}),
    ]
    judgement = judged(*steps, path=path)
    assert ids(judgement) == ["app-error"]
    assert root(judgement).targets == ("billing",)
    assert [(found.id, found.targets) for found in judgement.findings if found.masked_by] == [
        ("gateway-error", ("front",))
    ]


def test_plain_http() -> None:
    """A target without TLS has no handshake to miss."""
    target = {"name": "backend", "role": "backend", "url": f"http://{HOST}/", "private_subnets": ["10.80.20.0/27"]}
    steps = [record for record in visit(anonymous={"status": 200}) if record.step != "handshake"]
    assert silent(alone(target, *(record for record in steps if "token" not in record.id)))


@pytest.mark.parametrize("failure", [Failure.SERVFAIL, Failure.NXDOMAIN, Failure.TIMEOUT, Failure.QUERY_REFUSED])
def test_a_name_server_that_knows_no_aaaa(failure: Failure) -> None:
    """An old server that fails at AAAA, where A has the address, keeps no application from working."""
    changed = [
        replace(record, failure=failure)
        if isinstance(record, Resolution) and record.question_type == "AAAA"
        else record
        for record in visit()
    ]
    assert silent(judged(changed))


@pytest.mark.parametrize("failure", [Failure.NXDOMAIN, Failure.NO_DATA])
def test_a_record_of_another_type_only(failure: Failure) -> None:
    """No data at the privatelink name is a missing record just as NXDOMAIN is."""
    judgement = judged(visit(platform=Said(chain=(PRIVATELINK,), failure=failure)))
    assert ids(judgement) == ["record-missing"]


def test_a_chain_into_another_zone() -> None:
    """Where the record is a CNAME into another privatelink zone that lacks it, that zone is the one to mend."""
    chain = (PRIVATELINK, "func-orders.privatelink.example.azure.com")
    judgement = judged(visit(platform=Said(chain=chain)))
    assert ids(judgement) == ["record-missing"]
    assert "zone privatelink.example.azure.com" in root(judgement).summary


def test_a_name_that_ends_nowhere_in_public() -> None:
    """NXDOMAIN behind the privatelink name, in Azure's own domains, is nobody's missing record."""
    judgement = judged(
        visit(platform=Said(chain=(PRIVATELINK, FRONT_END)), on_premises=Said(chain=(PRIVATELINK, FRONT_END)))
    )
    assert ids(judgement) == ["unexplained"]


@pytest.mark.parametrize("url", [f"https://{HOST.upper()}/api/orders", f"https://{HOST}./api/orders"])
def test_spellings_of_a_host(url: str) -> None:
    """Upper case and a dot at the end are the same host."""
    assert silent(judged(visit(), path=on_backend(url, private_subnets=["10.80.20.0/27"])))


def test_names_of_a_certificate_in_upper_case() -> None:
    """Names are compared without regard to case."""
    shown = certificate(names=("*.AzureWebsites.NET",), failure=Failure.CERTIFICATE_UNTRUSTED, known_issuer="CN=x")
    assert ids(judged(visit(handshake=shown))) == ["chain-incomplete"]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"names": ("billing.example.com",)}, "certificate-name-mismatch"),
        ({"names": ("*.azurewebsites.net",), "days_left": -1}, "certificate-expired"),
        ({"names": ("*.scm.azurewebsites.net",)}, "certificate-name-mismatch"),
    ],
)
def test_what_is_wrong_behind_a_missing_intermediate(changes: Mapping[str, Any], cause: str) -> None:
    """Where OpenSSL stops at the chain, a wrong name or date behind it is still the cause."""
    shown = certificate(**changes, failure=Failure.CERTIFICATE_UNTRUSTED, known_issuer="CN=Issuing")
    assert ids(judged(visit(handshake=shown))) == [cause]


@pytest.mark.parametrize(
    "body",
    [
        "<html><head><title>503 Service Temporarily Unavailable</title></head><hr><center>nginx</center></html>",
        "<html><h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p></html>",
    ],
)
def test_a_proxy_that_is_overloaded_is_no_deployment(body: str) -> None:
    """A 503 page of nginx or http.sys is an error of what stands before the app, not app_offline.htm."""
    assert ids(judged(answered(503, body=body, headers=HTML))) == ["front-end-error"]


def test_the_content_type_of_an_offline_page_in_upper_case() -> None:
    """Media types are compared without regard to case."""
    page = answered(503, body="<p>Back soon</p>", headers={"content-type": "Text/HTML; charset=utf-8"})
    assert ids(judged(page)) == ["deployment-in-progress"]


def test_a_slow_resolver() -> None:
    """A resolver that answers late is slow, whatever else it is not."""
    late = [replace(each, duration_ms=2_600.0) if each.step == "resolve" else each for each in visit()]
    judgement = judged(late)
    assert judgement.verdict is Verdict.DEGRADED
    assert set(ids(judgement)) == {"resolve-slow"}


def test_an_anonymous_request_that_is_redirected_to_a_login() -> None:
    """A caller without credentials that is sent to a login page was refused."""
    sent_away = {"status": 302, "headers": {"location": "https://login.microsoftonline.com/"}}
    assert silent(judged(visit(anonymous=sent_away)))


def test_a_body_cut_off_before_the_text_looked_for() -> None:
    """What was not read is not held against the answer."""
    target = {**BACKEND, "body_contains": "orders"}
    assert silent(alone(target, *visit(request={"body": "x" * 4_096, "body_truncated": True})))


def test_the_private_name_of_the_gateway_on_every_resolver() -> None:
    """A gateway's own domain needs no chain, and another resolver that agrees is silent."""
    assert silent(judged(visit("gateway", platform=PLACES["gateway"].said)))
    assert ids(judged(visit("gateway", on_premises=Said()))) == ["resolver-not-forwarding"]


def test_a_subnet_of_public_addresses() -> None:
    """Networks that own public addresses may expect them: nothing is public about an expected address."""
    target = {**BACKEND, "private_subnets": ["203.0.113.0/28"]}
    assert silent(alone(target, *visit(place=Place(HOST, PUBLIC, (PRIVATELINK,)))))


def test_what_the_gateway_tells_of_a_healthy_call() -> None:
    """A call of the gateway's own that was answered is no finding."""
    told = sweeps.exchange(None, id="told", vantage="gateway", headers=CORRELATED)
    assert silent(judged([*visit(), told]))


def test_every_public_answer_weakens_the_missing_link() -> None:
    """Where every resolver goes public, the link may exist and fall back: the cause is less sure, and says so."""
    both = judged(visit(platform=NOT_LINKED, on_premises=NOT_LINKED))
    assert (ids(both), root(both).confidence) == (["zone-not-linked"], Confidence.LOW)
    one = judged(visit(platform=NOT_LINKED))
    assert root(one).confidence is Confidence.HIGH
