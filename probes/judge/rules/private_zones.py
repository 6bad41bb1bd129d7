"""Causes that Azure's own word on a private zone or an endpoint tells apart; the predicates are in `zones`, `endpoints`."""

from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Rival, Rule, Stage
from probes.judge.rules.clues import DOWNSTREAM, always, having, lacking
from probes.judge.rules.endpoints import endpoint_not_approved
from probes.judge.rules.words import APP_SERVICE_DOCS, FALLBACK_DOCS, PRIVATELINK_DOCS
from probes.judge.rules.zones import other_zone_answers, zone_falls_back

ADD_RECORD = "az network private-dns record-set a add-record --resource-group {zone_group} --subscription {zone_subscription} --zone-name {zone} --record-set-name {record} --ipv4-address {right_address}"


RULES = (
    Rule(
        id="endpoint-not-approved",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The Private Endpoint's connection is not approved",
        recognised_by="Azure says Pending, Rejected or Disconnected of the endpoint that the name leads to, or of every endpoint of a resource whose name leads to none, and the target does not work in private.",
        find=endpoint_not_approved,
        summary="Private Endpoint {endpoint}{at} of {host} is {status} by Azure{described}: nothing passes through it.",
        weakens=(
            having(
                "record_name",
                "its record is missing as well, which an endpoint does not write before it is approved",
            ),
        ),
        masks_stages=DOWNSTREAM,
        masks=("no-private-endpoint", "record-missing", "record-stale"),
        rivals=(
            Rival(
                id="connect-blocked",
                why="an endpoint that is {status} lets nobody in, whatever rules and routes say",
                ruled_out=always,
            ),
        ),
        fix=(
            "Whoever owns {resource_name} approves the connection of {pending_endpoint}:",
            "az network private-endpoint-connection list --id {pending_resource}",
            "az network private-endpoint-connection approve --id {connection_id} --description approved",
            "A connection that is {dead_status} cannot be approved any more: delete the endpoint, and make it anew with a zone group:",
            "az network private-endpoint delete --ids {dead_endpoint_id}",
        ),
        reference="https://learn.microsoft.com/azure/private-link/manage-private-endpoint",
    ),
    Rule(
        id="other-zone-answers",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="Another private zone of the same name answers here",
        recognised_by="The privatelink name has no record, or an address that is no endpoint's, and Azure says that the zone which is known is not linked to the network where the resolver asks.",
        find=other_zone_answers,
        summary="Resolver {server} answers {said} for {privatelink}, and zone {zone} in {zone_group}, which has {recorded}, is not linked to {network}: another zone of that name answers there.",
        confidence=Confidence.MEDIUM,
        supports=(lacking("forwarder", "Azure's own resolver was asked, and answers from linked zones only"),),
        weakens=(
            having(
                "unrecorded",
                "the zone that is known has no such record either, and a DNS forwarding rule set may lead to it",
            ),
        ),
        masks_stages=DOWNSTREAM,
        masks=("record-missing", "record-stale", "resolver-not-forwarding", "resolvers-disagree"),
        rivals=(
            Rival(
                id="zone-not-linked",
                why="without any zone of that name the public address would be the answer",
                ruled_out=always,
            ),
            Rival(
                id="record-missing",
                why="a record in zone {zone} of {zone_group} would not be seen here",
                ruled_out=always,
            ),
        ),
        fix=(
            "Find the other zone, which may be on {forwarder} itself, and keep one of them:",
            "az network private-dns zone list --query \"[?name=='{zone}'].id\"",
            "A network can be linked to one zone of a name only: unlink the other one from {network}, then link this one:",
            "az network private-dns link vnet create --resource-group {zone_group} --subscription {zone_subscription} --zone-name {zone} --name link-{network} --virtual-network {network_id} --registration-enabled false",
        ),
        reference=PRIVATELINK_DOCS,
    ),
    Rule(
        id="zone-falls-back-to-internet",
        stage=Stage.RESOLVE,
        severity=Severity.ERROR,
        title="The private zone is linked, lacks the record, and falls back to the internet",
        recognised_by="The chain passes the privatelink name and goes on to public addresses, and Azure says that the zone is linked with resolutionPolicy NxDomainRedirect and has no record of the name.",
        find=zone_falls_back,
        summary="{host} passes {privatelink} and ends in public {addresses}: zone {zone} is linked to {network} and lacks {record} ({lack}), and link {link} asks the internet in its place.",
        weakens=(
            having("unread_record", "whether zone {zone} has a record {record} could not be read"),
            having("unread_policy", "Azure does not tell the link's resolutionPolicy"),
            having(
                "forwarder", "the question may not have come to Azure at all: the network has DNS servers of its own"
            ),
        ),
        masks_stages=DOWNSTREAM,
        masks=("resolver-not-forwarding",),
        rivals=(
            Rival(id="zone-not-linked", why="Azure lists link {link} to {network}", ruled_out=always),
            Rival(
                id="record-missing",
                why="the link falls back: it answers with the public address in place of NXDOMAIN",
                ruled_out=always,
            ),
            Rival(
                id="no-private-endpoint",
                why="Azure puts {privatelink} into the chain only when a Private Endpoint exists",
                ruled_out=always,
            ),
        ),
        fix=(
            "Give the endpoint a zone group, which keeps its records (an app's and its scm site's) as they must be:",
            "az network private-endpoint dns-zone-group create --resource-group {endpoint_group} --endpoint-name {endpoint} --name default --private-dns-zone {zone_id} --zone-name {zone}",
            "Or add the one record by hand:",
            ADD_RECORD,
            "A link with policy Default says NXDOMAIN where {falling_link} leads to the public address without a word:",
            "az network private-dns link vnet update --resource-group {zone_group} --subscription {zone_subscription} --zone-name {zone} --name {falling_link} --resolution-policy Default",
        ),
        reference=f"{FALLBACK_DOCS}; {APP_SERVICE_DOCS}",
    ),
)
