"""The predicates on names: which exist, where, and what a URL makes of them."""

from collections.abc import Iterator

from probes.failure import Failure
from probes.judge.azure import PrivateZone
from probes.judge.rule import Match
from probes.judge.rules.clues import hit
from probes.judge.rules.domains import AZURE_DOMAINS, apex, internal_zone
from probes.judge.rules.words import site, words, zone_words
from probes.judge.rules.zones import kept_words, right_address, zone_of
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
                evidence=(*(name for one in (answer, *others) for name in one.ids), *told_of(view)),
                words={
                    **words(view),
                    "missing": missing
                    if missing == view.target.host
                    else f"{missing}, to which {view.target.host} leads",
                    **({"gateway_zone": internal_zone(missing)} if view.target.role is Role.GATEWAY else {}),
                    **site_words(view),
                },
            )


def told_of(view: View) -> tuple[str, ...]:
    """The readings of the app that a name is said to be of."""
    return view.scene.azure.site(view.target).ids if view.target.role in {Role.BACKEND, Role.SCM} else ()


def site_words(view: View) -> dict[str, str]:
    """What Azure says of the app behind a name that does not exist: its real name, or that there is none."""
    found = view.scene.azure.site(view.target)
    if view.target.role not in {Role.BACKEND, Role.SCM}:
        return {}
    if found.missing:
        return {"deleted_app": view.scene.azure.resource(view.target) or "the app"}
    name = None if found.content is None else (found.content.default_host_name or "").lower()
    if found.content is None or not name:
        return {}
    first, _, rest = name.partition(".")
    real = f"{first}.scm.{rest}" if view.target.role is Role.SCM else name
    bound = view.target.host in {one.lower() for one in found.content.host_names}
    return {"bound_host": view.target.host} if real == view.target.host or bound else {"real_name": real}


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
            known, named = zone_of(view, answer), zone_words(answer.chain[-1])
            yield Match(
                targets=(view.target.name,),
                subject=site(answer.chain[-1]),
                evidence=(*answer.ids, *(known.ids if known is not None else ())),
                words={
                    **words(view),
                    **named,
                    **kept_words(view, known, named["zone"]),
                    **lacking_words(view, known, named["record"]),
                },
            )


def lacking_words(view: View, zone: PrivateZone | None, record: str) -> dict[str, str]:
    """What Azure says of a record that a resolver does not find."""
    found = {
        "lacking": f"is linked here and lacks {record}",
        "endpoint_address": right_address(view).get("right_address", "ENDPOINT_ADDRESS"),
    }
    if zone is None:
        return found
    if zone.addresses:
        recorded = ", ".join(zone.addresses)
        return {
            **found,
            "recorded": recorded,
            "lacking": f"does not answer with the record that Azure has ({recorded})",
        }
    return {**found, **({"confirmed": zone.name} if zone.addresses == () and zone.linked else {})}


def only_one_resolver_asked(scene: Scene, match: Match) -> bool:
    return all(len({answer.server for answer in view.answers if answer.settled}) < 2 for view in hit(scene, match))
