"""Tokens that the tenant did not sign, or not like that."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab.entra import Entra, signing_key
from lab.http import Request, Response, Server, serve
from tests.orders.attacks.conftest import Target
from tests.orders.attacks.forgery import (
    Forge,
    Signer,
    by_ecdsa,
    by_hmac,
    by_pss,
    by_rsa,
    by_tenant,
    changed,
    claims_of,
    from_tenant,
    header_of,
    segment,
    token,
    unpacked,
    without,
)
from tests.orders.conftest import bearer, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def by_public_key(encoding: Encoding, form: PublicFormat) -> Signer:
    """HS256 with the tenant's public key as the secret (RFC 8725 section 2.1)."""
    return by_hmac(signing_key(0).private.public_key().public_bytes(encoding, form))


def by_jwk(entra: Entra) -> Signer:
    """HS256 with the tenant's key as it is published."""
    return by_hmac(json.dumps(entra.entry(signing_key(0))).encode())


def named(algorithm: object, sign: Signer) -> Forge:
    """A token under the name of this algorithm."""
    return lambda entra: token(header_of(entra) | {"alg": algorithm}, claims_of(entra), sign)


def own(**header: Any) -> Forge:
    """A token by the attacker's key, its header like a good one's but for this."""
    return lambda entra: token(header_of(entra) | header, claims_of(entra), by_rsa(OWN))


ALGORITHM: dict[str, Forge] = {
    "HS256 by the public key in PEM": named("HS256", by_public_key(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
    "HS256 by the public key in PKCS 1": named("HS256", by_public_key(Encoding.PEM, PublicFormat.PKCS1)),
    "HS256 by the public key in DER": named("HS256", by_public_key(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
    "HS256 by the published JWK": lambda entra: named("HS256", by_jwk(entra))(entra),
    "HS256 by the modulus": named("HS256", by_hmac(signing_key(0).modulus.encode())),
    "HS256 by nothing": named("HS256", by_hmac(b"")),
    "ES256 by an own key": named("ES256", by_ecdsa(ec.generate_private_key(ec.SECP256R1()))),
    "PS256 by the tenant's key": named("PS256", by_pss(signing_key(0).private)),
    "RS384 by the tenant's key": named("RS384", by_rsa(signing_key(0).private, hashes.SHA384())),
    "RS512 by the tenant's key": named("RS512", by_rsa(signing_key(0).private, hashes.SHA512())),
    **{f"{name!r}, unsigned": named(name, without) for name in ("none", "None", "NONE", "nOnE", "", None)},
    "none, with a good signature": named("none", by_tenant()),
    "none, and no key fetched for it": lambda entra: token({"alg": "none", "kid": "nobody"}, claims_of(entra), without),
    "no algorithm": lambda entra: from_tenant(entra, header={"kid": signing_key(0).key_id}),
    "lower case": named("rs256", by_tenant()),
    "blank before": named(" RS256", by_tenant()),
    "list": named(["RS256"], by_tenant()),
    "number": named(256, by_tenant()),
}

SIGNATURE: dict[str, Forge] = {
    "own key": own(),
    "RS256 that is a PS256": named("RS256", by_pss(signing_key(0).private)),
    "RS256 that is a RS512": named("RS256", by_rsa(signing_key(0).private, hashes.SHA512())),
    "RS256 that is a HS256": named("RS256", by_public_key(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
    "key of the tenant that is not published": lambda entra: token(header_of(entra), claims_of(entra), by_tenant(1)),
    "no signature": changed(lambda parts: [*parts[:2], ""]),
    "signature of zeros": changed(lambda parts: [*parts[:2], segment(bytes(256))]),
    "signature of ones": changed(lambda parts: [*parts[:2], segment(b"\xff" * 256)]),
    "signature a byte shorter": changed(lambda parts: [*parts[:2], segment(unpacked(parts[2])[:-1])]),
    "signature with a zero before": changed(lambda parts: [*parts[:2], segment(b"\0" + unpacked(parts[2]))]),
    "signature twice": changed(lambda parts: [*parts[:2], segment(unpacked(parts[2]) * 2)]),
    "signature of another token": lambda entra: ".".join(
        [*token_of(entra).split(".")[:2], token_of(entra, uti="other").split(".")[2]]
    ),
    "claims changed": lambda entra: ".".join(
        [
            (parts := token_of(entra, roles=()).split("."))[0],
            segment(json.dumps(claims_of(entra)).encode()),
            parts[2],
        ]
    ),
    "header changed": changed(lambda parts: [segment(unpacked(parts[0]).replace(b"JWT", b"jwt")), *parts[1:]]),
}

KEY_ID: dict[str, tuple[object, str]] = {
    "unknown": ("nobody-knows-it", "token_key_unknown"),
    "path": ("../../../../dev/null", "token_key_unknown"),
    "file": ("file:///proc/self/environ", "token_key_unknown"),
    "URL": ("https://attacker.example.com/keys", "token_key_unknown"),
    "SQL": ("x'UNION/**/SELECT'key", "token_key_unknown"),
    "command": ("key|/usr/bin/id", "token_key_unknown"),
    "other case": (signing_key(0).key_id.swapcase(), "token_key_unknown"),
    "as long as may be": ("k" * 128, "token_key_unknown"),
    "too long": ("k" * 129, "token_malformed"),
    "very long": ("k" * 8000, "token_malformed"),
    "NUL behind": (f"{signing_key(0).key_id}\0", "token_malformed"),
    "newline behind": (f"{signing_key(0).key_id}\n", "token_malformed"),
    "blank before": (f" {signing_key(0).key_id}", "token_malformed"),
    "not ASCII": ("ключ", "token_malformed"),
    "surrogate": ("\ud800", "token_malformed"),
    "empty": ("", "token_malformed"),
    "number": (0, "token_malformed"),
    "list": ([signing_key(0).key_id], "token_malformed"),
    "object": ({"kid": signing_key(0).key_id}, "token_malformed"),
    "true": (True, "token_malformed"),
    "null": (None, "token_malformed"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacker() -> AsyncIterator[tuple[Server, list[Request]]]:
    """A server of the attacker that gives out its key, and who has asked for it."""
    seen: list[Request] = []

    async def answer(request: Request) -> Response:
        seen.append(request)
        return Response(200, body=json.dumps({"keys": []}).encode())

    async with await serve(answer) as server:
        yield server, seen


async def test_what_is_attacked_serves_good_tokens(target: Target, entra: Entra) -> None:
    """A token of the library's making and one made by hand open the route, so nothing below is refused for its make."""
    await target.serves(bearer(token_of(entra)))
    await target.serves(bearer(from_tenant(entra)))


@pytest.mark.parametrize("name", ALGORITHM)
async def test_other_algorithm_is_refused(target: Target, entra: Entra, name: str) -> None:
    """Only RS256 is looked at, and for nothing else are keys fetched."""
    asked = entra.key_requests
    await target.refuses(bearer(ALGORITHM[name](entra)), 401, "token_algorithm")
    assert entra.key_requests == asked


@pytest.mark.parametrize("name", SIGNATURE)
async def test_other_signature_is_refused(target: Target, entra: Entra, name: str) -> None:
    """What a published key did not sign, byte by byte, is no token."""
    await target.refuses(bearer(SIGNATURE[name](entra)), 401, "token_signature")


@pytest.mark.parametrize("name", KEY_ID)
async def test_key_id_opens_nothing(target: Target, entra: Entra, name: str) -> None:
    """A key id is looked up among those that are published, and is nothing else: no path, no query, no address."""
    key_id, reason = KEY_ID[name]
    await target.refuses(bearer(own(kid=key_id)(entra)), 401, reason)


async def test_key_id_must_be_there(target: Target, entra: Entra) -> None:
    """A token without one is malformed, though only one key is published."""
    await target.refuses(bearer(from_tenant(entra, header={"alg": "RS256"})), 401, "token_malformed")


@pytest.mark.parametrize("key_id", [signing_key(0).key_id, "nobody-knows-it"])
@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
async def test_key_in_the_header_is_not_used(
    target: Target, entra: Entra, attacker: tuple[Server, list[Request]], name: str, key_id: str
) -> None:
    """A key that a token brings, or says where to fetch, is not used, and nobody is asked for it."""
    server, seen = attacker
    jwk = {"kty": "RSA", "kid": key_id, "n": segment(OWN.public_key().public_numbers().n.to_bytes(256)), "e": "AQAB"}
    der = OWN.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    url = f"{server.url}/keys"
    brought = {"jku": url, "x5u": url, "jwk": jwk, "x5c": [base64.b64encode(der).decode()]}
    reason = "token_key_unknown" if key_id == "nobody-knows-it" else "token_signature"
    await target.refuses(bearer(own(kid=key_id, **{name: brought[name]})(entra)), 401, reason)
    assert seen == []
