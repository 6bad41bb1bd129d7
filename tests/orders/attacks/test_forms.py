"""Tokens that are none by their form, though the tenant signed most of them."""

import base64
import json
import zlib

import pytest

from lab.entra import Entra
from tests.orders.attacks.conftest import Target
from tests.orders.attacks.forgery import (
    Forge,
    by_tenant,
    changed,
    claims_of,
    from_tenant,
    header_of,
    segment,
    token,
    unpacked,
    with_twin,
)
from tests.orders.conftest import bearer, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def loosened(part: str) -> str:
    """Another spelling of the same bytes: the bits that the last character has too many are set."""
    spare = {2: 0b1111, 3: 0b11}[len(part) % 4]
    return part[:-1] + ALPHABET[ALPHABET.index(part[-1]) | spare]


def loose(number: int) -> Forge:
    """A token with one part in another spelling, and signed like that."""

    def forge(entra: Entra) -> str:
        parts: list[str] = []
        for size in range(3):  # until the part has bits to spare
            claims = claims_of(entra, uti="x" * size)
            header = header_of(entra) | {"x": "x" * size}
            parts = token(header, claims, by_tenant()).split(".")
            if len(parts[number]) % 4:
                break
        parts[number] = loosened(parts[number])
        if number < 2:
            parts[2] = segment(by_tenant()(".".join(parts[:2]).encode()))
        return ".".join(parts)

    return forge


FORM: dict[str, Forge] = {
    "no token": lambda _: "abc",
    "dots": lambda _: "..",
    "one part": changed(lambda parts: parts[:1]),
    "two parts": changed(lambda parts: parts[:2]),
    "four parts": changed(lambda parts: [*parts, parts[2]]),
    "no header": changed(lambda parts: ["", *parts[1:]]),
    "no claims": changed(lambda parts: [parts[0], "", parts[2]]),
    "JWE": lambda _: ".".join([segment(b'{"alg": "RSA-OAEP", "enc": "A256GCM"}'), *["AAAA"] * 4]),
    "JSON serialisation, flattened": changed(
        lambda parts: [json.dumps(dict(zip(("protected", "payload", "signature"), parts, strict=True)))], ""
    ),
    "JSON serialisation, general": changed(
        lambda parts: [
            json.dumps({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]})
        ],
        "",
    ),
    "nested": lambda entra: from_tenant(
        entra, header=header_of(entra) | {"cty": "JWT"}, claims=token_of(entra).encode()
    ),
    "nested in quotes": lambda entra: from_tenant(entra, claims=json.dumps(token_of(entra)).encode()),
    "claims are a list": lambda entra: from_tenant(entra, claims=json.dumps([claims_of(entra)]).encode()),
    "claims are null": lambda entra: from_tenant(entra, claims=b"null"),
    "header is a list": lambda entra: from_tenant(entra, header=json.dumps([header_of(entra)]).encode()),
    "header is no JSON": lambda entra: from_tenant(entra, header=b"{"),
    "header in UTF-16": lambda entra: from_tenant(entra, header=json.dumps(header_of(entra)).encode("utf-16-le")),
    "claims in UTF-16": lambda entra: from_tenant(entra, claims=json.dumps(claims_of(entra)).encode("utf-16-le")),
    "claims not in UTF-8": lambda entra: from_tenant(
        entra, claims=json.dumps(claims_of(entra, x="é"), ensure_ascii=False).encode("latin-1")
    ),
    "byte order mark": lambda entra: from_tenant(entra, claims=b"\xef\xbb\xbf" + json.dumps(claims_of(entra)).encode()),
    "packed": lambda entra: from_tenant(
        entra,
        header=header_of(entra) | {"zip": "DEF"},
        claims=zlib.compress(json.dumps(claims_of(entra)).encode(), wbits=-15),
    ),
    "header nested too deep": lambda _: f"{segment(b'[' * 12_000)}.e30.AAAA",
    "claims nested too deep": lambda entra: from_tenant(entra, claims=b'{"a":' * 1800 + b"0" + b"}" * 1800),
    "too long": lambda entra: token_of(entra, padding="x" * 20_000),
    "algorithm twice": lambda entra: from_tenant(entra, header=with_twin(header_of(entra), "alg", "none")),
    "key id twice": lambda entra: from_tenant(entra, header=with_twin(header_of(entra), "kid", "nobody-knows-it")),
    "critical extension nobody knows": lambda entra: from_tenant(
        entra, header=header_of(entra) | {"crit": ["exp"], "exp": 1}
    ),
    "critical extension that PyJWT knows": lambda entra: from_tenant(
        entra, header=header_of(entra) | {"crit": ["b64"], "b64": True}
    ),
    "critical extensions, none": lambda entra: from_tenant(entra, header=header_of(entra) | {"crit": []}),
    "claims not encoded": lambda entra: ".".join(
        [
            (head := segment(json.dumps(header_of(entra) | {"crit": ["b64"], "b64": False}).encode())),
            (body := json.dumps(claims_of(entra))),
            segment(by_tenant()(f"{head}.{body}".encode())),
        ]
    ),
    "claims said not to be encoded": lambda entra: from_tenant(entra, header=header_of(entra) | {"b64": False}),
    "padding": changed(lambda parts: [part + "=" * (-len(part) % 4) for part in parts]),
    "padding of the signature": changed(lambda parts: [*parts[:2], f"{parts[2]}=="]),
    "base64 of RFC 4648 section 4": lambda entra: ".".join(
        base64.b64encode(unpacked(part)).decode().rstrip("=")
        for part in from_tenant(entra, claims=claims_of(entra, x="???>>>")).split(".")
    ),
    "header spelt otherwise": loose(0),
    "claims spelt otherwise": loose(1),
    "signature spelt otherwise": loose(2),
    "not ASCII": changed(lambda parts: [*parts[:2], f"{parts[2]}é"]),
}


@pytest.mark.parametrize("name", FORM)
async def test_other_form_is_refused(target: Target, entra: Entra, name: str) -> None:
    """Only a compact JWS of two JSON objects in canonical base64 is a token, even where the tenant signed it."""
    await target.refuses(bearer(FORM[name](entra)), 401, "token_malformed")
