"""The predicates on answers that have addresses: private or public, expected or not, and the chain that leads there."""

from collections.abc import Iterator

from probes.judge.rule import Match
from probes.judge.rules.clues import hit
from probes.judge.rules.domains import AZURE_DOMAINS
from probes.judge.rules.endpoints import no_endpoints_address, stale_words
from probes.judge.rules.names import elsewhere, endpoint_name, judged, known_privately
from probes.judge.rules.network_type import open_service, vip_words
from probes.judge.rules.words import site, words, zone_words
from probes.judge.rules.zones import ZoneCase, kept_words, linking_words, public_answers, zone_of
from probes.judge.scene import Answer, Scene, View
from probes.path import Role
from probes.records import PLATFORM, SYSTEM, Connection


def hosts_file_override(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        system, platform = view.system, view.platform
        if system is None or platform is None:
            continue
        entry, used = view.hosts_entry, set(system.addresses)
        known = used == set(platform.addresses) if platform.settled else view.private(used)
        if entry and used and used <= set(entry) and not known:
            said = ", ".join(platform.addresses) or str(platform.failure)
            yield Match(
                targets=(view.target.name,),
                subject=site(view.target.host),
                evidence=(*system.ids, *platform.ids),
                words={
                    **words(view),
                    "addresses": ", ".join(system.addresses),
                    "said": said,
                    **(
                        {}
                        if platform.addresses and all(map(view.is_expected, platform.addresses))
                        else {"wrongly_said": said}
                    ),
                },
                exposes=not view.private(system.addresses),
            )


def system_answer_differs(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        system, platform = view.system, view.platform
        if system is None or platform is None or system.failure or platform.failure or not view.must_be_private:
            continue
        servers = [answer for answer in view.wired if answer.resolver == PLATFORM]
        said = {address for answer in servers for address in answer.addresses}
        strange = [address for address in system.addresses if address not in said]
        if not view.hosts_entry and not all(view.is_expected(address) for address in strange):
            yield Match(
                targets=(view.target.name,),
                subject=platform.server,
                evidence=(*system.ids, *platform.ids),
                words={
                    **words(view),
                    "addresses": ", ".join(system.addresses),
                    "said": ", ".join(platform.addresses),
                    "server": platform.server,
                },
                exposes=not view.private(system.addresses),
            )


def zone_not_linked(scene: Scene) -> Iterator[Match]:
    for view, answer, zone, case in public_answers(scene):
        if case in {ZoneCase.FALLS_BACK, ZoneCase.NOT_FORWARDED}:
            continue
        others = [other for other in view.others if view.private(other.addresses)]
        told = zone.ids if zone is not None else ()
        yield Match(
            targets=(view.target.name,),
            subject=zone_words(answer.privatelink or "")["zone"],
            evidence=(*answer.ids, *(name for other in others for name in other.ids), *told),
            words={
                **words(view),
                **endpoint_name(answer),
                **linking_words(view, answer, zone, case),
                "addresses": ", ".join(answer.addresses),
                "server": answer.server,
                "others": listed(others),
            },
            exposes=True,
        )


def no_private_endpoint(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        if view.target.role is Role.GATEWAY or answer.privatelink is not None or not view.public(answer.addresses):
            continue
        if not known_privately(view, answer):
            others = contradicting(view, answer)
            yield Match(
                targets=(view.target.name,),
                subject=site(view.target.host),
                evidence=(*answer.ids, *(name for other in others for name in other.ids)),
                words={**words(view), "addresses": ", ".join(answer.addresses), "others": listed(others)},
                exposes=True,
            )


def contradicting(view: View, answer: Answer) -> list[Answer]:
    """Other resolvers that know a private address or a privatelink name."""
    return [other for other in elsewhere(view, answer) if other.privatelink or view.private(other.addresses)]


def listed(answers: list[Answer]) -> str:
    return ", ".join(dict.fromkeys(f"{answer.resolver} ({answer.server})" for answer in answers))


def gateway_not_internal(scene: Scene) -> Iterator[Match]:
    for view in scene.having(Role.GATEWAY):
        answer = view.dns
        if answer is None or answer.privatelink is not None or not view.must_be_private:
            continue
        if view.public(answer.addresses) and not known_privately(view, answer):
            addresses = ", ".join(answer.addresses)
            how = f"leads to public {addresses}: clients do not reach it on the private network"
            yield Match(
                targets=(view.target.name,),
                subject=view.target.host,
                evidence=(*answer.ids, *scene.azure.service.ids),
                words={**words(view), "how": how, **vip_words(scene)},
                exposes=True,
            )
    yield from open_service(scene)


def answers_mixed(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        public = [address for address in answer.addresses if view.is_public(address)]
        if public and any(view.is_private(address) for address in answer.addresses):
            found = {
                **words(view),
                **endpoint_name(answer),
                "public": ", ".join(public),
                "private": ", ".join(address for address in answer.addresses if view.is_private(address)),
            }
            yield Match(
                targets=(view.target.name,),
                subject=site(answer.chain[-1]),
                evidence=answer.ids,
                words=found,
                exposes=all(view.satisfies(exchange) for exchange in view.exchanges),
            )


def record_stale(scene: Scene) -> Iterator[Match]:
    for view, answer in judged(scene):
        outside = [address for address in answer.addresses if not view.is_expected(address)]
        unknown = [] if outside or view.works else unknown_to_azure(view, answer)
        if view.private(answer.addresses) and (outside or unknown) and view.target.literal is None:
            strange = outside or unknown
            name = answer.privatelink or answer.chain[-1]
            misfit = f"does not lie in {words(view)['subnets']} as the path expects"
            yield Match(
                targets=(view.target.name,),
                subject=site(answer.chain[-1]),
                evidence=(*answer.ids, *scene.azure.endpoints(view.target).ids),
                words={
                    **words(view),
                    **(zone_words(name) if answer.privatelink else {}),
                    "addresses": ", ".join(strange),
                    "stale": strange[0],
                    "name": name,
                    "misfit": misfit,
                    **recorded_words(view, answer),
                    **stale_words(view, strange[0], expected=not outside),
                    **({"outside": strange[0]} if outside else {}),
                },
            )


def unknown_to_azure(view: View, answer: Answer) -> list[str]:
    """Addresses in the right subnet that are no endpoint's of the target, by Azure; a name of one's own leads where it may."""
    known = view.scene.azure.endpoints(view.target)
    if (
        view.target.role is Role.GATEWAY
        or answer.privatelink is None
        or not no_endpoints_address(view, answer.addresses)
    ):
        return []
    return [address for address in answer.addresses if address not in known.addresses]


def recorded_words(view: View, answer: Answer) -> dict[str, str]:
    """Where the zone is kept, and what Azure has in it for the name."""
    if answer.privatelink is None:
        return {}
    zone = zone_of(view, answer)
    kept = dict(kept_words(view, zone, zone_words(answer.privatelink)["zone"]))
    if zone is None:
        return kept
    same_record = zone.addresses and set(zone.addresses) == set(answer.addresses)
    other = {"recorded": ", ".join(zone.addresses) or "no record"} if zone.addresses is not None else {}
    return {**kept, **({"confirmed": zone.name} if same_record else other)}


def resolve_slow(scene: Scene) -> Iterator[Match]:
    limit_ms = scene.path.thresholds.slow_resolve_ms
    for view in scene.views:
        for answer in view.answers:
            slow = [one for one in answer.resolutions if one.failure is None and (one.duration_ms or 0) > limit_ms]
            if slow:
                found = {**words(view), "resolver": answer.resolver, "ms": f"{slow[0].duration_ms:.0f}"}
                yield Match(
                    targets=(view.target.name,),
                    subject=PLATFORM if answer.resolver == SYSTEM else answer.resolver,
                    evidence=tuple(one.id for one in slow),
                    words={**found, "limit": f"{limit_ms:.0f}"},
                )


def told_by_azure(_scene: Scene, match: Match) -> bool:
    """Azure says how the zone is linked, so that nothing has to be concluded from answers."""
    return "zone_networks" in match.words


def contradicted_by_azure(_scene: Scene, match: Match) -> bool:
    return "standing_link" in match.words


def not_linked_by_azure(_scene: Scene, match: Match) -> bool:
    return "link_network" in match.words


def pending_by_azure(_scene: Scene, match: Match) -> bool:
    return "pending_link" in match.words


def another_answers_privately(scene: Scene, match: Match) -> bool:
    return any(view.private(other.addresses) for view in hit(scene, match) for other in view.others)


def every_answer_is_public(scene: Scene, match: Match) -> bool:
    views = hit(scene, match)
    every = all(view.public(other.addresses) for view in views for other in view.wired if other.settled)
    return every and not told_by_azure(scene, match)


def resolver_of_ones_own(_scene: Scene, match: Match) -> bool:
    return "custom_server" in match.words


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


def contradicted(scene: Scene, match: Match) -> bool:
    return any(view.dns is not None and contradicting(view, view.dns) for view in hit(scene, match))


def no_alias(scene: Scene, match: Match) -> bool:
    """Azure's own names always lead through a CNAME: an answer that comes without one may be somebody else's."""
    views = [view for view in hit(scene, match) if view.platform is not None and view.platform.settled]
    return any(
        len(view.platform.chain) == 1 and view.target.host.endswith(AZURE_DOMAINS) for view in views if view.platform
    )
