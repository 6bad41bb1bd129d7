"""After the closure: a network outside that is turned away, and ones of which that cannot be said."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from lab.scenarios.article import APP, ENDPOINT_ADDRESS, PUBLIC_ADDRESS, SCM
from lab.scenarios.changes import change_listener
from lab.world import ListenerFault
from probes.proof.merge import Given
from probes.proof.records import Phase, Proof, Result, Source, Verdict
from tests.proof.bench import CLOSED, OPEN, Bench, bench, results

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[Bench]:
    """One lab that becomes each world in turn."""
    async with bench(CLOSED) as running:
        yield running


async def closed(lab: Bench, *merge: Given) -> Proof:
    """A proof after closure."""
    return await lab.proof(CLOSED, *merge)


async def test_inside_alone_is_no_proof_of_a_closed_door(lab: Bench) -> None:
    """The sweep from outside is lacking, and the command that makes it is named."""
    proof = await closed(lab)
    assert (proof.phase, proof.verdict) == (Phase.AFTER_CLOSURE, Verdict.INCOMPLETE)
    assert results(proof, Result.NOT_PROVEN) == {"outside-refused"}
    refused = proof.stage("outside-refused")
    assert refused is not None
    assert any("--vantage outside" in step for step in refused.measure)
    assert refused.measure[-1].endswith("--merge client.json outside.json -o proof.json")


async def test_a_network_that_is_turned_away_completes_it(lab: Bench) -> None:
    """Every target says so, or has no address there."""
    proof = await closed(lab, await lab.outside(CLOSED))
    assert proof.complete
    assert [look.file for look in proof.looks] == [None, "client.json", "outside.json"]


async def test_a_network_that_is_answered_disproves_it(lab: Bench) -> None:
    """A front end that lets it in; a refusal of the caller's identity is an answer as well."""
    proof = await closed(lab, await lab.outside(OPEN))
    assert (proof.verdict, results(proof, Result.DISPROVEN)) == (Verdict.DISPROVEN, {"outside-refused"})
    refused = proof.stage("outside-refused")
    assert refused is not None
    assert f"https://{APP}/api/orders answers 200 to a network outside, at {PUBLIC_ADDRESS}." in refused.why_not
    assert f"https://{SCM}/ answers 401 to a network outside, at {PUBLIC_ADDRESS}." in refused.why_not
    assert refused.causes == ("outside:public-path-open",)
    dependencies = proof.stage("dependencies-closed")
    assert dependencies is not None
    assert (dependencies.result, dependencies.seen_from) == (Result.DISPROVEN, (Source.OUTSIDE,))


@pytest.mark.parametrize("fault", [ListenerFault.DROPS, ListenerFault.CLOSED, ListenerFault.RESETS])
async def test_silence_is_no_refusal(lab: Bench, fault: ListenerFault) -> None:
    """A public address that does not answer may be closed, or the line may be down."""
    world = change_listener(CLOSED, PUBLIC_ADDRESS, fault=fault)
    proof = await closed(lab, await lab.outside(world))
    assert results(proof, Result.NOT_PROVEN) == {"outside-refused"}


async def test_a_hosts_file_outside_is_not_what_a_stranger_sees(lab: Bench) -> None:
    """It counts as an override as well, wherever it is."""
    world = replace(CLOSED, hosts={APP: ENDPOINT_ADDRESS})
    proof = await closed(lab, await lab.outside(world))
    assert results(proof, Result.NOT_PROVEN) == {"outside-refused"}
    assert results(proof, Result.DISPROVEN) == {"no-overrides"}


async def test_closed_by_word_where_azure_says_nothing(lab: Bench) -> None:
    """Whoever says that the door is shut has to prove it, though Azure says that it is open."""
    proof = await lab.proof(OPEN, closed=True)
    assert proof.phase is Phase.AFTER_CLOSURE
    assert results(proof, Result.DISPROVEN) == {"public-access-off"}
