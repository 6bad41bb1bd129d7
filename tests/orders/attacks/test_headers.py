"""Good tokens in wrong places, and headers that are not what they look like."""

import base64

import pytest

from lab.entra import Entra
from tests.orders.attacks.conftest import Target
from tests.orders.conftest import bearer, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCEPTED = {
    "lower case": "bearer {}",
    "upper case": "BEARER {}",
    "two blanks": "Bearer  {}",
}

MISSING = {
    "empty": "",
    "no scheme": "{}",
    "other scheme": "Token {}",
    "longer scheme": "BearerX {}",
    "tab for the blank": "Bearer\t{}",
    "no-break space for the blank": "Bearer\u00a0{}",
    "comma first": ",Bearer {}",
    "quoted": '"Bearer {}"',
    "colon": "Bearer: {}",
    "equals": "Bearer={}",
    "no blank": "Bearer{}",
    "Basic": "Basic {}",
    "Basic before": "Basic dXNlcjpwYXNz,Bearer {}",
    "Negotiate before": "Negotiate dXNlcg==, Bearer {}",
    "homoglyph": "\u0412\u0435arer {}",
}

MALFORMED = {
    "scheme alone": "Bearer",
    "scheme twice": "Bearer Bearer {}",
    "token twice": "Bearer {0} {0}",
    "token twice with a comma": "Bearer {0},{0}",
    "token and comma": "Bearer {},",
    "comma and token": "Bearer ,{}",
    "token and other scheme": "Bearer {},Basic dXNlcjpwYXNz",
    "token and semicolon": "Bearer {};",
    "token in quotes": 'Bearer "{}"',
    "token in angles": "Bearer <{}>",
    "tab behind the blank": "Bearer \t{}",
    "tab inside": "Bearer {}\t.x",
    "zero-width space behind": "Bearer {}\u200b",
    "no-break space behind": "Bearer {}\u00a0",
    "percent escape": "Bearer %65{}",
    "parameter": "Bearer token={}",
    "realm": 'Bearer realm="orders", {}',
    "empty part": "Bearer .{}",
}

ELSEWHERE = {
    "X-Authorization": "Bearer {}",
    "Proxy-Authorization": "Bearer {}",
    "Authorization-Token": "{}",
    "X-MS-TOKEN-AAD-ACCESS-TOKEN": "{}",
    "X-MS-CLIENT-PRINCIPAL-ID": "66666666-7777-4888-9999-aaaaaaaaaaaa",
    "X-Forwarded-Authorization": "Bearer {}",
    "X-Original-Authorization": "Bearer {}",
    "Cookie": "AppServiceAuthSession={0}; Authorization=Bearer {0}",
    "Forwarded": "for=127.0.0.1;proto=https",
    "X-Forwarded-For": "127.0.0.1",
    "X-Original-URL": "/api/health",
    "X-HTTP-Method-Override": "HEAD",
}

PATHS = ["/API/ORDERS", "/api/orders/", "/api/orders/1", "/api/health/../orders", "/api/orders?x=/api/health"]


@pytest.mark.parametrize("name", ACCEPTED)
async def test_spelling_that_means_the_same_is_served(target: Target, entra: Entra, name: str) -> None:
    """The scheme's case and the number of blanks behind it say nothing (RFC 9110 sections 11.1 and 11.4)."""
    await target.serves({"Authorization": ACCEPTED[name].format(token_of(entra))})


@pytest.mark.parametrize("name", MISSING)
async def test_other_scheme_is_no_token(target: Target, entra: Entra, name: str) -> None:
    """What does not begin as a bearer token does is none, and the token in it is not looked for."""
    await target.refuses({"Authorization": MISSING[name].format(token_of(entra))}, 401, "token_missing")


@pytest.mark.parametrize("name", MALFORMED)
async def test_token_with_something_around_it_is_refused(target: Target, entra: Entra, name: str) -> None:
    """A good token is not picked out of a header that holds more."""
    await target.refuses({"Authorization": MALFORMED[name].format(token_of(entra))}, 401, "token_malformed")


async def test_two_headers_are_refused(target: Target, entra: Entra) -> None:
    """The host joins two headers; neither is picked, whichever is good and in whatever case it is named."""
    good, bad = f"Bearer {token_of(entra)}", "Bearer e30.e30.AAAA"
    for first, second in ((good, good), (good, bad), (bad, good)):
        await target.refuses([("Authorization", first), ("authorization", second)], 401, "token_malformed")


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_other_header_is_no_token(target: Target, entra: Entra, name: str) -> None:
    """No other header carries a token, and none says that the caller is known, is near, or wants something else."""
    await target.refuses({name: ELSEWHERE[name].format(token_of(entra))}, 401, "token_missing")


@pytest.mark.parametrize("name", ["access_token", "code", "Authorization", "token"])
async def test_token_in_the_query_is_none(target: Target, entra: Entra, name: str) -> None:
    """URLs end in logs, so RFC 6750's way in the query is not taken."""
    token = token_of(entra)
    target.secrets.add(token)
    await target.refuses(None, 401, "token_missing", params={name: token})


async def test_token_in_the_body_is_none(target: Target, entra: Entra) -> None:
    """RFC 6750's form parameter is not taken."""
    token = token_of(entra)
    target.secrets.add(token)
    await target.refuses(None, 401, "token_missing", method="POST", data={"access_token": token})


@pytest.mark.parametrize("path", PATHS)
async def test_every_way_to_the_route_is_closed(target: Target, path: str) -> None:
    """However the path is written, who reaches an operation is asked who they are."""
    await target.refuses(None, 401, "token_missing", path=path)


async def test_basic_credentials_are_none(target: Target) -> None:
    """Not even those that look like a publishing profile's."""
    basic = base64.b64encode(b"$func-orders-prod:password-of-some-length").decode()
    await target.refuses({"Authorization": f"Basic {basic}"}, 401, "token_missing")


async def test_challenge_is_rfc_6750s(target: Target, entra: Entra) -> None:
    """No error code without a token; with one invalid_token or insufficient_scope, and the reason."""
    assert (await target.asked()).challenge == "Bearer"
    expired = bearer(token_of(entra, lifetime_s=-600))
    assert (await target.asked(expired)).challenge == 'Bearer error="invalid_token", error_description="token_expired"'
    idle = bearer(token_of(entra, roles=()))
    expected = 'Bearer error="insufficient_scope", error_description="role_missing"'
    assert (await target.asked(idle)).challenge == expected
