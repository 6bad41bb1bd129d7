"""What a read of Azure Resource Manager brought: one frozen record a kind of resource, in Azure's own words.

Only what the rules ask for is kept. Ids are Azure's, in its spelling; compare them with `same`, for they are not
case-sensitive. Words of an enumeration (`Enabled`, `Approved`, `Internal`) are kept as they come: Azure adds new ones.
`None` = the answer does not say, which for `publicNetworkAccess` is no proof of anything.
"""

from probes.resources.access import AccessContent, WorkspaceContent
from probes.resources.api import (
    ApiContent,
    BackendsContent,
    DiagnosticContent,
    NamedValue,
    NamedValuesContent,
    PolicyBackend,
    PolicyContent,
    ServiceBackend,
)
from probes.resources.content import Content, EndpointConnection, same
from probes.resources.endpoint import EndpointContent, InterfaceContent, ZoneGroupsContent
from probes.resources.network import (
    NetworkContent,
    Peering,
    Route,
    RouteTableContent,
    SecurityGroupContent,
    SecurityRule,
    Subnet,
)
from probes.resources.service import (
    ConnectivityContent,
    Hop,
    NetworkStatusContent,
    ServiceContent,
    ServiceDependency,
    ServiceHostName,
    ServiceNetwork,
)
from probes.resources.site import AuthSettingsContent, ConnectionsContent, SiteConfigContent, SiteContent
from probes.resources.zone import RecordContent, ZoneLink, ZoneLinksContent

CONTENTS: tuple[type[Content], ...] = (
    SiteContent,
    SiteConfigContent,
    ConnectionsContent,
    AuthSettingsContent,
    EndpointContent,
    InterfaceContent,
    ZoneGroupsContent,
    ZoneLinksContent,
    RecordContent,
    NetworkContent,
    SecurityGroupContent,
    RouteTableContent,
    ServiceContent,
    NetworkStatusContent,
    ApiContent,
    PolicyContent,
    NamedValuesContent,
    BackendsContent,
    DiagnosticContent,
    AccessContent,
    WorkspaceContent,
    ConnectivityContent,
)
"""Every kind of content, one a kind of read."""

__all__ = [
    "CONTENTS",
    "AccessContent",
    "ApiContent",
    "AuthSettingsContent",
    "BackendsContent",
    "ConnectionsContent",
    "ConnectivityContent",
    "Content",
    "DiagnosticContent",
    "EndpointConnection",
    "EndpointContent",
    "Hop",
    "InterfaceContent",
    "NamedValue",
    "NamedValuesContent",
    "NetworkContent",
    "NetworkStatusContent",
    "Peering",
    "PolicyBackend",
    "PolicyContent",
    "RecordContent",
    "Route",
    "RouteTableContent",
    "SecurityGroupContent",
    "SecurityRule",
    "ServiceBackend",
    "ServiceContent",
    "ServiceDependency",
    "ServiceHostName",
    "ServiceNetwork",
    "SiteConfigContent",
    "SiteContent",
    "Subnet",
    "WorkspaceContent",
    "ZoneGroupsContent",
    "ZoneLink",
    "ZoneLinksContent",
    "same",
]
