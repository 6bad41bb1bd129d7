"""The path of the article with what its app depends on, read by the probe from Azure as well as from the network."""

from dataclasses import replace
from typing import cast

from lab.scenarios.article import (
    APP_RESOURCES,
    NETWORK_RESOURCES,
    PUBLIC_ADDRESS,
    WORLD,
)
from lab.scenarios.changes import Table, add_listener, change_listener, change_name_server, change_path
from lab.world import KeyVault, Leaf, Listener, Site, StorageAccount, World, Zone

STORAGE = "stordersprod"
VAULT = "kv-path-prod"
BLOB_HOST = f"{STORAGE}.blob.core.windows.net"
VAULT_HOST = f"{VAULT}.vault.azure.net"
BLOB_ZONE = "privatelink.blob.core.windows.net"
VAULT_ZONE = "privatelink.vaultcore.azure.net"
STORAGE_ADDRESS = "10.80.20.7"
VAULT_ADDRESS = "10.80.20.8"
PUBLIC_STORAGE_ADDRESS = "203.0.113.30"
PUBLIC_VAULT_ADDRESS = "203.0.113.31"
ACCOUNT = StorageAccount(host=BLOB_HOST)
KEY_VAULT = KeyVault(host=VAULT_HOST)
STORAGE_ID = f"{APP_RESOURCES}/Microsoft.Storage/storageAccounts/{STORAGE}"
VAULT_ID = f"{APP_RESOURCES}/Microsoft.KeyVault/vaults/{VAULT}"
ZONE_ID = f"{NETWORK_RESOURCES}/privateDnsZones"
PUBLIC_RECORDS = (
    f"{BLOB_HOST} 60 CNAME {STORAGE}.{BLOB_ZONE}",
    f"{STORAGE}.{BLOB_ZONE} 60 CNAME blob.ams20prdstr01a.store.core.windows.net",
    f"blob.ams20prdstr01a.store.core.windows.net 60 A {PUBLIC_STORAGE_ADDRESS}",
    f"{VAULT_HOST} 60 CNAME {VAULT}.{VAULT_ZONE}",
    f"{VAULT}.{VAULT_ZONE} 60 CNAME data-prod-weu.vaultcore.azure.net",
    f"data-prod-weu.vaultcore.azure.net 60 A {PUBLIC_VAULT_ADDRESS}",
)
ZONES = (
    Zone(name=BLOB_ZONE, records=(f"{STORAGE} 10 A {STORAGE_ADDRESS}",)),
    Zone(name=VAULT_ZONE, records=(f"{VAULT} 10 A {VAULT_ADDRESS}",)),
)
LEAVES = {
    STORAGE: Leaf(names=("*.blob.core.windows.net",)),
    VAULT: Leaf(names=("*.vault.azure.net", "*.vaultcore.azure.net")),
}


def target(name: str, role: str, url: str, expected: list[int]) -> Table:
    """A target of what the app depends on; nobody sends it a token of the backend's."""
    return {
        "name": name,
        "role": role,
        "url": url,
        "private_subnets": ["10.80.20.0/27"],
        "expected_status": expected,
        "ca_file": "{ca_file}",
        "intermediates_file": "{intermediates_file}",
        "correlation": False,
    }


TARGETS = (
    target("storage-blob", "storage", f"https://{BLOB_HOST}/?comp=list", [400, 401, 403, 404, 409]),
    target("vault", "key-vault", f"https://{VAULT_HOST}/secrets?api-version=7.4", [401]),
)


def with_reads(world: World) -> World:
    """The world whose path names every resource, and whose probe reads Azure."""
    resources = {
        **cast("Table", world.path["resources"]),
        "probe_site": f"{APP_RESOURCES}/Microsoft.Web/sites/func-probe-prod",
        "workspace": f"{APP_RESOURCES}/Microsoft.OperationalInsights/workspaces/log-path-prod",
    }
    return change_path(world, control_plane="always", resources=resources)


def without_reads(world: World) -> World:
    """The world whose probe does not read Azure."""
    return change_path(world, control_plane="never")


def with_dependencies(world: World) -> World:
    """The world with a storage account and a key vault, both closed and reached through endpoints."""
    for name, server in world.name_servers.items():
        zones = (*server.zones, *ZONES) if server.zones else ()
        world = change_name_server(world, name, public=(*server.public, *PUBLIC_RECORDS), zones=zones)
    for name, serves, private, public in (
        (STORAGE, ACCOUNT, STORAGE_ADDRESS, PUBLIC_STORAGE_ADDRESS),
        (VAULT, KEY_VAULT, VAULT_ADDRESS, PUBLIC_VAULT_ADDRESS),
    ):
        for address in (private, public):
            listener = Listener(address=address, public=address == public, certificates=(LEAVES[name],), serves=serves)
            world = add_listener(world, listener)
    resources = {**cast("Table", world.path["resources"]), "storage": STORAGE_ID, "key_vault": VAULT_ID}
    targets = [*cast("list[Table]", world.path["targets"]), *TARGETS]
    return change_path(world, resources=resources, targets=targets)


def opened(world: World) -> World:
    """The world before the closure: site, storage account and vault still take calls from everywhere."""
    for listener in world.listeners:
        match listener.serves:
            case Site() as site if listener.address == PUBLIC_ADDRESS:
                world = change_listener(world, listener.address, serves=replace(site, public_access=True))
            case StorageAccount() | KeyVault() as service if listener.public:
                serves = replace(service, public_access=True, default_action="Allow")
                world = change_listener(world, listener.address, serves=serves)
    return world


READ = with_reads(WORLD)
"""The path of the article, and a probe that reads Azure."""
WHOLE = with_reads(with_dependencies(WORLD))
"""The same with storage and vault: what is closed, and what can be."""
