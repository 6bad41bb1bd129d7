"""Step `token`, through azure-identity against the lab's stand-in for the identity endpoint."""

import asyncio
import base64
import json
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from lab.credential import LabCredential
from lab.entra import Entra
from lab.managed_identity import CLIENT_ID, ManagedIdentity
from lab.world import Identity
from probes.failure import Failure
from probes.observe.surroundings import TokenSource
from probes.observe.token import claims, scope, token
from probes.records import Token
from tests.observe.stage import MARK, QUICK_S, notebook

AUDIENCE = "api://orders"


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[ManagedIdentity]:
    """The identity endpoint of an app."""
    async with await Entra.start() as entra, ManagedIdentity(entra) as identity:
        yield identity


async def ask(source: TokenSource, *, step_s: float = 5) -> tuple[Token, str | None]:
    """The record of one token asked for, and the token."""
    return await token(notebook(token=step_s), MARK, lambda: source, AUDIENCE)


@dataclass(frozen=True)
class Given:
    """A token as azure-identity gives one, and its source."""

    token: str
    expires_on: int = 1_800_000_000

    def get_token(self, *_scopes: str) -> "Given":
        """Itself."""
        return self


async def test_a_token_and_its_claims(endpoint: ManagedIdentity) -> None:
    """The record says who the token is for and from; the token itself is handed over beside it."""
    record, bearer = await ask(LabCredential(CLIENT_ID, endpoint.environment))
    assert (record.failure, record.audience, record.source) == (None, AUDIENCE, "managed-identity")
    assert record.claims["aud"] == AUDIENCE
    assert record.claims["roles"] == ("Orders.Read",)
    assert record.expires_at is not None
    assert record.expires_at > datetime.now(UTC)
    assert bearer is not None
    assert bearer not in repr(record)
    assert bearer.rpartition(".")[2] not in repr(record)


async def test_an_identity_that_is_not_there(endpoint: ManagedIdentity) -> None:
    """An endpoint that answers and gives no token is told from one that does not exist."""
    endpoint.identity = Identity(available=False)
    refused, bearer = await ask(LabCredential(None, endpoint.environment))
    assert (refused.failure, bearer, refused.claims, refused.expires_at) == (Failure.TOKEN_UNAVAILABLE, None, {}, None)
    assert refused.detail is not None
    assert len(refused.detail) <= 200
    gone = {**endpoint.environment, "IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token"}
    missing, bearer = await ask(LabCredential(None, gone))
    assert (missing.failure, bearer) == (Failure.IDENTITY_ENDPOINT_MISSING, None)


async def test_a_silent_endpoint_ends_with_the_step(endpoint: ManagedIdentity) -> None:
    """An endpoint that never answers costs the step its time, and no more."""
    endpoint.identity = Identity(silent=True)
    record, bearer = await ask(LabCredential(None, endpoint.environment), step_s=QUICK_S)
    assert (record.failure, bearer) == (Failure.TIMEOUT, None)


async def test_a_blocking_source_does_not_block_the_loop() -> None:
    """The source is asked in a thread of its own, and so is its making."""
    threads: set[str] = set()

    def make() -> TokenSource:
        threads.add(threading.current_thread().name)
        time.sleep(0.01)
        return Given("opaque")

    await token(notebook(), MARK, make, AUDIENCE)
    assert threading.current_thread().name not in threads


WITHOUT_AZURE = """
import asyncio, sys, time
from tests.observe.stage import MARK, notebook
from probes.observe.token import token

def make():
    time.sleep(1)

record, _ = asyncio.run(token(notebook(token=0.1), MARK, make, "api://orders"))
print(record.failure, [name for name in sys.modules if name.startswith("azure.")])
"""


async def test_a_timeout_is_told_without_loading_anything() -> None:
    """Out of time while a thread still imports azure-identity: the loop does not wait for that import."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WITHOUT_AZURE, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.decode() == "timeout []\n"


@pytest.mark.parametrize(
    "text", ["opaque", "", "a.b", "a.!.c", "a.bnVsbA.c", "a.WzFd.c", "a.é.c", "a." + "W1tb" * 50_000]
)
async def test_a_token_that_cannot_be_read(text: str) -> None:
    """A token without readable claims is used all the same, and has none in the record."""
    record, bearer = await ask(Given(text))
    assert (record.failure, bearer, record.claims) == (None, text, {})


@pytest.mark.parametrize("seconds", [-(10**12), 10**12, 10**30])
async def test_an_expiry_that_no_calendar_has(seconds: int) -> None:
    """A nonsensical expiry is left out; the token is used all the same."""
    record, bearer = await ask(Given("opaque", seconds))
    assert (record.failure, bearer, record.expires_at) == (None, "opaque", None)


def test_only_claims_on_the_list_are_kept() -> None:
    """Claims that are no secret are kept as text; names, addresses and everything else are not."""
    payload = {"aud": AUDIENCE, "roles": ["a", 1], "ver": 2, "oid": "\x1b[2J", "name": "Jane", "upn": "j@example.com"}
    encoded = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    assert claims(f"e30.{encoded}.x") == {"aud": AUDIENCE, "roles": ("a", "1"), "ver": "2", "oid": "\\x1b[2J"}


def test_scopes() -> None:
    """An audience stands for its whole resource, with or without a slash at its end."""
    assert {scope("api://orders"), scope("api://orders/"), scope("api://orders/.default")} == {"api://orders/.default"}
