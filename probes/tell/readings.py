"""What a read of Azure brought, in a few words: what a rule or a reader looks for first, in Azure's own terms."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from probes.records import Reading
from probes.resources import (
    AccessContent,
    ApiContent,
    AuthSettingsContent,
    BackendsContent,
    ConnectionsContent,
    ConnectivityContent,
    DiagnosticContent,
    EndpointConnection,
    EndpointContent,
    InterfaceContent,
    NamedValuesContent,
    NetworkContent,
    NetworkStatusContent,
    PolicyBackend,
    PolicyContent,
    RecordContent,
    RouteTableContent,
    SecurityGroupContent,
    ServiceContent,
    SiteConfigContent,
    SiteContent,
    WorkspaceContent,
    ZoneGroupsContent,
    ZoneLink,
    ZoneLinksContent,
)

MOST_TOLD = 4
"""Items of a list that are told one by one."""
READ = "/read/"


def title(record: Reading) -> str:
    """What was read, as its id has it: `site`, `private-endpoint pe-orders`."""
    return (record.id.partition(READ)[2] or record.kind).replace("/", " ", 1)


def says(record: Reading) -> str:
    """What was read and what it says."""
    tell = WORDS.get(type(record.content))
    words = tell(record.content) if tell is not None else ""
    return f"{title(record)}: {words}" if words else title(record)


def joined(*parts: str | None) -> str:
    """Those that say anything."""
    return ", ".join(part for part in parts if part)


def labelled(label: str, value: object) -> str | None:
    """A value with its name, nothing where the answer does not have it."""
    return None if value is None else f"{label} {str(value).lower() if isinstance(value, bool) else value}"


def listed(items: Iterable[str], none: str = "none") -> str:
    """The first of them and how many more there are."""
    every = list(items)
    more = f" and {len(every) - MOST_TOLD} more" if len(every) > MOST_TOLD else ""
    return f"{', '.join(every[:MOST_TOLD])}{more}" if every else none


def last(resource_id: str | None) -> str:
    """Name of a resource by its id."""
    return (resource_id or "").rstrip("/").rpartition("/")[2] or "unknown"


def _site(it: SiteContent) -> str:
    return joined(it.state, labelled("publicNetworkAccess", it.public_network_access), it.default_host_name)


def _config(it: SiteConfigContent) -> str:
    return joined(
        labelled("publicNetworkAccess", it.public_network_access),
        labelled("access restrictions", it.default_action),
        labelled("of the deployment site", it.scm_default_action),
        labelled("TLS", it.min_tls_version),
    )


def _connection(it: EndpointConnection) -> str:
    return joined(f"{last(it.endpoint_id)} {it.status or 'in an unknown state'}")


def _connections(it: ConnectionsContent) -> str:
    return listed(map(_connection, it.connections))


def _auth(it: AuthSettingsContent) -> str:
    if not it.enabled:
        return "off"
    return joined("on", it.unauthenticated_action, f"audiences {listed(it.allowed_audiences)}")


def _endpoint(it: EndpointContent) -> str:
    return joined(it.status, *it.group_ids, f"to {last(it.service_id)}", *it.addresses)


def _addresses(it: InterfaceContent) -> str:
    return listed(it.addresses)


def _groups(it: ZoneGroupsContent) -> str:
    return listed(map(last, it.zone_ids))


def _link(it: ZoneLink) -> str:
    policy = f" ({it.resolution_policy})" if it.resolution_policy not in {None, "Default"} else ""
    return f"{last(it.virtual_network_id)}{policy}"


def _links(it: ZoneLinksContent) -> str:
    return listed(map(_link, it.links))


def _record(it: RecordContent) -> str:
    return joined(listed(it.addresses, "no address"), labelled("TTL", it.ttl_s))


def _network(it: NetworkContent) -> str:
    return joined(listed(it.prefixes), f"DNS servers {listed(it.dns_servers, 'of Azure')}")


def _security_group(it: SecurityGroupContent) -> str:
    own = [rule for rule in it.rules if not rule.default]
    denying = [rule.name for rule in own if rule.access == "Deny"]
    return joined(f"own rules: {len(own)}", f"denying: {listed(denying)}")


def _route_table(it: RouteTableContent) -> str:
    return listed(
        f"{route.prefix} to {' '.join(word for word in (route.next_hop, route.next_hop_address) if word)}"
        for route in it.routes
    )


def _service(it: ServiceContent) -> str:
    names = [name.host_name for name in it.host_names if name.role == "Proxy"]
    return joined(it.network_type, it.sku, it.provisioning_state, *it.private_addresses, listed(names, ""))


def _network_status(it: NetworkStatusContent) -> str:
    servers = listed(dict.fromkeys(server for network in it.networks for server in network.dns_servers))
    every = [each for network in it.networks for each in network.dependencies]
    failing = [each.name for each in every if each.status not in {"success", "initializing"}]
    return joined(f"DNS servers {servers}", f"dependencies: {len(every)}", f"failing: {listed(failing)}")


def _api(it: ApiContent) -> str:
    return joined(f"/{it.path}", f"to {it.service_url}" if it.service_url else None)


def _backend(it: PolicyBackend) -> str:
    where = it.base_url or (f"backend {it.backend_id}" if it.backend_id else "a fragment that was not read")
    return where if it.decided else f"perhaps {where}"


def _policy(it: PolicyContent) -> str:
    identity = f"token for {listed(it.identity_audiences)}" if it.identity_audiences else None
    return joined(f"sends to {listed(map(_backend, it.backends))}" if it.backends else "names no backend", identity)


def _named_values(it: NamedValuesContent) -> str:
    return listed(f"{value.name} {'is secret' if value.value is None else f'= {value.value}'}" for value in it.values)


def _backends(it: BackendsContent) -> str:
    unchecked = [each.name for each in it.backends if each.validate_chain is False or each.validate_name is False]
    return joined(listed(each.name for each in it.backends), f"unchecked: {listed(unchecked)}" if unchecked else None)


def _diagnostic(it: DiagnosticContent) -> str:
    sampled = None if it.sampling_percent is None else f"{it.sampling_percent:g} % sampled"
    return joined(labelled("correlation", it.correlation), sampled)


def _access(it: AccessContent) -> str:
    return joined(
        labelled("publicNetworkAccess", it.public_network_access),
        labelled("firewall", it.default_action),
        f"allowed: {listed(map(last, it.allowed_networks))}",
        listed(map(_connection, it.connections), "no Private Endpoint"),
    )


def _workspace(it: WorkspaceContent) -> str:
    return it.workspace_id or ""


def _connectivity(it: ConnectivityContent) -> str:
    hops = [hop.address or hop.role for hop in it.hops]
    issues = [issue for hop in it.hops for issue in hop.issues]
    return joined(
        f"{it.destination}:{it.port} {it.status or 'without a result'}",
        f"by way of {listed(hops)}" if hops else None,
        f"issues: {listed(issues)}" if issues else None,
    )


WORDS: dict[type[Any], Callable[[Any], str]] = {
    SiteContent: _site,
    SiteConfigContent: _config,
    ConnectionsContent: _connections,
    AuthSettingsContent: _auth,
    EndpointContent: _endpoint,
    InterfaceContent: _addresses,
    ZoneGroupsContent: _groups,
    ZoneLinksContent: _links,
    RecordContent: _record,
    NetworkContent: _network,
    SecurityGroupContent: _security_group,
    RouteTableContent: _route_table,
    ServiceContent: _service,
    NetworkStatusContent: _network_status,
    ApiContent: _api,
    PolicyContent: _policy,
    NamedValuesContent: _named_values,
    BackendsContent: _backends,
    DiagnosticContent: _diagnostic,
    AccessContent: _access,
    WorkspaceContent: _workspace,
    ConnectivityContent: _connectivity,
}
"""One a kind of content."""


def kinds(records: Sequence[Reading]) -> str:
    """What was read, each kind once, with its number where it is several."""
    counts: dict[str, int] = {}
    for record in records:
        counts[record.kind] = counts.get(record.kind, 0) + 1
    return ", ".join(kind if number == 1 else f"{kind}({number})" for kind, number in counts.items())
