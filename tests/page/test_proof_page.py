"""What stands on the page of a proof."""

import pytest
from lxml import html  # type: ignore[import-untyped] # ships no types

from probes.proof.document import to_document
from probes.proof.records import Proof, Result
from probes.tell.page import as_proof_page
from probes.tell.page.pieces import anchor
from tests.page.test_sweep_page import words

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_verdict_and_what_to_do_next_stand_on_top(proofs: dict[str, Proof]) -> None:
    """The cause where something is disproven, what would be measured where it is not, nothing where all is proven."""
    tops = [
        html.document_fromstring(as_proof_page(proofs[name])).get_element_by_id("verdict")
        for name in ("proof-disproven", "proof-incomplete", "proof-complete")
    ]
    said = [" ".join(top.xpath(".//h1")[0].text_content().split()) for top in tops]
    assert [each.partition(":")[0] for each in said] == ["Disproven", "Incomplete", "Complete"]
    assert [words(top, ".//*[@class='run']/h3") for top in tops] == [["Run first"], ["Run next"], []]
    assert words(tops[1], ".//*[@class='run']//code")[0].startswith("probes prove --path orders.toml")


async def test_every_stage_is_told_in_order_with_its_result(proofs: dict[str, Proof]) -> None:
    """Title, id, from where it was seen, and every reason why it is not proven."""
    for proof in proofs.values():
        told = html.document_fromstring(as_proof_page(proof)).xpath("//*[@class='stages']/li")
        assert len(told) == len(proof.stages)
    proof = proofs["proof-disproven"]
    told = html.document_fromstring(as_proof_page(proof)).xpath("//*[@class='stages']/li")
    for stage, element in zip(proof.stages, told, strict=True):
        text = " ".join(element.text_content().split())
        assert stage.title in text
        assert stage.id in text
        assert all(" ".join(reason.split()) in text for reason in stage.why_not or (stage.says,))
        assert all(source in text for source in stage.seen_from)
    results = words(told[0].getparent(), "./li/p[@class='meta']/span[1]")
    assert results[:2] == ["proven", "disproven"]
    assert results[-1] == "not asked for"
    assert proof.stages[-1].result is Result.NOT_PROVEN


async def test_all_evidence_is_on_the_page_and_says_what_rests_on_it(proofs: dict[str, Proof]) -> None:
    """Each record of each sweep once, under the name of its sweep; what the workspace has of the call as well."""
    proof = proofs["proof-complete"]
    made = html.document_fromstring(as_proof_page(proof))
    rows = made.xpath("//tbody/tr[@id]/@id")
    names = [f"{look.name}:{record.id}" for look in proof.looks for record in look.sweep.observations]
    assert sorted(rows) == sorted(map(anchor, [*names, "client:gateway/log/1", "client:gateway/request/1"]))
    rests = made.get_element_by_id(anchor("client:gateway/1/resolve/system"))
    assert words(rests, ".//*[@class='shows']") == ["gateway-resolves-privately"]


async def test_evidence_that_is_not_there_is_no_link(proofs: dict[str, Proof]) -> None:
    """It is named all the same."""
    made = html.document_fromstring(as_proof_page(proofs["proof-complete"]))
    (gone,) = {each.getparent().tag for each in made.xpath("//li/code[text()='client:gateway/log/99']")}
    assert gone == "li"


async def test_the_page_says_which_proof_it_is(proofs: dict[str, Proof]) -> None:
    """Ids, both digests as its file has them, the oldest evidence, and from where each sweep came."""
    proof = proofs["proof-incomplete"]
    made = html.document_fromstring(as_proof_page(proof))
    told = words(made, "//*[@id='proof']/dl")[0]
    for piece in (proof.proof_id, proof.path_digest, to_document(proof)["sha256"], "before closure"):
        assert piece in told
    seen = words(made, "//*[@id='vantages']//tbody/tr/th")
    assert seen == ["client", "probe"]
    assert words(made, "//*[@class='run']/p") == [
        "Put your own names in place of those in capitals: the path file does not know them."
    ]
    assert "out of probe.json" in words(made, "//*[@id='vantages']//tbody")[0]
    assert words(made, "//*[@id='vantages']/ul/li") == ["Nobody looked from outside."]


async def test_what_would_prove_several_stages_is_told_once(proofs: dict[str, Proof]) -> None:
    """A command stands at the first of them, and the others lead there."""
    made = html.document_fromstring(as_proof_page(proofs["proof-incomplete"]))
    first = made.xpath("//*[@class='stages']/li[.//code[text()='gateway-logged']]")[0]
    assert len(first.xpath(".//*[@class='command']")) == 1
    assert "The same as for gateway-logged." in words(made, "//*[@id='stages']//p")
