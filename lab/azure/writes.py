"""What a write comes to: the public access of a resource, and its tags. Whatever else would change is refused.

A write that the lab would lose in silence is worse than one that it refuses.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lab.azure.resource import Document
from lab.azure.served import hosts_of, name_of
from lab.world import KeyVault, Listener, Site, StorageAccount, World

ACCESS = {"enabled": True, "disabled": False}
SITE, CONFIG = "microsoft.web/sites", "microsoft.web/sites/config"
FIREWALLED = ("microsoft.storage/storageaccounts", "microsoft.keyvault/vaults")
WRITABLE = (SITE, CONFIG, *FIREWALLED)
NESTED = {SITE: "siteConfig", FIREWALLED[0]: "networkAcls", FIREWALLED[1]: "networkAcls"}
DEFAULT_ACTIONS = ("Allow", "Deny")
OF_AZURE = {"id", "name", "type", "etag", "kind", "location", "sku", "identity", "systemData", "tags"}
"""Keys beside `properties` that a PUT brings along."""


class WriteError(ValueError):
    """A body that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a write asks for; `None` = it says nothing of that."""

    public_access: bool | None = None
    default_action: str | None = None


def wanted(body: bytes, kind: str, now: Document) -> Wanted:
    """What a PATCH or PUT of a resource asks for; `now` is what GET shows of it.

    Raises:
        WriteError: the body is none, or would change what the lab does not follow.
    """
    table = parsed(body)
    properties = table.get("properties", {})
    if not isinstance(properties, dict) or not set(table) <= OF_AZURE | {"properties"}:
        raise WriteError(f"Could not find member among: {', '.join(sorted(set(table) - OF_AZURE))}.")
    nested = NESTED.get(kind)
    found: dict[str, Any] = {}
    for key, value in properties.items():
        inner = value if key == nested and isinstance(value, dict) else {key: value}
        shown = now["properties"].get(key) if inner is value else now["properties"]
        for name, setting in inner.items():
            if name in {"publicNetworkAccess", "defaultAction"}:
                found[name] = setting
            elif (shown or {}).get(name) != setting:
                raise WriteError(f"The lab follows no change of property '{name}'.")
    return Wanted(public_access=_access(found), default_action=_action(found))


def parsed(body: bytes) -> dict[str, Any]:
    """A body as a table; raises WriteError."""
    try:
        table = json.loads(body)
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise WriteError("The request content was invalid and could not be deserialized.")
    return table


def _access(found: Mapping[str, Any]) -> bool | None:
    if "publicNetworkAccess" not in found:
        return None
    word = str(found["publicNetworkAccess"]).lower()
    if word not in ACCESS:
        raise WriteError(f"The value '{word}' of publicNetworkAccess is invalid; allowed: Enabled, Disabled.")
    return ACCESS[word]


def _action(found: Mapping[str, Any]) -> str | None:
    action = found.get("defaultAction")
    if action is not None and action not in DEFAULT_ACTIONS:
        raise WriteError(f"The value '{action}' of defaultAction is invalid; allowed: Allow, Deny.")
    return action


def applied(world: World, name: str, kind: str, want: Wanted) -> World:
    """The world with the public listeners of a service as the write has them."""
    of = {SITE: Site, FIREWALLED[0]: StorageAccount, FIREWALLED[1]: KeyVault}[kind]

    def changed(listener: Listener) -> Listener:
        serves = listener.serves
        if not listener.public or not isinstance(serves, Site | StorageAccount | KeyVault):
            return listener
        if not isinstance(serves, of) or name_of(hosts_of(serves)).lower() != name.lower():
            return listener
        if want.public_access is not None:
            serves = replace(serves, public_access=want.public_access)
        if want.default_action is not None and not isinstance(serves, Site):
            serves = replace(serves, default_action=want.default_action)
        return replace(listener, serves=serves)

    return replace(world, listeners=tuple(map(changed, world.listeners)))


def tagged(now: Mapping[str, str], body: bytes, method: str) -> Mapping[str, str]:
    """The tags after a PUT or PATCH of `tags/default`.

    Raises:
        WriteError: the body is none.
    """
    table = parsed(body)
    properties = table.get("properties")
    tags = properties.get("tags", {}) if isinstance(properties, dict) else None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise WriteError("The request content was invalid: 'properties.tags' must be a table of texts.")
    operation = "Replace" if method == "PUT" else table.get("operation")
    match operation:
        case "Replace":
            return tags
        case "Merge":
            return {**now, **tags}
        case "Delete":
            return dict(_left(now, tags))
    raise WriteError(f"The operation '{operation}' is invalid; allowed: Merge, Replace, Delete.")


def _left(now: Mapping[str, str], tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A tag goes where its name is given without a value, or with the value that it has."""
    for name, value in now.items():
        if name not in tags or tags[name] not in {"", value}:
            yield name, value
