"""Causes in a resolver, seen by asking several the same question."""

from collections.abc import Iterator

from probes.judge.finding import Severity
from probes.judge.rule import Match, Rival, Rule, Stage
from probes.judge.rules.clues import DOWNSTREAM, always
from probes.judge.rules.words import CATALOGUE, PRIVATELINK_DOCS, words
from probes.judge.scene import BAD_ANSWER, NO_WORD, Answer, Scene, View
from probes.records import PLATFORM, SYSTEM


def wired(view: View) -> Iterator[Answer]:
    """Answers of name servers asked on the wire."""
    return (answer for answer in view.answers if answer.resolver != SYSTEM)


def about(view: View, answer: Answer) -> dict[str, str]:
    return {
        **words(view),
        "resolver": answer.resolver,
        "server": answer.server,
        "failure": str(answer.failure or ""),
        "addresses": ", ".join(answer.addresses) or str(answer.failure),
    }


def evidence(view: View, answer: Answer) -> tuple[str, ...]:
    """The questions; for the platform's resolver the system's failure with them, which it causes."""
    system = view.system
    also = system.ids if answer.resolver == PLATFORM and system is not None and system.failure else ()
    return (*(resolution.id for resolution in answer.resolutions), *also)


def resolver_unreachable(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for answer in wired(view):
            if answer.failure in NO_WORD:
                yield Match(
                    targets=(view.target.name,),
                    subject=f"{answer.resolver} ({answer.server})",
                    evidence=evidence(view, answer),
                    words=about(view, answer),
                    aside=answer.resolver != PLATFORM,
                )


def resolver_failing(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for answer in wired(view):
            if answer.failure in BAD_ANSWER:
                yield Match(
                    targets=(view.target.name,),
                    subject=f"{answer.resolver} ({answer.server})",
                    evidence=evidence(view, answer),
                    words=about(view, answer),
                    aside=answer.resolver != PLATFORM,
                )


def resolver_not_forwarding(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        here = view.dns
        if here is None or not view.target.must_be_private or not view.private(here.addresses):
            continue
        for answer in view.named:
            if answer.negative or view.public(answer.addresses):
                public_zone = (here.privatelink or view.target.host).partition("privatelink.")[2]
                yield Match(
                    targets=(view.target.name,),
                    subject=f"{answer.resolver} ({answer.server})",
                    evidence=(*answer.ids, *here.ids),
                    words={**about(view, answer), "public_zone": public_zone or view.target.host.partition(".")[2]},
                    aside=True,
                )


def resolvers_disagree(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        here = view.dns
        if here is None or not view.private(here.addresses):
            continue
        for answer in view.named:
            if view.private(answer.addresses) and set(answer.addresses) != set(here.addresses):
                yield Match(
                    targets=(view.target.name,),
                    subject=view.target.host,
                    evidence=(*answer.ids, *here.ids),
                    words={**about(view, answer), "here": ", ".join(here.addresses)},
                )


RULES = (
    Rule(
        id="resolver-unreachable",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A resolver does not answer",
        recognised_by="No DNS message from the resolver in its time, over UDP and over TCP.",
        find=resolver_unreachable,
        summary="Resolver {resolver} at {server} gave no answer for {targets}, over UDP and TCP ({failure}).",
        masks_stages=DOWNSTREAM,
        fix=(
            "Check that port 53, UDP and TCP, is open from this subnet to {server}, and that the VNet names the right servers:",
            "az network vnet show --ids {vnet} --query dhcpOptions.dnsServers",
        ),
        reference="RFC 7766; https://learn.microsoft.com/azure/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances",
    ),
    Rule(
        id="resolver-failing",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A resolver answers with an error",
        recognised_by="SERVFAIL, REFUSED, or an answer that is no DNS message.",
        find=resolver_failing,
        summary="Resolver {resolver} at {server} answers {failure} for {host}.",
        masks_stages=DOWNSTREAM,
        fix=(
            "Look at the forwarder and the access list of {server}; behind a custom DNS server the last hop must be 168.63.129.16, asked from inside a linked VNet.",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="resolver-not-forwarding",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A resolver does not forward the zone to Azure",
        recognised_by="A named resolver gives the public answer or none, while another answers the name privately.",
        find=resolver_not_forwarding,
        summary="Resolver {resolver} at {server} answers {addresses} for {host}, while the name is private from here: it does not forward {public_zone} to Azure.",
        rivals=(
            Rival(id="zone-not-linked", why="the platform's resolver sees the private zone", ruled_out=always),
            Rival(id="name-unknown", why="the platform's resolver knows the name", ruled_out=always),
        ),
        fix=(
            "On {server}, forward the public zone {public_zone} (not only its privatelink part) to the inbound endpoint of an Azure DNS Private Resolver in a linked VNet:",
            "az dns-resolver inbound-endpoint list --resource-group {net_group} --dns-resolver-name DNS_RESOLVER --query [].ipConfigurations",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="resolvers-disagree",
        stage=Stage.RESOLVE,
        severity=Severity.WARNING,
        title="Resolvers give different private addresses",
        recognised_by="Private answers for one name differ between resolvers.",
        find=resolvers_disagree,
        summary="Resolver {resolver} answers {addresses} for {host}, and this network {here}: two zones of one name hold different records.",
        fix=("Keep one private zone, written by the endpoint's zone group, and link or forward everyone to it.",),
        reference=CATALOGUE,
    ),
)
