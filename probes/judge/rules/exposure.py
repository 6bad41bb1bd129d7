"""Public access by Azure's word: what is open beside the private path, before and after the path says that it is closed.

Before the closure an open door is what the plan says, and no fault: information. Once the path says `closed = true` it
is an exposure. `publicNetworkAccess` that is null is no proof of either.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from probes.judge.azure.readings import resource_name, segment
from probes.judge.rule import Match
from probes.judge.rules.clues import latent
from probes.judge.rules.words import site, words, zone_words
from probes.judge.rules.zones import place_words, right_address, zone_of
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Vantage
from probes.resources import AccessContent, RecordContent, SiteConfigContent

APPS = (Role.BACKEND, Role.SCM)
CLOSED = frozenset({"disabled", "securedbyperimeter"})
PUBLIC_NET = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The public way to a resource.

    Attributes:
        opened: `None` = Azure does not say.
        how: in words, for the end of a sentence.
        ids: evidence.
    """

    opened: bool | None
    how: str
    ids: tuple[str, ...]


def app_door(view: View) -> Door | None:
    """The public door of an app or of its deployment site; `None` = nothing was read of it."""
    azure = view.scene.azure
    resource = azure.resource(view.target)
    app, config = azure.site(view.target), azure.read(SiteConfigContent, resource)
    if app.content is None and config.content is None:
        return None
    said = [one.content.public_network_access for one in (app, config) if one.content is not None]
    words = [one.lower() for one in said if one]
    ids = (*app.ids, *config.ids)
    if "disabled" in words:
        return Door(opened=False, how="publicNetworkAccess is Disabled", ids=ids)
    if not words:
        return Door(opened=None, how="publicNetworkAccess is not told, which proves nothing", ids=ids)
    restricted = config.content
    scm = view.target.role is Role.SCM
    action = "" if restricted is None else (restricted.scm_default_action if scm else restricted.default_action) or ""
    allowed = () if restricted is None else restricted.scm_allowed_networks if scm else restricted.allowed_networks
    if action.lower() != "deny":
        return Door(opened=True, how=f"publicNetworkAccess is {said[0] or words[0]}", ids=ids)
    if allowed:
        return Door(
            opened=True,
            how=f"publicNetworkAccess is Enabled, and access restrictions let {', '.join(allowed)} in",
            ids=ids,
        )
    return Door(opened=False, how="publicNetworkAccess is Enabled, and access restrictions let nobody in", ids=ids)


def service_door(view: View) -> Door | None:
    """The public door of a storage account or a key vault."""
    found = view.scene.azure.read(AccessContent, view.scene.azure.resource(view.target))
    content = found.content
    if content is None:
        return None
    said, action = content.public_network_access, (content.default_action or "").lower()
    if said is not None and said.lower() in CLOSED:
        return Door(opened=False, how=f"publicNetworkAccess is {said}", ids=found.ids)
    told = f"publicNetworkAccess is {said}" if said else "publicNetworkAccess is not told"
    if action == "deny":
        allowed = ", ".join(content.allowed_networks)
        how = f"{told}, and its firewall lets {allowed} in" if allowed else f"{told}, and its firewall lets nobody in"
        return Door(opened=bool(allowed), how=how, ids=found.ids)
    if action == "allow":
        return Door(opened=True, how=f"{told}, and its firewall lets everybody in", ids=found.ids)
    return Door(opened=True if said else None, how=told, ids=found.ids)


def door(view: View) -> Door | None:
    """The public door of a target."""
    if view.target.role in APPS:
        return app_door(view)
    return service_door(view) if view.target.role in {Role.STORAGE, Role.KEY_VAULT} else None


def doors(scene: Scene, *roles: Role) -> Iterator[tuple[View, Door]]:
    """The targets of which Azure tells how open they are, seen from inside."""
    if scene.azure.silent or scene.path.vantage is Vantage.OUTSIDE:
        return
    for view in scene.having(*roles):
        found = door(view)
        if found is not None:
            yield view, found


def about(view: View, found: Door) -> Match:
    """A match on a door that is open, or not shown to be closed."""
    resource = view.scene.azure.resource(view.target)
    return Match(
        targets=(view.target.name,),
        subject=resource or site(view.target.host),
        evidence=found.ids,
        words={
            **words(view),
            **place(view, resource),
            "resource": resource_name(resource) or view.target.host,
            "how": found.how,
            "opening": f"belongs to {resource_name(resource)}, of which Azure says that {found.how}, though the path says that it is closed",
        },
        exposes=True,
    )


def place(view: View, resource: str | None) -> dict[str, str]:
    """The words of a command on the resource itself."""
    group, name = segment(resource, "resourceGroups") or "RESOURCE_GROUP", resource_name(resource) or "NAME"
    subscription = segment(resource, "subscriptions") or "SUBSCRIPTION"
    kind = {Role.STORAGE: "open_account", Role.KEY_VAULT: "open_vault"}.get(view.target.role, "open_app")
    return {kind: name, f"{kind}_group": group, f"{kind}_subscription": subscription}


def public_access_enabled(scene: Scene) -> Iterator[Match]:
    """An app that works in private and is open in public, as it is before the closure."""
    for view, found in doors(scene, *APPS):
        inside = view.dns is not None and view.private(view.dns.addresses)
        if scene.path.closed is None and found.opened and inside and view.works:
            yield latent(about(view, found))


def still_open(scene: Scene) -> Iterator[Match]:
    """What Azure says is open, or does not say is closed, on a path that is meant to be closed."""
    for view, found in doors(scene, *APPS):
        if scene.path.closed and found.opened is not False:
            match = about(view, found)
            yield match if found.opened else latent(match)


def not_private(role: Role) -> Callable[[Scene], Iterator[Match]]:
    """Storage accounts, or key vaults, that the internet reaches as well."""

    def find(scene: Scene) -> Iterator[Match]:
        for view, found in doors(scene, role):
            if found.opened:
                match = about(view, found)
                yield match if scene.path.closed else latent(match)

    return find


def scm_not_private(scene: Scene) -> Iterator[Match]:
    """The zone that the app's record is in lacks the one of its deployment site, which the path does not look at."""
    if scene.azure.silent:
        return
    seen = {scene.azure.resource(view.target) for view in scene.having(Role.SCM)}
    for view in scene.having(Role.BACKEND):
        answer = view.dns
        if answer is None or scene.azure.resource(view.target) in seen or not view.private(answer.addresses):
            continue
        zone = zone_of(view, answer)
        if zone is None or zone.linked is not True:
            continue
        first, *rest = zone_words(answer.privatelink or "")["record"].split(".")
        record = ".".join([first, "scm", *rest])
        found = scene.azure.read(RecordContent, f"{zone.id}/A/{record}")
        if found.missing:
            named = {**zone_words(answer.privatelink or ""), "record": record}
            yield latent(
                Match(
                    targets=(view.target.name,),
                    subject=site(view.target.host),
                    evidence=(*answer.ids, *zone.links.ids, *found.ids),
                    words={**words(view), **named, **place_words(zone), **right_address(view)},
                )
            )
