"""One lab for all tests of a module, in the open world again for each."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from lab import replica, surroundings_file
from lab.probe_app import path_setting
from lab.replica import Replica
from lab.standing import state_file, told
from probes.records import Vantage
from tests.closure.shell import Shell
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[Replica]:
    """One lab for the module."""
    async with replica.opened(OPEN, telemetry=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def made() -> dict[tuple[timedelta, tuple[Vantage, ...]], str]:
    """Proofs of the open world that were made already."""
    return {}


@pytest_asyncio.fixture(loop_scope="module")
async def shell(
    lab: Replica, tmp_path: Path, made: dict[tuple[timedelta, tuple[Vantage, ...]], str]
) -> AsyncIterator[Shell]:
    """In the open world again."""
    lab.control_plane.after = None
    await lab.become(OPEN)
    lab.control_plane.requests.clear()
    (tmp_path / "path.json").write_text(path_setting(lab), encoding="utf-8")
    surroundings_file.write(tmp_path / "surroundings.json", lab)
    environment = {"XDG_STATE_HOME": str(tmp_path / "state"), **lab.identity_environment}
    with told(lab.standing("azure-open"), state_file(environment)):
        yield Shell(
            closures=Closures(replica=lab, folder=tmp_path), folder=tmp_path, environment=environment, made=made
        )
