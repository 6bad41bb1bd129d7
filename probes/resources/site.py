"""A web app, as Microsoft.Web tells of it (https://learn.microsoft.com/rest/api/appservice/web-apps)."""

from dataclasses import dataclass

from probes.resources.content import Content, EndpointConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContent(Content):
    """A web app (Microsoft.Web/sites).

    Attributes:
        state: `Running` or `Stopped`.
        public_network_access: `Enabled`, `Disabled`; empty text is told as `None`.
        subnet_id: of its VNet integration.
    """

    kind = "site"

    state: str | None
    enabled: bool | None
    availability_state: str | None
    usage_state: str | None
    default_host_name: str | None
    host_names: tuple[str, ...]
    public_network_access: str | None
    https_only: bool | None
    client_cert_enabled: bool | None
    subnet_id: str | None
    dns_servers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfigContent(Content):
    """Its configuration (config/web).

    Attributes:
        default_action: of access restrictions, `Allow` or `Deny`; `scm_default_action` of the deployment site.
        allowed_networks: addresses, subnets and service tags that access restrictions let in, without the one for
            all; `scm_allowed_networks` those of the deployment site.
    """

    kind = "site-config"

    public_network_access: str | None
    default_action: str | None
    scm_default_action: str | None
    allowed_networks: tuple[str, ...] = ()
    scm_allowed_networks: tuple[str, ...] = ()
    min_tls_version: str | None
    vnet_route_all: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsContent(Content):
    """Its Private Endpoint connections."""

    kind = "endpoint-connections"

    connections: tuple[EndpointConnection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettingsContent(Content):
    """Its authentication settings (config/authsettingsV2), which hold no secrets.

    Attributes:
        enabled: the platform asks for identity, before the app does.
    """

    kind = "auth-settings"

    enabled: bool | None
    require_authentication: bool | None
    unauthenticated_action: str | None
    issuer: str | None
    client_id: str | None
    allowed_audiences: tuple[str, ...]
    allowed_applications: tuple[str, ...]
    excluded_paths: tuple[str, ...]
