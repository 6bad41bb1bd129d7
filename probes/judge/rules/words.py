"""Words for sentences and commands: real names where the path file knows them, capitals where it does not."""

import re
from collections.abc import Mapping

from probes.judge.scene import View
from probes.path import Role

PRIVATELINK_DOCS = "https://learn.microsoft.com/azure/private-link/private-endpoint-dns"
APP_SERVICE_DOCS = "https://learn.microsoft.com/azure/app-service/overview-private-endpoint"
FALLBACK_DOCS = "https://learn.microsoft.com/azure/dns/private-dns-fallback"
CATALOGUE = "docs/findings.md"


def segment(resource_id: str, kind: str) -> str | None:
    """The value after `kind` in an Azure resource id; the ids are case-insensitive."""
    parts = resource_id.split("/")
    lower = [part.lower() for part in parts]
    place = lower.index(kind.lower()) if kind.lower() in lower else -1
    return parts[place + 1] if 0 <= place < len(parts) - 1 else None


def site(host: str) -> str:
    """The name that stands for an app: its scm site is the same app under another name."""
    return ".".join(label for label in host.split(".") if label != "scm")


def words(view: View) -> Mapping[str, str]:
    """The names that sentences and commands about a target need; some only where the target is of their kind."""
    resources = view.scene.path.resources
    zone_id = resources.get("private_dns_zone", "")
    service = resources.get("api_management", "")
    return {
        "target": view.target.name,
        "host": view.target.host,
        "url": view.target.url.partition("?")[0],
        "zone_group": segment(zone_id, "resourceGroups") or "ZONE_RESOURCE_GROUP",
        "vnet": resources.get("virtual_network", "VNET_RESOURCE_ID"),
        "vnet_name": segment(resources.get("virtual_network", ""), "virtualNetworks") or "VNET",
        "net_group": segment(resources.get("virtual_network", ""), "resourceGroups") or "NETWORK_RESOURCE_GROUP",
        "service": segment(service, "service") or "API_MANAGEMENT",
        "service_subscription": segment(service, "subscriptions") or "SUBSCRIPTION",
        "service_group": segment(service, "resourceGroups") or "API_MANAGEMENT_RESOURCE_GROUP",
        "subnets": ", ".join(map(str, view.target.private_subnets)) or "RFC 1918 and RFC 4193 space",
        **kind_words(view),
    }


def kind_words(view: View) -> Mapping[str, str]:
    """The words of one kind of target: a step that holds one of them is for targets of that kind only."""
    resources, label = view.scene.path.resources, view.target.host.partition(".")[0]
    match view.target.role:
        case Role.BACKEND | Role.SCM:
            site = resources.get("site", "")
            return {
                "app": segment(site, "sites") or app_name(view.target.host),
                "app_group": segment(site, "resourceGroups") or "APP_RESOURCE_GROUP",
                "site_id": site or "SITE_RESOURCE_ID",
                "endpoint": segment(resources.get("private_endpoint", ""), "privateEndpoints") or "PRIVATE_ENDPOINT",
            }
        case Role.GATEWAY:
            service = resources.get("api_management", "")
            return {"gateway": segment(service, "service") or "API_MANAGEMENT"}
        case Role.STORAGE:
            kind = view.target.host.split(".")[1:2]
            return {"account": label, "account_part": kind[0] if kind else "blob", "endpoint": "PRIVATE_ENDPOINT"}
        case Role.KEY_VAULT:
            return {"vault": label, "endpoint": "PRIVATE_ENDPOINT"}
    return {"endpoint": "PRIVATE_ENDPOINT"}


def app_name(host: str) -> str:
    """Name of the app, without the hash that a unique default host name has before its region."""
    first, *rest = host.split(".")
    unique = any(re.fullmatch(r"[a-z]+-\d{2}", label) for label in rest)
    return first.rpartition("-")[0] if unique and "-" in first else first


def zone_words(privatelink: str) -> Mapping[str, str]:
    """Zone and relative record name of a name below `privatelink`: the zone begins at that label."""
    labels = privatelink.split(".")
    place = labels.index("privatelink")
    return {
        "privatelink": privatelink,
        "zone": ".".join(labels[place:]),
        "record": ".".join(labels[:place]) or "@",
        "public_zone": ".".join(labels[place + 1 :]),
    }
