"""Where API Management sends the calls of a gateway target, by its API and its policies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from probes.judge.azure.readings import Found, normal, resource_name
from probes.judge.rule import Match
from probes.judge.rules.clues import latent
from probes.judge.rules.gateway import refuses_caller
from probes.judge.rules.words import words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Reading
from probes.resources import (
    ApiContent,
    BackendsContent,
    EndpointContent,
    PolicyBackend,
    PolicyContent,
    ServiceBackend,
    SiteContent,
)

PUBLIC_NAMES = (
    ".azurewebsites.net", ".azure-api.net", ".azurefd.net", ".cloudapp.azure.com", ".trafficmanager.net",
)  # fmt: skip
"""Domains of Azure whose names lead to public addresses, unless a Private Endpoint makes one of them private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where calls go.

    Attributes:
        entity: the backend entity that they go through, `None` = a URL alone.
        source: who says so, in words.
        by_api: no policy that was read does; a product's, which is not read, might.
    """

    url: str
    entity: ServiceBackend | None
    source: str
    by_api: bool
    ids: tuple[str, ...]

    @property
    def host(self) -> str | None:
        """Host of the URL, `None` where it is none."""
        try:
            return (urlsplit(self.url).hostname or "").rstrip(".") or None
        except ValueError:
            return None


def destination(view: View) -> Destination | None:
    """Where calls of a gateway target surely go; `None` = it cannot be told."""
    if view.scene.azure.silent or view.target.role is not Role.GATEWAY:
        return None
    found = api_of(view)
    if found is None:
        return None
    reading, api = found
    scopes = documents(view, reading.resource_id)
    ids = (reading.id, *(name for _, document in scopes for name in document.ids))
    said: list[tuple[str, PolicyBackend]] = []
    for scope, document in scopes:
        if not document.known:
            return None
        content = document.content
        if content is not None and content.backends:
            if not content.backends[-1].decided:
                return None
            said.append((scope, content.backends[-1]))
        if content is not None and not content.inherits:
            break
    if not said:
        source = f"the service URL of API {resource_name(reading.resource_id)}"
        return None if api.service_url is None else Destination(
            url=api.service_url, entity=None, source=source, by_api=True, ids=ids
        )  # fmt: skip
    if len({(one.base_url, one.backend_id) for _, one in said}) > 1:
        return None  # which of them is last depends on where <base /> stands
    return of_backend(view, *said[0], ids)


def of_backend(view: View, scope: str, backend: PolicyBackend, ids: tuple[str, ...]) -> Destination | None:
    """Where a `set-backend-service` sends calls."""
    source = f"set-backend-service of the {scope}'s policy"
    if backend.backend_id is None:
        return None if backend.base_url is None else Destination(
            url=backend.base_url, entity=None, source=source, by_api=False, ids=ids
        )  # fmt: skip
    entities = view.scene.azure.read(BackendsContent, view.scene.azure.service_id)
    mine = () if entities.content is None else entities.content.backends
    entity = next((one for one in mine if one.name.lower() == backend.backend_id.lower()), None)
    if entity is None or entity.url is None:
        return None
    said = f"{source}, backend {entity.name}"
    return Destination(url=entity.url, entity=entity, source=said, by_api=False, ids=(*ids, *entities.ids))


def api_of(view: View) -> tuple[Reading, ApiContent] | None:
    """The API whose path is the longest beginning of the URL's."""
    path = urlsplit(view.target.url).path.strip("/").lower().split("/")
    found = [
        (reading, content)
        for reading, content in view.scene.azure.readings.every_of(ApiContent)
        if path[: len(parts(content.path))] == parts(content.path)
    ]
    return max(found, key=lambda each: len(parts(each[1].path)), default=None)


def parts(path: str) -> list[str]:
    """Segments of a path."""
    return [part for part in path.lower().split("/") if part]


def documents(view: View, api_id: str) -> list[tuple[str, Found[PolicyContent]]]:
    """The policies on the way of a call, the innermost first; an operation without one has no place in the list."""
    azure = view.scene.azure
    operations = [
        reading
        for reading in azure.readings.attempts(PolicyContent)
        if normal(reading.resource_id).startswith(f"{normal(api_id)}/operations")
    ]
    own = [reading for reading in operations if reading.target == view.target.name]
    inner = [("operation", azure.read(PolicyContent, own[-1].resource_id))] if own else []
    if operations and not own:
        inner = [("operation", Found())]  # it may be this one's as well: it was written down for another target
    return [
        *inner,
        ("API", azure.read(PolicyContent, f"{api_id}/policies/policy")),
        ("service", azure.read(PolicyContent, f"{azure.service_id}/policies/policy")),
    ]


def expected_hosts(scene: Scene) -> frozenset[str]:
    """Hosts of the path's backends, under every name that their apps have; and the probe's own."""
    found: set[str] = set()
    for target in scene.path.targets:  # also those that this sweep leaves out
        if target.role in {Role.BACKEND, Role.SCM}:
            found.add(target.host)
            found |= names_of(scene.azure.site(target))
    return frozenset(found | names_of(scene.azure.read(SiteContent, scene.path.resources.get("probe_site"))))


def names_of(site: Found[SiteContent]) -> set[str]:
    """Names of an app."""
    if site.content is None:
        return set()
    return {name.lower() for name in (*site.content.host_names, site.content.default_host_name or "") if name}


def own_hosts(scene: Scene) -> frozenset[str]:
    """Names of API Management itself."""
    service = scene.azure.service.content
    named = () if service is None else (one.host_name.lower() for one in service.host_names)
    return frozenset({*named, *(view.target.host for view in scene.having(Role.GATEWAY))})


def elsewhere(view: View) -> tuple[Destination, str] | None:
    """Where calls go that come to no backend of the path, with that host."""
    if all(target.role is not Role.BACKEND for target in view.scene.path.targets):
        return None
    there = destination(view)
    host = None if there is None else there.host
    if there is None or host is None or host.lower() in expected_hosts(view.scene):
        return None
    return there, host.lower()


def diverted(view: View) -> bool:
    """Whether its calls surely do not go to a backend of the path."""
    return elsewhere(view) is not None


def suffers(view: View) -> bool:
    """Something answered in the backend's place, or nothing did: not a refusal that the gateway makes before."""
    return bool(view.exchanges) and not view.works and not all(refuses_caller(view, one) for one in view.exchanges)


def calling(scene: Scene, *, itself: bool) -> Iterator[Match]:
    """Gateways that call somebody else than the path's backend: themselves, or another."""
    if scene.azure.silent:
        return
    for view in scene.having(Role.GATEWAY):
        found = elsewhere(view)
        if found is None or (found[1] in own_hosts(scene)) is not itself:
            continue
        there, host = found
        # What only the configuration says is a warning; where calls surely work, and leave the network, it is seen.
        exposes = view.works and not itself and in_public(view, host)
        hosts = dict.fromkeys(one.host for one in scene.path.targets if one.role is Role.BACKEND)
        match = Match(
            targets=(view.target.name,),
            subject=host,
            evidence=(*(one.id for one in view.exchanges), *there.ids),
            words={
                **words(view),
                "called": there.url,
                "called_host": host,
                "source": there.source,
                "backends": " or ".join(hosts),
                "right_host": next(iter(hosts)),
                **({"by_api": there.source} if there.by_api else {}),
                **entity_words(there),
                **({"public_name": host} if exposes and not is_address(host) else {}),
            },
            exposes=exposes,
        )
        yield match if suffers(view) or exposes else latent(match)


def in_public(view: View, host: str) -> bool:
    """Whether a host is a public address, or has a name by Azure that is public unless an endpoint stands behind it."""
    if is_address(host):
        return view.is_public(host)
    labels = host.split(".")
    return host.endswith(PUBLIC_NAMES) and "privatelink" not in labels and not behind_endpoint(view, host)


def is_address(host: str) -> bool:
    """Whether a host is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def behind_endpoint(view: View, host: str) -> bool:
    """Whether an endpoint that was read is of the app of that name."""
    every = view.scene.azure.readings.every_of(EndpointContent)
    return any((resource_name(content.service_id) or "").lower() == host.partition(".")[0] for _, content in every)


def entity_words(there: Destination) -> dict[str, str]:
    """The backend entity to change, where one says where calls go."""
    return {} if there.entity is None else {"entity": there.entity.name}


def gateway_skips_tls_checks(scene: Scene) -> Iterator[Match]:
    """A backend entity that calls go through, or may, without a check that its certificate is the backend's."""
    if scene.azure.silent:
        return
    for view in scene.having(Role.GATEWAY):
        there = destination(view)
        entities: Sequence[ServiceBackend] = [there.entity] if there is not None and there.entity is not None else []
        ids = () if there is None else there.ids
        if there is None:
            entities, ids = mentioned(view)
        for entity in entities:
            checks = unchecked(entity)
            if checks:
                yield latent(
                    Match(
                        targets=(view.target.name,),
                        subject=entity.name,
                        evidence=ids,
                        words={
                            **words(view),
                            "entity": entity.name,
                            "checks": " and ".join(checks),
                            **({} if there is not None else {"perhaps": entity.name}),
                        },
                    )
                )


def mentioned(view: View) -> tuple[Sequence[ServiceBackend], tuple[str, ...]]:
    """Entities that a policy on the way names, where it cannot be told which of them a call takes."""
    found = api_of(view)
    if found is None:
        return [], ()
    scopes = [document for _, document in documents(view, found[0].resource_id)]
    names = {
        one.backend_id.lower()
        for document in scopes
        if document.content is not None
        for one in document.content.backends
        if one.backend_id is not None
    }
    entities = view.scene.azure.read(BackendsContent, view.scene.azure.service_id)
    every = () if entities.content is None else entities.content.backends
    ids = (*(name for document in scopes for name in document.ids), *entities.ids)
    return [one for one in every if one.name.lower() in names], ids


def unchecked(entity: ServiceBackend) -> list[str]:
    """The checks that an entity leaves out."""
    checks = {"validateCertificateChain": entity.validate_chain, "validateCertificateName": entity.validate_name}
    return [name for name, made in checks.items() if made is False]
