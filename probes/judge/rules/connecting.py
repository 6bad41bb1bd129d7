"""Causes between the address and the open connection."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rule, Stage
from probes.judge.rules.blocking import UNBLOCK, blocked_way, decider, denied_by_azure, open_by_azure, way_words
from probes.judge.rules.clues import hit
from probes.judge.rules.words import APP_SERVICE_DOCS, words
from probes.judge.scene import Scene, View
from probes.records import Connection

LATER = (Stage.HANDSHAKE, Stage.REQUEST, Stage.IDENTITY)


def dead(view: View) -> tuple[Connection, ...]:
    """The connections of a target none of which came about."""
    tried = view.of(Connection)
    return tried if tried and all(record.failure is not None for record in tried) else ()


def failing_with(*failures: Failure) -> Callable[[Scene], Iterator[Match]]:
    """Targets none of whose addresses connects, the first failure being one of these.

    Where nothing at all connects, and everything fails alike, that is one cause, near the agent.
    """

    def find(scene: Scene) -> Iterator[Match]:
        tried = [(view, found) for view in scene.views if (found := view.of(Connection))]
        failing = [(view, found) for view, found in tried if dead(view) and found[0].failure in failures]
        addresses = dict.fromkeys(f"{one.address}:{one.port}" for _, found in failing for one in found)
        everything = len(failing) == len(tried) and len({one.address for _, found in failing for one in found}) > 1
        for view, found in failing:
            match = about(view, found)
            if not everything:
                yield match
            else:
                words = {**match.words, "addresses": ", ".join(addresses)}
                yield replace(match, subject="everything", words=words)

    return find


def connect_blocked(scene: Scene) -> Iterator[Match]:
    """What drops the packets, where Azure's groups and routes say so; one rule that decides for several is one cause."""
    for match in failing_with(Failure.TIMEOUT)(scene):
        (view,) = hit(scene, match)
        there = blocked_way(view, [record.address for record in dead(view)])
        address, way = there if there is not None else (match.words["address"], None)
        found = way_words(way, address, view.target.port)
        told = {"rule", "dropping_route", "open_way"} & found.keys()
        unread = {} if told else {"searched_group": match.words["net_group"]}
        if unread and "endpoint_group" in match.words:
            unread["searched_endpoint_group"] = match.words["endpoint_group"]
        yield replace(
            match,
            subject=decider(way) or match.subject,
            evidence=(*match.evidence, *(way.ids if way is not None else ())),
            words={
                "firewall_route": "",
                **match.words,
                "blocker": supposed(found),
                **unread,
                **found,
                **suspects(found),
            },
        )


def supposed(found: Mapping[str, str]) -> str:
    """Who may drop the packets, as far as it is known."""
    if "firewall" in found:
        return f"by Azure's groups and routes it may pass, through {found['firewall']} (route {found['firewall_route']}), which cannot be seen into from here"
    if "open_way" in found:
        return "by Azure's groups and routes it may pass, so that a firewall, or what stands there, drops the packets"
    usual = "a security group, a route or a firewall drops the packets, or a Private Endpoint there is not approved"
    return f"{usual} (Azure's rules could not be followed: {found['untold']})" if "untold" in found else usual


def suspects(found: Mapping[str, str]) -> Mapping[str, str]:
    """What is left to be looked at."""
    if "rule" in found or "dropping_route" in found:
        return {}
    if "open_way" in found:
        return {"suspects": "what stands between, a firewall for instance, and whether the endpoint answers anybody"}
    if "firewall" in found:
        return {"suspects": f"the rules and the log of the firewall at {found['firewall']} first, then the rest"}
    return {"suspects": "the rules of both subnets, the routes, and the state of a Private Endpoint's connection"}


def some_addresses_fail(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        tried = view.of(Connection)
        failed = tuple(record for record in tried if record.failure is not None)
        if failed and len(failed) < len(tried):
            yield about(view, failed)


def about(view: View, failed: tuple[Connection, ...]) -> Match:
    return Match(
        targets=(view.target.name,),
        subject=", ".join(f"{record.address}:{record.port}" for record in failed),
        evidence=tuple(record.id for record in failed),
        words={
            **words(view),
            "addresses": ", ".join(f"{record.address}:{record.port}" for record in failed),
            "address": failed[0].address,
            "port": str(failed[0].port),
            "failure": str(failed[0].failure),
        },
    )


def in_expected_subnet(scene: Scene, match: Match) -> bool:
    tried = [(view, record) for view in hit(scene, match) for record in view.of(Connection)]
    return all(view.target.private_subnets and view.is_expected(record.address) for view, record in tried)


def through_firewall(_scene: Scene, match: Match) -> bool:
    return bool(match.words["firewall_route"])


def at_public_address(scene: Scene, match: Match) -> bool:
    return any(view.is_public(record.address) for view in hit(scene, match) for record in view.of(Connection))


RULES = (
    Rule(
        id="some-addresses-fail",
        stage=Stage.CONNECT,
        severity=Severity.WARNING,
        title="One of several addresses does not connect",
        recognised_by="At least one address of the name connects and at least one does not.",
        find=some_addresses_fail,
        summary="{addresses}, one of the addresses of {host}, does not connect ({failure}): every call that picks it fails.",
        masks=("intermittent",),
        fix=("Remove the dead record, or mend what stands at {address}.",),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="connect-blocked",
        stage=Stage.CONNECT,
        severity=Severity.ERROR,
        title="Something on the way drops the packets",
        recognised_by="No answer to SYN within the time of the step.",
        find=connect_blocked,
        summary="No answer to SYN from {addresses}: {blocker}.",
        confidence=Confidence.MEDIUM,
        supports=(
            Clue(says="the address is the expected one", holds=in_expected_subnet),
            Clue(says="Azure's configuration denies it to the probe's subnet", holds=denied_by_azure),
        ),
        weakens=(
            Clue(says="every group and route that Azure tells of lets it pass", holds=open_by_azure),
            Clue(says="route {firewall_route} leads through a firewall, whose rules decide", holds=through_firewall),
        ),
        masks_stages=LATER,
        fix=(
            *UNBLOCK,
            "Check {suspects}:",
            "az network nsg rule list --resource-group {searched_group} --nsg-name NSG --include-default --output table",
            'az network vnet subnet list --resource-group {searched_group} --vnet-name {vnet_name} --query "[].[name,routeTable.id,networkSecurityGroup.id]"',
            "az network private-endpoint show --resource-group {searched_endpoint_group} --name {endpoint} --query privateLinkServiceConnections[].privateLinkServiceConnectionState",
        ),
        reference="https://learn.microsoft.com/azure/private-link/troubleshoot-private-endpoint-connectivity",
    ),
    Rule(
        id="connect-refused",
        stage=Stage.CONNECT,
        severity=Severity.ERROR,
        title="Nothing listens at the address",
        recognised_by="RST in answer to SYN.",
        find=failing_with(Failure.REFUSED, Failure.RESET),
        summary="The connection to {addresses} is refused: nothing listens there, or a firewall on the way says no in its place.",
        masks_stages=LATER,
        fix=(
            "Check the port of {url}, and what {address} is; a Private Endpoint listens on 443 only.",
            "az network private-endpoint show --resource-group {endpoint_group} --name {endpoint} --query customDnsConfigs",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="no-route",
        stage=Stage.CONNECT,
        severity=Severity.ERROR,
        title="There is no route to the address",
        recognised_by="The network or the host is unreachable, by own routes or by ICMP.",
        find=failing_with(Failure.UNREACHABLE),
        summary="There is no route to {addresses} from here.",
        weakens=(
            Clue(
                says="the address is public, and this network may have no way out on purpose", holds=at_public_address
            ),
        ),
        masks_stages=LATER,
        fix=(
            "Check the peering between this network and the endpoint's, and this app's VNet integration:",
            "az network vnet peering list --resource-group {net_group} --vnet-name {vnet_name} --output table",
            "az functionapp vnet-integration list --resource-group PROBE_RESOURCE_GROUP --name PROBE_APP",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-networking-options",
    ),
)
