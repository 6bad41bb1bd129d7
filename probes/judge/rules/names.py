"""The predicates on names: what DNS says of a target, judged from the chain and not from the address alone."""

from collections.abc import Iterator

from probes.failure import Failure
from probes.judge.rule import Match
from probes.judge.rules.clues import hit
from probes.judge.rules.words import site, words, zone_words
from probes.judge.scene import Answer, Scene, View
from probes.path import Role
from probes.records import PLATFORM, Connection

AZURE_DOMAINS = (".azurewebsites.net", ".windows.net", ".azure.net", ".azure.com")
"""Domains in which Azure itself puts the privatelink name into the chain; `.windows.net` has storage and front ends."""


def judged(scene: Scene) -> Iterator[tuple[View, Answer]]:
    """Targets that must be private and have a settled answer."""
    for view in scene.views:
        if view.target.must_be_private and (answer := view.dns) is not None:
            yield view, answer


def endpoint_name(answer: Answer) -> dict[str, str]:
    """Words of the privatelink name in the chain, or of what it would be."""
    return dict(zone_words(answer.privatelink)) if answer.privatelink else {}


def elsewhere(view: View, answer: Answer) -> list[Answer]:
    """Settled answers of other resolvers."""
    return [other for other in view.answers if other.resolver != answer.resolver and other.settled]


def address_hardcoded(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        tried = view.of(Connection)
        if view.target.literal is not None and tried:
            evidence = tuple(record.id for record in tried)
            yield Match(targets=(view.target.name,), subject=view.target.host, evidence=evidence, words=words(view))


def privatelink_name_in_url(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if "privatelink" in view.target.host.split(".") and answer is not None:
            found = {**words(view), "public_name": view.target.host.replace(".privatelink.", ".")}
            yield Match(targets=(view.target.name,), subject=view.target.host, evidence=answer.ids, words=found)


def hosts_file_override(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        system, platform = view.system, view.platform
        if system is None or platform is None or not platform.settled:
            continue
        entry = system.resolutions[0].hosts_entry or ()
        used = set(system.addresses)
        if entry and used and used <= set(entry) and used != set(platform.addresses):
            said = ", ".join(platform.addresses) or str(platform.failure)
            yield Match(
                targets=(view.target.name,),
                subject=view.target.host,
                evidence=(*system.ids, *platform.ids),
                words={**words(view), "addresses": ", ".join(system.addresses), "said": said},
                exposes=not view.private(system.addresses),
            )


def system_answer_differs(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        system, platform = view.system, view.platform
        if system is None or platform is None or system.failure or platform.failure or not view.target.must_be_private:
            continue
        if system.resolutions[0].hosts_entry or not set(system.addresses).isdisjoint(platform.addresses):
            continue
        if not all(view.target.is_private(address) for address in system.addresses):
            yield Match(
                targets=(view.target.name,),
                subject=view.target.host,
                evidence=(*system.ids, *platform.ids),
                words={
                    **words(view),
                    "addresses": ", ".join(system.addresses),
                    "said": ", ".join(platform.addresses),
                    "server": platform.server,
                },
                exposes=not view.private(system.addresses),
            )


def name_unknown(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if answer is None or answer.failure is not Failure.NXDOMAIN or answer.privatelink is not None:
            continue
        others = elsewhere(view, answer)
        if all(other.failure is Failure.NXDOMAIN for other in others):
            evidence = tuple(name for one in (answer, *others) for name in one.ids)
            yield Match(targets=(view.target.name,), subject=answer.chain[-1], evidence=evidence, words=words(view))


def zone_shadows_public_names(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if answer is None or not answer.negative or answer.privatelink is not None:
            continue
        knowing = [other for other in elsewhere(view, answer) if other.addresses or other.privatelink]
        public = [other for other in knowing if other.privatelink or view.public(other.addresses)]
        if public:
            yield Match(
                targets=(view.target.name,),
                subject=".".join(view.target.host.split(".")[-2:]),
                evidence=(*answer.ids, *public[0].ids),
                words={**words(view), "other": public[0].resolver, "apex": ".".join(view.target.host.split(".")[-2:])},
            )


def private_name_not_visible(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if answer is None or not answer.negative or answer.privatelink is not None:
            continue
        knowing = [other for other in elsewhere(view, answer) if other.addresses]
        if knowing and all(other.privatelink is None and view.private(other.addresses) for other in knowing):
            yield Match(
                targets=(view.target.name,),
                subject=view.target.host,
                evidence=(*answer.ids, *knowing[0].ids),
                words={**words(view), "other": knowing[0].resolver, "parent": view.target.host.partition(".")[2]},
            )


def record_missing(scene: Scene) -> Iterator[Match]:
    for view in scene.views:  # also where public would do: nothing but a linked zone says no at a privatelink name
        answer = view.dns
        if answer is not None and answer.negative and "privatelink" in answer.chain[-1].split("."):
            found = {**words(view), **zone_words(answer.chain[-1])}
            yield Match(targets=(view.target.name,), subject=answer.chain[-1], evidence=answer.ids, words=found)


def zone_not_linked(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        if answer.privatelink is not None and view.public(answer.addresses):
            others = [other for other in view.named if view.private(other.addresses)]
            yield Match(
                targets=(view.target.name,),
                subject=zone_words(answer.privatelink)["zone"],
                evidence=(*answer.ids, *(name for other in others for name in other.ids)),
                words={
                    **words(view),
                    **endpoint_name(answer),
                    "addresses": ", ".join(answer.addresses),
                    "server": answer.server,
                    "others": ", ".join(other.resolver for other in others),
                },
                exposes=True,
            )


def no_private_endpoint(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        if view.target.role is Role.GATEWAY or answer.privatelink is not None or not view.public(answer.addresses):
            continue
        seen = [other for other in view.answers if other.privatelink or view.private(other.addresses)]
        if not [other for other in seen if other.resolver != answer.resolver]:
            yield Match(
                targets=(view.target.name,),
                subject=site(view.target.host),
                evidence=answer.ids,
                words={**words(view), "addresses": ", ".join(answer.addresses), "chain": " -> ".join(answer.chain)},
                exposes=True,
            )


def gateway_not_internal(scene: Scene) -> Iterator[Match]:
    for view in scene.having(Role.GATEWAY):
        answer = view.dns
        if answer is not None and view.public(answer.addresses):
            found = {**words(view), "addresses": ", ".join(answer.addresses)}
            yield Match(
                targets=(view.target.name,), subject=view.target.host, evidence=answer.ids, words=found, exposes=True
            )


def answers_mixed(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        public = [address for address in answer.addresses if not view.is_private(address)]
        if public and len(public) < len(answer.addresses):
            found = {
                **words(view),
                **endpoint_name(answer),
                "public": ", ".join(public),
                "private": ", ".join(address for address in answer.addresses if address not in public),
            }
            yield Match(
                targets=(view.target.name,),
                subject=answer.chain[-1],
                evidence=answer.ids,
                words=found,
                exposes=all(view.satisfies(exchange) for exchange in view.exchanges),
            )


def record_stale(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        outside = [address for address in answer.addresses if not view.target.is_private(address)]
        if view.private(answer.addresses) and outside and view.target.literal is None:
            name = answer.privatelink or answer.chain[-1]
            zone = dict(zone_words(name)) if answer.privatelink else {"record": name, "zone": "ZONE"}
            found = {**words(view), **zone, "addresses": ", ".join(outside), "stale": outside[0], "name": name}
            yield Match(targets=(view.target.name,), subject=answer.chain[-1], evidence=answer.ids, words=found)


def resolve_slow(scene: Scene) -> Iterator[Match]:
    limit_ms = scene.path.thresholds.slow_resolve_ms
    for view in scene.views:
        for answer in view.answers:
            slow = [one for one in answer.resolutions if one.failure is None and (one.duration_ms or 0) > limit_ms]
            if slow:
                found = {**words(view), "resolver": answer.resolver, "ms": f"{slow[0].duration_ms:.0f}"}
                yield Match(
                    targets=(view.target.name,),
                    subject=answer.resolver if answer in view.named else PLATFORM,
                    evidence=tuple(one.id for one in slow),
                    words={**found, "limit": f"{limit_ms:.0f}"},
                )


def another_answers_privately(scene: Scene, match: Match) -> bool:
    return any(view.private(other.addresses) for view in hit(scene, match) for other in view.named)


def every_answer_is_public(scene: Scene, match: Match) -> bool:
    views = hit(scene, match)
    return all(view.public(other.addresses) for view in views for other in view.answers if other.settled)


def only_one_resolver_asked(scene: Scene, match: Match) -> bool:
    return all(len({answer.server for answer in view.answers if answer.settled}) < 2 for view in hit(scene, match))


def chain_unseen(scene: Scene, match: Match) -> bool:
    return any(view.platform is None or not view.platform.settled for view in hit(scene, match))


def own_domain(scene: Scene, match: Match) -> bool:
    """No name of Azure's stands in the chain: a record of one's own may lead past an endpoint that exists."""
    chains = [view.dns.chain for view in hit(scene, match) if view.dns is not None]
    return not any(name.endswith(AZURE_DOMAINS) for chain in chains for name in chain)


def connection_fails(scene: Scene, match: Match) -> bool:
    return any(record.failure is not None for view in hit(scene, match) for record in view.of(Connection))


def works(scene: Scene, match: Match) -> bool:
    return any(view.works for view in hit(scene, match))
