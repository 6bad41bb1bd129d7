import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab.entra import TENANT_ID, Entra, signing_key
from tests.orders.conftest import AUDIENCE, CLIENT_ID, LISTED_OBJECT_ID, OBJECT_ID, bearer, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"


def claims_of(entra: Entra) -> dict[str, Any]:
    """The claims of a good token, to be put into a bad one."""
    claims: dict[str, Any] = jwt.decode(token_of(entra), options={"verify_signature": False})
    return claims


def encoded(part: dict[str, Any]) -> str:
    """One part of a token by hand: PyJWT does not lend itself to forgery."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed(entra: Entra, **changes: Any) -> str:
    """A token of the tenant with other claims; `None` leaves one out."""
    claims = {name: value for name, value in (claims_of(entra) | changes).items() if value is not None}
    return jwt.encode(claims, signing_key(0).private, algorithm="RS256", headers={"kid": signing_key(0).key_id})


def unsigned(entra: Entra, key_id: str | None = None) -> str:
    """RFC 7519 section 6: an unsecured JWT."""
    return f"{encoded({'alg': 'none', 'kid': key_id or signing_key(0).key_id})}.{encoded(claims_of(entra))}."


def confused(entra: Entra) -> str:
    """HS256 with the public key as the secret (RFC 8725 section 2.1)."""
    public = signing_key(0).private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'kid': signing_key(0).key_id})}.{encoded(claims_of(entra))}"
    mac = hmac.digest(public, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def self_signed(entra: Entra, **header: Any) -> str:
    """A token of an attacker's own key."""
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims_of(entra), own, algorithm="RS256", headers=header)


def tampered(entra: Entra) -> str:
    """A token without roles, to which its bearer has added them."""
    header, _, signature = token_of(entra, roles=()).split(".")
    return f"{header}.{encoded(claims_of(entra))}.{signature}"


BY_SIGNATURE: dict[str, tuple[Callable[[Entra], str], str]] = {
    "no signature": (unsigned, "token_algorithm"),
    "no signature, and no key fetched for it": (lambda it: unsigned(it, "nobody-knows-it"), "token_algorithm"),
    "public key as HMAC secret": (confused, "token_algorithm"),
    "own key under a known id": (lambda it: self_signed(it, kid=signing_key(0).key_id), "token_signature"),
    "own key under an unknown id": (lambda it: self_signed(it, kid="nobody-knows-it"), "token_key_unknown"),
    "own key without an id": (self_signed, "token_malformed"),
    "critical header nobody knows": (
        lambda it: self_signed(it, kid=signing_key(0).key_id, crit=["exp"], exp=1),
        "token_malformed",
    ),
    "claims changed": (tampered, "token_signature"),
    "half a token": (lambda it: token_of(it).rpartition(".")[0], "token_malformed"),
    "no token at all": (lambda _: "abc", "token_malformed"),
    "header nested too deep": (
        lambda _: f"{base64.urlsafe_b64encode(b'[' * 9000).decode()}.e30.AAAA",
        "token_malformed",
    ),
    "too long": (lambda it: token_of(it, padding="x" * 20_000), "token_malformed"),
}

REFUSED, FORBIDDEN = HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN
LONG_AGO, FAR_AHEAD = 1_000_000_000, 4_000_000_000

BY_CLAIM: dict[str, tuple[dict[str, Any], HTTPStatus, str]] = {
    "expired": ({"exp": LONG_AGO, "nbf": LONG_AGO}, REFUSED, "token_expired"),
    "no expiry": ({"exp": None}, REFUSED, "token_malformed"),
    "expiry no number": ({"exp": "soon"}, REFUSED, "token_malformed"),
    "not yet valid": ({"nbf": FAR_AHEAD, "exp": FAR_AHEAD + 3600}, REFUSED, "token_not_yet_valid"),
    "no beginning": ({"nbf": None}, REFUSED, "token_malformed"),
    "other audience": ({"aud": "https://management.azure.com"}, REFUSED, "token_audience"),
    "audience with a slash more": ({"aud": f"{AUDIENCE}/"}, REFUSED, "token_audience"),
    "audience list": ({"aud": [AUDIENCE, "api://other"]}, REFUSED, "token_malformed"),
    "no audience": ({"aud": None}, REFUSED, "token_malformed"),
    "issuer of nowhere": ({"iss": "https://sts.example.com/"}, REFUSED, "token_issuer"),
    "no issuer": ({"iss": None}, REFUSED, "token_malformed"),
    "issuer of the other version": ({"iss": f"https://sts.windows.net/{TENANT_ID}/"}, REFUSED, "token_issuer"),
    "other version": ({"ver": "1.0"}, REFUSED, "token_issuer"),
    "other tenant": ({"tid": STRANGER}, REFUSED, "token_tenant"),
    "no tenant": ({"tid": None}, REFUSED, "token_tenant"),
    "user's token": ({"scp": "Orders.Read"}, FORBIDDEN, "token_delegated"),
    "user's token by type": ({"idtyp": "user"}, FORBIDDEN, "token_delegated"),
    "other client": ({"azp": STRANGER}, FORBIDDEN, "token_client"),
    "v1 client claim in a v2 token": ({"azp": None, "appid": CLIENT_ID}, REFUSED, "token_malformed"),
    "client no text": ({"azp": [CLIENT_ID]}, REFUSED, "token_malformed"),
    "no object id": ({"oid": None}, REFUSED, "token_malformed"),
    "no role": ({"roles": None}, FORBIDDEN, "role_missing"),
    "other role": ({"roles": ["Orders.Write", "Orders.Read.All"]}, FORBIDDEN, "role_missing"),
    "role as text": ({"roles": "Orders.Read"}, FORBIDDEN, "role_missing"),
}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_good_token_is_accepted(client: httpx.AsyncClient, entra: Entra, version: str) -> None:
    """An application's token of either version opens the route."""
    response = await client.get("/api/orders", headers=bearer(token_of(entra, version=version)))
    assert response.status_code == HTTPStatus.OK


@pytest.mark.parametrize("changes", [{"audience": CLIENT_ID}, {"client_id": STRANGER, "object_id": LISTED_OBJECT_ID}])
async def test_each_member_of_a_list_is_accepted(
    client: httpx.AsyncClient, entra: Entra, changes: dict[str, str]
) -> None:
    """A v2 token's audience is the client id; a client may be listed by the object id of its identity."""
    response = await client.get("/api/orders", headers=bearer(token_of(entra, **changes)))
    assert response.status_code == HTTPStatus.OK


@pytest.mark.parametrize("name", BY_SIGNATURE)
async def test_forgery_is_refused(client: httpx.AsyncClient, entra: Entra, name: str) -> None:
    """What the tenant did not sign is refused with 401, a reason and RFC 6750's challenge."""
    make, reason = BY_SIGNATURE[name]
    response = await client.get("/api/orders", headers=bearer(make(entra)))
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.UNAUTHORIZED, reason)
    assert response.headers["www-authenticate"] == f'Bearer error="invalid_token", error_description="{reason}"'


@pytest.mark.parametrize("name", BY_CLAIM)
async def test_wrong_claim_is_refused(client: httpx.AsyncClient, entra: Entra, name: str) -> None:
    """A token that the tenant signed, and that is not for this call, is refused with 401 or 403 and the reason."""
    changes, status, reason = BY_CLAIM[name]
    response = await client.get("/api/orders", headers=bearer(signed(entra, **changes)))
    assert (response.status_code, response.json()["reason"]) == (status, reason)
    code = "invalid_token" if status is HTTPStatus.UNAUTHORIZED else "insufficient_scope"
    assert response.headers["www-authenticate"].startswith(f'Bearer error="{code}"')
    assert response.headers["content-type"] == "application/problem+json"


async def test_leeway_is_a_minute(client: httpx.AsyncClient, entra: Entra) -> None:
    """A token that expired half a minute ago is still good: clocks differ."""
    response = await client.get("/api/orders", headers=bearer(token_of(entra, lifetime_s=-30)))
    assert response.status_code == HTTPStatus.OK


async def test_other_tenant_with_the_same_keys_is_refused(client: httpx.AsyncClient) -> None:
    """Tenants share signing keys, so the issuer must decide."""
    async with await Entra.start(tenant_id=STRANGER) as other:
        response = await client.get("/api/orders", headers=bearer(token_of(other)))
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.UNAUTHORIZED, "token_issuer")


async def test_role_is_that_of_the_operation(client: httpx.AsyncClient, entra: Entra) -> None:
    """Who may only read cannot create an order."""
    body = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 1}]}
    reader = bearer(token_of(entra, roles=("Orders.Read",)))
    response = await client.post("/api/orders", headers=reader, json=body)
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.FORBIDDEN, "role_missing")


async def test_no_token_is_asked_for(client: httpx.AsyncClient) -> None:
    """Without a token the challenge has no error code (RFC 6750 section 3.1)."""
    response = await client.get("/api/orders")
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.UNAUTHORIZED, "token_missing")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Basic", "Digest", ""])
async def test_other_scheme_is_no_token(client: httpx.AsyncClient, entra: Entra, scheme: str) -> None:
    """A good token under another scheme is none."""
    response = await client.get("/api/orders", headers={"Authorization": f"{scheme} {token_of(entra)}".strip()})
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.UNAUTHORIZED, "token_missing")


async def test_two_authorization_headers_are_refused(client: httpx.AsyncClient, entra: Entra) -> None:
    """The host joins two headers; neither good token is picked out of them."""
    header = ("Authorization", f"Bearer {token_of(entra)}")
    response = await client.get("/api/orders", headers=[header, header])
    assert (response.status_code, response.json()["reason"]) == (HTTPStatus.UNAUTHORIZED, "token_malformed")


async def test_refusal_tells_nothing_of_what_is_accepted(client: httpx.AsyncClient, entra: Entra) -> None:
    """Tenant, audience, client and the token itself are in no answer."""
    token = token_of(entra, client_id=STRANGER)
    response = await client.get("/api/orders", headers=bearer(token))
    answer = response.text + str(response.headers)
    assert not [secret for secret in (TENANT_ID, AUDIENCE, CLIENT_ID, OBJECT_ID, token) if secret in answer]
