"""The surroundings of a real machine: its resolver, its hosts file, its managed identity."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from probes.observe.surroundings import (
    HOSTS_FILE,
    MANAGEMENT,
    RESOLV_CONF,
    Surroundings,
    TokenSource,
    hosts_entries,
    name_servers,
    read_text,
)
from probes.path.reader import PathError, Problem

DNS_PORT = 53
RESOURCE_MANAGER = "AZURE_RESOURCE_MANAGER"
"""Environment variable or app setting: Azure Resource Manager of another cloud than the public one."""
RESOURCE_MANAGER_ALLOWED = (
    "an https URL without path, such as https://management.usgovcloudapi.net; http on loopback only"
)
LOOPBACK = frozenset({"127.0.0.1", "::1"})


def surroundings() -> Surroundings:
    """What the observers see of this machine, read anew for every sweep: a hosts file may change under it.

    Raises:
        PathError: the environment names an Azure Resource Manager that no token may be sent to.
    """
    return Surroundings(
        hosts=hosts_entries(read_text(HOSTS_FILE)),
        name_servers=tuple((address, DNS_PORT) for address in name_servers(read_text(RESOLV_CONF))),
        credential=managed_identity,
        management=management(os.environ),
    )


def management(environment: Mapping[str, str]) -> str:
    """Base URL of Azure Resource Manager: the public cloud's unless the environment says otherwise.

    Raises:
        PathError: what it says is no place for a token.
    """
    value = environment.get(RESOURCE_MANAGER, "").strip()
    try:
        parts = urlsplit(value)
        origin = f"{parts.scheme}://{parts.netloc}"
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        good = secure and parts.hostname and parts.username is None and value.rstrip("/") == origin and parts.port != 0
    except ValueError:
        good = False
    if value and not good:
        raise PathError("environment", [Problem(RESOURCE_MANAGER, value, RESOURCE_MANAGER_ALLOWED)])
    return value.rstrip("/") or MANAGEMENT


def managed_identity(client_id: str | None) -> TokenSource:
    """The managed identity of this machine; azure-identity is imported when a path first asks for a token."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - a sixth of a cold start, and often unused

    return ManagedIdentityCredential(client_id=client_id, retry_total=0)
