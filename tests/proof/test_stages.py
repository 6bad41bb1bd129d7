"""Each stage where what it is about is not so, in the lab; and where its sources are missing."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
import pytest_asyncio

from lab.azure.knowledge import Refusal
from lab.scenarios.article import PRIVATELINK
from lab.scenarios.azure.healthy import knowing
from lab.scenarios.changes import change_zone
from probes.proof.causes import causes
from probes.proof.document import dumps, loads
from probes.proof.records import Proof, Result, Verdict
from probes.proof.stages import STAGES
from probes.records import Vantage
from tests.proof.bench import OPEN, Bench, bench, results
from tests.proof.worlds import CASES, VARIANTS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
SHORT_S = 1.5
"""For records that will not come."""
NOT_IN_THE_LAB = {"gateway-logged", "telemetry-linked", "no-exceptions", "public-access-off", "outside-refused"}
"""Disproven by what no world has, or after closure only: tests/proof/test_judging.py, test_outside.py."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[Bench]:
    """One lab that becomes each world in turn."""
    async with bench() as running:
        yield running


async def test_every_stage_is_disproven_by_a_case() -> None:
    """Or it is named here, with the place that does it."""
    shown = frozenset[str]().union(*(each.disproven for each in CASES.values()))
    asked = {stage.id for stage in STAGES if stage.required}
    assert asked - shown == NOT_IN_THE_LAB


@pytest.mark.parametrize("name", CASES)
async def test_what_is_not_so_is_disproven(lab: Bench, name: str) -> None:
    """The stages that the fault touches, and no others; the file that comes of it can be read back."""
    each = CASES[name]
    proof = await lab.proof(each.world, wait_s=SHORT_S if each.unseen else 20.0)
    told = {stage.id: stage.why_not for stage in proof.stages if stage.required and stage.why_not}
    assert results(proof, Result.DISPROVEN) == each.disproven, told
    assert results(proof, Result.NOT_PROVEN) == each.unseen, told
    assert any(each.says in reason for reasons in told.values() for reason in reasons), told
    assert proof.verdict is Verdict.DISPROVEN
    assert dumps(loads(dumps(proof), source="test")) == dumps(proof)


@pytest.mark.parametrize("name", VARIANTS)
async def test_a_path_in_good_order_of_another_form_is_proven(lab: Bench, name: str) -> None:
    """A hub with DNS servers of its own, several addresses, a host name with a hash: nothing is taken for a fault."""
    proof = await lab.proof(VARIANTS[name])
    assert {stage.id: stage.why_not for stage in proof.stages if stage.required and stage.why_not} == {}


async def test_without_a_workspace_no_call_is_followed(lab: Bench) -> None:
    """What it would have told is not proven, and the command with a workspace is named."""
    proof = await lab.proof(OPEN, workspace=None)
    unseen = {"gateway-logged", "telemetry-linked", "execution-confirmed", "gateway-reaches-backend"}
    assert (proof.verdict, results(proof, Result.NOT_PROVEN)) == (Verdict.INCOMPLETE, unseen)
    logged = proof.stage("gateway-logged")
    assert logged is not None
    assert any("--workspace WORKSPACE_ID" in step for step in logged.measure)


async def test_a_call_that_was_followed_elsewhere_counts(lab: Bench) -> None:
    """A client that may read the workspace has followed its call itself; its file has what was found."""
    await lab.replica.become(OPEN)
    client = await lab.seen(Vantage.CLIENT, workspace=lab.workspace, wait_s=20.0)
    asked = len(lab.replica.log_analytics.queries)
    assert (await lab.proof(OPEN, client=client, workspace=None)).complete
    assert (await lab.proof(OPEN, client=client)).complete
    assert len(lab.replica.log_analytics.queries) == asked


async def test_a_workspace_that_refuses_is_told(lab: Bench) -> None:
    """The stages say who refused; nothing is waited for."""
    lab.replica.log_analytics.status = HTTPStatus.FORBIDDEN
    try:
        proof = await lab.proof(OPEN)
    finally:
        lab.replica.log_analytics.status = None
    logged = proof.stage("gateway-logged")
    assert logged is not None
    assert logged.result is Result.NOT_PROVEN
    assert "The workspace did not answer (denied" in logged.says


async def test_without_rights_in_azure_its_stages_are_not_proven(lab: Bench) -> None:
    """A refusal is no evidence of anything; the stages that rest on the network alone stand."""
    proof = await lab.proof(knowing(OPEN, refusals=(Refusal(),)))
    unseen = {
        "backend-resolves-privately",
        "tls-verified",
        "no-overrides",
        "no-exceptions",
        "control-plane-agrees",
    }
    assert (results(proof, Result.NOT_PROVEN), results(proof, Result.DISPROVEN)) == (unseen, set())
    agrees = proof.stage("control-plane-agrees")
    assert agrees is not None
    assert "gave none (denied)" in agrees.says
    assert any("az login" in step for step in agrees.measure)


@pytest.mark.parametrize(
    ("vantage", "proven"),
    [
        (Vantage.CLIENT, {"gateway-resolves-privately", "gateway-answers", "no-exceptions", "control-plane-agrees"}),
        (Vantage.PROBE, {"identity-enforced", "dependencies-private", "deployment-site-private", "no-exceptions"}),
        (Vantage.OUTSIDE, set()),
    ],
)
async def test_one_vantage_is_not_enough(lab: Bench, vantage: Vantage, proven: set[str]) -> None:
    """Only what can be seen from there is proven."""
    await lab.replica.become(OPEN)
    proof = await lab.seen(vantage)
    assert proof.verdict is Verdict.INCOMPLETE
    assert proven <= results(proof, Result.PROVEN)
    assert results(proof, Result.PROVEN) <= proven | {"backend-resolves-privately", "control-plane-agrees"}


async def test_records_that_are_late_are_waited_for(lab: Bench) -> None:
    """The table comes into being while the workspace is asked again."""
    lab.replica.log_analytics.without = frozenset({"AppRequests"})

    async def soon() -> None:
        await asyncio.sleep(SHORT_S)
        lab.replica.log_analytics.without = frozenset()

    async with asyncio.TaskGroup() as group:
        proving = group.create_task(lab.proof(OPEN))
        group.create_task(soon())
    assert proving.result().complete


async def test_records_that_do_not_come_are_not_proven(lab: Bench) -> None:
    """The gateway's row alone does not prove that the function ran; when to ask again is named."""
    lab.replica.log_analytics.without = frozenset({"AppRequests"})
    try:
        proof = await lab.proof(OPEN, wait_s=SHORT_S)
    finally:
        lab.replica.log_analytics.without = frozenset()
    assert results(proof, Result.NOT_PROVEN) == {"telemetry-linked", "execution-confirmed"}
    linked = proof.stage("telemetry-linked")
    assert linked is not None
    assert "no such table in the workspace" in linked.says
    assert any(step.startswith("probes trace ") for step in linked.measure)


async def test_an_app_without_telemetry_is_not_taken_for_one_that_did_not_run() -> None:
    """The gateway was answered, and no record says by whom."""
    async with bench(telemetry=False) as silent:
        proof: Proof = await silent.proof(OPEN, wait_s=SHORT_S)
    assert results(proof, Result.NOT_PROVEN) == {"telemetry-linked", "execution-confirmed"}
    assert results(proof, Result.DISPROVEN) == set()


async def test_the_root_is_told_wherever_it_was_seen(lab: Bench) -> None:
    """A client sees the gateway refuse; the probe sees the name behind it, which is the one cause of both."""
    proof = await lab.proof(change_zone(OPEN, PRIVATELINK, None, "platform"), wait_s=SHORT_S)
    found = causes(proof)
    assert found[0].id == "zone-not-linked"
    assert "public-path-refused" not in [cause.id for cause in found]
