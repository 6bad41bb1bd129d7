"""One lab for the tests that only read."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.lab.azure import stage


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def azure() -> AsyncIterator[stage.Azure]:
    """The healthy path with storage and vault."""
    async with stage.azure() as found:
        yield found
