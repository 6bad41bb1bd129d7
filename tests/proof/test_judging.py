"""Stages judged over records that no world of the lab leaves: one record of a whole proof changed, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from probes.failure import Failure
from probes.proof.records import Asked, Phase, Proof, Result, Verdict
from probes.records import Exchange, Observation, Resolution, Vantage
from probes.resources import AccessContent, RecordContent, SiteConfigContent, SiteContent
from tests.proof.bench import again, results, swapped, without
from tests.proof.changed import stage, with_reading, with_request, with_row, with_trace

pytestmark = pytest.mark.asyncio(loop_scope="session")
OTHER_SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/vnet-other/subnets/a"


async def test_another_status_than_the_client_saw_is_another_gateway(proofs: dict[str, Proof]) -> None:
    """The log has 500 under the id of a call that was answered 200."""
    found = stage(with_row(proofs["before"], status=500), "gateway-logged")
    assert found.result is Result.DISPROVEN
    assert found.says.startswith("The gateway's log says 500 of ")
    assert found.says.endswith(", and the client was answered 200.")


async def test_the_id_of_a_call_of_yesterday_is_no_evidence(proofs: dict[str, Proof]) -> None:
    """Whoever answers may send back an id that the workspace knows from before."""
    proof = proofs["before"]
    before = proof.made_at - timedelta(days=1)
    old = with_request(with_row(proof, at=before), at=before)
    assert results(old, Result.DISPROVEN) == {"gateway-logged", "telemetry-linked"}
    assert results(old, Result.NOT_PROVEN) == {"execution-confirmed", "gateway-reaches-backend"}
    assert stage(old, "gateway-logged").says.endswith("Z: it is another call's.")


@pytest.mark.parametrize("of", ["the call", "its records"])
async def test_the_records_of_another_call_are_no_evidence(proofs: dict[str, Proof], of: str) -> None:
    """A file may hold what was kept of a call that worked, beside the sweep of one that nobody has followed."""
    other = "0" * 32
    if of == "the call":
        proof = again(proofs["before"], calls=[replace(call, correlation_id=other) for call in proofs["before"].calls])
    else:
        proof = with_trace(proofs["before"], lambda trace: replace(trace, correlation_id=other))
    lost = {"gateway-logged", "telemetry-linked", "execution-confirmed", "gateway-reaches-backend"}
    assert results(proof, Result.NOT_PROVEN) == lost
    assert " are not those of the call of " in stage(proof, "gateway-logged").says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"subnet_id": OTHER_SUBNET}, "is not integrated into the network of the path"),
        ({"subnet_id": None}, "is not integrated into the network of the path"),
        ({"dns_servers": ("10.9.9.9",)}, "has DNS servers of its own, 10.9.9.9"),
    ],
)
async def test_a_probe_elsewhere_does_not_ask_as_the_gateway_does(
    proofs: dict[str, Proof], changes: dict[str, Any], says: str
) -> None:
    """What it is told of the backend's name says nothing then."""
    found = stage(with_reading(proofs["before"], SiteContent, **changes), "backend-resolves-privately")
    assert found.result is Result.NOT_PROVEN
    assert says in found.says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"carries_id": False}, "does not bear the id itself"),
        ({"role": "func-other-prod"}, "is one of func-other-prod, and not of the backend"),
        ({"role": "func-orders"}, "is one of func-orders, and not of the backend"),
        ({"role": None}, "is one of an app without a name, and not of the backend"),
    ],
)
async def test_a_request_that_is_not_the_backends_is_no_link(
    proofs: dict[str, Proof], changes: dict[str, Any], says: str
) -> None:
    """It shares the operation only, or is another app's."""
    proof = with_request(proofs["before"], **changes)
    found = stage(proof, "telemetry-linked")
    assert found.result is Result.DISPROVEN
    assert says in found.says
    assert stage(proof, "execution-confirmed").result is Result.NOT_PROVEN


@pytest.mark.parametrize(
    ("changes", "result", "says"),
    [
        ({"success": False, "code": "500"}, Result.DISPROVEN, "and answered 500."),
        ({"code": "202"}, Result.DISPROVEN, "recorded 202, and the gateway got 200"),
        ({"success": None}, Result.NOT_PROVEN, "does not say whether it succeeded"),
        ({"success": False, "code": "200"}, Result.NOT_PROVEN, "that is a refusal, and none of its operations"),
    ],
)
async def test_a_run_that_is_not_told_as_a_success_is_none(
    proofs: dict[str, Proof], changes: dict[str, Any], result: Result, says: str
) -> None:
    """What the record says of the run decides, and not that there is one."""
    found = stage(with_request(proofs["before"], **changes), "execution-confirmed")
    assert (found.result, says in found.says) == (result, True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"backend_url": "https://10.80.20.4/api/health"}, "which is not the backend"),
        ({"backend_url": "https://func-old.azurewebsites.net/api"}, "which is not the backend"),
        ({"backend_url": None, "backend_status": None}, "without calling a backend."),
        (
            {"backend_url": None, "error_reason": "RateLimitExceeded", "error_source": "rate-limit-by-key"},
            "without calling a backend: RateLimitExceeded of rate-limit-by-key.",
        ),
        (
            {"backend_status": None, "error_reason": "BackendConnectionFailure"},
            "got no answer: BackendConnectionFailure",
        ),
        ({"backend_status": 403}, "and got 403"),
    ],
)
async def test_the_gateways_row_says_what_it_called(
    proofs: dict[str, Proof], changes: dict[str, Any], says: str
) -> None:
    """Another host, an address, nobody, or somebody who did not serve it."""
    found = stage(with_row(proofs["before"], **changes), "gateway-reaches-backend")
    assert found.result is Result.DISPROVEN
    assert says in found.says


@pytest.mark.parametrize(
    ("kind", "changes", "says"),
    [
        (SiteConfigContent, {"allowed_networks": ("198.51.100.7/32",)}, "still let in 198.51.100.7/32"),
        (SiteConfigContent, {"scm_allowed_networks": ("AzureDevOps",)}, "still let in AzureDevOps"),
        (RecordContent, {"addresses": ("10.80.20.4", "10.80.20.30")}, "has 10.80.20.30"),
        (AccessContent, {"allowed_networks": ("198.51.100.7",)}, "lets in 198.51.100.7"),
    ],
)
async def test_an_exception_that_is_left_is_told(
    proofs: dict[str, Proof], kind: type[Any], changes: dict[str, Any], says: str
) -> None:
    """A restriction, a record beside, a rule of a firewall; and nothing else is disproven by it."""
    proof = with_reading(proofs["before"], kind, **changes)
    assert results(proof, Result.DISPROVEN) == {"no-exceptions"}
    assert any(says in reason for reason in stage(proof, "no-exceptions").why_not)


async def test_a_firewall_behind_a_closed_door_is_no_exception(proofs: dict[str, Proof]) -> None:
    """A rule that counts for nothing while public access is off."""
    proof = with_reading(proofs["after"], AccessContent, allowed_networks=("198.51.100.7",))
    assert stage(proof, "no-exceptions").result is Result.PROVEN


async def test_a_record_of_another_address_is_not_the_endpoints(proofs: dict[str, Proof]) -> None:
    """What Azure says of the record contradicts what it says of the endpoint."""
    proof = with_reading(proofs["before"], RecordContent, addresses=("10.80.20.30",))
    assert {"control-plane-agrees", "no-exceptions"} <= results(proof, Result.DISPROVEN)


async def test_null_is_no_proof_of_a_closed_door(proofs: dict[str, Proof]) -> None:
    """Azure does not say; and where it says that the door is open, that is told."""
    silent = with_reading(proofs["after"], SiteContent, public_network_access=None)
    opened = with_reading(proofs["after"], SiteContent, public_network_access="Enabled")
    assert stage(silent, "public-access-off").result is Result.NOT_PROVEN
    assert stage(opened, "public-access-off").result is Result.DISPROVEN


async def test_a_stage_can_be_asked_for(proofs: dict[str, Proof]) -> None:
    """Then the proof is not complete without it."""
    asked = Asked(require=("dependencies-closed",))
    assert again(proofs["before"], asked=asked).verdict is Verdict.DISPROVEN
    assert again(proofs["after"], asked=asked).verdict is Verdict.COMPLETE


async def test_the_closed_door_is_part_of_a_proof_after_closure(proofs: dict[str, Proof]) -> None:
    """The same evidence that was complete before the closure is not afterwards."""
    proof = again(proofs["before"], phase=Phase.AFTER_CLOSURE)
    assert results(proof, Result.DISPROVEN) == {"public-access-off"}
    assert results(proof, Result.NOT_PROVEN) == {"outside-refused"}


async def test_what_a_second_sweep_saw_counts_against_the_first(proofs: dict[str, Proof]) -> None:
    """A client in another network whose resolver leads it astray: one of two is not enough."""
    proof = proofs["before"]
    client = next(look for look in proof.looks if look.vantage is Vantage.CLIENT)

    def astray(record: Observation) -> Observation:
        if isinstance(record, Resolution) and record.addresses:
            return replace(record, addresses=tuple(replace(one, address="203.0.113.9") for one in record.addresses))
        return record

    other = replace(client, name="client-2")
    both = again(proof, looks=(*proof.looks, other))
    wrong = swapped(both, "client-2", [astray(record) for record in other.sweep.observations])
    # The second client's call was not followed by anybody.
    assert stage(both, "gateway-resolves-privately").result is Result.PROVEN
    assert stage(both, "gateway-logged").result is Result.NOT_PROVEN
    found = stage(wrong, "gateway-resolves-privately")
    assert (found.result, {name.partition(":")[0] for name in found.evidence}) == (Result.DISPROVEN, {"client-2"})


async def test_a_refusal_that_is_a_failure_is_none(proofs: dict[str, Proof]) -> None:
    """Whoever does not answer a stranger has not refused him."""

    def cut(record: Observation) -> Observation:
        if isinstance(record, Exchange) and record.target == "backend" and record.status == 401:
            return replace(record, failure=Failure.RESET, status=None)
        return record

    proof = proofs["before"]
    look = proof.looks[0]
    found = stage(swapped(proof, look.name, [cut(record) for record in look.sweep.observations]), "identity-enforced")
    assert (found.result, "no whole answer" in found.says) == (Result.NOT_PROVEN, True)


@pytest.mark.parametrize(
    ("key", "name"),
    [("body_contains", "gateway-answers"), ("private_subnets", "gateway-resolves-privately")],
)
async def test_a_path_file_that_does_not_say_proves_nothing(proofs: dict[str, Proof], key: str, name: str) -> None:
    """Where an address must lie, or what only the right application answers; the key is named."""
    proof = proofs["before"]

    def silent(path: Any) -> Any:
        targets = tuple(
            replace(target, **{key: () if key == "private_subnets" else None, "correlation": False})
            for target in path.targets
        )
        return replace(path, targets=targets)

    looks = tuple(replace(look, sweep=replace(look.sweep, path=silent(look.sweep.path))) for look in proof.looks)
    found = stage(again(proof, path=silent(proof.path), looks=looks), name)
    assert found.result is Result.NOT_PROVEN
    assert any(f"{key} of target gateway" in step for step in found.measure)


async def test_causes_are_those_of_the_sweeps(proofs: dict[str, Proof]) -> None:
    """A finding whose evidence contradicts a stage is named with the sweep that found it."""
    left = {each.id: each.causes for each in proofs["before"].stages if each.causes}
    assert left["dependencies-closed"] == ("probe:storage-not-private", "probe:key-vault-not-private")


async def test_without_its_row_the_call_is_late_and_not_unmade(proofs: dict[str, Proof]) -> None:
    """A row that is not there says nothing of the call."""
    found = stage(without(proofs["before"], "client:gateway/log/1"), "gateway-logged")
    assert (found.result, "it is late, or it is lost on the way" in found.says) == (Result.NOT_PROVEN, True)
