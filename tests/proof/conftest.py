"""Two whole proofs that many tests look at: made once."""

from collections.abc import AsyncIterator

import pytest_asyncio

from probes.proof.records import Proof
from tests.proof.bench import CLOSED, OPEN, Bench, bench


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def proofs() -> AsyncIterator[dict[str, Proof]]:
    """The whole path before and after its closure."""
    async with bench(OPEN) as lab:
        before = await lab.proof(OPEN)
        outside = await lab.outside(CLOSED)
        yield {"before": before, "after": await Bench(lab.replica).proof(CLOSED, outside)}
