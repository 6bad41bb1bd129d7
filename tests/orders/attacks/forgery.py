"""Tokens made by hand: a library that checks tokens does not lend itself to forging them.

`Part` is the header or the claims: an object to be written as JSON, or the very bytes.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from lab.entra import Entra, signing_key
from tests.orders.conftest import token_of

Part = Mapping[str, Any] | bytes
Signer = Callable[[bytes], bytes]
Forge = Callable[[Entra], str]
"""Makes a token against a tenant."""


def segment(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(part: str) -> bytes:
    """What stands in a segment."""
    return base64.urlsafe_b64decode(part + "==")


def written(part: Part) -> bytes:
    """The bytes of a part."""
    return part if isinstance(part, bytes) else json.dumps(part).encode()


def header_of(entra: Entra) -> dict[str, Any]:
    """The header of a good token."""
    header: dict[str, Any] = json.loads(unpacked(token_of(entra).split(".")[0]))
    return header


def claims_of(entra: Entra, **changes: Any) -> dict[str, Any]:
    """The claims of a good token, but for the changes; `...` leaves a claim out."""
    claims: dict[str, Any] = json.loads(unpacked(token_of(entra).split(".")[1]))
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def token(header: Part, claims: Part, sign: Signer) -> str:
    """A token of these parts, in compact form."""
    signed = f"{segment(written(header))}.{segment(written(claims))}"
    return f"{signed}.{segment(sign(signed.encode()))}"


def by_rsa(key: rsa.RSAPrivateKey, algorithm: hashes.HashAlgorithm | None = None) -> Signer:
    """RS256, or RS384 and RS512 by another hash."""
    return lambda signed: key.sign(signed, padding.PKCS1v15(), algorithm or hashes.SHA256())


def by_pss(key: rsa.RSAPrivateKey) -> Signer:
    """PS256."""
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    return lambda signed: key.sign(signed, scheme, hashes.SHA256())


def by_ecdsa(key: ec.EllipticCurvePrivateKey) -> Signer:
    """ES256."""

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign


def by_hmac(secret: bytes) -> Signer:
    """HS256."""
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


def without(_: bytes) -> bytes:
    """No signature (RFC 7519 section 6)."""
    return b""


def by_tenant(number: int = 0) -> Signer:
    """RS256 by a key of the tenant."""
    return by_rsa(signing_key(number).private)


def from_tenant(entra: Entra, *, header: Part | None = None, claims: Part | None = None) -> str:
    """A token that the tenant did sign, of whatever parts: the worst case."""
    return token(header or header_of(entra), claims or claims_of(entra), by_tenant())


def with_twin(part: Mapping[str, Any], name: str, value: Any) -> bytes:
    """A JSON object in which one member stands a second time, in front, with another value."""
    return f"{{{json.dumps(name)}: {json.dumps(value)}, {json.dumps(part)[1:]}".encode()


def changed(change: Callable[[list[str]], list[str]], joint: str = ".") -> Forge:
    """A good token whose three parts are not as they were."""
    return lambda entra: joint.join(change(token_of(entra).split(".")))
