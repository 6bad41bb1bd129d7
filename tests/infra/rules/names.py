"""Private zones, links, records and private endpoints: what makes a public name lead to a private address."""

from collections.abc import Iterator

from tests.infra.bicep import Plan, Resource
from tests.infra.rules.network import ENDPOINT, NETWORK, SITE, endpoint_subnet, gateway_subnet, integration
from tests.infra.rules.rule import Rule, each, last

ZONE = "Microsoft.Network/privateDnsZones"
LINK = f"{ZONE}/virtualNetworkLinks"
ZONE_OF_GROUP = {
    "sites": "privatelink.azurewebsites.net",
    "vault": "privatelink.vaultcore.azure.net",
    "blob": "privatelink.blob.core.windows.net",
    "queue": "privatelink.queue.core.windows.net",
    "table": "privatelink.table.core.windows.net",
}
"""https://learn.microsoft.com/azure/private-link/private-endpoint-dns."""
GROUPS_OF_TYPE = {
    SITE: {"sites"},
    "Microsoft.KeyVault/vaults": {"vault"},
    "Microsoft.Storage/storageAccounts": {"blob", "queue", "table"},
}
ENTERPRISE_ZONE = "internal.example.com"


def connection(endpoint: Resource) -> tuple[str, list[str]]:
    """What an endpoint is for: the resource and its sub-resources."""
    (each_connection,) = endpoint["properties"]["privateLinkServiceConnections"]
    properties = each_connection["properties"]
    return properties["privateLinkServiceId"], properties["groupIds"]


def unlinked(plan: Plan) -> Iterator[str]:
    """A zone that is not linked answers nobody: the public chain is followed instead."""
    network = plan.one(NETWORK)["id"]
    linked = {
        link["name"].partition("/")[0] or link["id"].split("/")[8]
        for link in plan.of(LINK)
        if link["properties"]["virtualNetwork"]["id"] == network
    }
    names = {
        link["id"].split("/")[8] for link in plan.of(LINK) if link["properties"]["virtualNetwork"]["id"] == network
    }
    yield from (zone["name"] for zone in plan.of(ZONE) if zone["name"] not in linked | names)


def shadows(plan: Plan) -> Iterator[str]:
    """A zone of a public suffix makes every other name of it unknown in this network."""
    for zone in plan.of(ZONE):
        if zone["name"] not in {*ZONE_OF_GROUP.values(), ENTERPRISE_ZONE}:
            yield zone["name"]


def missing_zones(plan: Plan) -> Iterator[str]:
    """Every kind of endpoint has its zone."""
    yield from set(ZONE_OF_GROUP.values()) - {zone["name"] for zone in plan.of(ZONE)}


def wrong_group(plan: Plan) -> Iterator[str]:
    """The compiler takes any text for a sub-resource; the service takes these."""
    for endpoint in plan.of(ENDPOINT):
        resource_id, groups = connection(endpoint)
        target = plan.by_id(resource_id)
        if target is None:
            yield f"{endpoint['name']} -> {resource_id}"
        elif len(groups) != 1 or groups[0] not in GROUPS_OF_TYPE.get(target["type"], set()):
            yield f"{endpoint['name']}: {groups}"


def wrong_zone(plan: Plan) -> Iterator[str]:
    """Records are written by a zone group, into the zone of the sub-resource."""
    groups = {
        group["id"].rpartition("/privateDnsZoneGroups/")[0]: group
        for group in plan.of(f"{ENDPOINT}/privateDnsZoneGroups")
    }
    for endpoint in plan.of(ENDPOINT):
        group = groups.get(endpoint["id"])
        zones = (
            [last(c["properties"]["privateDnsZoneId"]) for c in group["properties"]["privateDnsZoneConfigs"]]
            if group
            else []
        )
        wanted = [ZONE_OF_GROUP.get(sub_resource) for sub_resource in connection(endpoint)[1]]
        if zones != wanted:
            yield f"{endpoint['name']}: {zones}"


def without_endpoint(plan: Plan) -> Iterator[str]:
    """Every app, every vault, and every storage service that a host uses has an endpoint."""
    there = {
        (resource_id.lower(), group)
        for e in plan.of(ENDPOINT)
        for resource_id, groups in [connection(e)]
        for group in groups
    }
    for kind, groups in GROUPS_OF_TYPE.items():
        for resource in plan.of(kind):
            yield from (
                f"{resource['name']} {group}"
                for group in sorted(groups)
                if (resource["id"].lower(), group) not in there
            )


def misplaced(plan: Plan) -> Iterator[str]:
    """Private endpoints have a subnet of their own."""
    name = endpoint_subnet(plan)
    if name == gateway_subnet(plan) or name in integration(plan):
        yield name


def enterprise_names(plan: Plan) -> Iterator[str]:
    """api, portal and management lead to the gateway's own private address, whatever it is."""
    records = {record["id"].rpartition("/")[2]: record for record in plan.of(f"{ZONE}/A")}
    yield from {"api", "portal", "management"} - records.keys()
    for name, record in records.items():
        addresses = [address["ipv4Address"] for address in record["properties"]["aRecords"]]
        if len(addresses) != 1 or ".privateIPAddresses[0]" not in addresses[0]:
            yield f"{name}: {addresses}"
        if f"/{ENTERPRISE_ZONE}/" not in record["id"]:
            yield record["id"]


def falls_back(link: Resource) -> bool:
    """Whether a missing record is answered in public."""
    return bool(link["properties"].get("resolutionPolicy") == "NxDomainRedirect")


RULES_OF_NAMES = (
    Rule(
        id="zones-global",
        what="private zones are global resources",
        broken=each(ZONE, lambda zone: zone.get("location") == "global"),
    ),
    Rule(id="zones-linked", what="every zone is linked to the network", broken=unlinked),
    Rule(id="zones-complete", what="every kind of endpoint has its zone", broken=missing_zones),
    Rule(id="zones-shadow-nothing", what="no zone of a public suffix", broken=shadows),
    Rule(
        id="no-auto-registration",
        what="machines do not register themselves",
        broken=each(LINK, lambda link: link["properties"]["registrationEnabled"] is False),
    ),
    Rule(
        id="no-fallback",
        what="a missing record is not answered in public",
        broken=each(LINK, lambda link: not falls_back(link)),
    ),
    Rule(id="endpoint-group", what="endpoints name the sub-resource exactly", broken=wrong_group),
    Rule(id="endpoint-zone", what="a zone group keeps each endpoint's records, in the right zone", broken=wrong_zone),
    Rule(id="endpoint-for-all", what="apps, vault and storage services have endpoints", broken=without_endpoint),
    Rule(id="endpoints-apart", what="endpoints have a subnet of their own", broken=misplaced),
    Rule(
        id="enterprise-names",
        what="the enterprise's names lead to the gateway's private address",
        broken=enterprise_names,
    ),
)
