"""Tokens that the tenant signed, and that are not for this call."""

import json
import time
from http import HTTPStatus
from typing import Any

import pytest

from lab.entra import TENANT_ID, Entra
from tests.orders.attacks.conftest import Target
from tests.orders.attacks.forgery import claims_of, from_tenant, with_twin
from tests.orders.conftest import AUDIENCE, CLIENT_ID, OBJECT_ID, bearer, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
V1 = f"https://sts.windows.net/{TENANT_ID}/"
V2 = f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
NOW = int(time.time())
LONG_AGO, FAR_AHEAD = 1_000_000_000, 4_000_000_000
DAY_S = 24 * 3600

Changes = dict[str, Any]

EXPIRED: dict[str, Changes] = {
    "two minutes ago": {"exp": NOW - 120},
    "long ago": {"exp": LONG_AGO, "nbf": LONG_AGO, "iat": LONG_AGO},
    "at the epoch": {"exp": 0},
    "before the epoch": {"exp": -1},
}

NOT_YET_VALID: dict[str, Changes] = {
    "in ten minutes": {"nbf": 600, "exp": 4200},
    "far ahead": {"nbf": FAR_AHEAD, "exp": FAR_AHEAD + 3600},
    "issued in ten minutes": {"iat": 600},
}
"""Seconds from the test's own beginning: the whole suite takes longer than ten minutes from where this is read."""

ISSUER: dict[str, Changes] = {
    "of nowhere": {"iss": "https://sts.example.com/"},
    "of another tenant": {"iss": V2.replace(TENANT_ID, STRANGER)},
    "of any tenant": {"iss": V2.replace(TENANT_ID, "common")},
    "of the placeholder": {"iss": V2.replace(TENANT_ID, "{tenantid}")},
    "this tenant at another host": {"iss": f"https://login.example.com/{TENANT_ID}/v2.0"},
    "this tenant in another cloud": {"iss": f"https://login.microsoftonline.us/{TENANT_ID}/v2.0"},
    "this tenant behind an @": {"iss": f"https://login.microsoftonline.com@example.com/{TENANT_ID}/v2.0"},
    "this tenant with more behind": {"iss": f"{V2}.example.com"},
    "slash more": {"iss": f"{V2}/"},
    "slash less": {"iss": V1.rstrip("/"), "ver": "1.0"},
    "upper case": {"iss": V2.upper()},
    "without TLS": {"iss": V2.replace("https", "http")},
    "blank before": {"iss": f" {V2}"},
    "list": {"iss": [V2]},
    "number": {"iss": 2},
    "v1 issuer of a v2 token": {"iss": V1},
    "v2 issuer of a v1 token": {"ver": "1.0"},
    "no version": {"ver": ...},
    "version a number": {"ver": 2.0},
    "other version": {"ver": "2"},
}

AUDIENCES: dict[str, Changes] = {
    "other": {"aud": "https://management.azure.com"},
    "slash more": {"aud": f"{AUDIENCE}/"},
    "upper case": {"aud": AUDIENCE.upper()},
    "only the beginning": {"aud": AUDIENCE[:-1]},
    "more behind": {"aud": f"{AUDIENCE}.example.com"},
    "blank behind": {"aud": f"{AUDIENCE} "},
    "two in one text": {"aud": f"{AUDIENCE},{CLIENT_ID}"},
    "list of others": {"aud": ["api://other"]},
    "list in a list": {"aud": [[AUDIENCE]]},
    "object": {"aud": {AUDIENCE: True}},
    "number": {"aud": 7},
}

TENANT: dict[str, Changes] = {
    "other": {"tid": STRANGER},
    "upper case": {"tid": TENANT_ID.upper()},
    "list": {"tid": [TENANT_ID]},
    "none": {"tid": ...},
}

MALFORMED: dict[str, Changes] = {
    **{f"{name} missing": {name: ...} for name in ("exp", "nbf", "iat", "aud", "iss", "oid", "azp")},
    **{f"{name} null": {name: None} for name in ("exp", "nbf", "iat", "aud", "iss", "oid", "azp", "roles")},
    **{f"{name} text": {name: "soon"} for name in ("exp", "nbf", "iat")},
    **{f"{name} list": {name: [NOW]} for name in ("exp", "nbf", "iat")},
    **{f"{name} object": {name: {"": NOW}} for name in ("exp", "nbf", "iat")},
    "expiry digits in quotes": {"exp": str(NOW + 3600)},
    "expiry a fraction": {"exp": NOW + 3600.5},
    "beginning digits in quotes": {"nbf": str(NOW - 300)},
    "beginning a fraction": {"nbf": NOW - 300.5},
    "beginning true": {"nbf": True},
    "issue digits in quotes": {"iat": str(NOW - 300)},
    "expiry never": {"exp": 10**30},
    "expiry in three days": {"exp": NOW + 3 * DAY_S},
    "issued at the epoch": {"iat": 0},
    "audience list": {"aud": [AUDIENCE]},
    "audience list with others": {"aud": [AUDIENCE, "api://other"]},
    "audience empty": {"aud": ""},
    "audience list of none": {"aud": []},
    "client list": {"azp": [CLIENT_ID]},
    "client empty": {"azp": ""},
    "client number": {"azp": 7},
    "v1 client claim in a v2 token": {"azp": ..., "appid": CLIENT_ID},
    "v2 client claim in a v1 token": {"iss": V1, "ver": "1.0"},
    "object id list": {"oid": [OBJECT_ID]},
    "object id empty": {"oid": ""},
    "object id number": {"oid": 7},
    "role as text": {"roles": "Orders.Read"},
    "roles an object": {"roles": {"Orders.Read": True}},
    "role in a list in the list": {"roles": ["Orders.Read", ["Orders.Write"]]},
    "roles a number": {"roles": 1},
    "ID token": {"aud": CLIENT_ID, "azp": ..., "nonce": "n", "preferred_username": "ada@example.com"},
}

RAW: dict[str, tuple[str, str]] = {
    "expiry not a number": ('"exp": 1', '"exp": NaN'),
    "not a number elsewhere": ('"exp": 1', f'"exp": {NOW + 3600}, "x": NaN'),
    "expiry infinite": ('"exp": 1', '"exp": Infinity'),
    "expiry larger than any number": ('"exp": 1', '"exp": 1e999'),
    "expiry of more digits than are read": ('"exp": 1', f'"exp": {"9" * 5000}'),
    "comment": ('"exp": 1', f'/* */ "exp": {NOW + 3600}'),
    "comma behind": ('"exp": 1}', f'"exp": {NOW + 3600},}}'),
    "more behind": ('"exp": 1}', f'"exp": {NOW + 3600}}} {{}}'),
}

TWINS: dict[str, Any] = {
    "aud": "api://other",
    "iss": "https://sts.example.com/",
    "exp": LONG_AGO,
    "tid": STRANGER,
    "azp": STRANGER,
    "roles": [],
    "ver": "1.0",
}

FORBIDDEN: dict[str, tuple[Changes, str]] = {
    "user's token": ({"scp": "Orders.Read", "sub": "u", "azpacr": "1"}, "token_delegated"),
    "user's token without scopes": ({"scp": ""}, "token_delegated"),
    "user's token with scopes null": ({"scp": None}, "token_delegated"),
    "user's token by type": ({"idtyp": "user"}, "token_delegated"),
    "type in another case": ({"idtyp": "APP"}, "token_delegated"),
    "type a list": ({"idtyp": ["app"]}, "token_delegated"),
    "type null": ({"idtyp": None}, "token_delegated"),
    "other client": ({"azp": STRANGER}, "token_client"),
    "client with a blank behind": ({"azp": f"{CLIENT_ID} "}, "token_client"),
    "client and another in one text": ({"azp": f"{CLIENT_ID},{STRANGER}"}, "token_client"),
    "only the beginning of a client": ({"azp": CLIENT_ID[:-1]}, "token_client"),
    "no role": ({"roles": ...}, "role_missing"),
    "roles empty": ({"roles": []}, "role_missing"),
    "other roles": ({"roles": ["Orders.Write", "Orders.Read.All", "Orders"]}, "role_missing"),
    "role in another case": ({"roles": ["orders.read"]}, "role_missing"),
    "roles in one text": ({"roles": ["Orders.Read Orders.Write"]}, "role_missing"),
}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_what_is_attacked_serves_good_tokens(target: Target, entra: Entra, version: str) -> None:
    """Of either version, and with what Entra may add."""
    await target.serves(bearer(token_of(entra, version=version, idtyp="app", xms_ftd="x")))


@pytest.mark.parametrize(
    ("table", "name", "reason"),
    [
        *((EXPIRED, name, "token_expired") for name in EXPIRED),
        *((ISSUER, name, "token_issuer") for name in ISSUER),
        *((AUDIENCES, name, "token_audience") for name in AUDIENCES),
        *((TENANT, name, "token_tenant") for name in TENANT),
        *((MALFORMED, name, "token_malformed") for name in MALFORMED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_wrong_claim_is_refused(
    target: Target, entra: Entra, table: dict[str, Changes], name: str, reason: str
) -> None:
    """A good signature is not enough: each claim must be of its type and have its one value."""
    await target.refuses(bearer(from_tenant(entra, claims=claims_of(entra, **table[name]))), 401, reason)


@pytest.mark.parametrize("name", NOT_YET_VALID)
async def test_token_of_times_to_come_is_refused(target: Target, entra: Entra, name: str) -> None:
    """The clocks of two machines may differ, but not by ten minutes."""
    began = 0 if name == "far ahead" else int(time.time())
    changes = {claim: began + seconds for claim, seconds in NOT_YET_VALID[name].items()}
    await target.refuses(bearer(from_tenant(entra, claims=claims_of(entra, **changes))), 401, "token_not_yet_valid")


@pytest.mark.parametrize("name", RAW)
async def test_claims_that_are_no_json_are_refused(target: Target, entra: Entra, name: str) -> None:
    """What only Python's parser would take for JSON, or no parser would."""
    before, after = RAW[name]
    claims = json.dumps(claims_of(entra, exp=...) | {"exp": 1})
    assert before in claims
    await target.refuses(
        bearer(from_tenant(entra, claims=claims.replace(before, after).encode())), 401, "token_malformed"
    )


@pytest.mark.parametrize("name", TWINS)
async def test_claim_that_stands_twice_is_refused(target: Target, entra: Entra, name: str) -> None:
    """The last of two would be good; another parser would have read the first."""
    claims = with_twin(claims_of(entra), name, TWINS[name])
    assert json.loads(claims) == claims_of(entra) | {"uti": json.loads(claims)["uti"]}
    await target.refuses(bearer(from_tenant(entra, claims=claims)), 401, "token_malformed")


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_caller_that_may_not_is_refused(target: Target, entra: Entra, name: str) -> None:
    """A good token of somebody who is not to call is 403."""
    changes, reason = FORBIDDEN[name]
    await target.refuses(bearer(from_tenant(entra, claims=claims_of(entra, **changes))), HTTPStatus.FORBIDDEN, reason)


async def test_other_tenant_with_the_same_keys_is_refused(target: Target) -> None:
    """Tenants share signing keys, so the issuer must decide."""
    async with await Entra.start(tenant_id=STRANGER) as other:
        await target.refuses(bearer(token_of(other)), 401, "token_issuer")


async def test_reader_cannot_write(target: Target, entra: Entra) -> None:
    """The role is that of the operation, not of the app."""
    reader = bearer(token_of(entra, roles=("Orders.Read",)))
    body = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 1}]}
    await target.refuses(reader, 403, "role_missing", method="POST", json=body)
    await target.serves(bearer(token_of(entra)), method="POST", json=body)


async def test_refusal_tells_nothing_of_what_is_accepted(target: Target, entra: Entra) -> None:
    """Tenant, audience and clients are in no answer."""
    headers = bearer(token_of(entra, client_id=STRANGER))
    response = await target.http.get("/api/orders", headers=headers)
    answer = response.text + str(response.headers)
    assert not [known for known in (TENANT_ID, AUDIENCE, CLIENT_ID, OBJECT_ID) if known in answer]
