"""The path of a request to Azure Resource Manager: which resource it names, of which type, and what it asks for."""

from dataclasses import dataclass
from urllib.parse import unquote

ACTIONS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
PROVIDERS = "/providers/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One resource, or the list of those of one type below another.

    Attributes:
        path: as it came, decoded, without slashes at its end.
        scope: what stands before the last `/providers/`: a resource group, or the resource that an extension is of.
        kind: the resource type, `Microsoft.Web/sites/config`.
        names: of the resource and those above it; one fewer than types where the path names a list.
    """

    path: str
    scope: str
    kind: str
    names: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id in the spelling in which it is looked up."""
        return self.path.lower()

    def action(self, method: str) -> str:
        """The operation that a role must allow: `Microsoft.Web/sites/read`."""
        return f"{self.kind}/{ACTIONS.get(method, 'action')}"


def address(path: str) -> Address | None:
    """The address, `None` where the path is none of a resource."""
    path = unquote(path).rstrip("/")
    # Ids are not case-sensitive, and this word is one of them.
    at = path.lower().rfind(PROVIDERS)
    if not path.lower().startswith("/subscriptions/") or at < 0:
        return None
    provider, *segments = path[at + len(PROVIDERS) :].split("/")
    if not segments or not all((provider, *segments)):
        return None
    kind = "/".join((provider, *segments[::2]))
    return Address(path=path, scope=path[:at], kind=kind, names=tuple(segments[1::2]))
