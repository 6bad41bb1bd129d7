"""Identity: the backend takes its own caller and refuses the others, though all come by the private path."""

from collections.abc import Iterator

from probes.judge.rules.pages import in_front
from probes.path import Role
from probes.proof.records import Source
from probes.proof.seen import Place, Seen
from probes.proof.stage import ALWAYS, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.places import against, answered, every, walked
from probes.records import Credential, Exchange, Vantage

REFUSALS = frozenset({401, 403})
SUCCESS = range(200, 300)
SHOWN = {
    Credential.NONE: "without credentials",
    Credential.FOREIGN_TOKEN: "with a token for another audience",
    Credential.OLD_KEY: "with a withdrawn key",
}


def enforced(seen: Seen) -> Iterator[Part]:
    protected = [target for target in seen.targets(Role.BACKEND) if target.audience is not None]
    if seen.targets(Role.BACKEND) and not protected:
        yield Lacking(
            says="The path file names no identity of the backend's callers.",
            want=Want.PATH_FILE,
            hint='audience and must_refuse: ["none"] of a target of role backend',
        )
        return
    for place in every(seen, Vantage.PROBE, Role.BACKEND):
        if isinstance(place, list):
            yield from place
        elif place.target.audience is not None:
            yield from answered(place, Credential.TOKEN)
            yield from refused(place)


def refused(place: Place) -> Iterator[Part]:
    """Each of those that the target must refuse, at every address."""
    target = place.target
    if Credential.NONE not in target.must_refuse:
        says = f"The path file does not ask whether {target.name} refuses who shows nothing."
        yield Lacking(says=says, want=Want.PATH_FILE, hint=f'must_refuse of target {target.name}: ["none"]')
    for kind in target.must_refuse:
        # Of every attempt: who was let in once was let in.
        let_in = [record for record in place.view.refusing(kind) if record.status in SUCCESS]
        if let_in:
            yield against(place, let_in, f"{target.url} answered {let_in[0].status} {SHOWN[kind]}.")
            continue
        for address in place.addresses:
            records = place.exchanges(address, kind)
            if records:
                yield from (_refusal(place, record, kind) for record in records)
            else:
                failed = walked(place, address)
                says = f"Whether {target.host} at {address} refuses a call {SHOWN[kind]} was not tried."
                yield Lacking(says=says, want=Want.MEND if not isinstance(failed, Lacking) else Want.PROBE)


def _refusal(place: Place, record: Exchange, kind: Credential) -> Part:
    target = place.target
    if record.failure is not None:
        says = f"{target.url} gave no whole answer to a call {SHOWN[kind]}: {record.failure}."
        return Lacking(says=says, want=Want.PROBE)
    if record.status not in REFUSALS or in_front(place.view, record):
        says = f"{target.url} answered {record.status} {SHOWN[kind]}, which is no refusal of the caller's identity."
        return Lacking(says=says, want=Want.MEND)
    says = f"it answers {record.status} {SHOWN[kind]}"
    return Shown(source=place.source, evidence=place.ids([record]), says=says)


STAGES = (
    Stage(
        id="identity-enforced",
        title="The backend accepts its own caller's token and refuses the others",
        needs=(Source.PROBE,),
        required=ALWAYS,
        proven_by="From the probe's subnet every backend target with an audience answers as expected with a token for it, and "
        "401 or 403 to everything in its must_refuse, no credentials among them.",
        disproven_by="It answers 2xx to one of those it must refuse, or does not accept its own caller.",
        limits="Only what must_refuse names is tried. The token is the probe's; that the gateway's is accepted shows in "
        "gateway-reaches-backend.",
        find=enforced,
    ),
)
