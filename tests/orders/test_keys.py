import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.entra import TENANT_ID, Entra, signing_key
from lab.http import Request, Response, serve
from orders_api.keys import (
    LARGEST_DOCUMENT,
    MOST_WAITING,
    REFRESHED_AFTER_S,
    RETRY_PAUSE_S,
    TRUSTED_FOR_S,
    UNKNOWN_KEY_PAUSE_S,
    KeySet,
    KeysUnavailable,
)

V1, V2 = f"https://sts.windows.net/{TENANT_ID}/", f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
FIRST, SECOND = signing_key(0).key_id, signing_key(1).key_id
GOOD = json.dumps(
    {"keys": [{"kty": "RSA", "kid": FIRST, "n": signing_key(0).modulus, "e": signing_key(0).exponent}]}
).encode()


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


@pytest_asyncio.fixture
async def tenant() -> AsyncIterator[Entra]:
    """A tenant of this test only."""
    async with await Entra.start() as entra:
        yield entra


@pytest.fixture
def clock() -> Clock:
    """The clock of this test."""
    return Clock()


@pytest.fixture
def keys(tenant: Entra, clock: Clock) -> KeySet:
    """The tenant's keys, none fetched yet."""
    return key_set(tenant.jwks_url, clock)


def key_set(url: str, clock: Clock) -> KeySet:
    """The keys at a URL."""
    return KeySet(url, tenant_id=TENANT_ID, issuers=frozenset({V1, V2}), clock=clock)


async def is_unavailable(keys: KeySet, key_id: str) -> bool:
    """Whether it cannot be said if there is this key."""
    try:
        await keys.find(key_id)
    except KeysUnavailable:
        return True
    return False


async def test_rotation_is_followed(keys: KeySet, tenant: Entra, clock: Clock) -> None:
    """A new key is fetched when it is first asked for, and only after a minute if another has just been sought."""
    assert await keys.find(FIRST)
    await tenant.rotate()
    assert await keys.find(SECOND)
    await tenant.rotate()
    third = signing_key(2).key_id
    assert await keys.find(third) is None
    clock.now_s += UNKNOWN_KEY_PAUSE_S
    assert await keys.find(third)
    assert tenant.key_requests == 3


async def test_known_key_outlives_an_outage_for_a_day(keys: KeySet, tenant: Entra, clock: Clock) -> None:
    """Known keys go on while the provider is down, but never longer than a day."""
    assert await keys.find(FIRST)
    tenant.down = True
    clock.now_s += REFRESHED_AFTER_S
    assert await keys.find(FIRST)
    clock.now_s += TRUSTED_FOR_S - REFRESHED_AFTER_S
    assert await is_unavailable(keys, FIRST)


async def test_unknown_key_during_an_outage_is_neither_good_nor_bad(keys: KeySet, tenant: Entra, clock: Clock) -> None:
    """The provider may have the key: the answer is that it cannot be asked; it is asked again after the pause."""
    assert await keys.find(FIRST)
    tenant.down = True
    await tenant.rotate()
    assert [await is_unavailable(keys, SECOND) for _ in range(2)] == [True, True]
    tenant.down = False
    assert await is_unavailable(keys, SECOND)
    clock.now_s += RETRY_PAUSE_S
    assert await keys.find(SECOND)
    assert tenant.key_requests == 2


async def test_withdrawn_key_is_forgotten_with_the_next_refresh(keys: KeySet, tenant: Entra, clock: Clock) -> None:
    """After the refresh a key that is no longer published is unknown."""
    assert await keys.find(FIRST)
    await tenant.rotate(withdraw=True)
    clock.now_s += REFRESHED_AFTER_S - 1
    assert await keys.find(FIRST)
    clock.now_s += 1
    assert await keys.find(FIRST) is None


async def test_all_calls_of_a_cold_start_wait_for_one_fetch(keys: KeySet, tenant: Entra) -> None:
    """However many come before there is any key, each gets it, and the tenant is asked once."""
    found = await asyncio.gather(*(keys.find(FIRST) for _ in range(2 * MOST_WAITING)))
    assert all(found)
    assert tenant.key_requests == 1


async def test_masses_of_unknown_keys_do_not_all_wait(keys: KeySet, tenant: Entra, clock: Clock) -> None:
    """While the tenant hangs, only so many wait for it; known keys do not, though a refresh of them is due."""
    assert await keys.find(FIRST)
    clock.now_s += REFRESHED_AFTER_S
    tenant.silent = True
    attempts = [asyncio.create_task(is_unavailable(keys, f"nobody-{number}")) for number in range(MOST_WAITING + 5)]
    done, waiting = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    assert await keys.find(FIRST)
    assert (len(done), len(waiting)) == (5, MOST_WAITING)
    assert all(await asyncio.gather(*attempts))


async def test_redirect_is_not_followed(tenant: Entra) -> None:
    """The keys are where the setting says and nowhere else, and whoever is pointed to is not even asked."""
    asked: list[Request] = []

    async def other(request: Request) -> Response:
        asked.append(request)
        return Response(200, body=GOOD)

    async with await serve(other) as server:
        assert await key_set(server.url, Clock()).find(FIRST)  # it would give good keys
        for status in (301, 302, 303, 307, 308):
            tenant.key_set = Response(status, headers=(("Location", server.url),))
            assert await is_unavailable(key_set(tenant.jwks_url, Clock()), FIRST)
    assert len(asked) == 1


async def test_document_that_is_too_large_is_not_read(tenant: Entra, clock: Clock) -> None:
    """Up to the limit it is, with blanks behind the keys; beyond it is not."""
    for size, unavailable in ((LARGEST_DOCUMENT, False), (LARGEST_DOCUMENT + 1, True)):
        tenant.key_set = Response(200, body=GOOD.ljust(size))
        assert await is_unavailable(key_set(tenant.jwks_url, clock), FIRST) is unavailable


@pytest.mark.parametrize(
    "answer",
    [
        Response(500, body=GOOD),
        Response(404, body=GOOD),
        Response(302, body=GOOD),
        Response(200, body=b"<html>"),
        Response(200, body=b"\xff"),
        Response(200, body=b"[" * 100_000),
        Response(200, body=b'{"keys": []}'),
        Response(200, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}"),
        Response(200, raw=b"\x16\x03\x01"),
    ],
    ids=["500", "404", "302", "page", "no UTF-8", "nested", "empty", "cut off", "no HTTP"],
)
async def test_answer_without_keys_keeps_those_that_are_known(
    keys: KeySet, tenant: Entra, clock: Clock, answer: Response
) -> None:
    """Whatever is answered in place of a key set, it is an outage and no error, and takes no key away."""
    assert await keys.find(FIRST)
    tenant.key_set = answer
    clock.now_s += REFRESHED_AFTER_S
    assert await keys.find(FIRST)
    assert await is_unavailable(keys, "nobody")


async def test_packed_answer_is_not_unpacked(tenant: Entra, keys: KeySet) -> None:
    """A few bytes could become any number; they were asked for as they are."""
    packed = gzip.compress(GOOD)
    tenant.key_set = Response(200, headers=(("Content-Encoding", "gzip"),), body=packed)
    assert await is_unavailable(keys, FIRST)


async def test_address_or_authorities_that_cannot_be_used_are_an_outage(
    keys: KeySet, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An address that httpx does not take and a CA bundle that is not there are no error of the call."""
    assert await is_unavailable(key_set("https://keys.example.com/a\nb", clock), FIRST)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert await is_unavailable(keys, FIRST)
