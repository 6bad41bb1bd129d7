"""Tokens of keys that the tenant no longer publishes, and calls that keep the app busy with keys there never were."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

import pytest
import pytest_asyncio

from lab.entra import Entra, signing_key
from tests.orders.attacks.conftest import Target
from tests.orders.attacks.forgery import by_tenant, claims_of, header_of, token
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def tenant() -> AsyncIterator[Entra]:
    """A tenant of this test only."""
    async with await Entra.start() as entra:
        yield entra


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tenant: Entra) -> AsyncIterator[Target]:
    """An app that has fetched no keys yet."""
    async with await run(settings_for(tenant)) as app, client_of(app) as http:
        yield Target(app=app, http=http)


def of_nobody(tenant: Entra, number: int) -> dict[str, str]:
    """A token whose key id the tenant has never published."""
    return bearer(token(header_of(tenant) | {"kid": f"nobody-{number}"}, claims_of(tenant), by_tenant()))


async def test_token_is_refused_once_its_key_is_withdrawn(fresh: Target, tenant: Entra) -> None:
    """Served, then replayed after the tenant has withdrawn the key and the app has fetched anew: refused."""
    old = bearer(token_of(tenant))
    await fresh.serves(old)
    await tenant.rotate(withdraw=True)
    await fresh.serves(bearer(token_of(tenant)))
    await fresh.refuses(old, 401, "token_key_unknown")


async def test_withdrawn_key_under_the_new_id_is_refused(fresh: Target, tenant: Entra) -> None:
    """The id of a published key does not make another key good."""
    await fresh.serves(bearer(token_of(tenant)))
    await tenant.rotate(withdraw=True)
    header = header_of(tenant)
    assert header["kid"] == signing_key(1).key_id
    await fresh.refuses(bearer(token(header, claims_of(tenant), by_tenant(0))), 401, "token_signature")


async def test_made_up_key_ids_cause_one_request_a_minute(fresh: Target, tenant: Entra) -> None:
    """However many there are: the tenant is asked at the first call, and once more for an id that was not there."""
    await fresh.serves(bearer(token_of(tenant)))
    for number in range(20):
        await fresh.refuses(of_nobody(tenant, number), 401, "token_key_unknown")
    assert tenant.key_requests == 2


async def test_flood_of_made_up_key_ids_does_not_shut_out_known_keys(fresh: Target, tenant: Entra) -> None:
    """While the tenant hangs and made-up ids come in masses, who has a known key is served meanwhile."""
    good = bearer(token_of(tenant))
    await fresh.serves(good)
    tenant.silent = True
    flood = [asyncio.create_task(fresh.asked(of_nobody(tenant, number))) for number in range(80)]
    for attempt in islice(asyncio.as_completed(flood), 30):
        await attempt
    await fresh.serves(good)
    assert not all(attempt.done() for attempt in flood)
    answers = await asyncio.gather(*flood)
    assert {(answer.status, answer.reason) for answer in answers} == {(503, "keys_unavailable")}
    await fresh.serves(good)


async def test_outage_accepts_nothing_and_condemns_nothing(fresh: Target, tenant: Entra) -> None:
    """Without keys no token is good, a good one neither; but the wrong algorithm is wrong all the same."""
    tenant.down = True
    await fresh.refuses(bearer(token_of(tenant)), 503, "keys_unavailable")
    forged = token(header_of(tenant) | {"alg": "none"}, claims_of(tenant), lambda _: b"")
    await fresh.refuses(bearer(forged), 401, "token_algorithm")
