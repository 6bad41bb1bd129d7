"""The predicates on names: which exist, where, and what a URL makes of them."""

from collections.abc import Iterator

from probes.failure import Failure
from probes.judge.rule import Match
from probes.judge.rules.clues import hit
from probes.judge.rules.domains import AZURE_DOMAINS, apex, internal_zone
from probes.judge.rules.words import site, words, zone_words
from probes.judge.scene import Answer, Scene, View
from probes.path import Role
from probes.records import Connection


def judged(scene: Scene) -> Iterator[tuple[View, Answer]]:
    """Targets that must be private and have a settled answer."""
    for view in scene.views:
        if view.must_be_private and (answer := view.dns) is not None:
            yield view, answer


def endpoint_name(answer: Answer) -> dict[str, str]:
    """Words of the privatelink name in the chain, or of what it would be."""
    return dict(zone_words(answer.privatelink)) if answer.privatelink else {}


def elsewhere(view: View, answer: Answer) -> list[Answer]:
    """Settled answers of other resolvers."""
    asked = (other for other in view.answers if other is not answer and other.settled)
    return [other for other in asked if other is not view.system or not view.hosts_entry]


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


def name_unknown(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if answer is None or answer.failure is not Failure.NXDOMAIN or answer.privatelink is not None:
            continue
        others = elsewhere(view, answer)
        if all(other.failure is Failure.NXDOMAIN for other in others):
            missing = answer.chain[-1]
            yield Match(
                targets=(view.target.name,),
                subject=site(missing),
                evidence=tuple(name for one in (answer, *others) for name in one.ids),
                words={
                    **words(view),
                    "missing": missing
                    if missing == view.target.host
                    else f"{missing}, to which {view.target.host} leads",
                    **({"gateway_zone": internal_zone(missing)} if view.target.role is Role.GATEWAY else {}),
                },
            )


def name_without_address(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if answer is None or answer.failure is not Failure.NO_DATA or answer.privatelink is not None:
            continue
        others = elsewhere(view, answer)
        if all(other.negative for other in others):
            yield Match(
                targets=(view.target.name,),
                subject=answer.chain[-1],
                evidence=tuple(name for one in (answer, *others) for name in one.ids),
                words={**words(view), "missing": answer.chain[-1]},
            )


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
                subject=apex(view.target.host),
                evidence=(*answer.ids, *public[0].ids),
                words={**words(view), "other": public[0].resolver, "apex": apex(view.target.host)},
            )


def known_privately(view: View, answer: Answer) -> list[Answer]:
    """Other resolvers' private answers for an internal name, where this one has none or a public address."""
    if answer.privatelink is not None or view.target.host.endswith(AZURE_DOMAINS):
        return []
    knowing = [other for other in elsewhere(view, answer) if other.addresses and other is not view.system]
    private = all(other.privatelink is None and view.private(other.addresses) for other in knowing)
    return knowing if private else []


def private_name_not_visible(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        answer = view.dns
        if answer is None or not (answer.negative or (view.must_be_private and view.public(answer.addresses))):
            continue
        knowing = known_privately(view, answer)
        if knowing:
            yield Match(
                targets=(view.target.name,),
                subject=internal_zone(view.target.host),
                evidence=(*answer.ids, *knowing[0].ids),
                words={
                    **words(view),
                    "other": knowing[0].resolver,
                    "parent": internal_zone(view.target.host),
                    "state": f"leads to public {', '.join(answer.addresses)}" if answer.addresses else "does not exist",
                },
                exposes=bool(answer.addresses),
            )


def record_missing(scene: Scene) -> Iterator[Match]:
    for view in scene.views:  # also where public would do: nothing but a linked zone says no at a privatelink name
        answer = view.dns
        if answer is not None and answer.negative and "privatelink" in answer.chain[-1].split("."):
            found = {**words(view), **zone_words(answer.chain[-1])}
            yield Match(targets=(view.target.name,), subject=site(answer.chain[-1]), evidence=answer.ids, words=found)


def only_one_resolver_asked(scene: Scene, match: Match) -> bool:
    return all(len({answer.server for answer in view.answers if answer.settled}) < 2 for view in hit(scene, match))
