"""Causes in the address that a name leads to; the predicates are in `probes.judge.rules.addresses`."""

from probes.judge.finding import Severity
from probes.judge.rule import Clue, Rival, Rule, Stage
from probes.judge.rules.addresses import (
    answers_mixed,
    chain_unseen,
    connection_fails,
    contradicted,
    gateway_not_internal,
    no_alias,
    no_private_endpoint,
    own_domain,
    record_stale,
    resolve_slow,
    works,
)
from probes.judge.rules.clues import DOWNSTREAM, having
from probes.judge.rules.words import APP_SERVICE_DOCS, CATALOGUE, PRIVATELINK_DOCS

RULES = (
    Rule(
        id="no-private-endpoint",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="There is no Private Endpoint behind the name",
        recognised_by="The name has public addresses only, and no privatelink name stands in the chain.",
        find=no_private_endpoint,
        summary="{host} leads straight to public {addresses}, and no privatelink name stands in its chain: Azure puts one there when a Private Endpoint exists.",
        weakens=(
            Clue(
                says="{others} knows a private address or a privatelink name: a leftover, or a zone of one's own here",
                holds=contradicted,
            ),
            Clue(
                says="the answer has no CNAME at all, as Azure's own answers have: a filter or a record of one's own may have made it",
                holds=no_alias,
            ),
            Clue(says="the CNAME chain could not be seen, only the addresses", holds=chain_unseen),
            Clue(
                says="{host} is a domain of one's own, whose record may lead past an endpoint that exists",
                holds=own_domain,
            ),
        ),
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
            "az network private-endpoint create --resource-group {net_group} --name pe-{account} --vnet-name {vnet_name} --subnet PRIVATE_ENDPOINT_SUBNET --private-connection-resource-id STORAGE_ACCOUNT_RESOURCE_ID --group-id {account_part} --connection-name cn-pe-{account}",
            "az network private-endpoint dns-zone-group create --resource-group {net_group} --endpoint-name pe-{account} --name default --private-dns-zone privatelink.{account_part}.core.windows.net --zone-name privatelink.{account_part}.core.windows.net",
            "az network private-endpoint create --resource-group {net_group} --name pe-{vault} --vnet-name {vnet_name} --subnet PRIVATE_ENDPOINT_SUBNET --private-connection-resource-id KEY_VAULT_RESOURCE_ID --group-id vault --connection-name cn-pe-{vault}",
            "az network private-endpoint dns-zone-group create --resource-group {net_group} --endpoint-name pe-{vault} --name default --private-dns-zone privatelink.vaultcore.azure.net --zone-name privatelink.vaultcore.azure.net",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="gateway-not-internal",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The gateway's name leads to a public address",
        recognised_by="A target of role gateway has public addresses only; or its name is private here, and Azure says that its virtualNetworkType is not Internal and its public access not disabled.",
        find=gateway_not_internal,
        summary="{host}, the gateway's name, {how}.",
        supports=(
            having("network_type", "Azure says so of {service} as well: its virtualNetworkType is not Internal"),
        ),
        weakens=(
            having("private_vip", "by Azure {service} is Internal: the record is wrong, and not the network mode"),
        ),
        masks_stages=DOWNSTREAM,
        fix=(
            "Point {host} to {private_vip}, the private address of {service}.",
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
        recognised_by="A private address outside the subnets that the path expects, or one that Azure says is none of the endpoint's, where the target does not work.",
        find=record_stale,
        summary="{name} has the private address {addresses}, which {misfit}.",
        supports=(
            Clue(says="nothing answers there", holds=connection_fails),
            having("confirmed", "the record in Azure's zone has it as well"),
        ),
        weakens=(
            having(
                "known_endpoint",
                "by Azure it is an address of the target's own endpoint: the path's private_subnets may be wrong",
            ),
            having("recorded", "Azure's own record differs: the answer is a cached one, or another zone's"),
            Clue(says="the right application answers there: the path's private_subnets may be wrong", holds=works),
        ),
        masks_stages=DOWNSTREAM,
        masks=("resolvers-disagree",),
        fix=(
            "If {outside} is where {host} really is, correct private_subnets in the path file; else correct the record of {name}.",
            "az apim show --resource-group {service_group} --name {gateway} --query privateIpAddresses",
            "Delete the manual record in {zone} and let a zone group of the endpoint write it:",
            "az network private-dns record-set a remove-record --resource-group {zone_group} --subscription {zone_subscription} --zone-name {zone} --record-set-name {record} --ipv4-address {stale}",
            "az network private-dns record-set a remove-record --resource-group {unread_group} --zone-name {zone} --record-set-name {record} --ipv4-address {stale}",
            "az network private-dns record-set a add-record --resource-group {zone_group} --subscription {zone_subscription} --zone-name {zone} --record-set-name {record} --ipv4-address {right_address}",
            "az network private-endpoint dns-zone-group create --resource-group {endpoint_group} --endpoint-name {endpoint} --name default --private-dns-zone {zone_reference} --zone-name {zone}",
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
