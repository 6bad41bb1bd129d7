"""API Management by Azure's word: its DNS servers, its way to the backend, what it needs itself, its own test."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address

from probes.failure import Failure
from probes.judge.azure import Way
from probes.judge.azure.facade import AZURE_DNS
from probes.judge.azure.readings import parent, resource_name
from probes.judge.rule import Match
from probes.judge.rules.blocking import DECIDED, blocked_way, decider, way_words
from probes.judge.rules.checks import check_issues
from probes.judge.rules.clues import hit, latent
from probes.judge.rules.destination import destination, diverted, names_of
from probes.judge.rules.gateway import backends, cannot_reach_backend, gets_other_answer
from probes.judge.rules.pages import forbidden_ip
from probes.judge.rules.words import words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.path.definition import is_private_space
from probes.records import Connection, Exchange
from probes.resources import NetworkContent, NetworkStatusContent, ServiceNetwork

FAILING = "failure"
OTHER_ANSWERS = frozenset({"403", "404"})
"""What App Service's public door answers, and a front end that does not know the app."""


def struck(scene: Scene) -> list[Match]:
    """Where API Management does not come to a backend that the probe reaches: one match a symptom."""
    reached = [view for view in backends(scene) if view.works]
    if (
        not reached
        or len(reached) != len(backends(scene))
        or any(diverted(view) for view in scene.having(Role.GATEWAY))
    ):
        return []
    found = list(cannot_reach_backend(scene))
    found += [match for match in gets_other_answer(scene) if match.words["status"] in OTHER_ANSWERS]
    for view in scene.having(Role.GATEWAY):
        found += [symptom(view, exchange) for exchange in view.exchanges if astray(view, exchange)]
    return found


def astray(view: View, exchange: Exchange) -> bool:
    """It waits in vain, or comes to the public door: so it looks where packets are dropped, or names are public."""
    return exchange.failure is Failure.TIMEOUT or forbidden_ip(view, exchange)


def symptom(view: View, exchange: Exchange) -> Match:
    status = str(exchange.failure or exchange.status)
    return Match(
        targets=(view.target.name,), subject="gateway", evidence=(exchange.id,), words={**words(view), "status": status}
    )


def on_gateway(scene: Scene) -> list[Match]:
    """Each symptom; without one, the gateway's targets as such, which show nothing."""
    symptoms = struck(scene)
    if symptoms:
        return symptoms
    return [
        latent(Match(targets=(view.target.name,), subject="gateway", evidence=(), words=words(view)))
        for view in scene.having(Role.GATEWAY)
    ]


def gateway_dns_stale(scene: Scene) -> Iterator[Match]:
    """What API Management knows of DNS servers is as old as the last time its network configuration was applied."""
    if scene.azure.silent:
        return
    azure = scene.azure
    network_id = parent(azure.service_subnet_id, "virtualNetworks") or scene.path.resources.get("virtual_network")
    status, network = azure.read(NetworkStatusContent, azure.service_id), azure.read(NetworkContent, network_id)
    mine = None if status.content is None else of_region(status.content.networks, scene)
    if mine is None or network.content is None or not differ(mine.dns_servers, network.content.dns_servers):
        return
    issues = check_issues(scene)
    for match in on_gateway(scene):
        yield replace(
            match,
            subject="dns servers",
            evidence=(*match.evidence, *status.ids, *network.ids, *azure.service.ids),
            words={
                **match.words,
                "known_servers": ", ".join(mine.dns_servers),
                "network_servers": ", ".join(network.content.dns_servers or (AZURE_DNS,)),
                "network": resource_name(network_id) or "its network",
                "outcome": outcome(match),
                "resolving": issues,
                **({"resolving_issue": issues} if "dns" in issues.lower() else {}),
            },
        )


def outcome(match: Match) -> str:
    """What it comes to, at the end of a sentence."""
    return "nothing shows it yet" if match.latent else f"API Management fails with {match.words['status']}"


def of_region(networks: Sequence[ServiceNetwork], scene: Scene) -> ServiceNetwork | None:
    """The network of the region that the service names, the only one there is, or none that can be told."""
    if len(networks) == 1:
        return networks[0]
    service = scene.azure.service.content
    place = plain_region(service.location) if service is not None and service.location else None
    return next((one for one in networks if plain_region(one.location) == place), None)


def plain_region(name: str) -> str:
    """`West Europe` and `westeurope` are one region."""
    return name.replace(" ", "").lower()


def differ(known: Sequence[str], configured: Sequence[str]) -> bool:
    """Whether API Management asks other servers than the network names; how it writes Azure's own is not documented."""
    if not known:
        return False
    if set(configured) <= {AZURE_DNS}:
        return any(is_private(server) for server in known)
    return set(known) != set(configured)


def is_private(server: str) -> bool:
    """Whether a server stands in a private network."""
    try:
        ip_address(server)
    except ValueError:
        return False
    return is_private_space(server)


def gateway_blocked(scene: Scene) -> Iterator[Match]:
    """A rule or a route that surely keeps API Management's subnet from the backend."""
    azure = scene.azure
    if azure.silent or azure.service_subnet_id is None:
        return
    for backend in backends(scene):
        for address in addresses_of(backend):
            way = azure.way(azure.service_subnet_id, backend.target, address, backend.target.port)
            if way is None or way.outcome not in DECIDED or known_already(backend, way):
                continue
            for match in on_gateway(scene):
                if goes_to_another(scene.view(match.targets[0]), backend):
                    continue
                yield replace(
                    match,
                    subject=decider(way) or "gateway",
                    evidence=(*match.evidence, *way.ids),
                    words={
                        **match.words,
                        **way_words(way, address, backend.target.port),
                        "backend": backend.target.host,
                        "blocked": f"{address}:{backend.target.port}",
                        "outcome": outcome(match),
                    },
                )
            break


def goes_to_another(view: View, backend: View) -> bool:
    """Whether a call is surely one to another backend of the path: what keeps it from this one does not strike it."""
    if view.target.role is not Role.GATEWAY:
        return view is not backend
    there = destination(view)
    if there is None or there.host is None:
        return False
    others = [one for one in backends(view.scene) if one is not backend]
    hosts = {name for one in others for name in (one.target.host, *names_of(view.scene.azure.site(one.target)))}
    return there.host.lower() in hosts - {backend.target.host, *names_of(view.scene.azure.site(backend.target))}


def known_already(backend: View, way: Way) -> bool:
    """What keeps the probe from the backend as well is told there."""
    tried = [record.address for record in backend.of(Connection) if record.failure is not None]
    there = blocked_way(backend, tried) if tried and not backend.works else None
    return there is not None and decider(there[1]) == decider(way)


def addresses_of(view: View) -> Sequence[str]:
    """Private addresses at which the backend answers, else those that Azure knows of."""
    reached = [record.address for record in view.of(Connection) if record.failure is None]
    return [one for one in reached if view.is_private(one)] or scene_addresses(view)


def scene_addresses(view: View) -> Sequence[str]:
    return view.scene.azure.endpoints(view.target).addresses


def gateway_dependency_failing(scene: Scene) -> Iterator[Match]:
    """What it needs for itself, and cannot reach by its own word."""
    if scene.azure.silent:
        return
    status = scene.azure.read(NetworkStatusContent, scene.azure.service_id)
    mine = None if status.content is None else of_region(status.content.networks, scene)
    failing = [] if mine is None else [
        one for one in mine.dependencies if one.status.lower() == FAILING and one.optional is not True
    ]  # fmt: skip
    for view in scene.having(Role.GATEWAY) if failing else ():
        told = [f"{one.name} ({one.error})" if one.error else one.name for one in failing]
        yield latent(
            Match(
                targets=(view.target.name,),
                subject="dependencies",
                evidence=status.ids,
                words={**words(view), "dependencies": ", ".join(told)},
            )
        )


def another_region(scene: Scene, match: Match) -> bool:
    """What was connected to is no address of the first region, whose subnet and servers were looked at."""
    service = scene.azure.service.content
    own = () if service is None else service.private_addresses
    gateways = [view for view in hit(scene, match) if view.target.role is Role.GATEWAY]
    reached = {one.address for view in gateways for one in view.of(Connection) if view.is_private(one.address)}
    return bool(own) and bool(reached) and reached.isdisjoint(own)


def answers_rightly(scene: Scene, match: Match) -> bool:
    """The gateway answered rightly all the same."""
    return any(view.works and view.target.role is Role.GATEWAY for view in hit(scene, match))
