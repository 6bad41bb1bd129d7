"""The surroundings of a real machine: its resolver, its hosts file, its managed identity."""

from probes.observe.surroundings import (
    HOSTS_FILE,
    RESOLV_CONF,
    Surroundings,
    TokenSource,
    hosts_entries,
    name_servers,
    read_text,
)

DNS_PORT = 53


def surroundings() -> Surroundings:
    """What the observers see of this machine, read anew for every sweep: a hosts file may change under it."""
    return Surroundings(
        hosts=hosts_entries(read_text(HOSTS_FILE)),
        name_servers=tuple((address, DNS_PORT) for address in name_servers(read_text(RESOLV_CONF))),
        credential=managed_identity,
    )


def managed_identity(client_id: str | None) -> TokenSource:
    """The managed identity of this machine; azure-identity is imported when a path first asks for a token."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - a sixth of a cold start, and often unused

    return ManagedIdentityCredential(client_id=client_id, retry_total=0)
