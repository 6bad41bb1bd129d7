"""Good credentials with something changed in them, whatever it is: none of them is accepted, and none is an error.

In this process, against the gate that the app has: thousands of calls.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lab.entra import Entra
from orders_api.caller import Role
from orders_api.identity import Gate
from orders_api.problem import Problem, Reason
from orders_api.settings import read
from tests.orders.attacks.client_certificates import leaf, wallet
from tests.orders.attacks.conftest import FUNCTION_KEY, NEXT_FUNCTION_KEY, settings_of_all
from tests.orders.attacks.forgery import by_tenant, claims_of, header_of, segment, token, unpacked
from tests.orders.conftest import token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

thoroughly = settings(
    max_examples=600,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CLAIMS = ("aud", "iss", "iat", "nbf", "exp", "azp", "oid", "roles", "sub", "tid", "uti", "ver")
WORDS = ("alg", "kid", "typ", "crit", "b64", "cty", "zip", "jku", "jwk", "x5u", "x5c", "x5t", "enc", "p2c")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
objects = st.dictionaries(st.sampled_from(CLAIMS + WORDS) | st.text(max_size=8), values, max_size=4)
characters = st.characters(codec="utf-8") | st.sampled_from("AZaz09-_=+/. ,\t\n\0\"'%")


class Door:
    """The gate with all kinds of credentials accepted, and a good credential of each."""

    def __init__(self, gate: Gate, token: str, other_token: str) -> None:
        self._gate = gate
        self.token = token
        self.other_token = other_token

    async def said(self, headers: Mapping[str, str]) -> Reason | None:
        """Why a caller is refused, None = it is let in; it is refused with 401 or 403 and in no other way."""
        try:
            await self._gate.admit(headers, Role.READ)
        except Problem as problem:
            refusal = problem
        else:
            return None
        assert refusal.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        return refusal.reason

    async def refuses_token(self, token: str) -> None:
        """Raises AssertionError unless the token is refused; blanks before it are not its own."""
        assume(token.lstrip(" ") not in {self.token, self.other_token})
        assert str(await self.said({"authorization": f"Bearer {token}"})).startswith("token_")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(entra: Entra) -> AsyncIterator[Door]:
    """The door of the module, which serves a token of each kind; the keys are fetched."""
    configured = read(settings_of_all(entra, wallet()))
    door = Door(Gate(configured), token_of(entra), token_of(entra, uti="another"))
    for good in (door.token, door.other_token):
        assert await door.said({"authorization": f"Bearer {good}"}) is None
    # An unknown key id is looked for only once a minute, so from now on nothing is fetched.
    unknown = token(header_of(entra) | {"kid": "nobody"}, claims_of(entra), by_tenant())
    assert await door.said({"authorization": f"Bearer {unknown}"}) is Reason.TOKEN_KEY_UNKNOWN
    yield door
    assert entra.key_requests == 2


@thoroughly
@given(data=st.data())
async def test_no_altered_spelling_of_a_token_is_accepted(door: Door, data: st.DataObject) -> None:
    """Characters changed, put in, left out, doubled, or in another case."""
    altered = door.token
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(altered)))
        until = data.draw(st.integers(at, min(at + 3, len(altered))))
        instead = data.draw(st.text(characters, max_size=3) | st.just(altered[at:until].swapcase()))
        altered = altered[:at] + instead + altered[until:]
    await door.refuses_token(altered)


@thoroughly
@given(part=st.integers(0, 2), mask=st.integers(1, 255), at=st.integers(0, 2000), padding=st.binary(max_size=2))
async def test_no_altered_byte_of_a_token_is_accepted(
    door: Door, part: int, mask: int, at: int, padding: bytes
) -> None:
    """Bits turned in what is signed, and in the signature."""
    parts = door.token.split(".")
    raw = bytearray(unpacked(parts[part]))
    raw[at % len(raw)] ^= mask
    parts[part] = segment(bytes(raw) + padding)
    await door.refuses_token(".".join(parts))


@thoroughly
@given(order=st.lists(st.integers(0, 5), max_size=5), joint=st.sampled_from([".", "..", ",", " ", ""]))
async def test_no_other_order_of_parts_is_accepted(door: Door, order: list[int], joint: str) -> None:
    """Parts of two good tokens, exchanged, doubled or left out."""
    parts = [*door.token.split("."), *door.other_token.split(".")]
    await door.refuses_token(joint.join(parts[number] for number in order))


@thoroughly
@given(changes=objects, gone=st.sets(st.sampled_from(CLAIMS), max_size=3))
async def test_no_altered_claims_are_accepted(
    door: Door, entra: Entra, changes: dict[str, Any], gone: set[str]
) -> None:
    """Claims changed, added and left out under the signature of the old ones."""
    header, _, signature = door.token.split(".")
    claims = {name: value for name, value in (claims_of(entra) | changes).items() if name not in gone}
    await door.refuses_token(f"{header}.{segment(json.dumps(claims).encode())}.{signature}")


@thoroughly
@given(changes=objects, gone=st.sets(st.sampled_from(["alg", "kid", "typ"]), max_size=2), signed=st.booleans())
async def test_no_altered_header_is_accepted(
    door: Door, entra: Entra, changes: dict[str, Any], gone: set[str], *, signed: bool
) -> None:
    """The same for the header, with the old signature or with none."""
    _, claims, signature = door.token.split(".")
    header = {name: value for name, value in (header_of(entra) | changes).items() if name not in gone}
    raw = json.dumps(header).encode()
    assume(raw != unpacked(door.token.split(".")[0]))
    await door.refuses_token(f"{segment(raw)}.{claims}.{signature if signed else ''}")


@thoroughly
@given(key=st.text() | st.text(characters, min_size=30, max_size=50) | st.just(FUNCTION_KEY).map(str.swapcase))
async def test_no_other_text_is_a_key(door: Door, key: str) -> None:
    """Whatever stands in the header of keys, but for the keys, is refused as one."""
    assume(key not in {FUNCTION_KEY, NEXT_FUNCTION_KEY})
    assert await door.said({"x-functions-key": key}) is Reason.KEY_REFUSED


@thoroughly
@given(key=st.text(st.characters(codec=None, categories=["Cs"]), min_size=1))
async def test_text_that_cannot_be_encoded_is_no_key(door: Door, key: str) -> None:
    """Lone surrogates are in no UTF-8, so the host lets none through; they would be no error either."""
    assert await door.said({"x-functions-key": key}) is Reason.KEY_REFUSED
    assert await door.said({"x-arr-clientcert": key}) is Reason.CERTIFICATE_MALFORMED
    assert await door.said({"authorization": f"Bearer {key}"}) is Reason.TOKEN_MALFORMED


@thoroughly
@given(data=st.data(), pinned=st.booleans())
async def test_no_altered_certificate_is_accepted(door: Door, data: st.DataObject, *, pinned: bool) -> None:
    """Bytes changed in a listed certificate and in an issued one, and base64 put together anew."""
    raw = bytearray((wallet().pinned["good"] if pinned else ISSUED).public_bytes(Encoding.DER))
    before = bytes(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(
            st.integers(0, 255) | st.sampled_from([0, 1, 5, 48, 128])
        )
    assume(bytes(raw) != before)
    header = base64.b64encode(bytes(raw)).decode()
    assert str(await door.said({"x-arr-clientcert": header})).startswith("certificate_")


def issued() -> Any:
    """A certificate of the trusted authority; in DER a signature that ends in zero bits can be written in two ways."""
    while not (certificate := leaf(wallet().trusted)).signature[-1] & 1:
        pass
    return certificate


ISSUED = issued()


async def test_what_is_altered_is_good(door: Door) -> None:
    """Unaltered, each of them is let in; so is each of many at a time."""
    header = base64.b64encode(ISSUED.public_bytes(Encoding.DER)).decode()
    calls: list[dict[str, str]] = [
        {"authorization": f"Bearer {door.token}"},
        {"x-functions-key": FUNCTION_KEY},
        {"x-arr-clientcert": header},
    ]
    assert await asyncio.gather(*(door.said(call) for call in calls * 20)) == [None] * 60
