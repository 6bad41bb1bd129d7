"""What Azure says, as the text tells it: quiet where all is well, and whole where a cause rests on it."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.records import Reading, Vantage
from probes.resources import (
    CONTENTS,
    AccessContent,
    AuthSettingsContent,
    BackendsContent,
    ConnectivityContent,
    DiagnosticContent,
    EndpointContent,
    NamedValue,
    NamedValuesContent,
    NetworkStatusContent,
    PolicyBackend,
    PolicyContent,
    RecordContent,
    ServiceBackend,
    ServiceDependency,
    ServiceNetwork,
    ZoneLink,
    ZoneLinksContent,
)
from probes.tell.readings import WORDS, says
from probes.tell.text import as_text
from tests import sweeps
from tests.azure.arm import arm, path, read
from tests.sweeps import finding, reading, site, sweep, walk

STORAGE_ALLOWED = "allowed: 198.51.100.7, snet-probe, pe-storders-blob Approved"


def group(*readings: Reading, width: int = 100, **options: Any) -> list[str]:
    """The lines under Azure."""
    lines = as_text(sweep(*walk(), *readings, **options), width).splitlines()
    start = lines.index("  Azure") + 1
    end = next(number for number, line in enumerate(lines) if number > start and not line)
    return lines[start:end]


def test_every_kind_has_words() -> None:
    """None is forgotten."""
    assert set(WORDS) == set(CONTENTS)


async def test_a_line_a_read() -> None:
    """Of the article's path, in Azure's own words."""
    async with arm() as it:
        found = await read(it.url, path())
    told: Mapping[str, str] = {name: says(record) for name, record in found.items() if record.content is not None}
    assert sorted(told.values()) == [
        "a-record func-orders-prod.privatelink.azurewebsites.net: 10.80.20.4, TTL 10",
        "a-record func-orders-prod.scm.privatelink.azurewebsites.net: 10.80.20.4, TTL 10",
        "a-record storders.privatelink.blob.core.windows.net: 10.80.20.5, TTL 10",
        "api orders: /orders, to https://func-orders-prod.azurewebsites.net/api",
        "api-management: Internal, Developer, Succeeded, 10.80.10.4, api.internal.example.com",
        "auth-settings: on, Return401, audiences api://orders",
        "backends: orders, pool, unchecked: orders",
        "diagnostic api/orders: correlation Legacy",
        "diagnostic service: correlation W3C, 100 % sampled",
        "endpoint-connections: pe-orders Approved",
        "named-values: backend-host = func-orders-prod.azurewebsites.net, backend-audience = api://orders",
        "network-access kv-orders: publicNetworkAccess Disabled, firewall Deny, allowed: none, no Private Endpoint",
        f"network-access storders: publicNetworkAccess Enabled, firewall Deny, {STORAGE_ALLOWED}",
        "network-interface pe-orders.nic: 10.80.20.4",
        "network-status: DNS servers 10.80.40.4, dependencies: 1, failing: none",
        "policy api/orders: sends to https://func-orders-prod.azurewebsites.net/api, token for api://orders",
        "policy fragment/to-orders: sends to backend orders",
        "policy service: sends to backend orders",
        "private-endpoint pe-orders: Approved, sites, to func-orders-prod",
        "private-endpoint pe-storders-blob: Approved, blob, to storders, 10.80.20.5",
        "route-table rt-apim: 0.0.0.0/0 to VirtualAppliance 10.90.0.4",
        "security-group nsg-apim: own rules: 1, denying: none",
        "security-group nsg-endpoints: own rules: 0, denying: none",
        "site func-probe-prod: Running",
        "site-config: publicNetworkAccess Disabled, access restrictions Allow, of the deployment site Deny, TLS 1.2",
        "site: Running, publicNetworkAccess Disabled, func-orders-prod.azurewebsites.net",
        "virtual-network vnet-orders: 10.80.0.0/16, DNS servers 10.80.40.4",
        "workspace log-orders: 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "zone-groups pe-orders: privatelink.azurewebsites.net",
        "zone-groups pe-storders-blob: privatelink.blob.core.windows.net",
        "zone-links privatelink.azurewebsites.net: vnet-orders (NxDomainRedirect)",
        "zone-links privatelink.blob.core.windows.net: vnet-orders (NxDomainRedirect)",
    ]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (reading(ZoneLinksContent(links=()), "z"), "zone-links z: none"),
        (reading(RecordContent(name="a", ttl_s=None, addresses=()), "a"), "a-record a: no address"),
        (
            reading(
                ZoneLinksContent(
                    links=tuple(
                        ZoneLink(
                            name=f"l{number}",
                            virtual_network_id=f"/x/vnet-{number}",
                            registration_enabled=None,
                            resolution_policy="Default",
                            state=None,
                        )
                        for number in range(6)
                    )
                ),
                "z",
            ),
            "zone-links z: vnet-0, vnet-1, vnet-2, vnet-3 and 2 more",
        ),
        (
            reading(
                PolicyContent(
                    scope="api",
                    backends=(
                        PolicyBackend(base_url="https://a", backend_id=None, decided=False),
                        PolicyBackend(base_url=None, backend_id=None, decided=False),
                    ),
                    inherits=True,
                    identity_audiences=(),
                ),
                "api/a",
            ),
            "policy api/a: sends to perhaps https://a, perhaps a fragment that was not read",
        ),
        (
            reading(PolicyContent(scope="api", backends=(), inherits=True, identity_audiences=())),
            "policy: names no backend",
        ),
        (
            reading(NamedValuesContent(values=(NamedValue(name="n", secret=True, value=None),))),
            "named-values: n is secret",
        ),
        (
            reading(
                NetworkStatusContent(
                    networks=(
                        ServiceNetwork(
                            location="x",
                            dns_servers=(),
                            dependencies=(
                                ServiceDependency(name="sql", status="failure", error="e", optional=False),
                                ServiceDependency(name="new", status="initializing", error=None, optional=False),
                            ),
                        ),
                    )
                )
            ),
            "network-status: DNS servers none, dependencies: 2, failing: sql",
        ),
        (
            reading(
                BackendsContent(backends=(ServiceBackend(name="a", url=None, validate_chain=None, validate_name=None),))
            ),
            "backends: a",
        ),
        (
            reading(DiagnosticContent(correlation=None, sampling_percent=None, always_log=None), "service"),
            "diagnostic service",
        ),
        (
            reading(
                AuthSettingsContent(
                    enabled=False,
                    require_authentication=None,
                    unauthenticated_action=None,
                    issuer=None,
                    client_id=None,
                    allowed_audiences=(),
                    allowed_applications=(),
                    excluded_paths=(),
                )
            ),
            "auth-settings: off",
        ),
        (
            reading(
                EndpointContent(
                    subnet_id=None, service_id=None, group_ids=(), status="Pending", interface_ids=(), addresses=()
                ),
                "pe",
            ),
            "private-endpoint pe: Pending, to unknown",
        ),
        (
            reading(
                AccessContent(
                    public_network_access=None, default_action=None, allowed_networks=(), bypass=None, connections=()
                )
            ),
            "network-access: allowed: none, no Private Endpoint",
        ),
    ],
)
def test_what_is_not_there_is_told(record: Reading, words: str) -> None:
    """None, no address, perhaps: what a reader would otherwise take for granted."""
    assert says(record) == words


def test_reads_that_are_well_are_one_line() -> None:
    """Each kind once, with its number."""
    assert group(reading(site()), reading(site(), "func-probe-prod"), reading(ZoneLinksContent(links=()))) == [
        "  ok   read        3 reads: site(2), zone-links"
    ]


def test_reads_that_say_something_have_their_own() -> None:
    """A failed one, one that a cause rests on; a policy that an operation does not have is none of these."""
    cause = finding(evidence=("backend/1/read/zone-links/z",))
    lines = group(
        reading(site()),
        reading(site(), "other", failure=Failure.DENIED, status=403, detail="403 AuthorizationFailed: No."),
        reading(ZoneLinksContent(links=()), "z"),
        reading(
            PolicyContent(scope="operation", backends=(), inherits=True, identity_audiences=()),
            "operation/one",
            failure=Failure.NOT_FOUND,
            status=404,
        ),
        findings=(cause,),
    )
    assert [" ".join(line.split()) for line in lines] == [
        "FAIL read site other -- denied: 403 AuthorizationFailed: No. 31.5 ms",
        "[1] read zone-links z: none 31.5 ms",
        "ok read 2 reads: site, policy",
    ]


def test_api_managements_own_test_is_always_told() -> None:
    """Somebody asked for it; it stands with what Azure says, and not as an attempt of another vantage."""
    content = ConnectivityContent(
        destination="func",
        port=443,
        status="Connected",
        hops=(),
        average_ms=3.0,
        probes_sent=3,
        probes_failed=0,
    )
    (line,) = group(reading(content, "func", vantage=Vantage.GATEWAY))
    assert " ".join(line.split()) == "ok read connectivity func: func:443 Connected 31.5 ms"
    assert "seen by gateway" not in as_text(sweep(*walk(), reading(content, "func", vantage=Vantage.GATEWAY)))


def test_from_outside_azure_is_read_as_from_anywhere() -> None:
    """There a step that works is not in order; a read that works is."""
    outside = sweep(*walk(), reading(site(), vantage=Vantage.OUTSIDE), path=sweeps.path(vantage="outside"))
    assert "  ok   read        1 read: site" in as_text(outside)


def test_a_narrow_terminal_folds_the_line() -> None:
    """Between words."""
    lines = group(
        *(reading(site(), f"s{number}") for number in range(3)), reading(ZoneLinksContent(links=())), width=40
    )
    assert "".join(" ".join(line.split()) for line in lines).startswith("ok read 4 reads: site(3),")
