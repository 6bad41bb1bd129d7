"""From how things stand to steps that close, and back."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.closure.plan import Plan, Step, dependencies, plan, sites, step, unwatched
from probes.closure.resource import ACCESS, CONFIG_ACCESS, DEFAULT_ACTION, State, resource
from probes.closure.writes import body
from probes.path import Path, from_mapping

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-api-prod/providers"
SITE = f"{GROUP}/Microsoft.Web/sites/func-orders-prod"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/stordersprod"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-path-prod"
RULES = {"bypass": "Logging", "defaultAction": "Allow", "ipRules": [{"value": "198.51.100.7"}]}


def state(resource_id: str, rules: Mapping[str, Any] | None = None, **values: str | None) -> State:
    """A resource that stands so."""
    names = {"access": ACCESS, "config": CONFIG_ACCESS, "action": DEFAULT_ACTION}
    return State(
        resource=resource(resource_id), values={names[key]: value for key, value in values.items()}, rules=rules or {}
    )


def made(*states: State) -> Plan:
    """The plan that closes all of them."""
    return plan(states, [each.resource for each in states])


def written(planned: Step) -> list[tuple[str, str | None, str]]:
    """Its changes."""
    return [(each.name, each.before, each.after) for each in planned.changes]


def path(**keys: Any) -> Path:
    """A path with a backend, a storage account and a vault."""
    targets = [
        {"name": "backend", "role": "backend", "url": "https://func.azurewebsites.net/"},
        {"name": "blob", "role": "storage", "url": "https://st.blob.core.windows.net/"},
    ]
    return from_mapping({"name": "orders", "targets": targets, **keys}, source="test")


def test_sites_come_first_and_dependencies_last() -> None:
    """An app whose storage is closed before it fails for two reasons at once."""
    found = made(state(STORAGE, access="Enabled", action="Allow"), state(SITE, access="Enabled", config=None))
    assert [each.resource.id for each in found.steps] == [SITE, STORAGE]


def test_a_site_is_written_in_both_places_where_it_says_something_in_both() -> None:
    """And in one where config/web says nothing of its own."""
    both, one = state(SITE, access="Enabled", config="Enabled"), state(SITE, access="Enabled", config=None)
    assert written(step(both)) == [(ACCESS, "Enabled", "Disabled"), (CONFIG_ACCESS, "Enabled", "Disabled")]
    assert written(step(one)) == [(ACCESS, "Enabled", "Disabled")]
    assert body(both, step(both).closing) == {
        "properties": {"publicNetworkAccess": "Disabled", "siteConfig": {"publicNetworkAccess": "Disabled"}}
    }


def test_the_site_is_written_too_where_only_its_configuration_contradicts() -> None:
    """Azure refuses the configuration's value by itself."""
    assert written(step(state(SITE, access="Disabled", config="Enabled"))) == [
        (ACCESS, "Disabled", "Disabled"),
        (CONFIG_ACCESS, "Enabled", "Disabled"),
    ]


def test_rules_of_a_firewall_are_sent_back_whole() -> None:
    """A PATCH replaces networkAcls: exceptions that it leaves out are lost."""
    account = state(STORAGE, RULES, access="Enabled", action="Allow")
    assert body(account, step(account).closing) == {
        "properties": {"publicNetworkAccess": "Disabled", "networkAcls": {**RULES, "defaultAction": "Deny"}}
    }


def test_what_is_closed_already_is_no_step() -> None:
    """So no undoing opens it."""
    closed = state(SITE, access="Disabled", config="Disabled")
    found = made(closed, state(STORAGE, access="Enabled", action="Deny"))
    assert found.closed == (closed,)
    assert [written(each) for each in found.steps] == [[(ACCESS, "Enabled", "Disabled")]]


def test_what_nobody_asked_for_is_named_and_left() -> None:
    """An open storage account is worth a word."""
    site, account = state(SITE, access="Enabled"), state(STORAGE, access="Enabled", action="Allow")
    found = plan([site, account, state(VAULT, access="Disabled")], [site.resource])
    assert [each.resource.id for each in found.steps] == [SITE]
    assert found.left == (account,)


@pytest.mark.parametrize(
    ("before", "opening"),
    [
        (state(SITE, access="Enabled", config="Enabled"), {ACCESS: "Enabled", CONFIG_ACCESS: "Enabled"}),
        (state(SITE, access=None, config=None), {ACCESS: ""}),
        (state(STORAGE, access="Enabled", action="Deny"), {ACCESS: "Enabled"}),
        (state(VAULT, access=None, action=None), {ACCESS: "Enabled", DEFAULT_ACTION: "Allow"}),
    ],
)
def test_an_undoing_restores_what_was(before: State, opening: Mapping[str, str]) -> None:
    """What Azure did not say is set to what that stands for, and is then seen as undone."""
    planned = step(before)
    assert planned.opening == opening
    assert planned.untouched(before)
    after = State(resource=before.resource, values={**before.values, **planned.opening})
    assert planned.undone(after)
    assert not planned.done(after)


def test_a_change_is_done_once_azure_says_so_everywhere() -> None:
    """The site's own word alone is not enough where config/web says the opposite."""
    planned = step(state(SITE, access="Enabled", config=None))
    assert planned.done(state(SITE, access="Disabled", config=None))
    assert not planned.done(state(SITE, access="Disabled", config="Enabled"))
    assert not planned.done(state(SITE, access=None, config=None))


def test_resources_of_a_path_are_named_once() -> None:
    """By the path, by a target, in any case."""
    given = path(resources={"site": SITE, "storage": STORAGE, "key_vault": VAULT})
    assert [each.id for each in sites(given)] == [SITE]
    assert [each.id for each in dependencies(given)] == [STORAGE, VAULT]


def test_a_dependency_without_a_target_is_unwatched() -> None:
    """No proof of the path says how it is reached."""
    given = path(resources={"site": SITE, "storage": STORAGE, "key_vault": VAULT})
    assert [unwatched(given, each) for each in dependencies(given)] == [False, True]
