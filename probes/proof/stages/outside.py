"""Outside: what must not be reached is not, and what Azure says of the door."""

from collections.abc import Iterator

from probes.judge.rules.outside import let_in, refused_as_network
from probes.path import Role
from probes.proof.records import Phase, Source
from probes.proof.seen import Place, Seen
from probes.proof.stage import Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.places import against, every, missing_read
from probes.records import Credential, Vantage
from probes.resources import SiteContent

DISABLED = "Disabled"
QUESTIONS = frozenset({"A", "AAAA"})


def refused(seen: Seen) -> Iterator[Part]:
    for place in every(seen, Vantage.OUTSIDE, Role.GATEWAY, Role.BACKEND, Role.SCM):
        if isinstance(place, list):
            yield from place
        else:
            yield from shut(place)


def shut(place: Place) -> Iterator[Part]:
    """That a target turns this network away, or has no address here; silence is not enough."""
    view, target = place.view, place.target
    if view.hosts_entry:
        says = f"The hosts file there has {target.host}: what was seen is not what a stranger sees."
        yield Lacking(says=says, want=Want.OUTSIDE)
        return
    answers = let_in(view)
    if answers:
        says = f"{target.url} answers {answers[0].status} to a network outside, at {answers[0].address}."
        yield against(place, answers, says)
        return
    if place.addresses:
        yield from _turned_away(place)
    else:
        yield from _nowhere(place)


def _turned_away(place: Place) -> Iterator[Part]:
    """At every address, whoever shows nothing, or what the target is shown anyhow, is told that the network may not in."""
    view, target = place.view, place.target
    anonymous = target.audience is None or Credential.NONE in target.must_refuse
    for address in place.addresses:
        exchanges = place.exchanges(address, Credential.NONE if anonymous else target.credential)
        refused = [record for record in exchanges if record.failure is None and refused_as_network(view, record)]
        failed = [record for record in place.connections(address) if record.failure is not None]
        if refused:
            says = f"{target.host} at {address} answers {refused[-1].status} to this network"
            yield Shown(source=place.source, evidence=place.ids(refused[-1:]), says=says)
        elif failed and place.system is not None and view.private([address]):
            says = f"{target.host} leads to {address}, which does not connect there"
            yield Shown(source=place.source, evidence=place.ids([place.system, failed[-1]]), says=says)
        else:
            yield _unknown(place)


def _nowhere(place: Place) -> Iterator[Part]:
    """A name server says of both types that the name has no address."""
    answer = place.view.dns
    asked = [] if answer is None else [record for record in answer.resolutions if record.question_type in QUESTIONS]
    if answer is not None and answer.negative and {record.question_type for record in asked} == QUESTIONS:
        says = f"{place.target.host} has no address there"
        yield Shown(source=place.source, evidence=place.ids(asked), says=says)
    else:
        yield _unknown(place)


def _unknown(place: Place) -> Lacking:
    says = f"Whether {place.target.host} turns a network outside away was not seen: nothing answered, and silence is no proof."
    return Lacking(says=says, want=Want.OUTSIDE)


def switched_off(seen: Seen) -> Iterator[Part]:
    targets = seen.targets(Role.BACKEND, Role.SCM)
    for resource in dict.fromkeys(seen.path.resource_of(target) or "" for target in targets):
        read = seen.read(SiteContent, resource or None)
        if read is None or read.record.content is None:
            yield missing_read(seen, read, SiteContent, "site", resource=resource)
        for each in seen.every_read(SiteContent, resource or None):
            content, name = each.record.content, resource.rpartition("/")[2]
            if not isinstance(content, SiteContent):
                continue
            if content.public_network_access == DISABLED:
                if each.look is seen.reader:
                    says = f"{name} has public access {DISABLED}"
                    yield Shown(source=Source.AZURE, evidence=(each.id,), says=says)
            elif content.public_network_access is None:
                says = f"Azure does not say whether {name} is open in public, and null is no proof."
                yield Lacking(says=says, want=Want.MEND)
            else:
                says = f"{name} has public access {content.public_network_access}."
                yield Against(source=Source.AZURE, evidence=(each.id,), says=says)


STAGES = (
    Stage(
        id="public-access-off",
        title="Azure says that the app's public access is off",
        needs=(Source.AZURE,),
        required=(Phase.AFTER_CLOSURE,),
        proven_by="publicNetworkAccess of the site behind every backend and scm target is Disabled.",
        disproven_by="It is Enabled.",
        limits="A slot has an access of its own, and is seen only where the path has a target of it. Front ends follow "
        "within minutes: outside-refused shows that they have.",
        find=switched_off,
    ),
    Stage(
        id="outside-refused",
        title="A network that must not reach the backend is turned away",
        needs=(Source.OUTSIDE,),
        required=(Phase.AFTER_CLOSURE,),
        proven_by="From outside, every gateway, backend and scm target turns the network away by an answer that says so, has "
        "no address there, or leads to a private one that does not connect.",
        disproven_by="One of them answers otherwise, be it 401.",
        limits="One network outside stands for all: where others have routes or exceptions of their own, run it there too. "
        "Silence proves nothing, because it is also what a broken line looks like.",
        find=refused,
    ),
)
