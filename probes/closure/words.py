"""What a closure says of its steps and of Azure's refusals, in words and in command lines to copy. Pure."""

from collections.abc import Iterator, Mapping
from re import compile as pattern
from shlex import join

from probes.azure.answer import ReadError
from probes.closure.plan import Step
from probes.closure.resource import ACCESS, CONFIG_ACCESS, DEFAULT_ACTION, Kind, Resource, State
from probes.failure import Failure
from probes.tell.words import plain

UNSAID = "(not said)"
MISSING = pattern(r"perform action '(?P<action>[^']{1,200})'")
"""ARM's own words of what an identity may not do."""
ROLES: Mapping[Kind, str] = {
    Kind.SITE: "Website Contributor",
    Kind.STORAGE: "Storage Account Contributor",
    Kind.VAULT: "Key Vault Contributor",
}
TYPES: Mapping[Kind, str] = {
    Kind.SITE: "Microsoft.Web/sites",
    Kind.STORAGE: "Microsoft.Storage/storageAccounts",
    Kind.VAULT: "Microsoft.KeyVault/vaults",
}
TAG_ACTION = "Microsoft.Resources/tags/write"
CONFLICT = "Conflict"
LOCKED = "ScopeLocked"
POLICY = "RequestDisallowedByPolicy"
FINAL = frozenset({LOCKED, POLICY})
"""Codes of a 403 or 409 that no patience mends."""
LONGEST = 500


def shown(value: str | None) -> str:
    """A value of a property, for people."""
    return plain(value) if value else UNSAID


def changed(step: Step, *, back: bool = False) -> str:
    """`publicNetworkAccess Enabled -> Disabled` of each change of a step, or of its undoing."""
    opening = step.opening
    parts = (
        f"{each.name} {shown(each.after)} -> {shown(opening[each.name])}"
        if back
        else f"{each.name} {shown(each.before)} -> {each.after}"
        for each in step.changes
    )
    return ", ".join(parts)


def stands(state: State) -> str:
    """How a resource stands: `site func-orders-prod: publicNetworkAccess Disabled`."""
    values = ", ".join(f"{name} {shown(value)}" for name, value in state.values.items() if _worth(name, value))
    return f"{state.resource.title}: {values}"


def _worth(name: str, value: str | None) -> bool:
    return name == ACCESS or value is not None


def command(resource: Resource, values: Mapping[str, str]) -> str:
    """The `az` line that sets these properties."""
    where = ["--subscription", resource.subscription, "--resource-group", resource.group, "--name", resource.name]
    if resource.kind is Kind.SITE:
        keys = {ACCESS: "publicNetworkAccess", CONFIG_ACCESS: "siteConfig.publicNetworkAccess"}
        sets = [f"{keys[name]}={value}" for name, value in values.items()]
        slot = ["--slot", resource.slot] if resource.slot else []
        return join(["az", "functionapp", "update", *where, *slot, "--set", *sets])
    group = ["storage", "account"] if resource.kind is Kind.STORAGE else ["keyvault"]
    options = {ACCESS: "--public-network-access", DEFAULT_ACTION: "--default-action"}
    sets = [word for name, value in values.items() for word in (options[name], value)]
    return join(["az", *group, "update", *where, *sets])


def look(resource: Resource) -> str:
    """The `az` line that says how it stands; not `az functionapp show`, which says null of Flex Consumption."""
    return join(["az", "resource", "show", "--ids", resource.id, "--query", "properties.publicNetworkAccess"])


def refused(error: ReadError, resource: Resource, *, tagging: bool = False, reading: bool = False) -> Iterator[str]:
    """What Azure said to a read or a write that it did not take, and what mends it."""
    what = "is not read" if reading else ("takes no mark" if tagging else "is not changed")
    yield f"{resource.title} {what}: {plain(str(error), LONGEST)}"
    match error:
        case ReadError(code=code) if code == LOCKED:
            yield "A lock keeps it as it is. See which, and let its owner take it away for as long as this takes:"
            yield join(["az", "lock", "list", "--resource", resource.id])
        case ReadError(code=code) if code == POLICY:
            yield "A policy forbids it. See which assignment, and ask its owner for an exemption:"
            yield join(["az", "policy", "state", "list", "--resource", resource.id])
        case ReadError(failure=Failure.TOKEN_UNAVAILABLE | Failure.IDENTITY_ENDPOINT_MISSING):
            yield "Sign in first: az login"
        case ReadError(failure=Failure.DENIED):
            yield from _rights(error, resource, tagging=tagging, reading=reading)
        case ReadError(failure=Failure.NOT_FOUND):
            yield "No such resource: look at its id in the path file."
        case ReadError(failure=Failure.THROTTLED):
            yield "Azure asks for patience. Nothing is lost: go on in a few minutes."
        case ReadError(code=code) if code == CONFLICT:
            yield "Another operation on it is under way. Go on once that is done."
        case _:
            pass


def _rights(error: ReadError, resource: Resource, *, tagging: bool, reading: bool) -> Iterator[str]:
    kind = TYPES[resource.kind]
    expected = TAG_ACTION if tagging else f"{kind}/{'read' if reading else 'write'}"
    found = MISSING.search(error.detail or "")
    action = plain(found["action"]) if found else expected
    role = "Reader" if action.endswith("/read") else ("Tag Contributor" if tagging else ROLES[resource.kind])
    yield f"Who is signed in lacks {action} on {resource.id}. The role {role} has it:"
    yield join(
        ["az", "role", "assignment", "create", "--role", role, "--assignee", "OBJECT_ID", "--scope", resource.id]
    )
