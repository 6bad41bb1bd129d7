"""What has a public door, by its id, and how it stands by the documents that Azure answers with."""

from typing import Any

import pytest

from probes.closure.resource import ACCESS, CONFIG_ACCESS, Kind, State, dependency_state, resource, site_state

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-api-prod/providers"
SITE = resource(f"{GROUP}/Microsoft.Web/sites/func-orders-prod")
STORAGE = resource(f"{GROUP}/Microsoft.Storage/storageAccounts/stordersprod")


def site(access: Any = "Enabled", config: Any = None, **more: Any) -> State:
    """The state of the site with these properties."""
    return site_state(
        SITE, {"properties": {"publicNetworkAccess": access, **more}}, {"properties": {"publicNetworkAccess": config}}
    )


@pytest.mark.parametrize(
    ("tail", "kind", "title"),
    [
        ("Microsoft.Web/sites/func", Kind.SITE, "site func"),
        ("microsoft.web/SITES/func/slots/staging/", Kind.SITE, "site func (slot staging)"),
        ("Microsoft.Storage/storageAccounts/st", Kind.STORAGE, "storage account st"),
        ("Microsoft.KeyVault/vaults/kv", Kind.VAULT, "key vault kv"),
    ],
)
def test_three_kinds_have_a_public_door(tail: str, kind: Kind, title: str) -> None:
    """In any spelling: ids are not case-sensitive."""
    found = resource(f"{GROUP}/{tail}")
    assert (found.kind, found.title, found.group) == (kind, title, "rg-api-prod")


@pytest.mark.parametrize(
    "wrong",
    [
        "Microsoft.ApiManagement/service/apim",
        "Microsoft.Storage/storageAccounts/st/slots/staging",
        "Microsoft.Web/sites/func/config/web",
        "Microsoft.Web/sites/func?api-version=1",
        "Microsoft.Web/sites/func --yes",
    ],
)
def test_anything_else_is_refused(wrong: str) -> None:
    """An id becomes part of a URL and of a command line."""
    with pytest.raises(ValueError, match="allowed: the resource id of a web app"):
        resource(f"{GROUP}/{wrong}")


@pytest.mark.parametrize(
    ("state", "closed"),
    [
        (site("Disabled"), True),
        (site("Disabled", "Disabled"), True),
        (site("Disabled", "Enabled"), False),
        (site("Enabled", "Disabled"), False),
        (site(None), False),
        (site(""), False),
        (site(None, "Disabled"), False),
        (dependency_state(STORAGE, {"properties": {"publicNetworkAccess": "SecuredByPerimeter"}}), True),
        (dependency_state(STORAGE, {"properties": {"networkAcls": {"defaultAction": "Deny"}}}), False),
    ],
)
def test_only_the_word_itself_is_closed(state: State, closed: bool) -> None:  # noqa: FBT001 - a row of the table
    """Null is no proof, and a word to the contrary in config/web speaks against it."""
    assert state.closed is closed


def test_an_unset_property_is_not_said() -> None:
    """Azure writes it as null, as an empty text, or not at all."""
    assert site("", "").values == {ACCESS: None, CONFIG_ACCESS: None}


@pytest.mark.parametrize(
    ("address", "told"),
    [("203.0.113.10", "203.0.113.10"), ("10.80.20.4", None), ("nonsense", None), (None, None)],
)
def test_a_front_end_is_knocked_at_in_public_only(address: str | None, told: str | None) -> None:
    """A site with an endpoint may show the endpoint's address, which says nothing of the public door."""
    found = site(inboundIpAddress=address, defaultHostName="func.azurewebsites.net").front
    assert (found.address if found else None) == told


@pytest.mark.parametrize("document", [None, [], {"properties": None}, {"properties": {"publicNetworkAccess": 1}}])
def test_a_document_of_another_form_is_none(document: Any) -> None:
    """It is a failure of the read, and never taken for an open or closed door."""
    with pytest.raises(TypeError):
        site_state(SITE, document, {"properties": {}})
    with pytest.raises(TypeError):
        dependency_state(STORAGE, document)
