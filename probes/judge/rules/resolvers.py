"""Causes in a resolver, seen by asking several the same question."""

from collections.abc import Iterator
from ipaddress import ip_address

from probes.failure import Failure
from probes.judge import space
from probes.judge.azure.readings import resource_name
from probes.judge.finding import Severity
from probes.judge.rule import Match, Rival, Rule, Stage
from probes.judge.rules.clues import DOWNSTREAM, having
from probes.judge.rules.domains import internal_zone
from probes.judge.rules.words import CATALOGUE, PRIVATELINK_DOCS, site, words, zone_words
from probes.judge.rules.zones import forwarder, not_forwarded
from probes.judge.scene import BAD_ANSWER, NO_WORD, Answer, Scene, View
from probes.records import PLATFORM


def spare(view: View, answer: Answer) -> bool:
    """Another DNS server of this network stands in for one that fails, and applications get their answer."""
    served = view.system is not None and view.system.failure is None
    return served and any(other.resolver == answer.resolver == PLATFORM and other.settled for other in view.wired)


def blank(scene: Scene) -> frozenset[str]:
    """Servers that say NXDOMAIN to every name they are asked, in two domains at least."""
    names: dict[str, set[str]] = {}
    knowing: set[str] = set()
    for view in scene.views:
        for answer in view.wired:
            if answer.failure is Failure.NXDOMAIN and len(answer.chain) == 1:
                names.setdefault(answer.server, set()).add(".".join(view.target.host.split(".")[-2:]))
            else:
                knowing.add(answer.server)
    return frozenset(server for server, domains in names.items() if len(domains) > 1 and server not in knowing)


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
        for answer in view.wired:
            if answer.failure in NO_WORD and not spare(view, answer):
                yield Match(
                    targets=(view.target.name,),
                    subject=f"{answer.resolver} ({answer.server})",
                    evidence=evidence(view, answer),
                    words=about(view, answer),
                    aside=answer.resolver != PLATFORM,
                )


def resolver_failing(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for answer in view.wired:
            if answer.failure in BAD_ANSWER and not spare(view, answer):
                yield Match(
                    targets=(view.target.name,),
                    subject=f"{answer.resolver} ({answer.server})",
                    evidence=evidence(view, answer),
                    words=about(view, answer),
                    aside=answer.resolver != PLATFORM,
                )


def some_resolvers_fail(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for answer in view.wired:
            if answer.failure in NO_WORD | BAD_ANSWER and spare(view, answer):
                yield Match(
                    targets=(view.target.name,),
                    subject=answer.server,
                    evidence=evidence(view, answer),
                    words=about(view, answer),
                    aside=True,
                )


def resolver_not_forwarding(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        here = view.dns
        if here is None or not view.must_be_private or not view.private(here.addresses):
            continue
        for answer in view.others:
            if answer.negative or view.public(answer.addresses):
                azure = (here.privatelink or "").partition("privatelink.")[2]
                zone = azure or internal_zone(view.target.host)
                used = answer.resolver == PLATFORM and applications_use(view, answer, here)
                yield Match(
                    targets=(view.target.name,),
                    subject=f"{answer.resolver} ({answer.server})",
                    evidence=(*answer.ids, *here.ids),
                    words={
                        **about(view, answer),
                        "public_zone": zone,
                        "meanwhile": "the name is private from here",
                        "azure_zone" if azure else "company_zone": zone,
                        "searched_group": words(view)["net_group"],
                        "link": "",
                    },
                    exposes=used,
                    aside=not used,
                )
    yield from forwarding_nowhere(scene)


def forwarding_nowhere(scene: Scene) -> Iterator[Match]:
    """A DNS server of one's own answers in public, and Azure has the zone linked where it asks, or must ask."""
    for view, answer, zone in not_forwarded(scene):
        server = forwarder(view, answer) or answer.server
        named = zone_words(answer.privatelink or "")
        place = resource_name(zone.link.virtual_network_id) if zone.link is not None else None
        recorded = f" and holds {', '.join(zone.addresses)} for the name" if zone.addresses else ""
        yield Match(
            targets=(view.target.name,),
            subject=f"{answer.resolver} ({server})",
            evidence=(*answer.ids, *zone.ids),
            words={
                **about(view, answer),
                **named,
                "server": server,
                "meanwhile": f"zone {zone.name} is linked {f'to {place}' if place else 'elsewhere'} by Azure{recorded}",
                "link": zone.link.name if zone.link is not None else zone.name,
                **({"near": server} if place else {"azure_zone": named["public_zone"]}),
                **({} if place else {"searched_group": words(view)["net_group"]}),
                **({} if answer.server == server else {"asked": answer.server}),
                **({} if place else {"beyond": server}),
            },
            exposes=True,
        )


def applications_use(view: View, answer: Answer, here: Answer) -> bool:
    """The system took this server's word, and not the one of the server that is right."""
    used = set(view.system.addresses) if view.system is not None else set()
    return bool(used) and used <= set(answer.addresses) and used.isdisjoint(here.addresses)


def seen_elsewhere(_scene: Scene, match: Match) -> bool:
    """Another resolver's answer shows it, and not Azure's word."""
    return not match.words["link"]


def resolvers_disagree(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        here = view.dns
        if here is None or not view.private(here.addresses):
            continue
        for answer in view.others:
            differs = view.private(answer.addresses) and embedded(answer) != embedded(here)
            if differs and not on_purpose(view, answer, here):
                yield Match(
                    targets=(view.target.name,),
                    subject=site(view.target.host),
                    evidence=(*answer.ids, *here.ids),
                    words={**about(view, answer), "here": ", ".join(here.addresses)},
                )


def embedded(answer: Answer) -> set[str]:
    """The addresses as they are without DNS64."""
    return set(map(space.embedded, answer.addresses))


def on_purpose(view: View, answer: Answer, here: Answer) -> bool:
    """Each answer lies in another of the expected subnets: an endpoint for each network."""
    subnets = [
        {net for net in view.target.private_subnets if any(ip_address(address) in net for address in one.addresses)}
        for one in (answer, here)
    ]
    expected = all(view.is_expected(address) for one in (answer, here) for address in one.addresses)
    return expected and all(subnets) and subnets[0].isdisjoint(subnets[1])


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
        id="some-resolvers-fail",
        stage=Stage.RESOLVE,
        severity=Severity.WARNING,
        title="One of this network's DNS servers fails, and another answers",
        recognised_by="A DNS server behind getaddrinfo gives no answer or an error, another gives one, and so does getaddrinfo.",
        find=some_resolvers_fail,
        summary="DNS server {server} of this network answers nothing usable ({failure}), and another stands in for it: lookups are slow, and fail with the other.",
        fix=(
            "Mend {server}, or take it out of the DNS servers of the VNet:",
            "az network vnet show --ids {vnet} --query dhcpOptions.dnsServers",
        ),
        reference="https://learn.microsoft.com/azure/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances",
    ),
    Rule(
        id="resolver-not-forwarding",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A resolver does not forward the zone to Azure",
        recognised_by="A named resolver gives the public answer or none, while another answers the name privately.",
        find=resolver_not_forwarding,
        summary="Resolver {resolver} at {server} answers {addresses} for {host}, while {meanwhile}: it does not forward {public_zone} to where the private zone is.",
        weakens=(
            having("asked", "Azure's own address was asked, and the question may not have gone through it"),
            having(
                "beyond", "it stands in no network that Azure tells of, so that its way to the zone cannot be followed"
            ),
        ),
        masks_stages=DOWNSTREAM,
        rivals=(
            Rival(id="zone-not-linked", why="another resolver sees the private zone", ruled_out=seen_elsewhere),
            Rival(id="name-unknown", why="another resolver knows the name", ruled_out=seen_elsewhere),
            Rival(
                id="zone-not-linked",
                why="Azure lists link {link}",
                ruled_out=lambda s, m: not seen_elsewhere(s, m) and "beyond" not in m.words,
            ),
        ),
        fix=(
            "On {near}, forward the public zone {public_zone} (not only its privatelink part) to 168.63.129.16: the zone is linked where it stands.",
            "On {server}, forward the public zone {azure_zone} (not only its privatelink part) to the inbound endpoint of an Azure DNS Private Resolver in a linked VNet:",
            "On {server}, forward {company_zone} to a DNS server that knows it, or give it the record of {host}.",
            'az dns-resolver inbound-endpoint list --resource-group {searched_group} --dns-resolver-name DNS_RESOLVER --query "[].ipConfigurations"',
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
        summary="Resolver {resolver} at {server} answers {addresses} for {host}, and this network {here}: their zones or caches hold different records.",
        fix=("Keep one private zone, written by the endpoint's zone group, and link or forward everyone to it.",),
        reference=CATALOGUE,
    ),
)
