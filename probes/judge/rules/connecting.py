"""Causes between the address and the open connection."""

from collections.abc import Callable, Iterator

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
    """Targets none of whose addresses connects, the first failure being one of these."""

    def find(scene: Scene) -> Iterator[Match]:
        for view in scene.views:
            tried = dead(view)
            if tried and tried[0].failure in failures:
                yield about(view, tried)

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
            "address": failed[0].address,
            "port": str(failed[0].port),
            "failure": str(failed[0].failure),
        },
    )


def in_expected_subnet(scene: Scene, match: Match) -> bool:
    tried = [(view, record) for view in hit(scene, match) for record in view.of(Connection)]
    return all(view.target.private_subnets and view.target.is_private(record.address) for view, record in tried)


def at_public_address(scene: Scene, match: Match) -> bool:
    return any(not view.is_private(record.address) for view in hit(scene, match) for record in view.of(Connection))


RULES = (
    Rule(
        id="some-addresses-fail",
        stage=Stage.CONNECT,
        severity=Severity.WARNING,
        title="One of several addresses does not connect",
        recognised_by="At least one address of the name connects and at least one does not.",
        find=some_addresses_fail,
        summary="{subject}, one of the addresses of {host}, does not connect ({failure}): every call that picks it fails.",
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
        summary="{subject} does not answer SYN: a security group, a route or a firewall drops the packets, or the endpoint is not approved.",
        confidence=Confidence.MEDIUM,
        supports=(Clue(says="the address is the expected one", holds=in_expected_subnet),),
        masks_stages=LATER,
        fix=(
            "Check the rules of both subnets, the routes, and the state of the endpoint's connection:",
            "az network nsg rule list --resource-group {net_group} --nsg-name NSG --include-default --output table",
            "az network vnet subnet list --resource-group {net_group} --vnet-name {vnet_name} --query [].[name,routeTable.id,networkSecurityGroup.id]",
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
        summary="{subject} refuses the connection: packets arrive, and nothing listens there.",
        masks_stages=LATER,
        fix=(
            "A Private Endpoint listens on 443 only: check the port of {url}, and that {address} is the endpoint's address:",
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
        summary="There is no route to {subject} from here.",
        weakens=(
            Clue(
                says="the address is public, and this network may have no way out on purpose", holds=at_public_address
            ),
        ),
        masks_stages=LATER,
        fix=(
            "Check the peering between this network and the endpoint's, and this app's VNet integration:",
            "az network vnet peering list --resource-group {net_group} --vnet-name {vnet_name} --output table",
            "az functionapp vnet-integration list --resource-group {app_group} --name PROBE_APP",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-networking-options",
    ),
)
