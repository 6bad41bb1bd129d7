"""The network: subnets, what may pass between them, and where traffic goes."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import Any

from tests.infra.bicep import Plan, Resource
from tests.infra.rules.rule import Rule, last, settings

NETWORK = "Microsoft.Network/virtualNetworks"
RULES = "Microsoft.Network/networkSecurityGroups"
SITE = "Microsoft.Web/sites"
ENDPOINT = "Microsoft.Network/privateEndpoints"
SERVICE = "Microsoft.ApiManagement/service"

INBOUND = {("ApiManagement", "3443"), ("AzureLoadBalancer", "6390")}
OUTBOUND = {
    ("Internet", "80"),
    ("Storage", "443"),
    ("Sql", "1433"),
    ("AzureKeyVault", "443"),
    ("AzureActiveDirectory", "443"),
    ("AzureMonitor", "443"),
    ("AzureMonitor", "1886"),
}
"""https://learn.microsoft.com/azure/api-management/virtual-network-reference, classic tiers, internal mode."""
DELEGATION = {"flex-consumption": "Microsoft.App/environments", "elastic-premium": "Microsoft.Web/serverFarms"}
SMALLEST_INTEGRATION = 27
OBEYED = {"NetworkSecurityGroupEnabled", "Enabled"}


def subnets(plan: Plan) -> dict[str, Any]:
    """Properties of every subnet by its name."""
    return {subnet["name"]: subnet["properties"] for subnet in plan.one(NETWORK)["properties"]["subnets"]}


def gateway_subnet(plan: Plan) -> str:
    """Name of the subnet that API Management is in."""
    return last(plan.one(SERVICE)["properties"]["virtualNetworkConfiguration"]["subnetResourceId"])


def endpoint_subnet(plan: Plan) -> str:
    """Name of the subnet with the private endpoints."""
    names = {last(endpoint["properties"]["subnet"]["id"]) for endpoint in plan.of(ENDPOINT)}
    if len(names) != 1:
        raise LookupError(f"endpoints in {sorted(names)}")
    return names.pop()


def rules_of(plan: Plan, subnet: str) -> list[dict[str, Any]]:
    """Security rules that apply in a subnet."""
    attached = subnets(plan)[subnet].get("networkSecurityGroup")
    group = plan.by_id(attached["id"]) if attached else None
    return [rule["properties"] for rule in group["properties"]["securityRules"]] if group else []


def allowed(rules: list[dict[str, Any]], direction: str) -> set[tuple[str, str]]:
    """Who may come in, or where traffic may go, each with a port."""
    key = "source" if direction == "Inbound" else "destination"
    found = set()
    for rule in rules:
        if rule["direction"] == direction and rule["access"] == "Allow" and rule["protocol"] in {"Tcp", "*"}:
            peers = rule.get(f"{key}AddressPrefixes") or [rule.get(f"{key}AddressPrefix")]
            ports = rule.get("destinationPortRanges") or [rule.get("destinationPortRange")]
            found |= {(peer, port) for peer in peers for port in ports}
    return found


def gateway_delegated(plan: Plan) -> Iterator[str]:
    """API Management of the classic tiers does not start in a delegated subnet."""
    yield from (str(each) for each in subnets(plan)[gateway_subnet(plan)].get("delegations", []))


def gateway_inbound(plan: Plan) -> Iterator[str]:
    """The control plane, the health probes and the clients come in."""
    found = allowed(rules_of(plan, gateway_subnet(plan)), "Inbound")
    yield from (f"{source} {port}" for source, port in sorted(INBOUND - found))
    if not any(port == "443" for _, port in found):
        yield "no client 443"


def gateway_open(plan: Plan) -> Iterator[str]:
    """Internal mode: nobody comes in from the internet."""
    found = allowed(rules_of(plan, gateway_subnet(plan)), "Inbound")
    yield from (f"{source} {port}" for source, port in found if source in {"Internet", "*", "0.0.0.0/0"})


def gateway_outbound(plan: Plan) -> Iterator[str]:
    """What the service itself needs."""
    found = allowed(rules_of(plan, gateway_subnet(plan)), "Outbound")
    yield from (f"{tag} {port}" for tag, port in sorted(OUTBOUND - found))


def gateway_to_endpoints(plan: Plan) -> Iterator[str]:
    """The gateway reaches the backend's private address."""
    prefix = subnets(plan)[endpoint_subnet(plan)]["addressPrefix"]
    if (prefix, "443") not in allowed(rules_of(plan, gateway_subnet(plan)), "Outbound"):
        yield f"{prefix} 443"


def integration(plan: Plan) -> dict[str, list[Resource]]:
    """The apps of each integration subnet."""
    found: dict[str, list[Resource]] = {}
    for site in plan.of(SITE):
        found.setdefault(last(site["properties"]["virtualNetworkSubnetId"]), []).append(site)
    return found


def integration_delegated(plan: Plan) -> Iterator[str]:
    """An integration subnet has the delegation of its plan."""
    wanted = DELEGATION[plan.parameters["hosting"]]
    for name in integration(plan):
        services = [each["properties"]["serviceName"] for each in subnets(plan)[name].get("delegations", [])]
        if services != [wanted]:
            yield f"{name}: {services}"


def integration_fit(plan: Plan) -> Iterator[str]:
    """Flex Consumption: 27 addresses at least, no underscore, no service endpoints, one plan."""
    for name, sites in integration(plan).items():
        subnet = subnets(plan)[name]
        if IPv4Network(subnet["addressPrefix"]).prefixlen > SMALLEST_INTEGRATION:
            yield f"{name}: {subnet['addressPrefix']}"
        if "_" in name or subnet.get("serviceEndpoints"):
            yield name
        if plan.parameters["hosting"] == "flex-consumption" and len(sites) != 1:
            yield f"{name}: {[site['name'] for site in sites]}"


def endpoint_rules_obeyed(plan: Plan) -> Iterator[str]:
    """By default no security rule applies to a private endpoint."""
    policies = subnets(plan)[endpoint_subnet(plan)].get("privateEndpointNetworkPolicies")
    if policies not in OBEYED:
        yield str(policies)


def endpoints_let_in(plan: Plan) -> Iterator[str]:
    """The gateway and both apps come in on 443."""
    found = allowed(rules_of(plan, endpoint_subnet(plan)), "Inbound")
    for name in (gateway_subnet(plan), *integration(plan)):
        prefix = subnets(plan)[name]["addressPrefix"]
        if (prefix, "443") not in found:
            yield f"{name} {prefix}"


def endpoints_keep_out(plan: Plan) -> Iterator[str]:
    """Nobody else does, which the default rules would allow to the whole network."""
    denied = [
        rule
        for rule in rules_of(plan, endpoint_subnet(plan))
        if rule["access"] == "Deny" and rule["direction"] == "Inbound" and rule["sourceAddressPrefix"] == "*"
    ]
    if not denied:
        yield "nobody is denied"


def overlapping(plan: Plan) -> Iterator[str]:
    """Every subnet lies in the network, and no two share an address."""
    prefixes = {name: IPv4Network(subnet["addressPrefix"]) for name, subnet in subnets(plan).items()}
    whole = [IPv4Network(each) for each in plan.one(NETWORK)["properties"]["addressSpace"]["addressPrefixes"]]
    for (one, prefix), (other, second) in combinations(prefixes.items(), 2):
        if prefix.overlaps(second):
            yield f"{one} {other}"
    yield from (name for name, prefix in prefixes.items() if not any(prefix.subnet_of(each) for each in whole))


def resolver_apart(plan: Plan) -> Iterator[str]:
    """The inbound endpoint has an address that stays, in a subnet of its own."""
    for endpoint in plan.of("Microsoft.Network/dnsResolvers/inboundEndpoints"):
        (address,) = endpoint["properties"]["ipConfigurations"]
        subnet = subnets(plan)[last(address["subnet"]["id"])]
        services = [each["properties"]["serviceName"] for each in subnet.get("delegations", [])]
        if services != ["Microsoft.Network/dnsResolvers"] or address["privateIpAllocationMethod"] != "Static":
            yield endpoint["name"]
        elif IPv4Address(address["privateIpAddress"]) not in IPv4Network(subnet["addressPrefix"]):
            yield address["privateIpAddress"]


def management_routed(plan: Plan) -> Iterator[str]:
    """Where a firewall is the next hop, the answers to the control plane are not sent through it."""
    for table in plan.of("Microsoft.Network/routeTables"):
        routes = {route["properties"]["addressPrefix"]: route["properties"] for route in table["properties"]["routes"]}
        if routes.get("ApiManagement", {}).get("nextHopType") != "Internet":
            yield table["name"]
        if subnets(plan)[gateway_subnet(plan)].get("routeTable", {}).get("id") != table["id"]:
            yield f"{table['name']} is not attached"


def everything_routed(plan: Plan) -> Iterator[str]:
    """Elastic Premium sends only private addresses through the network unless told otherwise."""
    for site in plan.of(SITE):
        routing = site["properties"].get("outboundVnetRouting") or {}
        if plan.parameters["hosting"] == "elastic-premium" and not routing.get("allTraffic"):
            yield site["name"]
        if "WEBSITE_VNET_ROUTE_ALL" in settings(site):
            yield f"{site['name']}: an old setting"


RULES_OF_NETWORK = (
    Rule(id="gateway-not-delegated", what="the gateway's subnet has no delegation", broken=gateway_delegated),
    Rule(id="gateway-inbound", what="3443, 6390 and clients come in at the gateway", broken=gateway_inbound),
    Rule(id="gateway-not-open", what="nobody comes in at the gateway from the internet", broken=gateway_open),
    Rule(id="gateway-outbound", what="what API Management depends on is let out", broken=gateway_outbound),
    Rule(id="gateway-to-endpoints", what="the gateway may call the endpoints' subnet", broken=gateway_to_endpoints),
    Rule(
        id="integration-delegated",
        what="integration subnets have their plan's delegation",
        broken=integration_delegated,
    ),
    Rule(id="integration-fit", what="integration subnets are large enough and serve one plan", broken=integration_fit),
    Rule(id="endpoint-rules-obeyed", what="security rules apply to private endpoints", broken=endpoint_rules_obeyed),
    Rule(id="endpoints-let-in", what="the gateway and the apps may reach the endpoints", broken=endpoints_let_in),
    Rule(id="endpoints-keep-out", what="nobody else may reach the endpoints", broken=endpoints_keep_out),
    Rule(id="subnets-apart", what="subnets lie in the network and do not overlap", broken=overlapping),
    Rule(id="resolver-apart", what="the resolver's address is fixed, in a subnet of its own", broken=resolver_apart),
    Rule(
        id="management-routed", what="a firewall does not swallow the control plane's answers", broken=management_routed
    ),
    Rule(id="everything-routed", what="all traffic of the apps goes through the network", broken=everything_routed),
)
