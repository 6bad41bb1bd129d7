"""Causes between the address and the open connection."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rule, Stage
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
        find=failing_with(Failure.TIMEOUT),
        summary="No answer to SYN from {addresses}: a security group, a route or a firewall drops the packets, or a Private Endpoint there is not approved.",
        confidence=Confidence.MEDIUM,
        supports=(Clue(says="the address is the expected one", holds=in_expected_subnet),),
        masks_stages=LATER,
        fix=(
            "Check the rules of both subnets, the routes, and the state of a Private Endpoint's connection:",
            "az network nsg rule list --resource-group {net_group} --nsg-name NSG --include-default --output table",
            'az network vnet subnet list --resource-group {net_group} --vnet-name {vnet_name} --query "[].[name,routeTable.id,networkSecurityGroup.id]"',
            "az network private-endpoint show --resource-group {net_group} --name {endpoint} --query privateLinkServiceConnections[].privateLinkServiceConnectionState",
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
            "az network private-endpoint show --resource-group {net_group} --name {endpoint} --query customDnsConfigs",
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
