"""Azure's own domains, and the zone in which a name lies as far as the name tells."""

AZURE_DOMAINS = (
    ".azurewebsites.net", ".windows.net", ".azure.net", ".azure.com",
    ".azurewebsites.us", ".usgovcloudapi.net", ".azure.us",
    ".chinacloudsites.cn", ".chinacloudapi.cn", ".azure.cn",
)  # fmt: skip
"""Domains in which Azure itself puts the privatelink name into the chain; `.windows.net` has storage and front ends."""
SERVICES = (
    "azurewebsites.net", "azurewebsites.us", "chinacloudsites.cn", "core.windows.net", "core.usgovcloudapi.net",
    "core.chinacloudapi.cn", "vault.azure.net", "vault.usgovcloudapi.net", "vault.azure.cn",
)  # fmt: skip
"""Public zones of the services; those of storage have one more label (`blob`) before."""
GATEWAY_DOMAINS = (".azure-api.net", ".azure-api.us", ".azure-api.cn")
"""Of API Management, whose private zones must be those of one full name: an apex zone would shadow everybody's."""


def apex(host: str) -> str:
    """The public zone in which a host lies, as far as a name tells."""
    labels = host.split(".")
    for service in SERVICES:
        if host.endswith(f".{service}"):
            return f"{labels[1]}.{service}" if service.startswith("core.") else service
    return ".".join(labels[-2:])


def internal_zone(host: str) -> str:
    """The private zone that holds an internal name: its parent, but for API Management's own names."""
    return host if host.endswith(GATEWAY_DOMAINS) else host.partition(".")[2]
