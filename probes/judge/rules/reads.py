"""What could not be read of Azure, and what is weaker for it."""

from collections.abc import Iterator, Mapping, Sequence

from probes.failure import Failure
from probes.judge.azure.readings import listed, resource_name, segment
from probes.judge.rule import Match
from probes.judge.rules.clues import latent
from probes.judge.scene import NOT_SEEN, Scene
from probes.records import Reading

NO_TOKEN = frozenset({Failure.TOKEN_UNAVAILABLE, Failure.IDENTITY_ENDPOINT_MISSING})
ZONES = ("zone-not-linked", "zone-falls-back-to-internet", "record-missing", "resolver-not-forwarding")
ENDPOINTS = ("endpoint-not-approved", "record-stale")
WAYS = ("connect-blocked", "gateway-blocked")
CALLS = ("gateway-calls-other-backend", "gateway-skips-tls-checks")
WEAKER: Mapping[str, tuple[str, ...]] = {
    "site": ("app-stopped", "name-unknown", "public-access-enabled"),
    "site-config": ("public-path-open", "public-access-enabled"),
    "endpoint-connections": ENDPOINTS,
    "auth-settings": ("token-rejected", "redirected"),
    "private-endpoint": (*ENDPOINTS, *WAYS),
    "network-interface": ("record-stale",),
    "zone-groups": ZONES,
    "zone-links": ZONES,
    "a-record": (*ZONES, "scm-not-private"),
    "virtual-network": (*ZONES, *WAYS, "gateway-dns-stale"),
    "security-group": WAYS,
    "route-table": WAYS,
    "api-management": ("gateway-not-internal", *WAYS[1:], "gateway-dns-stale"),
    "network-status": ("gateway-dns-stale", "gateway-dependency-failing"),
    "api": CALLS,
    "policy": CALLS,
    "named-values": CALLS,
    "backends": CALLS,
    "network-access": ("storage-not-private", "key-vault-not-private"),
    "connectivity": ("gateway-cannot-reach-backend",),
}
"""Kind of read to the findings that rest on it, or are surer with it."""
PATH_KINDS = frozenset({
    "site", "virtual-network", "private-endpoint", "zone-links", "api-management", "network-access", "workspace",
})  # fmt: skip
"""Kinds of the resources that a path file names itself."""


def failing(scene: Scene, among: frozenset[Failure]) -> list[Reading]:
    """Reads whose last word is one of these failures."""
    return [reading for reading in scene.azure.readings.last if reading.failure in among]


def control_plane_denied(scene: Scene) -> Iterator[Match]:
    """One finding for the missing token, and one for every resource group that may not be read."""
    if scene.azure.silent:
        return
    without = failing(scene, NO_TOKEN)
    if without:
        yield from told(
            scene,
            "token",
            without,
            {
                "why": "there is no token for Azure Resource Manager",
                "what": "anything in Azure",
                "weaker": "every finding that rests on Azure's word",
                "tokenless": "Give the probe app a managed identity that may read, or set control_plane = 'never' in the path file.",
            },
        )
        return
    groups: dict[str, list[Reading]] = {}
    for reading in failing(scene, frozenset({Failure.DENIED})):
        groups.setdefault(scope(reading.resource_id), []).append(reading)
    for place, readings in groups.items():
        yield from told(scene, place.lower(), readings, {"why": "Azure refuses to tell the probe", "scope": place})


def control_plane_unread(scene: Scene) -> Iterator[Match]:
    """Reads that brought nothing for other reasons than a refusal."""
    if scene.azure.silent:
        return
    known = {None, Failure.NOT_FOUND, Failure.DENIED, *NO_TOKEN, *NOT_SEEN}
    every = [reading for reading in scene.azure.readings.last if reading.failure not in known]
    failures = sorted({str(reading.failure) for reading in every})
    yield from told(scene, "azure", every, {"failures": ", ".join(failures)})


def resource_not_found(scene: Scene) -> Iterator[Match]:
    """Resources that the path names, and Azure does not have."""
    if scene.azure.silent:
        return
    named = {one.lower(): one for one in scene.path.resources.values()}
    named |= {one.lower(): one for target in scene.path.targets if (one := scene.path.resource_of(target))}
    for reading in failing(scene, frozenset({Failure.NOT_FOUND})):
        resource = named.get(reading.resource_id.lower())
        if resource is not None and reading.kind in PATH_KINDS:
            for match in told(
                scene, resource.lower(), [reading], {"resource": resource, "short": resource_name(resource) or resource}
            ):
                yield latent(match)


def told(scene: Scene, subject: str, readings: Sequence[Reading], found: Mapping[str, str]) -> Iterator[Match]:
    """A match on each target for which these were read, or on the first of the sweep."""
    if not readings:
        return
    names = {reading.target for reading in readings}
    mine = [view for view in scene.views if view.target.name in names] or list(scene.views[:1])
    what = dict.fromkeys(f"{reading.kind} of {resource_name(reading.resource_id)}" for reading in readings)
    weaker = dict.fromkeys(name for reading in readings for name in WEAKER.get(reading.kind, ()))
    every = {
        "what": listed(list(what)),
        "weaker": listed(list(weaker)) or "nothing else",
        **found,
    }
    for view in mine:
        yield Match(
            targets=(view.target.name,),
            subject=subject,
            evidence=tuple(reading.id for reading in readings),
            words=every,
            aside=True,
        )


def scope(resource_id: str) -> str:
    """The resource group of an id, which a role is best given for."""
    subscription, group = segment(resource_id, "subscriptions"), segment(resource_id, "resourceGroups")
    return f"/subscriptions/{subscription}/resourceGroups/{group}" if subscription and group else resource_id
