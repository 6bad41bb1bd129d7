"""A proof as text: as it was read and found good, and the same at any width."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from probes.proof.records import Proof
from probes.proof.reference import PAGE, page
from probes.tell.proof import as_text
from tests.proof.bench import Bench, again, bench, evidence, without
from tests.proof.goldens import FOLDER, TOLD, golden, proved

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTILE = "\x1b[2J\u202e\x9b31m"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[Bench]:
    """One lab that becomes each world in turn."""
    async with bench() as running:
        yield running


@pytest.mark.parametrize("name", TOLD)
async def test_the_text_is_the_golden_one(lab: Bench, name: str) -> None:
    """Stages with their marks, causes and fixes, what would measure what is lacking, the outcome at both ends."""
    assert golden(await proved(lab, name)) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


async def test_no_word_is_lost_on_a_narrow_terminal(proofs: dict[str, Proof]) -> None:
    """The same words in the same order, whatever the width; commands stay on one line."""
    proof = without(proofs["after"], *evidence(proofs["after"]))
    wide, narrow = as_text(proof, 120), as_text(proof, 40)
    assert narrow.split() == wide.split()
    commands = [line.strip() for line in wide.splitlines() if line.strip().startswith("probes ")]
    assert commands
    assert set(commands) <= {line.strip() for line in narrow.splitlines()}


async def test_nothing_moves_the_terminal(proofs: dict[str, Proof]) -> None:
    """Names of files and ids come from strangers."""
    proof = proofs["before"]
    looks = tuple(replace(look, file=HOSTILE) for look in proof.looks)
    stages = tuple(replace(stage, says=HOSTILE, why_not=()) for stage in proof.stages)
    calls = tuple(replace(call, correlation_id=HOSTILE) for call in proof.calls)
    text = as_text(replace(again(proof, looks=looks, calls=()), stages=stages, calls=calls))
    assert all(char.isprintable() or char == "\n" for char in text)


async def test_the_page_is_what_the_stages_say() -> None:
    """docs/prove.md is made from the table."""
    assert PAGE.read_text(encoding="utf-8") == page()
