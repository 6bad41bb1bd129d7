"""Causes at API Management that Azure's own evidence shows; the predicates are in `service` and `destination`."""

from collections.abc import Iterator

from probes.judge.finding import Severity
from probes.judge.rule import Clue, Match, Rule, Stage
from probes.judge.rules.blocking import UNBLOCK
from probes.judge.rules.clues import having
from probes.judge.rules.destination import calling, gateway_skips_tls_checks
from probes.judge.rules.service import (
    another_region,
    answers_rightly,
    gateway_blocked,
    gateway_dependency_failing,
    gateway_dns_stale,
)
from probes.judge.scene import Scene

INTERNAL_DOCS = "https://learn.microsoft.com/azure/api-management/api-management-using-with-internal-vnet"
CALL = ("gateway-cannot-reach-backend", "gateway-gets-other-answer", "request-timeout", "public-path-refused")
"""What API Management shows that does not come to the backend."""
ANSWERS = (
    *CALL, "app-stopped", "host-name-not-bound", "host-not-running", "front-end-error", "route-not-found", "app-error",
    "response-broken", "wrong-responder", "body-unexpected", "redirected", "unexpected-status", "gateway-error",
    "gateway-identity-rejected", "correlation-lost", "correlation-rewritten",
)  # fmt: skip
"""What somebody else may answer in the backend's place."""


def calls_itself(scene: Scene) -> Iterator[Match]:
    return calling(scene, itself=True)


def calls_another(scene: Scene) -> Iterator[Match]:
    return calling(scene, itself=False)


def unproven(_scene: Scene, match: Match) -> bool:
    """It is a cause, and nothing but the difference speaks for it."""
    return not match.latent and "resolving_issue" not in match.words


ELSEWHERE = Clue(
    says="the gateway's name does not lead to an address of its first region by Azure: another region, with a network of its own, or something before it may have answered",
    holds=another_region,
)
POINT_TO_BACKEND = (
    "In {source}, call https://{right_host}, by its name.",
    "az apim backend update --resource-group {service_group} --subscription {service_subscription} --service-name {service} --backend-id {entity} --url https://{right_host}",
)
RULES = (
    Rule(
        id="gateway-calls-itself",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management calls itself in place of the backend",
        recognised_by="The API's service URL or the policy that decides leads to a host name of API Management itself.",
        find=calls_itself,
        summary="API Management sends calls for {url} to {called_host}, which is its own name ({source}): through its own load balancer it cannot reach itself.",
        masks=ANSWERS,
        fix=POINT_TO_BACKEND,
        reference=INTERNAL_DOCS,
    ),
    Rule(
        id="gateway-calls-other-backend",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management calls another backend than the path's",
        recognised_by="The API's service URL or the policy that decides leads to a host that is no backend of the path under any of its names: another host, an address, a privatelink name. Where the call works all the same it is an exposure if that host is public, and else a warning.",
        find=calls_another,
        summary="API Management sends calls for {url} to {called_host} ({source}), and not to {backends}.",
        weakens=(
            having("by_api", "a product's policy, which is not read, may send them elsewhere"),
            having("public_name", "whether a Private Endpoint stands behind {called_host} is not seen from here"),
        ),
        masks=ANSWERS,
        fix=(
            *POINT_TO_BACKEND,
            "If {called_host} is right, because it stands before {backends}, make it a target of the path as well.",
        ),
        reference="https://learn.microsoft.com/azure/api-management/set-backend-service-policy",
    ),
    Rule(
        id="gateway-blocked",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management's subnet is kept from the backend",
        recognised_by="By Azure, a rule of a security group or a route surely drops what goes from API Management's subnet to the backend's address, and API Management does not come there where the probe does.",
        find=gateway_blocked,
        summary="From API Management's subnet to {backend} ({blocked}) nothing passes: {blocker}; {outcome}.",
        weakens=(
            Clue(
                says="the gateway answers rightly all the same: the rule may be new, or the call go elsewhere",
                holds=answers_rightly,
            ),
            ELSEWHERE,
        ),
        masks=CALL,
        fix=UNBLOCK,
        reference="https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works",
    ),
    Rule(
        id="gateway-dns-stale",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management asks other DNS servers than its network names",
        recognised_by="The DNS servers in networkstatus differ from those of the virtual network, and API Management does not come to a backend that the probe reaches.",
        find=gateway_dns_stale,
        summary="API Management asks {known_servers}, and {network} names {network_servers} since: its network configuration was not applied after the change; {outcome}.",
        supports=(
            having("resolving_issue", "API Management's own test of the backend ends in the name ({resolving})"),
        ),
        weakens=(Clue(says="what the old servers answer cannot be seen from here", holds=unproven), ELSEWHERE),
        masks=CALL,
        fix=(
            "Apply the network configuration; it takes 15 minutes and more, and in tier Developer the gateway is down meanwhile:",
            "az apim apply-network-updates --resource-group {service_group} --subscription {service_subscription} --name {service}",
        ),
        reference=INTERNAL_DOCS,
    ),
    Rule(
        id="gateway-skips-tls-checks",
        stage=Stage.REQUEST,
        severity=Severity.WARNING,
        title="API Management does not check the backend's certificate",
        recognised_by="A backend entity that calls go through has validateCertificateChain or validateCertificateName off.",
        find=gateway_skips_tls_checks,
        summary="Backend {entity} of API Management, which calls for {url} go through, does not check the certificate ({checks} off): whoever stands at the address is believed.",
        weakens=(having("perhaps", "a condition in the policy decides whether a call takes it"),),
        fix=(
            "az apim backend update --resource-group {service_group} --subscription {service_subscription} --service-name {service} --backend-id {entity} --set tls.validateCertificateChain=true tls.validateCertificateName=true",
        ),
        reference="https://learn.microsoft.com/azure/api-management/backends",
    ),
    Rule(
        id="gateway-dependency-failing",
        stage=Stage.REQUEST,
        severity=Severity.WARNING,
        title="API Management cannot reach something that it needs itself",
        recognised_by="networkstatus tells failure of a dependency that is not optional.",
        find=gateway_dependency_failing,
        summary="By its own word API Management cannot reach {dependencies}, which it needs: it goes on with what it has, until that is not enough.",
        fix=(
            "Allow what API Management needs out of its subnet (Storage 443, Sql 1433, AzureKeyVault 443, AzureMonitor 1886 and 443, Internet 80), and its names:",
            'az rest --method get --url "https://management.azure.com/subscriptions/{service_subscription}/resourceGroups/{service_group}/providers/Microsoft.ApiManagement/service/{service}/networkstatus?api-version=2024-05-01"',
        ),
        reference="https://learn.microsoft.com/azure/api-management/virtual-network-reference",
    ),
)
