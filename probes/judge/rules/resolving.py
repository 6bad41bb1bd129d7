"""Causes in the name: what DNS says of a target, judged from the chain and not from the address alone."""

from collections.abc import Iterator

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rival, Rule, Stage
from probes.judge.rules.words import (
    APP_SERVICE_DOCS,
    CATALOGUE,
    FALLBACK_DOCS,
    PRIVATELINK_DOCS,
    site,
    words,
    zone_words,
)
from probes.judge.scene import Answer, Scene, View
from probes.path import Role
from probes.records import PLATFORM, Connection

DOWNSTREAM = (Stage.CONNECT, Stage.HANDSHAKE, Stage.REQUEST, Stage.IDENTITY)
WRONG_HOST = ("certificate-name-mismatch", "host-name-not-bound")


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
    for view, answer in judged(scene):
        if answer.negative and answer.privatelink is not None and answer.chain[-1] == answer.privatelink:
            found = {**words(view), **endpoint_name(answer)}
            yield Match(targets=(view.target.name,), subject=answer.privatelink, evidence=answer.ids, words=found)


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


def connection_fails(scene: Scene, match: Match) -> bool:
    return any(record.failure is not None for view in hit(scene, match) for record in view.of(Connection))


def works(scene: Scene, match: Match) -> bool:
    return any(view.works for view in hit(scene, match))


def hit(scene: Scene, match: Match) -> list[View]:
    """The views of the targets of a match."""
    return [scene.view(name) for name in match.targets]


def always(_scene: Scene, _match: Match) -> bool:
    return True


RULES = (
    Rule(
        id="address-hardcoded",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The URL holds an IP address instead of the host name",
        recognised_by="The host of the target's URL is an IP address.",
        find=address_hardcoded,
        summary="The URL of {targets} calls {host} by address, so that neither TLS nor the front end can know which app is meant.",
        masks=(*WRONG_HOST, "certificate-untrusted", "unexpected-status", "unexplained"),
        fix=(
            "Use the app's default host name, in the path file and in the backend URL of API Management:",
            "az functionapp show --resource-group {app_group} --name FUNCTION_APP --query properties.defaultHostName",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="privatelink-name-in-url",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The URL holds the privatelink name instead of the public name",
        recognised_by="A label of the URL's host is `privatelink`.",
        find=privatelink_name_in_url,
        summary="The URL of {targets} calls {host}, which no certificate covers and no app is bound to; the name to call is {public_name}.",
        masks=(*WRONG_HOST, "unexpected-status", "unexplained"),
        fix=("Call {public_name}: it leads through the privatelink name to the same private address.",),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="hosts-file-override",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A hosts file entry hides what DNS says",
        recognised_by="getaddrinfo gives the addresses of the hosts file, and the DNS server behind it gives others.",
        find=hosts_file_override,
        summary="A hosts file entry sends {host} to {addresses}, while DNS says {said}: what works here is not what others get.",
        masks_stages=DOWNSTREAM,
        masks=("record-stale",),
        fix=("Remove the line of {host} from /etc/hosts, or from what writes it (image, container settings).",),
        reference="hosts(5)",
    ),
    Rule(
        id="system-answer-differs",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="Applications get another address than DNS gives",
        recognised_by="getaddrinfo and the DNS server behind it have no address in common, and no hosts entry explains it.",
        find=system_answer_differs,
        summary="Applications here get {addresses} for {host}, while their DNS server {server} says {said}.",
        confidence=Confidence.MEDIUM,
        masks_stages=DOWNSTREAM,
        fix=(
            "Wait for the TTL of the old answer, then restart the app: instances cache answers.",
            "Look for WEBSITE_DNS_SERVER among the app settings: it overrides the DNS servers of the VNet.",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-networking-options",
    ),
    Rule(
        id="name-unknown",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The name does not exist",
        recognised_by="NXDOMAIN at the name itself, on every resolver that answered.",
        find=name_unknown,
        summary="No resolver knows {host}: the app was deleted, was given another default host name, or the URL has a typo.",
        weakens=(Clue(says="only one resolver could be asked", holds=only_one_resolver_asked),),
        masks_stages=DOWNSTREAM,
        rivals=(
            Rival(
                id="record-missing",
                why="NXDOMAIN comes at the public name already, before any privatelink name",
                ruled_out=always,
            ),
        ),
        fix=(
            "Read the app's real name, which may hold a hash and a region:",
            "az functionapp show --resource-group {app_group} --name {app} --query properties.defaultHostName",
        ),
        reference="RFC 8020; https://learn.microsoft.com/azure/app-service/overview-hostname-uniqueness",
    ),
    Rule(
        id="zone-shadows-public-names",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A private zone for the public domain hides the name",
        recognised_by="The platform's resolver has no such name, and another resolver finds it in public DNS.",
        find=zone_shadows_public_names,
        summary="{host} does not exist on this network but does on {other}: a private zone such as {apex} shadows the public names below it.",
        masks_stages=DOWNSTREAM,
        rivals=(Rival(id="name-unknown", why="{other} knows the name", ruled_out=always),),
        fix=(
            "Find the private zones linked to this VNet that end {host}, and unlink those that are no privatelink zone:",
            "az network private-dns zone list --query \"[?ends_with('{host}', name)].name\"",
            "az network private-dns link vnet list --resource-group {zone_group} --zone-name {apex}",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="private-name-not-visible",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="A name of an internal zone is not visible from here",
        recognised_by="The platform's resolver has no such name, and another resolver answers it privately without a privatelink name.",
        find=private_name_not_visible,
        summary="{host} does not exist on this network, while {other} answers it privately: the internal zone is not linked or not forwarded here.",
        masks_stages=DOWNSTREAM,
        fix=(
            "az network private-dns link vnet create --resource-group {zone_group} --zone-name {parent} --name link-{vnet_name} --virtual-network {vnet} --registration-enabled false",
        ),
        reference="https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links",
    ),
    Rule(
        id="record-missing",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The private zone is linked, but has no record of the name",
        recognised_by="The chain reaches the privatelink name, and that has no address (NXDOMAIN or no data).",
        find=record_missing,
        summary="{host} leads to {privatelink}, which has no record: zone {zone} is linked here and lacks {record}.",
        masks_stages=DOWNSTREAM,
        masks=("resolver-not-forwarding", "resolvers-disagree"),
        rivals=(
            Rival(
                id="zone-not-linked",
                why="without the link the public address would be the answer, not NXDOMAIN",
                ruled_out=always,
            ),
        ),
        fix=(
            "Give the endpoint a zone group, which keeps the records of the app and of its scm site:",
            "az network private-endpoint dns-zone-group create --resource-group {net_group} --endpoint-name {endpoint} --name default --private-dns-zone {zone} --zone-name {zone}",
            "Or add the one record by hand:",
            "az network private-dns record-set a add-record --resource-group {zone_group} --zone-name {zone} --record-set-name {record} --ipv4-address ENDPOINT_ADDRESS",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="zone-not-linked",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The private zone is not linked to this network",
        recognised_by="The chain passes the privatelink name and goes on to public addresses only.",
        find=zone_not_linked,
        summary="{host} passes {privatelink} and still ends in public {addresses}: zone {zone} is not linked to the network of resolver {server}.",
        confidence=Confidence.MEDIUM,
        supports=(Clue(says="{others} answers the same name privately", holds=another_answers_privately),),
        weakens=(
            Clue(
                says="every resolver gives the public answer, so that the record may be missing behind a link that falls back to the internet (NxDomainRedirect)",
                holds=every_answer_is_public,
            ),
        ),
        masks_stages=DOWNSTREAM,
        masks=("resolver-not-forwarding",),
        rivals=(
            Rival(
                id="no-private-endpoint",
                why="Azure puts {privatelink} into the chain only when a Private Endpoint exists",
                ruled_out=always,
            ),
            Rival(
                id="record-missing",
                why="a linked zone without the record answers NXDOMAIN, unless it falls back",
                ruled_out=another_answers_privately,
            ),
        ),
        fix=(
            "az network private-dns link vnet create --resource-group {zone_group} --zone-name {zone} --name link-{vnet_name} --virtual-network {vnet} --registration-enabled false",
            "If the link exists, look at its resolutionPolicy and for the record {record}:",
            "az network private-dns link vnet list --resource-group {zone_group} --zone-name {zone}",
            "az network private-dns record-set a list --resource-group {zone_group} --zone-name {zone}",
        ),
        reference=f"{PRIVATELINK_DOCS}; {FALLBACK_DOCS}",
    ),
    Rule(
        id="no-private-endpoint",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The app has no Private Endpoint",
        recognised_by="The name has public addresses only, and no privatelink name stands in the chain on any resolver.",
        find=no_private_endpoint,
        summary="{host} leads straight to public {addresses}: no Private Endpoint of the app exists.",
        weakens=(Clue(says="the CNAME chain could not be seen, only the addresses", holds=chain_unseen),),
        masks_stages=DOWNSTREAM,
        rivals=(
            Rival(
                id="zone-not-linked",
                why="the chain has no privatelink name at all",
                ruled_out=lambda s, m: not chain_unseen(s, m),
            ),
        ),
        fix=(
            "az network private-endpoint create --resource-group {net_group} --name pe-{app} --vnet-name {vnet_name} --subnet PRIVATE_ENDPOINT_SUBNET --private-connection-resource-id {site_id} --group-id sites --connection-name cn-pe-{app}",
            "az network private-endpoint dns-zone-group create --resource-group {net_group} --endpoint-name pe-{app} --name default --private-dns-zone privatelink.azurewebsites.net --zone-name privatelink.azurewebsites.net",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="gateway-not-internal",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The gateway's name leads to a public address",
        recognised_by="A target of role gateway has public addresses only.",
        find=gateway_not_internal,
        summary="{host}, the gateway's name, leads to public {addresses}: clients do not reach it on the private network.",
        masks_stages=DOWNSTREAM,
        fix=(
            "Look at the network mode, and point the name to the private address:",
            'az apim show --resource-group {service_group} --name {service} --query "[virtualNetworkType, privateIpAddresses]"',
        ),
        reference="https://learn.microsoft.com/azure/api-management/api-management-using-with-internal-vnet",
    ),
    Rule(
        id="answers-mixed",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="One answer holds private and public addresses",
        recognised_by="The addresses of one name on one resolver lie in private and in public space, A and AAAA together.",
        find=answers_mixed,
        summary="{host} has private {private} and public {public} in one answer: some calls leave the private network.",
        masks_stages=DOWNSTREAM,
        masks=("resolvers-disagree",),
        fix=(
            "Remove the public record ({public}) from the private zone; look for an AAAA record beside the A record.",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="record-stale",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The private record points to the wrong address",
        recognised_by="A private address outside the subnets that the path expects.",
        find=record_stale,
        summary="{name} has the private address {addresses}, outside {subnets}: the record is a leftover.",
        supports=(Clue(says="nothing answers there", holds=connection_fails),),
        weakens=(
            Clue(says="the right application answers there: the path's private_subnets may be wrong", holds=works),
        ),
        masks_stages=DOWNSTREAM,
        masks=("resolvers-disagree",),
        fix=(
            "Delete the manual record and let a zone group of the endpoint write it:",
            "az network private-dns record-set a remove-record --resource-group {zone_group} --zone-name {zone} --record-set-name {record} --ipv4-address {stale}",
            "az network private-endpoint dns-zone-group create --resource-group {net_group} --endpoint-name {endpoint} --name default --private-dns-zone {zone} --zone-name {zone}",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="resolve-slow",
        stage=Stage.RESOLVE,
        severity=Severity.WARNING,
        title="Resolving is slow",
        recognised_by="An answer took longer than the path's slow_resolve_ms.",
        find=resolve_slow,
        summary="Resolver {resolver} took {ms} ms for {host}, more than {limit} ms.",
        fix=(
            "Look at the forwarders of {resolver}: a dead one before a living one costs its time-out on every query.",
        ),
        reference=CATALOGUE,
    ),
)
