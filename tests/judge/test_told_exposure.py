"""Public access and identity by Azure's word, and what could not be read."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Finding, Severity, Verdict
from probes.path.load import from_mapping
from probes.path.reader import PathError
from tests import sweeps
from tests.judge import estate
from tests.judge.estate import RESOURCES, SITE, access, auth, cause, reading, site, site_config, told
from tests.judge.observations import PLACES, Said, ids, judgement_on, visit
from tests.judge.scenes import HTML, IN_PUBLIC, told_of
from tests.judge.test_told_zones import commands

STOPPED = {"status": 403, "reason": "Site Disabled", "headers": HTML}
UNKNOWN: Mapping[str, Any] = {"platform": Said(), "on_premises": Said()}
REAL = "func-orders-prod-a1b2.westeurope-01.azurewebsites.net"


def open_app(*, closed: bool | None, **azure: Any) -> list[tuple[str, str]]:
    """Ids and severities of the roots on a path that says so of its closure."""
    keys = {} if closed is None else {"closed": closed}
    return [(found.id, found.severity.value) for found in judgement_on(told(path_keys=keys, **azure)).roots]


@pytest.mark.parametrize(
    ("word", "closed", "found"),
    [
        ("Enabled", None, [("public-access-enabled", "information")]),
        ("Enabled", True, [("public-path-open", "error")]),
        ("Enabled", False, []),
        ("Disabled", None, []),
        ("Disabled", True, []),
        (None, None, []),
        (None, True, [("public-path-open", "warning")]),
    ],
)
def test_public_access(word: str | None, closed: bool | None, found: list[tuple[str, str]]) -> None:  # noqa: FBT001
    """Open is no fault before the closure, an exposure after it; null is no proof, and a warning then."""
    assert open_app(closed=closed, site=site(public_network_access=word)) == found


def test_what_an_open_door_comes_to() -> None:
    """Before the closure the path is proven all the same; after it, it is exposed, app and scm site in one finding."""
    opened = site(public_network_access="Enabled")
    assert judgement_on(told(site=opened)).verdict is Verdict.PROVEN
    judgement = judgement_on(told(site=opened, path_keys={"closed": True}))
    assert (judgement.verdict, cause(judgement).targets) == (Verdict.EXPOSED, ("backend", "scm"))
    assert "publicNetworkAccess=Disabled" in commands(cause(judgement))


def test_a_path_that_is_public_is_not_told_that_it_is_open() -> None:
    """The information is for a path that works in private; elsewhere the name is the matter."""
    judgement = judgement_on(told(visit(**IN_PUBLIC), site=site(public_network_access="Enabled")))
    assert [found.targets for found in judgement.roots if found.id == "public-access-enabled"] == [("scm",)]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"public_network_access": "Disabled"}, []),
        ({"default_action": "Deny", "scm_default_action": "Deny"}, []),
        (
            {"default_action": "Deny", "scm_default_action": "Deny", "allowed_networks": ("198.51.100.0/24",)},
            ["public-path-open"],
        ),
    ],
)
def test_the_configuration_has_a_say(config: dict[str, Any], found: list[str]) -> None:
    """Either answer may say Disabled, and access restrictions that let nobody in keep the door shut."""
    azure = {"site": site(public_network_access="Enabled"), "site_config": site_config(**config)}
    shown = told(path_keys={"closed": True}, **azure)
    assert [each.id for each in judgement_on(shown).roots] == found


def test_nothing_read_is_nothing_said() -> None:
    """A refused read of the app is no proof of an open door."""
    assert open_app(closed=True, site=Failure.DENIED, site_config=Failure.DENIED) == [
        ("control-plane-denied", "information")
    ]


@pytest.mark.parametrize("word", ["yes", 1, "true"])
def test_the_key_of_the_path(word: object) -> None:
    """`closed` is true or false."""
    with pytest.raises(PathError, match="closed"):
        from_mapping({"name": "orders", "targets": list(sweeps.TARGETS), "closed": word}, source="test")


@pytest.mark.parametrize(
    ("fields", "opened"),
    [
        ({"public_network_access": "Enabled", "default_action": "Allow"}, True),
        ({"public_network_access": None, "default_action": "Allow"}, True),
        ({"public_network_access": "Enabled", "allowed_networks": ("198.51.100.0/24",)}, True),
        ({"public_network_access": "Enabled"}, False),
        ({"public_network_access": "Enabled", "default_action": None}, True),
        ({"public_network_access": None, "default_action": None}, False),
        ({"public_network_access": "SecuredByPerimeter", "default_action": "Allow"}, False),
        ({"public_network_access": "disabled", "default_action": "Allow"}, False),
    ],
)
@pytest.mark.parametrize(("role", "resource"), [("storage", estate.STORAGE), ("key-vault", estate.VAULT)])
def test_dependencies(role: str, resource: str, fields: dict[str, Any], opened: bool) -> None:  # noqa: FBT001 - drawn
    """A firewall that lets somebody in opens an account or a vault; a warning, for the path works in private."""
    judgement = judgement_on(told_of(role, resource, access(**fields)))
    assert ids(judgement) == ([f"{role}-not-private"] if opened else [])
    assert judgement.verdict is (Verdict.DEGRADED if opened else Verdict.PROVEN)


def test_a_closed_path_with_an_open_dependency() -> None:
    """Once the path says that it is closed, an open account is an exposure."""
    host = "stordersprod.blob.core.windows.net"
    target = {"name": "storage", "role": "storage", "url": f"https://{host}/", "resource": estate.STORAGE}
    more = [reading("access", estate.STORAGE, access(public_network_access="Enabled", default_action="Allow"))]
    keys = {"closed": True, "targets": [target]}
    place = PLACES["backend"]
    seen = visit("storage", place=type(place)(host, "10.80.20.9", ("stordersprod.privatelink.blob.core.windows.net",)))
    judgement = judgement_on(told(seen, path_keys=keys, more=more))
    assert (ids(judgement), judgement.verdict) == (["storage-not-private"], Verdict.EXPOSED)


def test_a_deployment_site_without_a_record() -> None:
    """Told where the path does not look at it itself, and only of a zone that is linked here."""
    two = {"targets": list(sweeps.TARGETS[:2])}
    found = cause(judgement_on(told(path_keys=two, scm_record=Failure.NOT_FOUND)))
    assert (found.id, found.severity) == ("scm-not-private", Severity.WARNING)
    assert "--record-set-name func-orders-prod.scm --ipv4-address 10.80.20.4" in commands(found)
    assert ids(judgement_on(told(scm_record=Failure.NOT_FOUND))) == []
    assert ids(judgement_on(told(path_keys=two, scm_record=Failure.NOT_FOUND, zone_links=estate.links()))) == []
    assert "scm-not-private" not in ids(judgement_on(told(path_keys=two, scm_record=Failure.DENIED)))


def backend(steps: Mapping[str, Any], **azure: Any) -> Finding:
    """The root of a backend that is visited so."""
    return cause(judgement_on(told(visit(**steps), **azure)))


def test_a_stopped_app() -> None:
    """Azure's word confirms the page, doubts it, or adds the quota."""
    confirmed = backend({"request": STOPPED}, site=site(state="Stopped"))
    assert (confirmed.id, confirmed.confidence) == ("app-stopped", Confidence.HIGH)
    assert "Azure has it as Stopped" in confirmed.summary
    assert backend({"request": STOPPED}).confidence is Confidence.MEDIUM
    assert any(
        "quota is used up" in step for step in backend({"request": STOPPED}, site=site(usage_state="Exceeded")).fix
    )
    assert backend({"request": STOPPED}, site=None).confidence is Confidence.HIGH


def test_an_app_under_another_name() -> None:
    """The real name stands in the fix; an app of that very name makes the answer doubtful; a deleted one is told."""
    named = backend(UNKNOWN, site=site(default_host_name=REAL))
    assert (named.id, REAL in named.fix[0]) == ("name-unknown", True)
    assert backend(UNKNOWN).confidence is Confidence.MEDIUM
    judgement = judgement_on(told(visit(**UNKNOWN), site=Failure.NOT_FOUND))
    assert ids(judgement) == ["name-unknown"]
    assert any("no such app" in clause for clause in cause(judgement).supported_by)


def test_the_scm_name_of_an_app_under_another_name() -> None:
    """The deployment site's own name follows from the app's."""
    found = cause(judgement_on(told(visit("scm", **UNKNOWN), site=site(default_host_name=REAL))))
    assert "func-orders-prod-a1b2.scm.westeurope-01.azurewebsites.net" in found.fix[0]


ENTRA = {"enabled": True, "require_authentication": True}


@pytest.mark.parametrize(
    ("settings", "confidence", "told_of_it"),
    [
        ({**ENTRA, "allowed_audiences": ("api://other",)}, Confidence.HIGH, True),
        ({**ENTRA, "client_id": "0815"}, Confidence.HIGH, True),
        ({**ENTRA, "allowed_audiences": ("api://orders",)}, Confidence.MEDIUM, False),
        ({**ENTRA}, Confidence.MEDIUM, False),
        ({"enabled": True, "allowed_audiences": ("api://other",)}, Confidence.MEDIUM, False),
        ({"enabled": False, "allowed_audiences": ("api://other",)}, Confidence.MEDIUM, False),
    ],
)
def test_audiences(settings: dict[str, Any], confidence: Confidence, told_of_it: bool) -> None:  # noqa: FBT001 - drawn
    """The platform's audiences explain a rejection only where it asks for tokens, and for others."""
    found = backend({"request": {"status": 401}}, auth=auth(**settings))
    assert (found.id, found.confidence) == ("token-rejected", confidence)
    assert any("accepts tokens for" in step for step in found.fix) is told_of_it


def test_an_app_that_gives_its_own_reason() -> None:
    """It was asked, so that the platform let the token pass."""
    steps = {"request": {"status": 401, "body": '{"reason": "token_audience"}'}}
    found = backend(steps, auth=auth(**ENTRA, allowed_audiences=("api://other",)))
    assert not any("accepts tokens for" in step for step in found.fix)


def test_a_redirect_by_the_platform() -> None:
    """The settings confirm who redirects."""
    steps = {"request": {"status": 302, "headers": {"location": "https://login.microsoftonline.com/x"}}}
    found = backend(steps, auth=auth(enabled=True, unauthenticated_action="RedirectToLoginPage"))
    assert len(found.supported_by) == 2
    assert len(backend(steps).supported_by) == 1


def test_refused_reads_are_told_by_resource_group() -> None:
    """One finding for a group: what was refused, what is weaker for it, and for which scope a role is due."""
    judgement = judgement_on(told(zone_links=Failure.DENIED, record=Failure.DENIED, nsg_apim=Failure.DENIED))
    assert ids(judgement) == ["control-plane-denied"] * 2
    assert judgement.verdict is Verdict.PROVEN
    hub, own = sorted(judgement.roots, key=lambda found: "rg-hub" not in commands(found))
    assert "zone-links of privatelink.azurewebsites.net and a-record of func-orders-prod" in hub.summary
    assert "zone-not-linked" in hub.summary
    assert commands(own).endswith(
        "--role Reader --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-net-prod"
    )


@pytest.mark.parametrize("failure", [Failure.TOKEN_UNAVAILABLE, Failure.IDENTITY_ENDPOINT_MISSING])
def test_no_token_is_one_finding(failure: Failure) -> None:
    """Without a token nothing is read, and one sentence says so."""
    nothing: dict[str, None] = dict.fromkeys(RESOURCES)
    judgement = judgement_on(told(**nothing, more=[reading("site", SITE, failure)]))
    assert ids(judgement) == ["control-plane-denied"]
    assert "no token" in judgement.roots[0].summary
    assert commands(judgement.roots[0]) == ""


@pytest.mark.parametrize("failure", [Failure.THROTTLED, Failure.TIMEOUT, Failure.UNREACHABLE, Failure.UNKNOWN])
def test_reads_that_fail_otherwise(failure: Failure) -> None:
    """Throttling and silence are no refusal."""
    judgement = judgement_on(told(zone_links=failure))
    assert (ids(judgement), judgement.verdict) == (["control-plane-unread"], Verdict.PROVEN)
    assert failure.value in judgement.roots[0].summary


@pytest.mark.parametrize("failure", [Failure.DEADLINE, Failure.SKIPPED])
def test_reads_that_were_not_made(failure: Failure) -> None:
    """What there was no time for is no fault of Azure's, and none of the path's."""
    assert ids(judgement_on(told(zone_links=failure))) == []


def test_a_resource_that_azure_does_not_have() -> None:
    """What the path names and Azure does not know is a warning; what only Azure names is not."""
    judgement = judgement_on(told(endpoint=Failure.NOT_FOUND))
    assert (ids(judgement), judgement.verdict) == (["resource-not-found"], Verdict.DEGRADED)
    assert ids(judgement_on(told(nsg_apim=Failure.NOT_FOUND, api_policy=Failure.NOT_FOUND))) == []


def test_the_last_word_counts() -> None:
    """A second attempt that is refused does not undo the first that was answered, nor does a late refusal."""
    again = reading("again", estate.ZONE, Failure.DENIED, like=estate.links())
    found = backend(IN_PUBLIC, zone_links=estate.links(), more=[again])
    assert found.confidence is Confidence.HIGH
    newer = reading("newer", estate.ZONE, estate.links())
    assert backend(IN_PUBLIC, zone_links=Failure.DENIED, more=[newer]).confidence is Confidence.HIGH
