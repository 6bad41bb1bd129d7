from collections.abc import AsyncIterator
from typing import Literal

import httpx
import jwt
import pytest
import pytest_asyncio

from lab.entra import TENANT_ID, Entra

ISSUERS: dict[Literal["1.0", "2.0"], tuple[str, str]] = {
    "1.0": (f"https://sts.windows.net/{TENANT_ID}/", "appid"),
    "2.0": (f"https://login.microsoftonline.com/{TENANT_ID}/v2.0", "azp"),
}


@pytest_asyncio.fixture
async def entra() -> AsyncIterator[Entra]:
    """A tenant."""
    async with await Entra.start() as tenant:
        yield tenant


def issue(entra: Entra, version: Literal["1.0", "2.0"] = "2.0", lifetime_s: int = 3600) -> str:
    """A token for an API."""
    return entra.issue(
        "api://orders", client_id="c", object_id="o", roles=("R",), version=version, lifetime_s=lifetime_s
    )


async def published(entra: Entra) -> jwt.PyJWKSet:
    """The keys, by the way of discovery."""
    origin = entra.jwks_url.partition("/discovery")[0]
    async with httpx.AsyncClient(trust_env=False) as client:
        document = (await client.get(f"{origin}/v2.0/.well-known/openid-configuration")).json()
        assert document["issuer"] == ISSUERS["2.0"][0]
        return jwt.PyJWKSet.from_dict((await client.get(document["jwks_uri"])).json())


def verified(token: str, keys: jwt.PyJWKSet) -> dict[str, object]:
    """The claims under the key that the token names."""
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, object] = jwt.decode(token, key, algorithms=["RS256"], audience="api://orders")
    return claims


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_token_is_good_under_the_published_keys(entra: Entra, version: Literal["1.0", "2.0"]) -> None:
    """Both versions verify, with the real issuer and client claim of each."""
    claims = verified(issue(entra, version), await published(entra))
    issuer, client_claim = ISSUERS[version]
    assert (claims["iss"], claims[client_claim], claims["ver"]) == (issuer, "c", version)
    assert (claims["oid"], claims["roles"], claims["tid"]) == ("o", ["R"], TENANT_ID)


async def test_negative_lifetime_is_an_expired_token(entra: Entra) -> None:
    """The token is well formed and too old."""
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(issue(entra, lifetime_s=-1), await published(entra))


async def test_claim_can_be_changed_or_left_out(entra: Entra) -> None:
    """The attacks on the orders app are made this way; without roles there is no such claim at all."""
    token = entra.issue("a", client_id="c", object_id="o", roles=(), oid=None, scp="Orders.Read")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["scp"] == "Orders.Read"
    assert not {"oid", "roles"} & set(claims)


async def test_rotation_keeps_or_withdraws_the_old_key(entra: Entra) -> None:
    """An old token is good until its key is withdrawn, a new one at once."""
    old = issue(entra)
    await entra.rotate()
    keys = await published(entra)
    assert verified(old, keys)
    assert verified(issue(entra), keys)
    await entra.rotate(withdraw=True)
    keys = await published(entra)
    assert verified(issue(entra), keys)
    with pytest.raises(KeyError):
        verified(old, keys)


async def test_down_answers_503_until_it_is_up(entra: Entra) -> None:
    """The switch works while the server runs, and the requests for keys are counted."""
    async with httpx.AsyncClient(trust_env=False) as client:
        entra.down = True
        assert (await client.get(entra.jwks_url)).status_code == 503
        entra.down = False
        assert (await client.get(entra.jwks_url)).status_code == 200
        assert (await client.get(f"{entra.jwks_url}/more")).status_code == 404
    assert entra.key_requests == 1
