"""One lab for all tests of a module, in the open world again for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab import replica
from tests.closure.stage import OPEN, Closures


@pytest.fixture
async def closures(tmp_path: Path) -> AsyncIterator[Closures]:
    """A lab with its public doors open."""
    async with replica.opened(OPEN) as lab:
        closures = Closures(replica=lab, folder=tmp_path)
        async with closures.stack:
            yield closures


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Closures]:
    """The same, and the records of its calls arrive in a workspace."""
    async with replica.opened(OPEN, telemetry=True) as lab:
        yield Closures(replica=lab, folder=tmp_path)
