"""Words for sentences and commands: real names where the path file knows them, capitals where it does not."""

import re
from collections.abc import Mapping

from probes.judge.azure.readings import segment
from probes.judge.scene import View
from probes.path import Role

PRIVATELINK_DOCS = "https://learn.microsoft.com/azure/private-link/private-endpoint-dns"
APP_SERVICE_DOCS = "https://learn.microsoft.com/azure/app-service/overview-private-endpoint"
FALLBACK_DOCS = "https://learn.microsoft.com/azure/dns/private-dns-fallback"
CATALOGUE = "docs/findings.md"


def site(host: str) -> str:
    """The name that stands for an app: its scm site is the same app under another name."""
    return ".".join(label for label in host.split(".") if label != "scm")


def words(view: View) -> Mapping[str, str]:
    """The names that sentences and commands about a target need; some only where the target is of their kind."""
    resources = view.scene.path.resources
    zone_id = resources.get("private_dns_zone", "")
    service = view.scene.path.service_id or ""
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
            site = view.scene.path.resource_of(view.target) or ""
            return {
                "app": segment(site, "sites") or app_name(view.target.host),
                "app_group": segment(site, "resourceGroups") or "APP_RESOURCE_GROUP",
                "site_id": site or "SITE_RESOURCE_ID",
                **endpoint_words(view, resources.get("private_endpoint", "")),
            }
        case Role.GATEWAY:
            service = view.scene.path.service_id or ""
            return {"gateway": segment(service, "service") or "API_MANAGEMENT"}
        case Role.STORAGE:
            kind = view.target.host.split(".")[1:2]
            return {"account": label, "account_part": kind[0] if kind else "blob", **endpoint_words(view)}
        case Role.KEY_VAULT:
            return {"vault": label, **endpoint_words(view)}
    return endpoint_words(view)


def endpoint_words(view: View, named: str = "") -> Mapping[str, str]:
    """The target's Private Endpoint: the one that Azure tells of, else the one that the path names."""
    known = view.scene.azure.endpoints(view.target).every
    told = next((one.id for one in known if one.approved is not False and one.id), None)
    endpoint = told or named
    network = segment(view.scene.path.resources.get("virtual_network", ""), "resourceGroups")
    return {
        "endpoint": segment(endpoint, "privateEndpoints") or "PRIVATE_ENDPOINT",
        "endpoint_group": segment(endpoint, "resourceGroups") or network or "NETWORK_RESOURCE_GROUP",
    }


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
