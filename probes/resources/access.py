"""The network access of what a path depends on, and the workspace that keeps its records."""

from dataclasses import dataclass

from probes.resources.content import Content, EndpointConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessContent(Content):
    """The network access of a storage account or a key vault.

    Attributes:
        public_network_access: `Enabled`, `Disabled`, `SecuredByPerimeter`.
        default_action: of its firewall, `Allow` or `Deny`.
        allowed_networks: addresses and subnets that its firewall lets in.
    """

    kind = "network-access"

    public_network_access: str | None
    default_action: str | None
    allowed_networks: tuple[str, ...]
    bypass: str | None
    connections: tuple[EndpointConnection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceContent(Content):
    """A Log Analytics workspace; `workspace_id` is what queries name."""

    kind = "workspace"

    workspace_id: str | None
