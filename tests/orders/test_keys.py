from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra, signing_key
from orders_api.keys import REFRESHED_AFTER_S, RETRY_PAUSE_S, TRUSTED_FOR_S, KeySet, KeysUnavailable, signing_keys
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of


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


async def reason(client: httpx.AsyncClient, token: str) -> str:
    """Why a token is refused; empty = it is not."""
    response = await client.get("/api/orders", headers=bearer(token))
    return "" if response.status_code == HTTPStatus.OK else f"{response.status_code} {response.json()['reason']}"


async def test_app_follows_a_rotation_and_asks_once_a_minute(tenant: Entra) -> None:
    """A new key is fetched when its first token comes; made-up key ids after it cause no further request."""
    async with await run(settings_for(tenant)) as app, client_of(app) as client:
        old = token_of(tenant)
        assert await reason(client, old) == ""
        await tenant.rotate(withdraw=True)
        assert await reason(client, token_of(tenant)) == ""
        assert await reason(client, old) == "401 token_key_unknown"
        asked = tenant.key_requests
        await tenant.rotate()
        assert [await reason(client, token_of(tenant)) for _ in range(3)] == ["401 token_key_unknown"] * 3
        assert (asked, tenant.key_requests) == (2, 2)


async def test_app_accepts_nothing_while_the_keys_cannot_be_had(tenant: Entra) -> None:
    """Without keys a good token is answered 503 with the reason, and no token is accepted."""
    tenant.down = True
    async with await run(settings_for(tenant)) as app, client_of(app) as client:
        assert await reason(client, token_of(tenant)) == "503 keys_unavailable"
        assert (await client.get("/api/health")).status_code == HTTPStatus.OK


async def test_known_key_outlives_an_outage_for_a_day(tenant: Entra) -> None:
    """Known keys go on while the provider is down, but never longer than a day."""
    clock = Clock()
    keys = KeySet(tenant.jwks_url, clock=clock)
    key_id = signing_key(0).key_id
    assert await keys.find(key_id)
    tenant.down = True
    clock.now_s += REFRESHED_AFTER_S
    assert await keys.find(key_id)
    clock.now_s += TRUSTED_FOR_S - REFRESHED_AFTER_S
    with pytest.raises(KeysUnavailable):
        await keys.find(key_id)


async def test_unknown_key_during_an_outage_is_neither_good_nor_bad(tenant: Entra) -> None:
    """The provider may have the key: the answer is that it cannot be asked; it is asked again after the pause."""
    clock = Clock()
    keys = KeySet(tenant.jwks_url, clock=clock)
    assert await keys.find(signing_key(0).key_id)
    tenant.down = True
    await tenant.rotate()
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            await keys.find(signing_key(1).key_id)
    tenant.down = False
    clock.now_s += RETRY_PAUSE_S
    assert await keys.find(signing_key(1).key_id)


async def test_withdrawn_key_is_forgotten_with_the_next_refresh(tenant: Entra) -> None:
    """After the refresh a key that is no longer published is unknown."""
    clock = Clock()
    keys = KeySet(tenant.jwks_url, clock=clock)
    assert await keys.find(signing_key(0).key_id)
    await tenant.rotate(withdraw=True)
    clock.now_s += REFRESHED_AFTER_S
    assert await keys.find(signing_key(0).key_id) is None


@pytest.mark.parametrize("document", [None, [], {}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AA", "kid": "x"}]}])
def test_document_without_a_signing_key_is_an_error(document: object) -> None:
    """A page that is no key set never empties the set that is known."""
    with pytest.raises(ValueError, match="no RSA signing key"):
        signing_keys(document)
