"""One root, and what follows from it: findings that are kept as consequences, and findings that are not."""

from probes.failure import Failure
from probes.judge import Judgement, Verdict
from probes.records import Credential, Observation
from tests import sweeps
from tests.judge.observations import (
    NO_ENDPOINT,
    NOT_LINKED,
    PLACES,
    Place,
    Said,
    ids,
    judged,
    root,
    visit,
)
from tests.judge.scenes import GATEWAY_ERROR, HTML, UNREACHABLE, certificate, hosts_file
from tests.sweeps import HOST, PRIVATE, PRIVATELINK, PUBLIC

FORBIDDEN = {"status": 403, "headers": {"x-ms-forbidden-ip": "198.51.100.7"}}
STOPPED = {"status": 403, "reason": "Site Disabled", "headers": HTML}
STORAGE = {"name": "storage", "role": "storage", "url": "https://stordersprod.blob.core.windows.net/"}
STORAGE_PLACE = Place(
    "stordersprod.blob.core.windows.net", "10.80.20.9", ("stordersprod.privatelink.blob.core.windows.net",)
)


def consequences(judgement: Judgement) -> dict[str, str]:
    """Ids of the findings that are consequences, and of their roots."""
    return {found.id: found.masked_by for found in judgement.findings if found.masked_by is not None}


def with_storage(*visits: list[Observation]) -> Judgement:
    """The judgement on these visits, the path having a storage account as well."""
    told = {record.target for each in visits for record in each}
    others = [visit(name) for name in PLACES if name not in told]
    return judged(*others, *visits, path=sweeps.path(targets=[*sweeps.TARGETS, STORAGE]))


def test_what_follows_from_a_wrong_address_is_kept_under_its_cause() -> None:
    """A refusal on the public path follows from the name that led there, and says so."""
    judgement = judged(visit(platform=NOT_LINKED, request=FORBIDDEN))
    assert ids(judgement) == ["zone-not-linked"]
    assert consequences(judgement) == {"public-path-refused": "zone-not-linked"}
    assert [found.masked_by for found in judgement.findings] == [None, "zone-not-linked"]


def test_one_cause_on_several_targets_is_one_finding() -> None:
    """A zone that is not linked hits the app and its scm site, and is told once, with the evidence of both."""
    scm = Said(PUBLIC, PLACES["scm"].chain)
    judgement = judged(visit(platform=NOT_LINKED), visit("scm", platform=scm))
    assert root(judgement).targets == ("backend", "scm")
    assert {name.partition("/")[0] for name in root(judgement).evidence} == {"backend", "scm"}


def test_one_certificate_on_several_hosts_is_one_finding() -> None:
    """A bad certificate that many hosts share is one cause."""
    bad = certificate(failure=Failure.CERTIFICATE_UNTRUSTED)
    judgement = judged(visit("gateway", handshake=bad), visit(handshake=bad), visit("scm", handshake=bad))
    assert root(judgement).targets == ("gateway", "backend", "scm")


def test_one_resolver_is_one_finding() -> None:
    """A resolver that is silent for every name is one cause, and another resolver another."""
    silent = [visit(name, on_premises=UNREACHABLE) for name in PLACES]
    assert root(judged(*silent)).targets == ("gateway", "backend", "scm")


def test_the_gateways_error_follows_from_the_backends() -> None:
    """API Management's own 500 is no cause where the backend itself cannot be reached."""
    down = visit(connect={"failure": Failure.TIMEOUT})
    judgement = judged(visit("gateway", request={"status": 500, "body": GATEWAY_ERROR}), down)
    assert ids(judgement) == ["connect-blocked"]
    assert consequences(judgement) == {"gateway-error": "connect-blocked"}


def test_a_page_that_comes_through_the_gateway_is_the_backends() -> None:
    """The same page behind the gateway and at the backend is one finding, told of the backend."""
    judgement = judged(visit("gateway", request=STOPPED), visit(request=STOPPED))
    assert root(judgement).targets == ("gateway", "backend")
    assert HOST in root(judgement).summary
    assert "internal.example.com" not in root(judgement).summary


def test_a_gateway_that_fails_beside_a_working_backend_is_a_cause() -> None:
    """With the backend in good order, the gateway's error is its own."""
    judgement = judged(visit("gateway", request={"status": 500, "body": GATEWAY_ERROR}))
    assert ids(judgement) == ["gateway-cannot-reach-backend"]
    assert root(judgement).targets == ("gateway",)


def test_what_fails_on_another_target_is_no_consequence() -> None:
    """A backend that is down says nothing of a gateway that shows a certificate of its own."""
    bad = certificate(failure=Failure.CERTIFICATE_EXPIRED, days_left=-1)
    judgement = judged(visit("gateway", handshake=bad), visit(connect={"failure": Failure.REFUSED}))
    assert set(ids(judgement)) == {"certificate-expired", "connect-refused"}


def test_the_probes_own_missing_token_does_not_explain_the_gateway() -> None:
    """The gateway has an identity of its own: that the probe has none is another cause."""
    judgement = judged(
        visit("gateway", request={"status": 500, "body": GATEWAY_ERROR}),
        visit(token={"failure": Failure.TOKEN_UNAVAILABLE}),
    )
    assert set(ids(judgement)) == {"gateway-error", "token-unavailable"}


def test_a_warning_explains_no_failure() -> None:
    """A certificate that will end some day is not why the gateway fails today."""
    backend = visit(token={"failure": Failure.TOKEN_UNAVAILABLE}, handshake=certificate(days_left=12))
    judgement = judged(visit("gateway", request={"status": 500, "body": GATEWAY_ERROR}), backend)
    assert "gateway-error" in ids(judgement)
    assert not consequences(judgement)


def test_a_resolver_that_nobody_here_asks_explains_nothing_else() -> None:
    """The on-premises resolver is silent, and the app is stopped: two causes, neither the other's consequence."""
    for on_premises in (UNREACHABLE, Said(failure=Failure.SERVFAIL), NOT_LINKED):
        judgement = judged(visit(on_premises=on_premises, request=STOPPED))
        assert len(ids(judgement)) == 2
        assert "app-stopped" in ids(judgement)


def test_the_platforms_own_resolver_explains_what_follows() -> None:
    """Where the resolver behind getaddrinfo is silent, the failure of getaddrinfo is its consequence."""
    judgement = judged(visit(system=Said(failure=Failure.UNRESOLVABLE), platform=UNREACHABLE))
    assert ids(judgement) == ["resolver-unreachable"]


def test_a_resolver_aside_does_not_explain_getaddrinfo() -> None:
    """Getaddrinfo that fails for no known reason is unexplained, even where an on-premises resolver is silent."""
    broken = visit(system=Said(failure=Failure.UNRESOLVABLE), platform=PLACES["backend"].said, on_premises=UNREACHABLE)
    judgement = judged(broken)
    assert set(ids(judgement)) == {"resolver-unreachable", "unexplained"}
    (unexplained,) = (found for found in judgement.roots if found.id == "unexplained")
    assert "backend/1/resolve/system" in unexplained.evidence


def test_storage_that_is_down_explains_an_app_that_does_not_start() -> None:
    """The Functions host lives on its storage: its own page is the consequence."""
    down = visit("storage", place=STORAGE_PLACE, connect={"failure": Failure.TIMEOUT})
    judgement = with_storage(visit(request={"status": 503, "body": "Function host is not running."}), down)
    assert ids(judgement) == ["connect-blocked"]
    assert consequences(judgement) == {"host-not-running": "connect-blocked"}


def test_storage_that_works_in_public_explains_nothing() -> None:
    """An account without endpoint, which works, is not why the app answers strangers."""
    public = visit("storage", place=STORAGE_PLACE, platform=Said(PUBLIC), on_premises=Said(PUBLIC))
    judgement = with_storage(visit(anonymous={"status": 200}), public)
    assert set(ids(judgement)) == {"no-private-endpoint", "anonymous-accepted"}
    assert judgement.verdict is Verdict.EXPOSED


def test_storage_that_fails_does_not_excuse_an_open_door() -> None:
    """That the app answers strangers is no consequence of anything that is down."""
    down = visit("storage", place=STORAGE_PLACE, connect={"failure": Failure.TIMEOUT})
    judgement = with_storage(visit(anonymous={"status": 200}), down)
    assert set(ids(judgement)) == {"connect-blocked", "anonymous-accepted"}


def test_two_exposures_are_two_findings() -> None:
    """An app without endpoint that answers strangers has two doors to close."""
    judgement = judged(visit(platform=NO_ENDPOINT, on_premises=NO_ENDPOINT, anonymous={"status": 200}))
    assert set(ids(judgement)) == {"no-private-endpoint", "anonymous-accepted"}
    assert judgement.verdict is Verdict.EXPOSED


def test_a_hosts_entry_explains_the_stale_address_it_gives() -> None:
    """What fails at an address of the hosts file follows from the entry."""
    failing = visit(
        system=Said("10.80.99.4"),
        platform=PLACES["backend"].said,
        hosts_entry=("10.80.99.4",),
        connect={"failure": Failure.TIMEOUT},
    )
    assert consequences(judged(failing)) == {"connect-blocked": "hosts-file-override"}
    assert ids(judged(hosts_file())) == ["hosts-file-override"]
    assert not any("mend that first" in step for step in root(judged(hosts_file())).fix)


def test_a_hosts_entry_over_a_zone_that_is_not_linked() -> None:
    """An entry that keeps a path alive is told beside what it hides, and which of the two to mend first."""
    judgement = judged(visit(system=PLACES["backend"].said, platform=NOT_LINKED, hosts_entry=(PRIVATE,)))
    assert set(ids(judgement)) == {"hosts-file-override", "zone-not-linked"}
    (entry,) = (found for found in judgement.roots if found.id == "hosts-file-override")
    assert "mend that first" in entry.fix[0]


def test_what_works_by_a_hosts_entry_works_for_nobody_else() -> None:
    """The gateway that is refused in public suffers from the zone, although the backend works on this machine."""
    backend = visit(system=PLACES["backend"].said, platform=NOT_LINKED, hosts_entry=(PRIVATE,))
    judgement = judged(visit("gateway", request=FORBIDDEN), backend)
    assert set(ids(judgement)) == {"hosts-file-override", "zone-not-linked"}
    assert consequences(judgement) == {"public-path-refused": "zone-not-linked"}


def test_a_public_address_does_not_stop_an_app() -> None:
    """An app that is stopped is stopped by any way: the zone that is not linked is another cause."""
    judgement = judged(visit("gateway", request=STOPPED), visit(platform=NOT_LINKED, request=STOPPED))
    assert set(ids(judgement)) == {"zone-not-linked", "app-stopped"}
    (stopped,) = (found for found in judgement.roots if found.id == "app-stopped")
    assert stopped.targets == ("gateway", "backend")


def test_a_wrong_clock_explains_dates_and_tokens() -> None:
    """With a clock that is an hour off, an expired certificate or a rejected token is no cause of its own."""
    late = {"headers": {"x-correlation-id": sweeps.SWEEP_ID, "date": "Tue, 24 Nov 2026 05:00:00 GMT"}}
    rejected = {**late, "status": 401}
    judgement = judged(visit("gateway", request=late), visit(request=rejected), visit("scm", request=late))
    assert ids(judgement) == ["agent-clock-wrong"]
    assert consequences(judgement) == {"token-rejected": "agent-clock-wrong"}


def test_a_404_of_the_gateway_is_not_also_a_missing_role() -> None:
    """API Management's own refusal of a call with a token is one finding."""
    gateway = {**sweeps.TARGETS[0], "audience": "api://orders"}
    refused = {"status": 401, "body": GATEWAY_ERROR.replace("500", "401"), "credential": Credential.TOKEN}
    steps = [*visit("gateway", request=refused), sweeps.token(target="gateway")]
    assert ids(judged(steps, path=sweeps.path(targets=[gateway]))) == ["gateway-refuses-caller"]


def test_the_privatelink_name_keeps_its_zone() -> None:
    """The chain of a missing record names zone and record of the fix."""
    found = root(judged(visit(platform=Said(chain=(PRIVATELINK,)))))
    assert "zone privatelink.azurewebsites.net" in found.summary
    assert any("--record-set-name func-orders-prod " in step for step in found.fix)
