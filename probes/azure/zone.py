"""Reads of a private DNS zone, and which records of it a host name leads to.

https://learn.microsoft.com/rest/api/dns/privatedns; the names: https://learn.microsoft.com/azure/app-service/overview-private-endpoint
"""

from functools import partial
from re import compile as pattern
from typing import Any

from probes.azure.question import DNS, Question
from probes.azure.resource_id import name_of
from probes.azure.table import addresses, table, tables
from probes.resources import RecordContent, ZoneLink, ZoneLinksContent

TYPE = "Microsoft.Network/privateDnsZones"
NETWORK_TYPE = "Microsoft.Network/virtualNetworks"
PRIVATELINK = "privatelink."
VAULT_CORE, VAULT = "vaultcore.", "vault."
"""The one zone whose public name is another: `privatelink.vaultcore.azure.net` is of `NAME.vault.azure.net`."""
SCM = "scm"
RELATIVE = pattern(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?){0,8}")
"""A record's name below its zone: it becomes part of a URL."""


def links(resource_id: str) -> Question:
    """Which networks see the zone."""
    return Question(
        kind=ZoneLinksContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id).lower(),
        below="/virtualNetworkLinks",
        version=DNS,
        listed=True,
        content=links_content,
    )


def record(zone_id: str, relative: str) -> Question:
    """One A record set."""
    return Question(
        kind=RecordContent.kind,
        resource_id=f"{zone_id}/A/{relative}",
        name=f"{relative}.{name_of(zone_id).lower()}",
        version=DNS,
        content=partial(record_content, relative=relative),
    )


def relative_name(host: str, zone: str) -> str | None:
    """The record of a zone that a host name leads to, `None` where it leads to none of this zone.

    A public name as well as its privatelink form: `func.azurewebsites.net` and `func.privatelink.azurewebsites.net` are
    both `func` of `privatelink.azurewebsites.net`, `NAME-HASH.REGION-01.azurewebsites.net` is `NAME-HASH.REGION-01`.
    """
    host, zone = host.lower().rstrip("."), zone.lower()
    public = zone.removeprefix(PRIVATELINK)
    if public.startswith(VAULT_CORE):
        public = VAULT + public.removeprefix(VAULT_CORE)
    for suffix in (f".{zone}", f".{public}"):
        relative = host.removesuffix(suffix)
        if relative != host:
            return relative if RELATIVE.fullmatch(relative) else None
    return None


def app_and_scm(relative: str) -> tuple[str, str]:
    """The records of an app and of its deployment site, from either of them: `scm` stands behind the first label."""
    first, *rest = relative.split(".")
    rest = rest[1:] if rest[:1] == [SCM] else rest
    return ".".join([first, *rest]), ".".join([first, SCM, *rest])


def links_content(items: Any) -> ZoneLinksContent:
    """Of a list of VirtualNetworkLink."""
    return ZoneLinksContent(
        links=tuple(
            ZoneLink(
                name=item.text("name") or "",
                virtual_network_id=properties.below("virtualNetwork").id(),
                registration_enabled=properties.truth("registrationEnabled"),
                resolution_policy=properties.text("resolutionPolicy"),
                state=properties.text("virtualNetworkLinkState"),
            )
            for item in tables(items, "value")
            for properties in (item.below("properties"),)
        )
    )


def record_content(answer: Any, *, relative: str) -> RecordContent:
    """Of a RecordSet."""
    found = table(answer)
    properties = found.below("properties")
    return RecordContent(
        name=found.text("name") or relative,
        ttl_s=properties.whole("ttl"),
        addresses=addresses(*(item.text("ipv4Address") for item in properties.items("aRecords"))),
    )
