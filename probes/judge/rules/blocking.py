"""What Azure's groups and routes make of a call, in words: who denies it, and the line that lets exactly it through."""

from collections.abc import Mapping, Sequence

from probes.judge.azure import Outcome, Way
from probes.judge.azure.readings import resource_name, segment
from probes.judge.rule import Match
from probes.judge.scene import Scene, View

DECIDED = frozenset({Outcome.DENIED, Outcome.DROPPED})
UNBLOCK = (
    "Priority {taken_priority} is the first there is, and rule {crowded_rule} has it: give that a later one, then allow this call before it:",
    "az network nsg rule update --resource-group {crowded_group} --subscription {crowded_subscription} --nsg-name {nsg} --name {crowded_rule} --priority {later_priority}",
    "Allow exactly this call before rule {rule}, which stays as it is for all others:",
    "az network nsg rule create --resource-group {nsg_group} --subscription {nsg_subscription} --nsg-name {nsg} --name {allow_name} --priority {allow_priority} --direction {direction} --access Allow --protocol Tcp --source-address-prefixes {source_prefix} --destination-address-prefixes {blocked_address} --destination-port-ranges {blocked_port}",
    "The subnet has further prefixes, for which it takes the same: {other_prefixes}.",
    "Let exactly this address past route {dropping_route}, which stays as it is for all others: {passing_prefix} lies in the same network:",
    "az network route-table route create --resource-group {table_group} --subscription {table_subscription} --route-table-name {table} --name {passing_name} --address-prefix {passing_prefix} --next-hop-type VnetLocal",
    "Take route {deleted_route} away, or make it narrower: nothing that it takes in leaves the subnet:",
    "az network route-table route delete --resource-group {table_group} --subscription {table_subscription} --route-table-name {table} --name {deleted_route}",
)
"""Steps of a fix where a rule or a route decides."""


def way_words(way: Way | None, address: str, port: int) -> Mapping[str, str]:
    """The words of what decides; empty where Azure was not asked."""
    if way is None:
        return {}
    match way.outcome:
        case Outcome.DENIED:
            return denied(way, address, port)
        case Outcome.DROPPED if way.route is not None:
            return {
                "blocker": f"route {way.route.name} ({way.route.prefix}) of table {resource_name(way.table_id)} drops what goes there (next hop None), as Azure has it configured",
                "table": resource_name(way.table_id) or "ROUTE_TABLE",
                "table_group": segment(way.table_id, "resourceGroups") or "NETWORK_RESOURCE_GROUP",
                "table_subscription": segment(way.table_id, "subscriptions") or "SUBSCRIPTION",
                "dropping_route": way.route.name,
                **past(way, address),
            }
        case Outcome.APPLIANCE if way.route is not None:
            hop = way.route.next_hop_address or "a firewall"
            return {"firewall": hop, "firewall_route": way.route.name}
        case Outcome.OPEN:
            return {"open_way": "open"}
    return {"untold": way.why}


def past(way: Way, address: str) -> Mapping[str, str]:
    """Around a route that drops: a narrower one to an address in the same network, else without the route."""
    if way.route is None:
        return {}
    narrow = way.route.prefix.endswith(("/32", "/128"))
    if way.local and not narrow:
        bits = "128" if ":" in address else "32"
        return {"passing_prefix": f"{address}/{bits}", "passing_name": f"to-{address.replace(':', '-')}"}
    return {"deleted_route": way.route.name}


def denied(way: Way, address: str, port: int) -> Mapping[str, str]:
    """The words of a rule that denies."""
    rule = way.rule
    if rule is None:
        return {}
    first, *others = way.sources or ("*",)
    group = segment(way.group_id, "resourceGroups") or "NETWORK_RESOURCE_GROUP"
    subscription = segment(way.group_id, "subscriptions") or "SUBSCRIPTION"
    name = resource_name(way.group_id) or "NSG"
    crowded = way.priority is None
    found = {
        "blocker": f"rule {rule.name} ({rule.direction} {rule.priority}) of security group {name} denies it, as Azure has it configured",
        "nsg": name,
        "nsg_group": group,
        "nsg_subscription": subscription,
        "rule": rule.name,
        "direction": rule.direction,
        "allow_name": f"Allow-{address.replace(':', '-')}-{port}",
        "allow_priority": str(rule.priority if crowded else way.priority),
        "source_prefix": first,
        "blocked_address": address,
        "blocked_port": str(port),
        **({"other_prefixes": ", ".join(others)} if others else {}),
    }
    if crowded:
        found |= {
            "crowded_rule": rule.name,
            "crowded_group": group,
            "crowded_subscription": subscription,
            "taken_priority": str(rule.priority),
            "later_priority": str(way.later or rule.priority + 1),
        }
    return found


def decider(way: Way | None) -> str | None:
    """What stands for the rule or route that decides, `None` = nothing surely does."""
    if way is None or way.outcome not in DECIDED:
        return None
    return f"{way.group_id or way.table_id}/{way.rule.name if way.rule is not None else way.route and way.route.name}"


def blocked_way(view: View, addresses: Sequence[str]) -> tuple[str, Way] | None:
    """The first of these addresses that something surely keeps the probe from, else the first of all."""
    azure = view.scene.azure
    if azure.silent:
        return None
    ways = [(one, azure.way(azure.probe_subnet_id, view.target, one, view.target.port)) for one in addresses]
    known = [(one, way) for one, way in ways if way is not None]
    return next((each for each in known if decider(each[1])), known[0] if known else None)


def denied_by_azure(_scene: Scene, match: Match) -> bool:
    return "rule" in match.words or "dropping_route" in match.words


def open_by_azure(_scene: Scene, match: Match) -> bool:
    return "open_way" in match.words
