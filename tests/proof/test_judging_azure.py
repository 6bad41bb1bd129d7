"""What Azure says, changed in one place of a whole proof: the stage that it concerns is disproven, and no other."""

from typing import Any

import pytest

from probes.failure import Failure
from probes.proof.records import Proof, Result, Source
from probes.records import Reading, Vantage
from probes.resources import (
    AccessContent,
    BackendsContent,
    ConnectionsContent,
    ConnectivityContent,
    EndpointContent,
    NetworkContent,
    NetworkStatusContent,
    RecordContent,
    ServiceBackend,
    ServiceContent,
    ServiceNetwork,
    ZoneLink,
    ZoneLinksContent,
)
from tests.proof.bench import again, results, swapped
from tests.proof.changed import reading_of, stage, with_reading, with_record

pytestmark = pytest.mark.asyncio(loop_scope="session")
OTHER_SITE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/func-other"
OTHER_SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/vnet-other/subnets/a"


def link(**changes: Any) -> ZoneLink:
    """A link to another network."""
    fields: dict[str, Any] = {
        "name": "link-other",
        "virtual_network_id": OTHER_SUBNET.partition("/subnets")[0],
        "registration_enabled": False,
        "resolution_policy": "Default",
        "state": "Completed",
    }
    return ZoneLink(**fields | changes)


def entity(url: str, *, name: bool | None = True) -> ServiceBackend:
    """A backend entity."""
    return ServiceBackend(name="old", url=url, validate_chain=True, validate_name=name)


@pytest.mark.parametrize(
    ("kind", "changes", "disproven", "says"),
    [
        (ConnectionsContent, {"connections": ()}, "control-plane-agrees", "is not among its connections"),
        (EndpointContent, {"service_id": OTHER_SITE}, "control-plane-agrees", "func-other, and not of the site"),
        (EndpointContent, {"status": "Disconnected"}, "control-plane-agrees", "its connection is Disconnected"),
        (ZoneLinksContent, {"links": ()}, "control-plane-agrees", "is not linked to the network"),
        (ZoneLinksContent, {"links": (link(),)}, "control-plane-agrees", "is not linked to the network"),
        (ServiceContent, {"subnet_id": OTHER_SUBNET}, "backend-resolves-privately", "not in the path's"),
        (ServiceContent, {"network_type": "None"}, "backend-resolves-privately", "of network type None"),
        (
            NetworkStatusContent,
            {"networks": (ServiceNetwork(location="x", dns_servers=("10.0.0.9",), dependencies=()),)},
            "backend-resolves-privately",
            "asks 10.0.0.9 for names",
        ),
        (
            BackendsContent,
            {"backends": (entity("https://func-orders-prod.azurewebsites.net/api", name=False),)},
            "tls-verified",
            "does not check certificates",
        ),
        (BackendsContent, {"backends": (entity("https://10.1.2.3/api"),)}, "no-overrides", "calls an address"),
        (BackendsContent, {"backends": (entity("https://[fd00::1]/api"),)}, "no-overrides", "calls an address"),
    ],
)
async def test_what_azure_says_otherwise_is_told(
    proofs: dict[str, Proof], kind: type[Any], changes: dict[str, Any], disproven: str, says: str
) -> None:
    """One resource in another state."""
    proof = with_reading(proofs["before"], kind, **changes)
    assert results(proof, Result.DISPROVEN) - {"no-exceptions"} == {disproven}
    assert any(says in reason for reason in stage(proof, disproven).why_not)


async def test_an_entity_that_no_call_goes_through_is_let_be(proofs: dict[str, Proof]) -> None:
    """Its checks are off, and it is of another API."""
    lax = (entity("https://elsewhere.example/api", name=False),)
    assert results(with_reading(proofs["before"], BackendsContent, backends=lax), Result.DISPROVEN) == set()


async def test_a_link_to_the_hub_will_do_where_the_network_asks_there(proofs: dict[str, Proof]) -> None:
    """API Management asks there as well."""
    hub = ("10.90.0.4",)
    proof = with_reading(proofs["before"], NetworkContent, dns_servers=hub)
    known = (ServiceNetwork(location="x", dns_servers=hub, dependencies=()),)
    proof = with_reading(proof, NetworkStatusContent, networks=known)
    assert results(with_reading(proof, ZoneLinksContent, links=(link(),)), Result.DISPROVEN) == set()


async def test_an_endpoint_may_name_its_addresses_itself(proofs: dict[str, Proof]) -> None:
    """Without a zone group it does; then its interface is not asked for."""
    proof = with_reading(proofs["before"], EndpointContent, addresses=("10.80.20.4",), interface_ids=())
    assert stage(proof, "control-plane-agrees").result is Result.PROVEN
    other = with_reading(proofs["before"], EndpointContent, addresses=("10.80.20.5",), interface_ids=())
    assert stage(other, "control-plane-agrees").result is Result.DISPROVEN


@pytest.mark.parametrize("failure", [Failure.TIMEOUT, Failure.THROTTLED, Failure.MALFORMED_RESPONSE])
async def test_a_read_that_failed_is_lacking(proofs: dict[str, Proof], failure: Failure) -> None:
    """Whatever it failed of, nothing is taken for granted."""
    proof = proofs["before"]
    for kind in (RecordContent, ZoneLinksContent, ConnectionsContent):
        lame = with_record(proof, reading_of(proof, kind.kind), failure=failure, content=None, status=None)
        assert stage(lame, "control-plane-agrees").result is Result.NOT_PROVEN, kind


async def test_a_sweep_that_was_refused_gives_way_to_one_that_was_not(proofs: dict[str, Proof]) -> None:
    """Two sweeps have read Azure, and one of them may not read everything."""
    proof = proofs["before"]
    lame = with_record(proof, reading_of(proof, RecordContent.kind), failure=Failure.DENIED, content=None, status=403)
    agrees = stage(lame, "control-plane-agrees")
    assert (agrees.result, {name.partition(":")[0] for name in agrees.evidence}) == (Result.PROVEN, {"client"})


async def test_a_record_that_is_not_there_is_told(proofs: dict[str, Proof]) -> None:
    """404 is an answer."""
    proof = proofs["before"]
    gone = with_record(
        proof, reading_of(proof, RecordContent.kind), failure=Failure.NOT_FOUND, content=None, status=404
    )
    agrees = stage(gone, "control-plane-agrees")
    assert (agrees.result, agrees.says) == (
        Result.DISPROVEN,
        "The zone has no record of func-orders-prod.azurewebsites.net.",
    )


@pytest.mark.parametrize(
    ("access", "result"),
    [("SecuredByPerimeter", Result.PROVEN), ("Enabled", Result.DISPROVEN), (None, Result.NOT_PROVEN)],
)
async def test_a_perimeter_closes_as_well(proofs: dict[str, Proof], access: str | None, result: Result) -> None:
    """And silence does not."""
    proof = with_reading(proofs["after"], AccessContent, public_network_access=access)
    assert stage(proof, "dependencies-closed").result is result


def checked(proof: Proof, status: str | None) -> Proof:
    """The proof in which Azure has tested the way from API Management to the backend."""
    look = proof.looks[0]
    name = reading_of(proof, "api-management").partition(":")[2]
    service = next(record for record in look.sweep.observations if record.id == name)
    assert isinstance(service, Reading)
    content = ConnectivityContent(
        destination="func-orders-prod.azurewebsites.net",
        port=443,
        status=status,
        hops=(),
        average_ms=None,
        probes_sent=None,
        probes_failed=None,
    )
    check = Reading(
        id="backend/1/read/connectivity",
        target="backend",
        vantage=Vantage.GATEWAY,
        transaction="backend/1/read",
        attempt=1,
        started_ms=0.0,
        duration_ms=1.0,
        failure=None,
        detail=None,
        resource_id=service.resource_id,
        kind=ConnectivityContent.kind,
        status=200,
        content=content,
    )
    return swapped(proof, look.name, [*look.sweep.observations, check])


async def test_a_check_from_the_gateway_itself_counts(proofs: dict[str, Proof]) -> None:
    """Against the log where it fails; in its place where no workspace was asked."""
    proof = proofs["before"]
    assert stage(checked(proof, "Connected"), "gateway-reaches-backend").result is Result.PROVEN
    failed = stage(checked(proof, "Disconnected"), "gateway-reaches-backend")
    assert (failed.result, failed.seen_from) == (Result.DISPROVEN, (Source.GATEWAY,))
    alone = again(checked(proof, "Connected"), calls=())
    assert stage(alone, "gateway-reaches-backend").result is Result.PROVEN
    assert stage(again(proof, calls=()), "gateway-reaches-backend").result is Result.NOT_PROVEN
