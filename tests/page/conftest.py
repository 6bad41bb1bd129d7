"""The pages, served as the probe app serves them, and a browser to look at them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from lab.http import Request, Response, serve
from lab.replica import opened
from lab.scenarios import scenario
from probes.proof.records import Proof
from probes.sweep import Sweep, sweep
from probes.tell.page import POLICY, as_page, as_proof_page
from tests.page.chromium import Browser, find, running
from tests.page.examples import hostile, large, several, with_readings
from tests.page.proofs import complete, made
from tests.page.proofs import hostile as hostile_proof

SCENARIOS = ("healthy", "zone-not-linked", "deadline-missed", "healthy-closed-outside", "gateway-cannot-reach-backend")
WRITTEN: Mapping[str, Callable[[], Sweep]] = {
    "several": several,
    "with-readings": with_readings,
    "hostile": hostile,
    "large": lambda: large(28),
}
PROOFS = ("proof-incomplete", "proof-disproven", "proof-complete", "proof-hostile")
NAMES = (*SCENARIOS, *WRITTEN, *PROOFS)
HOSTILE = ("hostile", "proof-hostile")


def required(what: str) -> None:
    """Skip for want of it, or fail where REQUIRE_CHROMIUM says that it must be there."""
    reason = f"{what} is not here: make test says what installs it"
    if os.environ.get("REQUIRE_CHROMIUM"):
        pytest.fail(f"{reason}, and REQUIRE_CHROMIUM is set")
    pytest.skip(reason)


@dataclass
class Site:
    """The pages at an address of this machine."""

    sweeps: Mapping[str, Sweep]
    pages: Mapping[str, str]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """What was asked for, by path."""

    async def answer(self, request: Request) -> Response:
        """The page, with the headers of the probe app; 404 for what no page may ask for."""
        self.asked.append(request.target)
        page = self.pages.get(request.path.strip("/"))
        if page is None:
            return Response(404)
        headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", POLICY))
        return Response(200, headers=headers, body=page.encode())


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def sweeps() -> dict[str, Sweep]:
    """By name: those of the lab, swept once, and those written by hand."""
    found = {}
    async with opened(scenario(SCENARIOS[0]).world) as lab:
        for name in SCENARIOS:
            await lab.become(scenario(name).world)
            found[name] = await sweep(lab.path, lab.surroundings)
    return found | {name: write() for name, write in WRITTEN.items()}


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def proofs() -> dict[str, Proof]:
    """By name: two of the lab, and what is made of one by hand."""
    async with opened(scenario("healthy").world) as lab:
        incomplete = await made(lab)
        await lab.become(scenario("zone-not-linked").world)
        disproven = await made(lab)
    return dict(zip(PROOFS, (incomplete, disproven, complete(incomplete), hostile_proof(incomplete)), strict=True))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def site(sweeps: dict[str, Sweep], proofs: dict[str, Proof]) -> AsyncIterator[Site]:
    """All pages."""
    pages = {name: as_page(each) for name, each in sweeps.items()}
    pages |= {name: as_proof_page(each) for name, each in proofs.items()}
    found = Site(sweeps=sweeps, pages=pages)
    async with await serve(found.answer) as server:
        found.url = f"http://127.0.0.1:{server.port}"
        yield found


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests; each takes a tab of its own."""
    if await asyncio.to_thread(find) is None:
        required("Chromium")
    async with running() as found:
        yield found
