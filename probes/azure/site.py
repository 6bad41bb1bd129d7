"""Reads of a web app (https://learn.microsoft.com/rest/api/appservice/web-apps)."""

from collections.abc import Iterable
from typing import Any

from probes.azure.connections import connection
from probes.azure.question import WEB, Question
from probes.azure.table import Table, addresses, table, tables
from probes.resources import AuthSettingsContent, ConnectionsContent, SiteConfigContent, SiteContent

ALLOW, ANYBODY = "allow", "any"
TYPE = "Microsoft.Web/sites"


def site(resource_id: str, name: str = "") -> Question:
    """The app itself."""
    return Question(kind=SiteContent.kind, resource_id=resource_id, name=name, version=WEB, content=site_content)


def config(resource_id: str) -> Question:
    """Its configuration, which the app's own answer leaves out."""
    return Question(
        kind=SiteConfigContent.kind,
        resource_id=resource_id,
        below="/config/web",
        version=WEB,
        content=config_content,
    )


def connections(resource_id: str) -> Question:
    """Its Private Endpoint connections."""
    return Question(
        kind=ConnectionsContent.kind,
        resource_id=resource_id,
        below="/privateEndpointConnections",
        version=WEB,
        listed=True,
        content=connections_content,
    )


def auth_settings(resource_id: str) -> Question:
    """Its authentication settings; a GET, which leaves the secrets out."""
    return Question(
        kind=AuthSettingsContent.kind,
        resource_id=resource_id,
        below="/config/authsettingsV2",
        version=WEB,
        content=auth_content,
    )


def site_content(answer: Any) -> SiteContent:
    """Of a Site."""
    properties = table(answer).below("properties")
    return SiteContent(
        state=properties.text("state"),
        enabled=properties.truth("enabled"),
        availability_state=properties.text("availabilityState"),
        usage_state=properties.text("usageState"),
        default_host_name=properties.text("defaultHostName"),
        host_names=properties.texts("hostNames"),
        public_network_access=properties.text("publicNetworkAccess"),
        https_only=properties.truth("httpsOnly"),
        client_cert_enabled=properties.truth("clientCertEnabled"),
        subnet_id=properties.id("virtualNetworkSubnetId"),
        dns_servers=addresses(*properties.below("dnsConfiguration").texts("dnsServers")),
    )


def config_content(answer: Any) -> SiteConfigContent:
    """Of a SiteConfigResource."""
    properties = table(answer).below("properties")
    main = "ipSecurityRestrictions"
    scm = main if properties.truth("scmIpSecurityRestrictionsUseMain") else "scmIpSecurityRestrictions"
    return SiteConfigContent(
        public_network_access=properties.text("publicNetworkAccess"),
        default_action=properties.text(f"{main}DefaultAction") or for_the_rest(properties.items(main)),
        scm_default_action=properties.text(f"{scm}DefaultAction") or for_the_rest(properties.items(scm)),
        allowed_networks=let_in(properties.items(main)),
        scm_allowed_networks=let_in(properties.items(scm)),
        min_tls_version=properties.text("minTlsVersion"),
        vnet_route_all=properties.truth("vnetRouteAllEnabled"),
    )


def let_in(restrictions: Iterable[Table]) -> tuple[str, ...]:
    """Whom access restrictions let in: an address, a service tag, or a subnet; `Any` is the rule for the rest."""
    allowed = (each for each in restrictions if (each.text("action") or "").lower() == ALLOW)
    named = (each.id("vnetSubnetResourceId") or each.text("ipAddress") for each in allowed)
    return tuple(name for name in named if name is not None and name.lower() != ANYBODY)


def for_the_rest(restrictions: Iterable[Table]) -> str | None:
    """What the rule for `Any` does, which is what older apps have in place of a default action."""
    return next(
        (each.text("action") for each in restrictions if (each.text("ipAddress") or "").lower() == ANYBODY), None
    )


def connections_content(items: Any) -> ConnectionsContent:
    """Of a list of RemotePrivateEndpointConnectionARMResource."""
    return ConnectionsContent(connections=tuple(connection(item) for item in tables(items, "value")))


def auth_content(answer: Any) -> AuthSettingsContent:
    """Of SiteAuthSettingsV2. Applications may be allowed in two places, by two versions of the settings."""
    properties = table(answer).below("properties")
    validation = properties.below("globalValidation")
    entra = properties.below("identityProviders", "azureActiveDirectory")
    checks = entra.below("validation")
    allowed = (
        *checks.below("jwtClaimChecks").texts("allowedClientApplications"),
        *checks.below("defaultAuthorizationPolicy").texts("allowedApplications"),
    )
    return AuthSettingsContent(
        enabled=properties.below("platform").truth("enabled"),
        require_authentication=validation.truth("requireAuthentication"),
        unauthenticated_action=validation.text("unauthenticatedClientAction"),
        issuer=entra.below("registration").text("openIdIssuer"),
        client_id=entra.below("registration").text("clientId"),
        allowed_audiences=checks.texts("allowedAudiences"),
        allowed_applications=tuple(dict.fromkeys(allowed)),
        excluded_paths=validation.texts("excludedPaths"),
    )
