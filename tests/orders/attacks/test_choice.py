"""Several credentials in one call, and kinds of credential that are not accepted."""

from collections.abc import Mapping
from typing import Any

import pytest

from lab.entra import Entra
from tests.orders.attacks.client_certificates import header_of, leaf, wallet
from tests.orders.attacks.conftest import (
    FUNCTION_KEY,
    Answer,
    Target,
    settings_of_certificates,
    settings_of_keys,
)
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY, NO_KEY = {"x-functions-key": FUNCTION_KEY}, {"x-functions-key": FUNCTION_KEY.lower()}
CERTIFICATE, NO_CERTIFICATE = header_of(wallet().pinned["good"]), header_of(leaf())
BODY = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 1}]}
BAD_TOKENS: dict[str, tuple[dict[str, Any], int, str]] = {
    "expired": ({"lifetime_s": -600}, 401, "token_expired"),
    "of another client": ({"client_id": "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"}, 403, "token_client"),
    "without a role": ({"roles": ()}, 403, "role_missing"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_bad_token_is_not_mended(target: Target, entra: Entra, name: str) -> None:
    """Whoever shows a token that is refused stays outside, whatever else they show."""
    changes, status, reason = BAD_TOKENS[name]
    await target.refuses(bearer(token_of(entra, **changes)) | KEY | CERTIFICATE, status, reason)


async def test_empty_token_is_not_mended(target: Target) -> None:
    """Nor does a scheme without a token leave it to the other credentials."""
    await target.refuses({"Authorization": "Bearer"} | KEY | CERTIFICATE, 401, "token_malformed")


async def test_bad_key_is_not_mended(target: Target) -> None:
    """A refused key is not made up for by a good certificate; an empty header is a key, and refused."""
    await target.refuses(NO_KEY | CERTIFICATE, 401, "key_refused")
    await target.refuses({"x-functions-key": ""} | CERTIFICATE, 401, "key_refused")


async def test_first_good_credential_decides(target: Target, entra: Entra) -> None:
    """Token, key, certificate, in this order; those behind the first are not looked at."""
    await target.serves(bearer(token_of(entra)) | NO_KEY | NO_CERTIFICATE)
    await target.serves(KEY | NO_CERTIFICATE)
    await target.serves(CERTIFICATE)


async def test_roles_are_those_of_the_one_that_decides(target: Target, entra: Entra) -> None:
    """Roles of several credentials are not added up."""
    reader = bearer(token_of(entra, roles=("Orders.Read",)))
    await target.refuses(reader | KEY | CERTIFICATE, 403, "role_missing", method="POST", json=BODY)
    await target.refuses(bearer(token_of(entra, roles=("Orders.Write",))) | KEY, 403, "role_missing")


async def test_another_scheme_leaves_it_to_the_key(target: Target) -> None:
    """What is no token decides nothing: Basic credentials are passed over, and the key is looked at."""
    await target.serves({"Authorization": "Basic dXNlcjpwYXNz"} | KEY)
    await target.refuses({"Authorization": "Basic dXNlcjpwYXNz"} | NO_KEY, 401, "key_refused")


async def test_refused_key_is_offered_the_scheme_of_tokens(target: Target) -> None:
    """Every 401 offers a registered scheme where the app accepts one (RFC 9110 section 15.5.2)."""
    assert await target.asked(NO_KEY) == Answer(status=401, reason="key_refused", challenge="Bearer")
    assert await target.asked(NO_CERTIFICATE) == Answer(status=401, reason="certificate_untrusted", challenge="Bearer")


async def attempts(settings: Mapping[str, str], *attempts: dict[str, str]) -> list[Answer]:
    """The answers of an app under these settings."""
    async with await run(settings) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        return [await watched.asked(headers) for headers in attempts]


async def test_tokens_only(entra: Entra) -> None:
    """Keys and certificates are nothing where they are not configured, beside a token too."""
    nothing = Answer(status=401, reason="token_missing", challenge="Bearer")
    good = bearer(token_of(entra))
    answers = await attempts(settings_for(entra), KEY, CERTIFICATE, NO_KEY, {}, good, good | NO_KEY | NO_CERTIFICATE)
    assert answers[:4] == [nothing] * 4
    assert [answer.status for answer in answers[4:]] == [200, 200]


async def test_keys_only(entra: Entra) -> None:
    """A token is nothing where none is accepted: it opens nothing, and it does not stand in the way of a key."""
    nothing = Answer(status=401, reason="key_missing", challenge=None)
    good = bearer(token_of(entra))
    answers = await attempts(
        settings_of_keys(), good, CERTIFICATE, {}, KEY, good | KEY, {"Authorization": "Bearer"} | KEY
    )
    assert answers[:3] == [nothing] * 3
    assert [answer.status for answer in answers[3:]] == [200, 200, 200]


async def test_certificates_only(entra: Entra) -> None:
    """The same for certificates."""
    nothing = Answer(status=401, reason="certificate_missing", challenge=None)
    good = bearer(token_of(entra))
    answers = await attempts(
        settings_of_certificates(wallet()), good, KEY, {}, CERTIFICATE, good | NO_KEY | CERTIFICATE
    )
    assert answers[:3] == [nothing] * 3
    assert [answer.status for answer in answers[3:]] == [200, 200]


async def test_nothing_configured_is_nothing_accepted(entra: Entra) -> None:
    """Without settings every credential is refused, and none is asked for; to say who ends TLS changes nothing."""
    nothing = Answer(status=401, reason="nothing_accepted", challenge=None)
    for settings in ({}, {"ORDERS_TLS_TERMINATED_BY": "app-service", "WEBSITE_INSTANCE_ID": "0"}):
        answers = await attempts(settings, bearer(token_of(entra)), KEY, CERTIFICATE, {})
        assert answers == [nothing] * 4


async def test_fault_of_one_kind_shuts_out_all(entra: Entra) -> None:
    """A wrong setting of one kind is no reason to go on with the others."""
    settings = settings_for(entra) | settings_of_keys() | {"ORDERS_TENANT_ID": "common"}
    shut = Answer(status=503, reason="misconfigured", challenge=None)
    assert await attempts(settings, bearer(token_of(entra)), KEY, {}) == [shut] * 3
