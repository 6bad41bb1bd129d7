"""Proofs made elsewhere: taken in where they are of the same path and of now, refused where they are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probes.proof.merge import WINDOW, Given, MergeError, acceptable, merged
from probes.proof.records import Origin, Proof
from tests.proof.bench import again

pytestmark = pytest.mark.asyncio(loop_scope="session")


def client(proofs: dict[str, Proof]) -> Proof:
    """A proof of what the client saw, and nothing else."""
    proof = proofs["before"]
    return again(proof, looks=tuple(look for look in proof.looks if look.name == "client"))


def now(proof: Proof) -> datetime:
    """Just after it was made."""
    return proof.finished_at


async def test_a_proof_of_another_path_is_refused(proofs: dict[str, Proof]) -> None:
    """By name, or by what another file of that name says."""
    there = client(proofs)
    given = [Given(file="client.json", proof=there)]
    with pytest.raises(MergeError, match=r'"client\.json" is a proof of another path'):
        acceptable(given, replace(there.path, name="payments"), now(there))
    with pytest.raises(MergeError, match="the path as another file describes it"):
        acceptable(given, replace(there.path, resources={}), now(there))


async def test_a_proof_of_yesterday_is_refused(proofs: dict[str, Proof]) -> None:
    """And one of an hour ago is not."""
    there = client(proofs)
    given = [Given(file="client.json", proof=there)]
    acceptable(given, there.path, there.oldest_at + WINDOW)
    with pytest.raises(
        MergeError, match="holds what was seen 24 hours ago; allowed: what was seen within the last 60 min"
    ):
        acceptable(given, there.path, there.oldest_at + timedelta(days=1))


async def test_a_proof_of_tomorrow_is_refused(proofs: dict[str, Proof]) -> None:
    """Clocks go a little differently, and no more."""
    there = client(proofs)
    given = [Given(file="client.json", proof=there)]
    acceptable(given, there.path, there.oldest_at - timedelta(minutes=4))
    with pytest.raises(MergeError, match="was made in the future"):
        acceptable(given, there.path, there.oldest_at - timedelta(minutes=6))


async def test_one_sweep_counts_once(proofs: dict[str, Proof]) -> None:
    """A file that was copied proves nothing twice."""
    there = client(proofs)
    given = [Given(file="a.json", proof=there), Given(file="b.json", proof=there)]
    with pytest.raises(MergeError, match=r'"b\.json" and "a\.json" hold the same sweep'):
        acceptable(given, there.path, now(there))


async def test_a_proof_that_has_seen_nothing_is_refused(proofs: dict[str, Proof]) -> None:
    """There is nothing to take from it."""
    there = again(client(proofs), looks=())
    with pytest.raises(MergeError, match="holds no sweep"):
        acceptable([Given(file="client.json", proof=there)], there.path, now(there))


async def test_two_of_one_vantage_are_kept_apart(proofs: dict[str, Proof]) -> None:
    """Clients of two networks: each has a name of its own, and the file that it came from."""
    proof = proofs["before"]
    looks, calls = merged(
        (), (), [Given(file="spoke.json", proof=client(proofs)), Given(file="site.json", proof=proof)]
    )
    assert [(look.name, look.origin, look.file) for look in looks] == [
        ("client", Origin.MERGED, "spoke.json"),
        ("probe", Origin.MERGED, "site.json"),
        ("client-2", Origin.MERGED, "site.json"),
    ]
    assert [call.look for call in calls] == ["client", "client-2"]


async def test_times_are_compared_in_any_zone(proofs: dict[str, Proof]) -> None:
    """A clock is a clock."""
    there = client(proofs)
    acceptable([Given(file="client.json", proof=there)], there.path, now(there).astimezone(UTC))
