"""What works and is not private, as only Azure can say from inside."""

from dataclasses import replace
from typing import cast

from lab.scenarios.article import (
    ENDPOINT_ADDRESS,
    PRIVATELINK,
    PRIVATELINK_ZONE,
    PUBLIC_ADDRESS,
    SITE,
)
from lab.scenarios.azure.world import (
    ACCOUNT,
    KEY_VAULT,
    PUBLIC_STORAGE_ADDRESS,
    PUBLIC_VAULT_ADDRESS,
    READ,
    WHOLE,
    opened,
)
from lab.scenarios.changes import Table, change_listener, change_name_server, change_path, change_zone
from lab.scenarios.outcome import broken, degraded, exposed
from lab.world import SiteState, World

APP_RECORD, _, PROBE_RECORD = PRIVATELINK_ZONE.records


def public(world: World, address: str, serves: object) -> World:
    """The world with a public front end that lets everybody in."""
    return change_listener(world, address, serves=replace(serves, public_access=True, default_action="Allow"))  # type: ignore[type-var]


def stopped() -> World:
    """The app is stopped."""
    world = READ
    for address in (ENDPOINT_ADDRESS, PUBLIC_ADDRESS):
        world = change_listener(world, address, serves=replace(SITE, state=SiteState.STOPPED))
    return world


def closed(world: World) -> World:
    """The world whose path says that public access is closed by now."""
    return change_path(world, closed=True)


def unseen_site() -> World:
    """The zone has no record of the deployment site, which the path does not look at."""
    world = change_zone(READ, PRIVATELINK, (APP_RECORD, PROBE_RECORD))
    targets = [target for target in cast("list[Table]", world.path["targets"]) if target["role"] != "scm"]
    return change_path(world, targets=targets)


SCENARIOS = (
    degraded(
        "azure-before-closure",
        "the private path works; app, storage account and vault are not closed yet",
        "storage-not-private",
        opened(WHOLE),
        "key-vault-not-private",
        "public-access-enabled",
    ),
    exposed(
        "azure-storage-not-private",
        "the storage account takes calls from everywhere, and the path says that it is closed",
        "storage-not-private",
        closed(public(WHOLE, PUBLIC_STORAGE_ADDRESS, ACCOUNT)),
    ),
    exposed(
        "azure-key-vault-not-private",
        "the key vault takes calls from everywhere, and the path says that it is closed",
        "key-vault-not-private",
        closed(public(WHOLE, PUBLIC_VAULT_ADDRESS, KEY_VAULT)),
    ),
    exposed(
        "azure-public-path-open",
        "the path says that public access is closed, and Azure that it is not",
        "public-path-open",
        closed(change_listener(READ, PUBLIC_ADDRESS, serves=replace(SITE, public_access=True))),
    ),
    degraded(
        "azure-scm-not-private",
        "the zone has no record of the deployment site, which the path does not look at",
        "scm-not-private",
        unseen_site(),
    ),
    broken(
        "azure-scm-falls-back",
        "the zone has no record of the deployment site, and sends who asks for it to the internet",
        "zone-falls-back-to-internet",
        change_name_server(change_zone(READ, PRIVATELINK, (APP_RECORD, PROBE_RECORD)), falls_back=True),
    ),
    broken("azure-app-stopped", "the app is stopped, and Azure says so", "app-stopped", stopped()),
)
