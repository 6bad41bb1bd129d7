"""Reads of API Management itself, and the test that it makes on demand (https://learn.microsoft.com/rest/api/apimanagement)."""

from collections.abc import Iterator
from typing import Any

from probes.azure.question import SERVICE, Question
from probes.azure.table import Table, addresses, table, tables, text
from probes.azure.urls import bare_url
from probes.observe.scrub import scrub
from probes.path import Target
from probes.resources import (
    BackendsContent,
    ConnectivityContent,
    DiagnosticContent,
    Hop,
    NetworkStatusContent,
    ServiceBackend,
    ServiceContent,
    ServiceDependency,
    ServiceHostName,
    ServiceNetwork,
)

TYPE = "Microsoft.ApiManagement/service"
ANSWERS = (200, 204, 301, 302, 401, 404)
"""Statuses that show that the test came to the app: whatever it says to a caller without a token. 403 is what App
Service's public door answers when it is closed."""


def service(resource_id: str) -> Question:
    """The service."""
    return Question(kind=ServiceContent.kind, resource_id=resource_id, version=SERVICE, content=service_content)


def network_status(resource_id: str) -> Question:
    """What it sees of its network itself."""
    return Question(
        kind=NetworkStatusContent.kind,
        resource_id=resource_id,
        below="/networkstatus",
        version=SERVICE,
        content=network_status_content,
    )


def backends(resource_id: str) -> Question:
    """Its backend entities."""
    return Question(
        kind=BackendsContent.kind,
        resource_id=resource_id,
        below="/backends",
        version=SERVICE,
        listed=True,
        content=backends_content,
    )


def diagnostic(resource_id: str, name: str) -> Question:
    """What it sends to Application Insights: of the service or of an API, by whose id."""
    return Question(
        kind=DiagnosticContent.kind,
        resource_id=f"{resource_id}/diagnostics/applicationinsights",
        name=name,
        version=SERVICE,
        content=diagnostic_content,
    )


def connectivity(resource_id: str, target: Target) -> Question:
    """Its own test of a backend; what to post is `test`'s."""
    return Question(
        kind=ConnectivityContent.kind,
        resource_id=resource_id,
        name=target.host,
        below="/connectivityCheck",
        version=SERVICE,
        content=lambda answer: connectivity_content(answer, target),
    )


def test(target: Target, region: str) -> dict[str, Any]:
    """A ConnectivityCheckRequest: a GET without credentials, which changes nothing."""
    scheme = "https" if target.https else "http"
    return {
        "source": {"region": region},
        "destination": {"address": f"{scheme}://{target.host}", "port": target.port},
        "protocol": scheme.upper(),
        "protocolConfiguration": {"HTTPConfiguration": {"method": "GET", "validStatusCodes": list(ANSWERS)}},
    }


def service_content(answer: Any) -> ServiceContent:
    """Of an ApiManagementServiceResource, whose location and SKU stand outside its properties."""
    found = table(answer)
    properties = found.below("properties")
    return ServiceContent(
        location=found.text("location"),
        sku=found.below("sku").text("name"),
        network_type=properties.text("virtualNetworkType"),
        subnet_id=properties.below("virtualNetworkConfiguration").id("subnetResourceId"),
        private_addresses=addresses(*properties.texts("privateIPAddresses")),
        public_addresses=addresses(*properties.texts("publicIPAddresses")),
        public_network_access=properties.text("publicNetworkAccess"),
        provisioning_state=properties.text("provisioningState"),
        platform_version=properties.text("platformVersion"),
        host_names=tuple(
            ServiceHostName(
                role=item.text("type") or "",
                host_name=item.text("hostName") or "",
                certificate_status=item.text("certificateStatus"),
            )
            for item in properties.items("hostnameConfigurations")
        ),
    )


def network_status_content(answer: Any) -> NetworkStatusContent:
    """Of the list of NetworkStatusContractByLocation, which is a bare array, unlike other lists of ARM."""
    return NetworkStatusContent(
        networks=tuple(
            ServiceNetwork(
                location=item.text("location") or "",
                dns_servers=addresses(*status.texts("dnsServers")),
                dependencies=tuple(dependency(each) for each in status.items("connectivityStatus")),
            )
            for item in tables(answer)
            for status in (item.below("networkStatus"),)
        )
    )


def dependency(item: Table) -> ServiceDependency:
    """Of a ConnectivityStatusContract."""
    return ServiceDependency(
        name=item.text("name") or "",
        status=item.text("status") or "",
        error=item.words("error"),
        optional=item.truth("isOptional"),
    )


def backends_content(items: Any) -> BackendsContent:
    """Of a list of BackendContract; a pool has no URL of its own. Credentials stay behind."""
    return BackendsContent(
        backends=tuple(
            ServiceBackend(
                name=item.text("name") or "",
                url=bare_url(properties.text("url")),
                validate_chain=tls.truth("validateCertificateChain"),
                validate_name=tls.truth("validateCertificateName"),
            )
            for item in tables(items, "value")
            for properties in (item.below("properties"),)
            for tls in (properties.below("tls"),)
        )
    )


def diagnostic_content(answer: Any) -> DiagnosticContent:
    """Of a DiagnosticContract."""
    properties = table(answer).below("properties")
    return DiagnosticContent(
        correlation=properties.text("httpCorrelationProtocol"),
        sampling_percent=properties.below("sampling").number("percentage"),
        always_log=properties.text("alwaysLog"),
    )


def connectivity_content(answer: Any, target: Target) -> ConnectivityContent:
    """Of a ConnectivityCheckResponse."""
    found = table(answer)
    return ConnectivityContent(
        destination=target.host,
        port=target.port,
        status=found.text("connectionStatus"),
        hops=tuple(hop(item) for item in found.items("hops")),
        average_ms=found.number("avgLatencyInMs"),
        probes_sent=found.whole("probesSent"),
        probes_failed=found.whole("probesFailed"),
    )


def hop(item: Table) -> Hop:
    """Of a ConnectivityHop; what an issue is about stands in its context, in names of its own."""
    return Hop(
        role=item.text("type") or "",
        address=next(iter(addresses(item.text("address"))), None),
        resource_id=item.id("resourceId"),
        issues=tuple(issue(each) for each in item.items("issues")),
    )


def pairs(item: Table) -> Iterator[str]:
    """Of a context, which Azure writes as a pair of `key` and `value`, or under names of its own."""
    name = item.content.get("key")
    if isinstance(name, str) and "value" in item.content:
        item = Table({name: item.content["value"]}, item.where)
    for key, value in item.content.items():
        if isinstance(value, str) and value:
            yield f"{key}: {text(value, item.place(key))}"


def issue(item: Table) -> str:
    """Of a ConnectivityIssue: `Outbound Error: NetworkSecurityRule (RuleName: deny)`."""
    lead = " ".join(word for word in (item.text("origin"), item.text("severity")) if word)
    context = [about for each in item.items("context") for about in pairs(each)]
    about = f" ({', '.join(context)})" if context else ""
    return scrub(f"{lead}: {item.text('type') or ''}{about}" if lead else f"{item.text('type') or ''}{about}")
