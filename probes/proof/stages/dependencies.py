"""What the app lives on, and how it is deployed: private from where the app stands, and closed where that was asked."""

from collections.abc import Iterator

from probes.judge.rules.outside import let_in
from probes.path import Role, Target
from probes.proof.records import Source
from probes.proof.seen import Seen
from probes.proof.stage import ALWAYS, Against, Lacking, Part, Shown, Stage, Want
from probes.proof.stages.names import leads
from probes.proof.stages.places import against, answered, every, missing_read
from probes.records import Vantage
from probes.resources import AccessContent

CLOSED = frozenset({"Disabled", "SecuredByPerimeter"})
KEYS = {Role.STORAGE: "storage", Role.KEY_VAULT: "key_vault"}


def private(seen: Seen) -> Iterator[Part]:
    # A Functions host lives on a storage account; a vault is asked for where the path has one.
    yield from _private(seen, Role.STORAGE)
    if seen.targets(Role.KEY_VAULT):
        yield from _private(seen, Role.KEY_VAULT)


def deployment_site(seen: Seen) -> Iterator[Part]:
    yield from _private(seen, Role.SCM)


def _private(seen: Seen, role: Role) -> Iterator[Part]:
    for place in every(seen, Vantage.PROBE, role):
        if isinstance(place, list):
            yield from place
        else:
            yield from leads(place, named=False)
            yield from answered(place, place.target.credential)


def closed(seen: Seen) -> Iterator[Part]:
    targets = seen.targets(Role.STORAGE, Role.KEY_VAULT)
    if not targets:
        says = "The path file has no target of role storage or key-vault."
        yield Lacking(says=says, want=Want.PATH_FILE, hint="a target of role storage")
    for resource, target in {seen.path.resource_of(target) or "": target for target in targets}.items():
        yield from _closed(seen, resource, target)
    for look in seen.from_vantage(Vantage.OUTSIDE):
        for place in seen.places(look, Role.STORAGE, Role.KEY_VAULT):
            answers = let_in(place.view)
            if answers:
                says = f"{place.target.host} answers {answers[0].status} to a network outside."
                yield against(place, answers, says)


def _closed(seen: Seen, resource: str, target: Target) -> Iterator[Part]:
    read = seen.read(AccessContent, resource or None)
    if read is None or read.record.content is None:
        yield missing_read(seen, read, AccessContent, KEYS[target.role], resource=resource)
    for each in seen.every_read(AccessContent, resource or None):
        content = each.record.content
        if not isinstance(content, AccessContent):
            continue
        name = resource.rpartition("/")[2]
        if content.public_network_access in CLOSED:
            if each.look is seen.reader:
                says = f"{name} has public access {content.public_network_access}"
                yield Shown(source=Source.AZURE, evidence=(each.id,), says=says)
        elif content.public_network_access is None:
            says = f"Azure does not say whether {name} is open in public, and silence is no proof."
            yield Lacking(says=says, want=Want.AZURE)
        else:
            rule = f" (default action {content.default_action})" if content.default_action else ""
            says = f"{name} has public access {content.public_network_access}{rule}."
            yield Against(source=Source.AZURE, evidence=(each.id,), says=says)


STAGES = (
    Stage(
        id="dependencies-private",
        title="Storage, and the vault where there is one, are reached privately",
        needs=(Source.PROBE,),
        required=ALWAYS,
        proven_by="From the probe's subnet the names of every storage and key-vault target lead to addresses in their "
        "private_subnets, and each answers as the path says.",
        disproven_by="A name leads elsewhere or nowhere, or the address does not answer.",
        limits="The probe stands beside the app and not in it; their subnets have the same DNS and may have other rules. "
        "That the public door is shut as well is dependencies-closed.",
        find=private,
    ),
    Stage(
        id="deployment-site-private",
        title="Whoever deploys has a private way to the deployment site",
        needs=(Source.PROBE,),
        required=ALWAYS,
        proven_by="From the probe's subnet the .scm name leads to addresses in the target's private_subnets and answers.",
        disproven_by="The name leads elsewhere or nowhere, or the address does not answer.",
        limits="Deployment agents in other networks have DNS and rules of their own: run the check there.",
        find=deployment_site,
    ),
    Stage(
        id="dependencies-closed",
        title="Storage and vault are closed in public",
        needs=(Source.AZURE,),
        helps=(Source.OUTSIDE,),
        required=(),
        proven_by="Azure says public access Disabled, or SecuredByPerimeter, of the account and the vault of every such target.",
        disproven_by="Azure says otherwise, or one of them answers a network outside.",
        limits="Asked for with --require dependencies-closed: before the closure of dependencies it cannot hold.",
        find=closed,
    ),
)
