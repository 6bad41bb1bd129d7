"""Two faults at once: both are told, each once, unless one is the other's consequence."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Judgement
from probes.records import Observation
from tests import sweeps
from tests.judge.observations import NO_ENDPOINT, NOT_LINKED, PLACES, Said, ids, judged, root, visit
from tests.judge.scenes import GATEWAY_ERROR, HTML, certificate
from tests.judge.test_masking import STORAGE, STORAGE_PLACE
from tests.sweeps import PRIVATELINK, STARTED_AT

Steps = Mapping[str, Any]
NOT_FOUND = Said(chain=(PRIVATELINK,))
OTHER = Said("203.0.113.77")
OF_THE_GATEWAY: Mapping[str, Steps] = {
    "certificate-expired": {"handshake": certificate(failure=Failure.CERTIFICATE_EXPIRED, days_left=-1, sha256="cd")},
    "connect-refused": {"connect": {"failure": Failure.REFUSED}},
    "handshake-reset": {"handshake": {"failure": Failure.RESET, "chain": ()}},
    "private-name-not-visible": {"platform": Said()},
    "record-stale": {"platform": Said("10.99.0.9"), "connect": {"failure": Failure.TIMEOUT}},
    "gateway-not-internal": {"platform": OTHER, "on_premises": OTHER},
    "gateway-refuses-caller": {"request": {"status": 401, "body": GATEWAY_ERROR.replace("500", "401")}},
    "redirected": {"request": {"status": 302, "headers": {"location": "https://other.example.com/"}}},
    "route-not-found": {"request": {"status": 404, "body": ""}},
}
OF_THE_BACKEND: Mapping[str, Steps] = {
    "certificate-untrusted": {"handshake": certificate(failure=Failure.CERTIFICATE_UNTRUSTED)},
    "connect-blocked": {"connect": {"failure": Failure.TIMEOUT}},
    "no-route": {"connect": {"failure": Failure.UNREACHABLE}},
    "record-missing": {"platform": NOT_FOUND, "on_premises": NOT_FOUND},
    "zone-not-linked": {"platform": NOT_LINKED, "request": {"status": 403, "headers": {"x-ms-forbidden-ip": "1"}}},
    "no-private-endpoint": {"platform": NO_ENDPOINT, "on_premises": NO_ENDPOINT},
    "app-stopped": {"request": {"status": 403, "reason": "Site Disabled", "headers": HTML}},
    "token-rejected": {"request": {"status": 401}},
    "role-missing": {"request": {"status": 403, "body": '{"reason": "role_missing"}'}},
    "token-unavailable": {"token": {"failure": Failure.TOKEN_UNAVAILABLE}},
    "anonymous-accepted": {"anonymous": {"status": 200}},
    "resolver-failing": {"on_premises": Said(failure=Failure.SERVFAIL)},
}
OF_THE_APP: Mapping[str, Steps] = {
    "host-not-running": {"request": {"status": 503, "body": "Function host is not running."}},
    "app-error": {"request": {"status": 500, "body": ""}},
    "front-end-error": {"request": {"status": 502, "body": "", "headers": {}}},
    "request-timeout": {"request": {"failure": Failure.TIMEOUT, "status": None}},
}


def with_storage(backend: Steps, *others: list[Observation], **storage: Any) -> Judgement:
    """The judgement on a backend and the storage account it lives on."""
    told = {record.target for each in others for record in each}
    visits = [visit(name) for name in PLACES if name not in {"backend", *told}]
    visits += [*others, visit(**backend), visit("storage", place=STORAGE_PLACE, **storage)]
    return judged(*visits, path=sweeps.path(targets=[*sweeps.TARGETS, {**STORAGE, "expected_status": [200, 400]}]))


@pytest.mark.parametrize("ours", OF_THE_BACKEND)
@pytest.mark.parametrize("theirs", OF_THE_GATEWAY)
def test_the_gateways_own_fault_beside_one_of_the_backend(theirs: str, ours: str) -> None:
    """What only the gateway can be blamed for is no consequence of anything at the backend."""
    judgement = judged(visit("gateway", **OF_THE_GATEWAY[theirs]), visit(**OF_THE_BACKEND[ours]))
    assert sorted(ids(judgement)) == sorted([theirs, ours])


@pytest.mark.parametrize("ours", ["certificate-untrusted", "connect-blocked", "record-missing", "zone-not-linked"])
@pytest.mark.parametrize(
    "symptom",
    [
        {"status": 500, "body": GATEWAY_ERROR},
        {"status": 502, "body": "<h1>502</h1>", "headers": HTML},
        {"failure": Failure.TIMEOUT, "status": None},
    ],
)
def test_what_the_gateway_shows_of_a_backend_that_is_down(symptom: Steps, ours: str) -> None:
    """An error that the gateway makes of a backend out of reach is its consequence."""
    assert ids(judged(visit("gateway", request=symptom), visit(**OF_THE_BACKEND[ours]))) == [ours]


@pytest.mark.parametrize("symptom", OF_THE_APP)
def test_an_app_without_its_storage(symptom: str) -> None:
    """App and deployment site that fail without their storage are one cause."""
    blocked = {"connect": {"failure": Failure.TIMEOUT}}
    kudu = visit("scm", request={"status": 503, "body": "", "headers": {}})
    assert ids(with_storage(OF_THE_APP[symptom], kudu, **blocked)) == ["connect-blocked"]
    firewall = {"request": {"status": 403, "headers": {"x-ms-error-code": "AuthorizationFailure"}}}
    assert ids(with_storage(OF_THE_APP[symptom], kudu, **firewall)) == ["storage-network-denied"]


@pytest.mark.parametrize("ours", ["app-stopped", "token-rejected", "role-missing", "token-unavailable"])
def test_what_storage_does_not_explain(ours: str) -> None:
    """A stopped app, a refused token or a missing one have nothing to do with the storage account."""
    blocked = {"connect": {"failure": Failure.TIMEOUT}}
    assert sorted(ids(with_storage(OF_THE_BACKEND[ours], **blocked))) == sorted(["connect-blocked", ours])


@pytest.mark.parametrize(
    ("cause", "steps"),
    [
        ("no-route", {"connect": {"failure": Failure.UNREACHABLE}}),
        ("connect-blocked", {"connect": {"failure": Failure.TIMEOUT}}),
        ("connect-refused", {"connect": {"failure": Failure.REFUSED}}),
        ("handshake-reset", {"handshake": {"failure": Failure.RESET, "chain": ()}}),
    ],
)
def test_everything_fails_alike(cause: str, steps: Steps) -> None:
    """What keeps every address of the path from answering is one cause near the agent."""
    judgement = judged(*(visit(name, **steps) for name in PLACES))
    assert (ids(judgement), root(judgement).targets) == ([cause], tuple(PLACES))
    assert "10.80.10.4" in root(judgement).summary
    assert "10.80.20.4" in root(judgement).summary


def test_one_inspecting_authority_is_one_finding() -> None:
    """A firewall makes a certificate for every host: one authority, one cause."""
    shown = {
        name: certificate(failure=Failure.CERTIFICATE_UNTRUSTED, names=(place.host,), issuer="CN=Corp", sha256=name)
        for name, place in PLACES.items()
    }
    judgement = judged(*(visit(name, handshake=shown[name]) for name in PLACES))
    assert (ids(judgement), root(judgement).targets) == (["certificate-untrusted"], tuple(PLACES))


def test_certificates_that_all_begin_later() -> None:
    """Several certificates that are not valid yet, and none that is, speak of the agent's clock."""
    later = STARTED_AT.replace(year=2027)
    shown = [
        visit(name, handshake=certificate(failure=Failure.CERTIFICATE_NOT_YET_VALID, not_before_at=later, sha256=name))
        for name in PLACES
    ]
    assert ids(judged(*shown)) == ["agent-clock-wrong"]
    assert root(judged(*shown)).confidence is Confidence.MEDIUM
    assert set(ids(judged(*shown[:2]))) == {"certificate-not-yet-valid"}


def test_certificates_that_have_all_expired() -> None:
    """Several certificates that have expired may speak of the clock: the cause is less sure, and says so."""
    shown = [
        visit(name, handshake=certificate(failure=Failure.CERTIFICATE_EXPIRED, days_left=-9, sha256=name))
        for name in PLACES
    ]
    assert {(found.id, found.confidence) for found in judged(*shown).roots} == {
        ("certificate-expired", Confidence.MEDIUM)
    }


def test_an_expired_certificate_above_the_leaf() -> None:
    """The certificate that has expired is named, and its own day, not the leaf's."""
    chain = (
        sweeps.certificate(),
        sweeps.certificate(subject="CN=Issuing", not_after_at=STARTED_AT.replace(day=1), sha256="ee" * 32),
    )
    found = root(judged(visit(handshake={"failure": Failure.CERTIFICATE_EXPIRED, "chain": chain})))
    assert "CN=Issuing" in found.summary
    assert found.summary.endswith("expired on 2026-11-01.")


@pytest.mark.parametrize(
    ("cause", "said"),
    [("record-missing", NOT_FOUND), ("resolvers-disagree", Said("10.80.99.4", (PRIVATELINK,)))],
)
def test_app_and_scm_site_are_one_finding(cause: str, said: Said) -> None:
    """Records of an app and of its scm site that are wrong alike have one cause."""
    scm = Said(said.addresses, PLACES["scm"].chain)
    where = {"on_premises"} if said.addresses else {"platform", "on_premises"}
    ours: Steps = dict.fromkeys(where, said)
    theirs: Steps = dict.fromkeys(where, scm)
    judgement = judged(visit(**ours), visit("scm", **theirs))
    assert (ids(judgement), root(judgement).targets) == ([cause], ("backend", "scm"))


def test_a_missing_endpoint_is_made_for_the_service_that_lacks_it() -> None:
    """The commands for a storage account make an endpoint for it, and not for the app."""
    public = Said("203.0.113.50", ("blob.ams23prdstr13a.store.core.windows.net",))
    found = root(with_storage({}, platform=public, on_premises=public))
    commands = [step for step in found.fix if step.startswith("az ")]
    assert (found.id, len(commands)) == ("no-private-endpoint", 2)
    assert "--group-id blob" in commands[0]
    assert "privatelink.blob.core.windows.net" in commands[1]
    assert not any("func-orders" in step or "azurewebsites" in step for step in commands)
