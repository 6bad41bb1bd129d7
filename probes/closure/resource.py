"""What has a public door: a web app, a storage account, a key vault; which one, and how it stands now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from re import ASCII, IGNORECASE
from re import compile as pattern
from typing import Any

from probes.path.definition import is_private_space

ID = pattern(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{1,64})/resourceGroups/(?P<group>[\w.()-]{1,90})"
    r"/providers/(?P<type>microsoft\.web/sites|microsoft\.storage/storageaccounts|microsoft\.keyvault/vaults)"
    r"/(?P<name>[\w.-]{1,80})(?:/slots/(?P<slot>[\w.-]{1,80}))?/?",
    IGNORECASE | ASCII,
)
"""It becomes part of a URL and of a command line, so it must be nothing else."""
ID_ALLOWED = "the resource id of a web app (or its slot), a storage account or a key vault"


class Kind(StrEnum):
    """The kinds of resource whose public access is closed here."""

    SITE = "site"
    STORAGE = "storage account"
    VAULT = "key vault"


KINDS: Mapping[str, Kind] = {
    "microsoft.web/sites": Kind.SITE,
    "microsoft.storage/storageaccounts": Kind.STORAGE,
    "microsoft.keyvault/vaults": Kind.VAULT,
}
VERSIONS: Mapping[Kind, str] = {Kind.SITE: "2025-05-01", Kind.STORAGE: "2025-06-01", Kind.VAULT: "2024-11-01"}
"""api-version of both the reads and the writes of a kind."""
ACCESS = "publicNetworkAccess"
CONFIG_ACCESS = "siteConfig.publicNetworkAccess"
"""The same once more in config/web, where the site has it there as well: the two can differ, and then the site is not
closed for certain."""
DEFAULT_ACTION = "networkAcls.defaultAction"
CLOSED: Mapping[str, str] = {ACCESS: "Disabled", CONFIG_ACCESS: "Disabled", DEFAULT_ACTION: "Deny"}
"""Value of each property when the door is closed."""
PERIMETER = "SecuredByPerimeter"
"""A network security perimeter decides; what we would set does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource with a public door.

    Attributes:
        id: as the path file or the operator spelt it.
        slot: of a web app, `None` = the production slot, which shares no setting of this with the others.
    """

    id: str
    kind: Kind
    subscription: str
    group: str
    name: str
    slot: str | None = None

    @property
    def title(self) -> str:
        """Kind and name, for people."""
        return f"{self.kind} {self.name}" + (f" (slot {self.slot})" if self.slot else "")

    @property
    def dependency(self) -> bool:
        """Whether the path depends on it, and does not go through it."""
        return self.kind is not Kind.SITE


def resource(resource_id: str) -> Resource:
    """The resource of that id; raises ValueError where it has no public door that is known here."""
    found = ID.fullmatch(resource_id)
    kind = KINDS[found["type"].lower()] if found else None
    if found is None or kind is None or (found["slot"] and kind is not Kind.SITE):
        raise ValueError(f"{resource_id}; allowed: {ID_ALLOWED}")
    return Resource(
        id=resource_id.rstrip("/"),
        kind=kind,
        subscription=found["subscription"],
        group=found["group"],
        name=found["name"],
        slot=found["slot"],
    )


@dataclass(frozen=True, slots=True)
class Front:
    """Where a site's public front end listens, and the name that it listens to."""

    address: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a resource stands now, as Azure Resource Manager says.

    Attributes:
        values: of the properties above, those that the kind has; `None` = Azure does not say, which is no proof of
            anything (`az functionapp show` says null of every Flex Consumption app).
        rules: networkAcls as they came. A write must send all of them back: a PATCH replaces the object, and what it
            leaves out is lost.
        front: a site's public front end, `None` where Azure does not say or names a private address.
    """

    resource: Resource
    values: Mapping[str, str | None] = field(hash=False)
    rules: Mapping[str, Any] = field(default_factory=dict, hash=False)
    front: Front | None = None

    @property
    def closed(self) -> bool:
        """Whether Azure says so in as many words, and nowhere the opposite."""
        if self.values[ACCESS] == PERIMETER:
            return True
        config = self.values.get(CONFIG_ACCESS)
        return self.values[ACCESS] == CLOSED[ACCESS] and config in {None, CLOSED[CONFIG_ACCESS]}


def site_state(site: Resource, document: Any, config: Any) -> State:
    """The state of a site from its own document and that of config/web; raises TypeError where these are none."""
    properties = _table(document, "properties")
    values = {ACCESS: _text(properties, ACCESS), CONFIG_ACCESS: _text(_table(config, "properties"), ACCESS)}
    address, host = _text(properties, "inboundIpAddress"), _text(properties, "defaultHostName")
    front = Front(address, host) if address and host and _public(address) else None
    return State(resource=site, values=values, front=front)


def dependency_state(dependency: Resource, document: Any) -> State:
    """The state of a storage account or a vault from its document; raises TypeError where it is none."""
    properties = _table(document, "properties")
    rules = properties.get("networkAcls") or {}
    if not isinstance(rules, dict):
        raise TypeError("networkAcls")
    values = {ACCESS: _text(properties, ACCESS), DEFAULT_ACTION: _text(rules, "defaultAction")}
    return State(resource=dependency, values=values, rules=rules)


def _table(document: Any, key: str) -> dict[str, Any]:
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise TypeError(key)
    return found


def _text(table: Mapping[str, Any], key: str) -> str | None:
    """The text, `None` where there is none: Azure writes an unset property as null, as "", or not at all."""
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(key)
    return value or None


def _public(address: str) -> bool:
    """Whether it is an address at all, and not one of private space, which a site with an endpoint may show."""
    try:
        return not is_private_space(address)
    except ValueError:
        return False
