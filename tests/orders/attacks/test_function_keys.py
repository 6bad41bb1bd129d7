"""Function keys that are none, and good ones in wrong places."""

import base64
import hashlib

import pytest

from lab.entra import Entra
from tests.orders.attacks.conftest import (
    FUNCTION_KEY,
    NEXT_FUNCTION_KEY,
    Answer,
    Target,
    settings_of_keys,
    traces,
)
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADER = "x-functions-key"
BODY = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 1}]}
REFERENCE = "@Microsoft.KeyVault(SecretUri=https://kv-orders-prod.vault.azure.net/secrets/function-key)"

REFUSED = {
    "empty": "",
    "star": "*",
    "lower case": FUNCTION_KEY.lower(),
    "upper case": FUNCTION_KEY.upper(),
    "one letter in the other case": FUNCTION_KEY[:-1] + FUNCTION_KEY[-1].swapcase(),
    "last character less": FUNCTION_KEY[:-1],
    "first character less": FUNCTION_KEY[1:],
    "only the beginning": FUNCTION_KEY[:8],
    "one character more": f"{FUNCTION_KEY}x",
    "twice": FUNCTION_KEY * 2,
    "both keys": f"{FUNCTION_KEY},{NEXT_FUNCTION_KEY}",
    "as the setting is written": f"{FUNCTION_KEY}, {NEXT_FUNCTION_KEY}",
    "key and comma": f"{FUNCTION_KEY},",
    "comma and key": f",{FUNCTION_KEY}",
    "blank inside": f"{FUNCTION_KEY[:20]} {FUNCTION_KEY[20:]}",
    "tab inside": f"{FUNCTION_KEY[:20]}\t{FUNCTION_KEY[20:]}",
    "no-break space behind": f"{FUNCTION_KEY}\u00a0",
    "zero-width space inside": f"{FUNCTION_KEY[:20]}\u200b{FUNCTION_KEY[20:]}",
    "full-width letters": f"\uff2b{FUNCTION_KEY[1:]}",
    "in quotes": f'"{FUNCTION_KEY}"',
    "escaped": FUNCTION_KEY.replace("-", "%2D"),
    "with a scheme": f"Bearer {FUNCTION_KEY}",
    "digest of a key": hashlib.sha256(FUNCTION_KEY.encode()).hexdigest(),
    "base64 of a key": base64.b64encode(FUNCTION_KEY.encode()).decode(),
    "reversed": FUNCTION_KEY[::-1],
    "pattern": ".{40}",
    "unresolved reference": REFERENCE,
    "huge": "K" * 20_000,
}

UNUSABLE = {
    "unresolved reference": {"ORDERS_FUNCTION_KEYS": REFERENCE},
    "unresolved reference in another case": {"ORDERS_FUNCTION_KEYS": REFERENCE.lower()},
    "unresolved reference beside a key": {"ORDERS_FUNCTION_KEYS": f"{FUNCTION_KEY},{REFERENCE}"},
    "short key": {"ORDERS_FUNCTION_KEYS": FUNCTION_KEY[:31]},
    "short key beside a good one": {"ORDERS_FUNCTION_KEYS": f"{FUNCTION_KEY},{NEXT_FUNCTION_KEY[:31]}"},
    "key with a blank": {"ORDERS_FUNCTION_KEYS": f"{FUNCTION_KEY} {NEXT_FUNCTION_KEY}"},
    "key that is not ASCII": {"ORDERS_FUNCTION_KEYS": f"{FUNCTION_KEY}é"},
    "no key, but commas": {"ORDERS_FUNCTION_KEYS": ",,"},
    "no key, but roles": {"ORDERS_FUNCTION_KEYS": "", "ORDERS_FUNCTION_KEY_ROLES": "Orders.Read"},
    "unknown role": {"ORDERS_FUNCTION_KEYS": FUNCTION_KEY, "ORDERS_FUNCTION_KEY_ROLES": "Orders.Read,Orders.Admin"},
    "role in another case": {"ORDERS_FUNCTION_KEYS": FUNCTION_KEY, "ORDERS_FUNCTION_KEY_ROLES": "orders.read"},
    "no role, but a comma": {"ORDERS_FUNCTION_KEYS": FUNCTION_KEY, "ORDERS_FUNCTION_KEY_ROLES": ","},
}


@pytest.mark.parametrize("key", [FUNCTION_KEY, NEXT_FUNCTION_KEY], ids=["today's", "tomorrow's"])
@pytest.mark.parametrize("name", ["x-functions-key", "X-Functions-Key"])
async def test_what_is_attacked_serves_both_keys(target: Target, name: str, key: str) -> None:
    """While one key replaces the other, both are good."""
    await target.serves({name: key})


@pytest.mark.parametrize("name", REFUSED)
async def test_nearly_a_key_is_refused(target: Target, name: str) -> None:
    """A key is good to the last bit or not at all, unlike the host's, whose case does not count."""
    await target.refuses({HEADER: REFUSED[name]}, 401, "key_refused")


async def test_two_headers_are_refused(target: Target) -> None:
    """The host joins two headers, and neither is picked."""
    await target.refuses([(HEADER, FUNCTION_KEY), (HEADER, FUNCTION_KEY)], 401, "key_refused")


async def test_keys_of_the_host_open_nothing(target: Target) -> None:
    """The app's keys are its own: the host's, its master key too, are not among them."""
    for key in (target.app.keys.function, target.app.keys.host, target.app.keys.master):
        await target.refuses({HEADER: key}, 401, "key_refused")


@pytest.mark.parametrize("name", ["code", "x-functions-key", "clientId"])
async def test_key_in_the_query_is_none(target: Target, name: str) -> None:
    """URLs end in logs, so the host's other way is not taken."""
    target.secrets.add(FUNCTION_KEY)
    await target.refuses(None, 401, "token_missing", params={name: FUNCTION_KEY})


async def test_key_elsewhere_is_none(target: Target) -> None:
    """A key in a cookie, in the body or in another header is not looked for, and as a token it is malformed."""
    await target.refuses({"Cookie": f"{HEADER}={FUNCTION_KEY}"}, 401, "token_missing")
    await target.refuses({"x-api-key": FUNCTION_KEY}, 401, "token_missing")
    await target.refuses(None, 401, "token_missing", method="POST", json={HEADER: FUNCTION_KEY})
    await target.refuses({"Authorization": f"Bearer {FUNCTION_KEY}"}, 401, "token_malformed")


async def test_key_only_reads_unless_told_otherwise(target: Target) -> None:
    """A shared secret gets the least: Orders.Read. The refusal asks for no token, as a token was not the matter."""
    answer = await target.asked({HEADER: FUNCTION_KEY}, method="POST", json=BODY)
    assert answer == Answer(status=403, reason="role_missing", challenge=None)


async def test_roles_of_a_key_are_configuration(entra: Entra) -> None:
    """With both roles a key writes."""
    settings = settings_for(entra) | settings_of_keys() | {"ORDERS_FUNCTION_KEY_ROLES": "Orders.Write, Orders.Read"}
    async with await run(settings) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        await watched.serves({HEADER: FUNCTION_KEY}, method="POST", json=BODY)
        await watched.serves({HEADER: FUNCTION_KEY})


async def test_key_that_was_taken_off_is_refused() -> None:
    """An app that knows only tomorrow's key refuses today's; without tokens its 401 has no scheme to offer."""
    async with await run(settings_of_keys(NEXT_FUNCTION_KEY)) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        await watched.serves({HEADER: NEXT_FUNCTION_KEY})
        assert await watched.asked({HEADER: FUNCTION_KEY}) == Answer(status=401, reason="key_refused", challenge=None)
        assert await watched.asked() == Answer(status=401, reason="key_missing", challenge=None)


@pytest.mark.parametrize("empty", ["", " "])
async def test_empty_setting_is_no_empty_key(entra: Entra, empty: str) -> None:
    """Nothing in the setting means that nothing is accepted, the empty key neither."""
    async with await run({"ORDERS_FUNCTION_KEYS": empty}) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        for headers in ({HEADER: ""}, {HEADER: FUNCTION_KEY}, bearer(token_of(entra)), {}):
            await watched.refuses(headers, 401, "nothing_accepted")


@pytest.mark.parametrize("name", UNUSABLE)
async def test_wrong_setting_lets_nobody_in(entra: Entra, name: str) -> None:
    """What cannot be a key is never taken for one; the app is shut for every caller, and its log shows no key."""
    async with await run(settings_for(entra) | UNUSABLE[name]) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        setting = UNUSABLE[name]["ORDERS_FUNCTION_KEYS"]
        for headers in ({HEADER: setting}, {HEADER: FUNCTION_KEY}, bearer(token_of(entra)), {}):
            await watched.refuses(headers, 503, "misconfigured")
        health = await http.get("/api/health")
        assert health.json()["wrong_settings"][0].startswith("ORDERS_FUNCTION_KEY")
        assert "ORDERS_FUNCTION_KEY" in app.log
        assert not traces({FUNCTION_KEY, FUNCTION_KEY[:31], NEXT_FUNCTION_KEY[:31]}, app.log, health.text)
