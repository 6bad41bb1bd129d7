"""Sweeps that pages are made of: what the lab cannot show, or not at once."""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from probes.failure import Failure
from probes.judge.finding import Confidence, Discarded, Severity, Verdict
from probes.records import Reading, Vantage
from probes.resources import (
    ConnectionsContent,
    ConnectivityContent,
    Content,
    EndpointConnection,
    Hop,
    SiteContent,
    ZoneLink,
    ZoneLinksContent,
)
from probes.sweep import Sweep
from tests.sweeps import PRIVATELINK, PUBLIC, connection, exchange, finding, path, sweep, walk, wire_resolution

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-net-prod/providers"
SITE = f"{GROUP}/Microsoft.Web/sites/func-orders-prod"
ZONE = f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.azurewebsites.net"
SERVICE = f"{GROUP}/Microsoft.ApiManagement/service/apim-internal-prod"
COMMAND = (
    "az network private-dns link vnet create --resource-group rg-net-prod --zone-name privatelink.azurewebsites.net "
    f"--name link-vnet-prod-api --virtual-network {GROUP}/Microsoft.Network/virtualNetworks/vnet-prod-api "
    "--registration-enabled false"
)
HOSTILE = (
    "</script></style></title><script>pwned = 1</script><img src=x onerror=pwned=1><svg onload=pwned=1>"
    "\"' onmouseover=pwned=1 x='javascript:pwned=1&lt;\u202e\u2066\x1b[31m\r\n\0\ud800\u200b" + "W" * 200
)
KEPT = frozenset({"target", "address", "server", "source_address", "targets", "kind", "audience", "masked_by"})
"""Fields that a sweep is not read with unless they hold an address, a name of the path, or the id of a cause."""


def reading(kind: str, resource_id: str, content: Content | None, **changes: Any) -> Reading:
    """A read of Azure's control plane."""
    common: dict[str, Any] = {
        "id": f"backend/1/read/{kind}",
        "target": "backend",
        "vantage": Vantage.PROBE,
        "transaction": "backend/1/read",
        "attempt": 1,
        "started_ms": 30.0,
        "duration_ms": 84.5,
        "failure": None,
        "detail": None,
        "resource_id": resource_id,
        "kind": kind,
        "status": 200,
        "content": content,
    }
    return Reading(**common | changes)


def readings() -> tuple[Reading, ...]:
    """What Azure says of a site, a zone and a gateway; one read is refused, and one is the gateway's own look."""
    site = SiteContent(
        state="Running", enabled=True, availability_state="Normal", usage_state="Normal",
        default_host_name="func-orders-prod.azurewebsites.net", host_names=("func-orders-prod.azurewebsites.net",),
        public_network_access="Disabled", https_only=True, client_cert_enabled=False, subnet_id=None, dns_servers=(),
    )  # fmt: skip
    endpoint = EndpointConnection(
        endpoint_id=f"{GROUP}/Microsoft.Network/privateEndpoints/pe-orders", status="Approved", description=None,
        addresses=("10.80.20.4",), group_ids=("sites",),
    )  # fmt: skip
    link = ZoneLink(
        name="link-hub", virtual_network_id=f"{GROUP}/Microsoft.Network/virtualNetworks/vnet-hub",
        registration_enabled=False, resolution_policy="Default", state="Completed",
    )  # fmt: skip
    hops = (
        Hop(role="Source", address="10.80.10.5", resource_id=SERVICE, issues=()),
        Hop(role="Destination", address=None, resource_id=None, issues=("DnsResolution: no such host",)),
    )
    connectivity = ConnectivityContent(
        destination="func-orders-prod.azurewebsites.net", port=443, status="Disconnected", hops=hops,
        average_ms=None, probes_sent=3, probes_failed=3,
    )  # fmt: skip
    return (
        reading("site", SITE, site),
        reading("endpoint-connections", SITE, ConnectionsContent(connections=(endpoint,))),
        reading("zone-links", ZONE, ZoneLinksContent(links=(link,))),
        reading(
            "policy", SERVICE, None, status=403, failure=Failure.DENIED, detail="no Microsoft.ApiManagement/*/read"
        ),
        reading("connectivity", SERVICE, connectivity, vantage=Vantage.GATEWAY, id="gateway/1/read/connectivity"),
    )


def with_readings() -> Sweep:
    """A zone without a link, with Azure's own evidence."""
    cause = finding(
        evidence=("backend/1/resolve/platform/A", "backend/1/read/zone-links"),
        summary=f"Zone privatelink.azurewebsites.net is not linked to vnet-prod-api: {PRIVATELINK} ends in {PUBLIC}.",
        supported_by=("Azure lists one link, of another network",),
        fix=(COMMAND,),
    )
    denied = finding(
        "control-plane-denied", severity=Severity.INFORMATION, evidence=("backend/1/read/policy",), targets=("gateway",)
    )
    own = (wire_resolution(addresses=()), *walk()[3:])
    return sweep(*walk("gateway"), *own, *readings(), findings=(cause, denied), verdict=Verdict.BROKEN)


def several() -> Sweep:
    """Three causes of three weights, a consequence, a fix without a command, a name that only the reader knows."""
    first = finding(
        "connect-blocked",
        summary="Nothing answers at 10.80.20.4:443, where the backend has to be.",
        evidence=("backend/1/connect/10.80.20.4",),
        weakened_by=("no rule or route was seen",),
        confidence=Confidence.MEDIUM,
        discarded=(Discarded(id="record-stale", why="10.80.20.4 lies in the expected subnet"),),
        fix=(
            "Look at the rules of both subnets:",
            "az network nsg rule list --resource-group NSG_RESOURCE_GROUP --nsg-name NSG",
        ),
    )
    second = finding(
        "certificate-expires-soon",
        severity=Severity.WARNING,
        targets=("gateway",),
        evidence=("gateway/1/handshake/10.80.20.4",),
        fix=("Renew it.",),
    )
    third = finding("of-a-later-version", severity=Severity.INFORMATION, targets=("scm",), evidence=("scm/1/gone",))
    after = finding(
        "gateway-cannot-reach-backend",
        masked_by="connect-blocked",
        targets=("gateway", "backend"),
        evidence=("gateway/1/request/10.80.20.4/none",),
    )
    blocked = connection(failure=Failure.TIMEOUT, detail="no answer within 5 s")
    seen = exchange(
        None, vantage=Vantage.GATEWAY, status=None, reason=None, failure=Failure.BACKEND_CONNECTION_FAILURE, headers={}
    )
    return sweep(
        *walk("gateway"),
        *walk()[:4],
        blocked,
        *walk("scm"),
        seen,
        findings=(first, second, third, after),
        verdict=Verdict.BROKEN,
    )


def hostile() -> Sweep:
    """Every text that comes from elsewhere is an attack on the page."""
    plain = with_readings()
    observations = [
        poisoned(replace(each, detail=""), number) for number, each in enumerate((*several().observations, *readings()))
    ]
    ids = tuple(each.id for each in observations)
    findings = [
        replace(poisoned(each, number), evidence=(*ids, HOSTILE), fix=(f"az {HOSTILE}", HOSTILE), targets=each.targets)
        for number, each in enumerate(several().judgement.findings)
    ]
    return replace(
        plain,
        sweep_id=HOSTILE,
        observations=tuple(observations),
        judgement=replace(plain.judgement, findings=tuple(findings)),
        path=path(name="orders"),
    )


def large(targets: int) -> Sweep:
    """A path of so many targets, of which one fails."""
    names = [f"backend-{number}" for number in range(targets)]
    table = [{"name": each, "role": "backend", "url": f"https://{each}.azurewebsites.net/"} for each in names]
    records = [record for each in names for record in walk(each)]
    cause = finding(targets=(names[-1],), evidence=(f"{names[-1]}/1/resolve/platform/A",), fix=(COMMAND,))
    return sweep(*records, findings=(cause,), verdict=Verdict.BROKEN, path=path(targets=table))


def poisoned(value: Any, number: int, key: str = "") -> Any:
    """The value with an attack in place of every text."""
    if key in KEPT or isinstance(value, Enum | bool | datetime):
        return value
    if isinstance(value, str):
        return f"{HOSTILE}{number}" if key == "id" else HOSTILE
    if isinstance(value, tuple):
        return tuple(poisoned(each, number, key) for each in value)
    if isinstance(value, dict):
        return {f"{name}{HOSTILE}": poisoned(each, number) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: poisoned(getattr(value, each.name), number, each.name) for each in fields(value)}
        )
    return value
