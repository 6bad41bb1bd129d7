"""What a private zone is for a name that leads through it: Azure's word beside the resolver's, and which of both holds."""

from collections.abc import Iterator, Mapping
from enum import Enum

from probes.judge.azure import PrivateZone
from probes.judge.azure.facade import AZURE_DNS, private_address
from probes.judge.azure.readings import listed, resource_name
from probes.judge.rule import Match
from probes.judge.rules.words import site, words, zone_words
from probes.judge.scene import Answer, Scene, View
from probes.resources import same

Words = Mapping[str, str]


class ZoneCase(Enum):
    """What makes a name public that leads through a privatelink name."""

    UNREAD = "unread"
    """Azure was not asked, or did not tell enough."""
    NOT_LINKED = "not-linked"
    IN_PROGRESS = "in-progress"
    FALLS_BACK = "falls-back"
    """It is linked, has no record, and the link asks the internet."""
    NOT_FORWARDED = "not-forwarded"
    """It is linked, and a DNS server of one's own does not come there."""
    CONTRADICTED = "contradicted"
    """It is linked, by all that Azure says, and Azure's resolver does not act like it."""


def zone_of(view: View, answer: Answer) -> PrivateZone | None:
    """The zone that a resolver's answer should have come from, `None` = Azure told nothing of it."""
    if view.scene.azure.silent or answer.privatelink is None:
        return None
    named = zone_words(answer.privatelink)
    return view.scene.azure.zone(named["zone"], named["record"], answer.server)


def case_of(view: View, answer: Answer, zone: PrivateZone | None) -> ZoneCase:
    """Why a name is public that should have come from a zone."""
    if zone is None or zone.links.content is None:
        return ZoneCase.UNREAD
    if zone.networks is None:
        # A server beyond every network that is known can use no link itself: it must forward to where there is one.
        beyond = answer.server != AZURE_DNS and view.scene.azure.beyond(answer.server)
        return ZoneCase.NOT_FORWARDED if beyond and zone.links.content.links and zone.addresses else ZoneCase.UNREAD
    if zone.linked is False:
        return ZoneCase.NOT_LINKED
    if zone.linked is None:
        return ZoneCase.UNREAD
    if zone.in_progress:
        return ZoneCase.IN_PROGRESS
    lacking = zone.addresses == ()
    if zone.falls_back and not zone.addresses:
        return ZoneCase.FALLS_BACK
    if zone.falls_back is None and lacking and not forwarder(view, answer):
        return ZoneCase.FALLS_BACK
    return ZoneCase.NOT_FORWARDED if forwarder(view, answer) else ZoneCase.CONTRADICTED


def forwarder(view: View, answer: Answer) -> str | None:
    """The DNS server of one's own that a question went to, or through; `None` = it went to Azure's."""
    if private_address(answer.server) and answer.server != AZURE_DNS:
        return answer.server
    return ", ".join(view.scene.azure.own_servers) or None


def place_words(zone: PrivateZone) -> Words:
    """Where a zone is kept: commands on it need no guess."""
    return {
        "zone_id": zone.id,
        "zone_group": zone.group or "ZONE_RESOURCE_GROUP",
        "zone_subscription": zone.subscription or "ZONE_SUBSCRIPTION",
        "zone_networks": listed([resource_name(one) or one for one in zone.networks or ()]),
    }


def kept_words(view: View, zone: PrivateZone | None, name: str) -> Words:
    """Where a zone is kept by Azure, or by the path: commands on it take the one or the other."""
    if zone is None:
        return {"zone_reference": name, "unread_group": words(view)["zone_group"]}
    return {**place_words(zone), "zone_reference": zone.id}


def right_address(view: View) -> Words:
    """The one address that a record must have, where Azure tells of one only."""
    every = view.scene.azure.endpoints(view.target)
    addresses = tuple(dict.fromkeys(every.addresses))
    return {"right_address": addresses[0]} if len(addresses) == 1 and every.complete else {}


def linking_words(view: View, answer: Answer, zone: PrivateZone | None, case: ZoneCase) -> Words:
    """Words of zone-not-linked: what Azure says of the link, and the names that its commands need."""
    base = words(view)
    if zone is None or case is ZoneCase.UNREAD:
        own = {} if answer.server in {AZURE_DNS, "getaddrinfo"} else {"custom_server": answer.server}
        unread = {"unread_group": base["zone_group"], "unread_record": zone_words(answer.privatelink or "")["record"]}
        return {**NOTHING_READ, **unread, **own, **doubts(view, zone)}
    found: dict[str, str] = {**NOTHING_READ, **place_words(zone)}
    place = found["zone_networks"]
    if case is ZoneCase.NOT_LINKED:
        network = (zone.networks or ("VNET_RESOURCE_ID",))[0]
        found |= {
            "linkage": f"is not linked to {place}, where that resolver asks Azure",
            "network": place,
            "link_network": network,
            "link_group": found["zone_group"],
            "link_subscription": found["zone_subscription"],
            "link_name": f"link-{resource_name(network)}",
        }
        own_server = forwarder(view, answer)
        found |= {"forwarder": own_server} if own_server else {}
        if zone.addresses == ():
            found |= {"lacking_zone": zone.name, **right_address(view)}
    elif zone.link is not None:
        state = zone.link.state or "Completed"
        pending = case is ZoneCase.IN_PROGRESS
        found |= {
            "linkage": f"is still being linked to {place} (link {zone.link.name}: {state})"
            if pending
            else f"does not act as linked to {place}, although Azure says that it is (link {zone.link.name})",
            "network": place,
            "link": zone.link.name,
            "pending_link" if pending else "standing_link": zone.link.name,
            "recorded": "no record of the name" if not zone.addresses else f"the record {', '.join(zone.addresses)}",
        }
    return found


def doubts(view: View, zone: PrivateZone | None) -> Words:
    """What little Azure tells speaks against a missing link: a link to this network, or no record behind it."""
    network = view.scene.azure.network_id
    every = () if zone is None or zone.links.content is None else zone.links.content.links
    here = any(same(link.virtual_network_id, network) for link in every)
    missing = zone is not None and zone.addresses == ()
    return {**({"maybe_linked": "yes"} if here else {}), **({"maybe_missing": "yes"} if missing else {})}


NOTHING_READ: Words = {
    "linkage": "is not linked, or falls back to the internet",
    "network": "this network",
    "link": "",
    "recorded": "",
}


def zone_falls_back(scene: Scene) -> Iterator[Match]:
    for view, answer, zone, case in public_answers(scene):
        if case is ZoneCase.FALLS_BACK and zone is not None and zone.link is not None:
            known = zone.addresses is not None
            yield Match(
                targets=(view.target.name,),
                subject=site(answer.privatelink or ""),
                evidence=(*answer.ids, *zone.ids),
                words={
                    **words(view),
                    **zone_words(answer.privatelink or ""),
                    **place_words(zone),
                    **right_address(view),
                    "addresses": ", ".join(answer.addresses),
                    "server": answer.server,
                    "link": zone.link.name,
                    "network": resource_name(zone.link.virtual_network_id) or "this network",
                    "lack": "Azure has no such record in it" if known else "its record could not be read",
                    **({"falling_link": zone.link.name} if zone.falls_back else {}),
                    **({} if known else {"unread_record": zone.record_name}),
                    **({} if zone.falls_back else {"unread_policy": zone.link.name}),
                    **({"forwarder": own} if (own := forwarder(view, answer)) else {}),
                },
                exposes=True,
            )


def public_answers(scene: Scene) -> Iterator[tuple[View, Answer, PrivateZone | None, ZoneCase]]:
    """Names that lead through a privatelink name and end in public all the same, and why."""
    for view in scene.views:
        answer = view.dns if view.must_be_private else None
        if answer is not None and answer.privatelink is not None and view.public(answer.addresses):
            zone = zone_of(view, answer)
            yield view, answer, zone, case_of(view, answer, zone)


def other_zone_answers(scene: Scene) -> Iterator[Match]:
    """The zone that Azure tells of is linked nowhere that matters here, and an authority answers for its names."""
    if scene.azure.silent:
        return
    for view in scene.views:
        answer = view.dns if view.must_be_private else None
        zone = None if answer is None or view.works else zone_of(view, answer)
        if answer is None or zone is None or zone.linked is not False or not answers_itself(view, answer, zone):
            continue
        said = ", ".join(answer.addresses) or "no record"
        held = zone.addresses
        recorded = "a record that could not be read" if held is None else ", ".join(held) or "no record either"
        own = forwarder(view, answer)
        yield Match(
            targets=(view.target.name,),
            subject=zone.name,
            evidence=(*answer.ids, *zone.ids),
            words={
                **words(view),
                **zone_words(answer.privatelink or ""),
                **place_words(zone),
                "server": answer.server,
                "said": said,
                "network": resource_name((zone.networks or ("",))[0]) or "this network",
                "network_id": (zone.networks or ("VNET_RESOURCE_ID",))[0],
                "recorded": recorded,
                **({"forwarder": own} if own else {}),
                **({} if held else {"unrecorded": zone.record_name}),
            },
        )


def answers_itself(view: View, answer: Answer, zone: PrivateZone) -> bool:
    """Whether an answer is an authority's own, and not the zone's: no record at all, or another address."""
    if answer.negative:
        return "privatelink" in answer.chain[-1].split(".")
    known = view.scene.azure.endpoints(view.target)
    strange = known.complete and set(answer.addresses).isdisjoint(known.addresses)
    return view.private(answer.addresses) and strange and set(answer.addresses).isdisjoint(zone.addresses or ())


def not_forwarded(scene: Scene) -> Iterator[tuple[View, Answer, PrivateZone]]:
    """Public answers of a DNS server of one's own, where Azure has the zone linked and the record in it."""
    for view, answer, zone, case in public_answers(scene):
        if case is ZoneCase.NOT_FORWARDED and zone is not None:
            yield view, answer, zone
