"""What was seen on the network, changed in one place of a whole proof."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from probes.failure import Failure
from probes.path import Path, Target
from probes.proof.records import Origin, Proof, Result
from probes.records import Connection, Credential, Exchange, Handshake, Observation, Resolution, Vantage
from tests.proof.bench import again, results, swapped, without
from tests.proof.changed import stage, with_trace

pytestmark = pytest.mark.asyncio(loop_scope="session")


def with_records(proof: Proof, look: str, kind: type[Observation], target: str, **changes: Any) -> Proof:
    """The proof with a change in every record of a kind that a sweep has of a target."""
    found = proof.look(look)
    assert found is not None

    def changed(record: Observation) -> Observation:
        return replace(record, **changes) if isinstance(record, kind) and record.target == target else record

    return swapped(proof, look, [changed(record) for record in found.sweep.observations])


@pytest.mark.parametrize(
    ("where", "kind", "changes", "disproven"),
    [
        ("client:gateway", Handshake, {"server_name": "other.example.com"}, {"tls-verified"}),
        ("probe:backend", Handshake, {"verify_code": None}, {"tls-verified"}),
        ("probe:backend", Handshake, {"verify_code": 20}, {"tls-verified"}),
        ("client:gateway", Exchange, {"body": "<html>"}, {"gateway-answers"}),
        ("client:gateway", Exchange, {"failure": Failure.CLOSED}, {"gateway-answers"}),
        ("probe:storage-blob", Exchange, {"status": 200}, {"dependencies-private"}),
        ("probe:scm", Exchange, {"status": 403}, {"deployment-site-private"}),
        ("probe:vault", Resolution, {"addresses": (), "failure": Failure.NXDOMAIN}, {"dependencies-private"}),
    ],
)
async def test_what_was_seen_otherwise_is_told(
    proofs: dict[str, Proof], where: str, kind: type[Any], changes: dict[str, Any], disproven: set[str]
) -> None:
    """The stages that rest on it, and no others."""
    look, _, target = where.partition(":")
    assert results(with_records(proofs["before"], look, kind, target, **changes), Result.DISPROVEN) == disproven


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, "", "which is no refusal of the caller's identity"),
        (503, "Function host is not running.", "which is no refusal of the caller's identity"),
        (403, "Ip Forbidden", "which is no refusal of the caller's identity"),
        (302, "", "which is no refusal of the caller's identity"),
    ],
)
async def test_an_answer_that_is_no_refusal_is_no_proof_of_one(
    proofs: dict[str, Proof], status: int, body: str, says: str
) -> None:
    """Not found, not running, the network turned away: a stranger with a way in may fare otherwise."""
    proof = proofs["before"]
    look = proof.look("probe")
    assert look is not None
    observations = [
        replace(record, status=status, body=body)
        if isinstance(record, Exchange) and record.target == "backend" and record.credential is Credential.NONE
        else record
        for record in look.sweep.observations
    ]
    found = stage(swapped(proof, "probe", observations), "identity-enforced")
    assert (found.result, says in found.says) == (Result.NOT_PROVEN, True)


def with_targets(proof: Proof, change: Callable[[Target], Target]) -> Proof:
    """The proof of a path whose file says something else."""

    def changed(path: Path) -> Path:
        return replace(path, targets=tuple(map(change, path.targets)))

    looks = tuple(replace(look, sweep=replace(look.sweep, path=changed(look.sweep.path))) for look in proof.looks)
    return again(proof, path=changed(proof.path), looks=looks)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"must_refuse": ()}, "must_refuse of target backend"),
        ({"audience": None, "must_refuse": ()}, "audience and must_refuse"),
        ({"must_refuse": (Credential.NONE, Credential.FOREIGN_TOKEN)}, None),
    ],
)
async def test_an_identity_that_was_not_tried_is_not_proven(
    proofs: dict[str, Proof], changes: dict[str, Any], key: str | None
) -> None:
    """The path file does not ask for it, or asks for more than was tried."""
    proof = with_targets(
        proofs["before"], lambda target: replace(target, **changes) if target.name == "backend" else target
    )
    found = stage(proof, "identity-enforced")
    assert found.result is Result.NOT_PROVEN
    assert any(key in step for step in found.measure) if key is not None else "was not tried" in found.says


async def test_the_probe_must_be_led_to_the_endpoint(proofs: dict[str, Proof]) -> None:
    """An address of the right subnet that neither the endpoint nor its record has."""
    proof = proofs["before"]
    look = proof.look("probe")
    assert look is not None
    observations = [
        replace(record, addresses=tuple(replace(one, address="10.80.20.9") for one in record.addresses))
        if isinstance(record, Resolution) and record.target == "backend"
        else record
        for record in look.sweep.observations
    ]
    found = stage(swapped(proof, "probe", observations), "control-plane-agrees")
    assert (found.result, "leads to 10.80.20.9, which neither" in found.says) == (Result.DISPROVEN, True)


async def test_a_call_without_an_id_cannot_be_followed(proofs: dict[str, Proof]) -> None:
    """It was answered as it should be, and nobody can say what became of it."""
    proof = with_records(proofs["before"], "client", Exchange, "gateway", correlation_id=None)
    found = stage(proof, "gateway-answers")
    assert (found.result, "carried no correlation id" in found.says) == (Result.NOT_PROVEN, True)


def by_way_of_gateway(proof: Proof, told: Exchange | None) -> Proof:
    """The proof without a workspace, its probe's sweep asked for by way of the gateway, which told this of its call."""
    looks = tuple(replace(look, origin=Origin.DIAGNOSE) if look.name == "probe" else look for look in proof.looks)
    probe = next(look for look in looks if look.name == "probe")
    records = (*probe.sweep.observations, *([] if told is None else [told]))
    return swapped(again(proof, looks=looks, calls=()), "probe", records)


async def test_the_gateways_own_word_stands_in_for_its_log(proofs: dict[str, Proof]) -> None:
    """Where no workspace was asked: that it was served; not that it said nothing, or was refused."""
    proof = proofs["before"]
    probe = proof.look("probe")
    assert probe is not None
    own = next(
        record for record in probe.sweep.observations if isinstance(record, Exchange) and record.target == "backend"
    )
    told = replace(own, id="backend/1/request/gateway", vantage=Vantage.GATEWAY, address=None, port=None)
    served = stage(by_way_of_gateway(proof, told), "gateway-reaches-backend")
    assert (served.result, served.evidence) == (Result.PROVEN, ("probe:backend/1/request/gateway",))
    refused = stage(by_way_of_gateway(proof, replace(told, status=401)), "gateway-reaches-backend")
    assert refused.result is Result.DISPROVEN
    silent = stage(by_way_of_gateway(proof, None), "gateway-reaches-backend")
    assert (silent.result, "without a word" in silent.says) == (Result.NOT_PROVEN, True)


async def test_a_stranger_who_shows_nothing_is_enough(proofs: dict[str, Proof]) -> None:
    """A network outside has no identity of the tenant: that no token could be shown there is no want."""
    proof = proofs["after"]
    outside = next(look for look in proof.looks if look.vantage is Vantage.OUTSIDE)
    tokens = [
        f"{outside.name}:{record.id}"
        for record in outside.sweep.observations
        if isinstance(record, Exchange) and record.credential is Credential.TOKEN
    ]
    assert tokens
    assert stage(without(proof, *tokens), "outside-refused").result is Result.PROVEN


async def test_plain_http_verifies_nobody(proofs: dict[str, Proof]) -> None:
    """There is no handshake to look at."""

    def plain(target: Target) -> Target:
        return replace(target, url=target.url.replace("https:", "http:")) if target.name == "gateway" else target

    found = stage(with_targets(proofs["before"], plain), "tls-verified")
    assert (found.result, "is plain HTTP" in found.says) == (Result.DISPROVEN, True)


async def test_a_path_without_a_role_proves_nothing_of_it(proofs: dict[str, Proof]) -> None:
    """No storage, no deployment site: what is not named was not looked at."""
    proof = proofs["before"]
    for role, name in (("storage", "dependencies-private"), ("scm", "deployment-site-private")):

        def kept(path: Path, role: str = role) -> Path:
            return replace(path, targets=tuple(target for target in path.targets if target.role != role))

        looks = tuple(replace(look, sweep=replace(look.sweep, path=kept(look.sweep.path))) for look in proof.looks)
        found = stage(again(proof, path=kept(proof.path), looks=looks), name)
        assert (found.result, found.says) == (Result.NOT_PROVEN, f"The path file has no target of role {role}.")


async def test_a_vault_is_not_asked_for_where_there_is_none(proofs: dict[str, Proof]) -> None:
    """Every Functions app has storage; not every one has a vault."""
    proof = proofs["before"]

    def kept(path: Path) -> Path:
        return replace(path, targets=tuple(target for target in path.targets if target.role != "key-vault"))

    looks = tuple(replace(look, sweep=replace(look.sweep, path=kept(look.sweep.path))) for look in proof.looks)
    assert stage(again(proof, path=kept(proof.path), looks=looks), "dependencies-private").result is Result.PROVEN


async def test_a_workspace_that_kept_rows_back_says_so(proofs: dict[str, Proof]) -> None:
    """What was not found may be there."""
    proof = without(proofs["before"], "client:gateway/request/1")
    cut = with_trace(proof, lambda trace: replace(trace, partial=True))
    found = stage(cut, "telemetry-linked")
    assert (found.result, "did not give all that it has" in found.says) == (Result.NOT_PROVEN, True)


async def test_a_private_address_that_does_not_connect_outside_is_shut(proofs: dict[str, Proof]) -> None:
    """A network with the zone and without the route: the name leads to an address that is of no use there."""
    proof = proofs["after"]
    outside = next(look for look in proof.looks if look.vantage is Vantage.OUTSIDE)
    address = "10.80.20.4"

    def led(record: Observation) -> Observation | None:
        match record:
            case Resolution() if record.target == "backend" and record.addresses:
                return replace(record, addresses=tuple(replace(one, address=address) for one in record.addresses))
            case Connection() if record.target == "backend":
                return replace(record, address=address, failure=Failure.TIMEOUT)
            case Handshake() | Exchange() if record.target == "backend":
                return None
        return record

    records = [found for record in outside.sweep.observations if (found := led(record)) is not None]
    assert stage(swapped(proof, outside.name, records), "outside-refused").result is Result.PROVEN
    open_line = [
        replace(record, failure=None) if isinstance(record, Connection) and record.target == "backend" else record
        for record in records
    ]
    assert stage(swapped(proof, outside.name, open_line), "outside-refused").result is Result.NOT_PROVEN
