"""Headers that hold no certificate, or more than one."""

import base64
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.orders.attacks.client_certificates import (
    NAME,
    header_of,
    leaf,
    pem,
    thumbprint,
    wallet,
)
from tests.orders.attacks.conftest import Target

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADER = "X-ARR-ClientCert"
TRUSTED = wallet().trusted
GOOD = header_of(wallet().pinned["good"])[HEADER]
SUBJECT, DNS_NAME = (bytes([tag, len(NAME)]) + NAME.encode() for tag in (0x0C, 0x82))
"""The name in DER, as UTF8String and as dNSName."""


def der(certificate: x509.Certificate) -> bytes:
    """A certificate as the header has it."""
    return certificate.public_bytes(Encoding.DER)


def encoded(raw: bytes) -> str:
    """Base64 as the header has it."""
    return base64.b64encode(raw).decode()


def loosened(text: str) -> str:
    """Another spelling of the same bytes: the bits that the last character has too many are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    spare = {2: 0b1111, 3: 0b11}[len(bare) % 4]
    return bare[:-1] + alphabet[alphabet.index(bare[-1]) | spare] + "=" * (len(text) - len(bare))


def spare() -> str:
    """A good header that has bits to spare."""
    text = GOOD
    while not text.endswith("="):
        text = header_of(leaf(TRUSTED))[HEADER]  # the lengths of signatures differ
    return text


def patched(before: bytes, after: bytes) -> str:
    """A certificate of the trusted authority with some bytes put in place of others, of which there are as many."""
    raw = der(leaf(TRUSTED))
    assert before in raw
    assert len(before) == len(after)
    return encoded(raw.replace(before, after, 1))


FORMS: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "garbage": lambda: "garbage",
    "base64 of garbage": lambda: encoded(b"garbage" * 20),
    "PEM on one line": lambda: pem(wallet().pinned["good"]).replace("\n", ""),
    "PEM with blanks": lambda: pem(wallet().pinned["good"]).strip().replace("\n", " "),
    "base64 of PEM": lambda: encoded(pem(wallet().pinned["good"]).encode()),
    "PEM escaped": lambda: pem(wallet().pinned["good"]).replace("\n", "%0A").replace(" ", "%20"),
    "hex": lambda: der(wallet().pinned["good"]).hex(),
    "two, joined by the host": lambda: f"{GOOD},{GOOD}",
    "two in a row": lambda: encoded(der(wallet().pinned["good"]) * 2),
    "good after bad": lambda: f"AAAA,{GOOD}",
    "blank inside": lambda: f"{GOOD[:64]} {GOOD[64:]}",
    "tab inside": lambda: f"{GOOD[:64]}\t{GOOD[64:]}",
    "in quotes": lambda: f'"{GOOD}"',
    "RFC 9440": lambda: f":{GOOD}:",
    "Envoy": lambda: f'Hash={thumbprint(wallet().pinned["good"])};Cert="{GOOD}"',
    "padding more": lambda: f"{GOOD}====",
    "spelt otherwise": lambda: loosened(spare()),
    "URL-safe alphabet": lambda: base64.urlsafe_b64encode(b"\xff\xfe" + der(wallet().pinned["good"])).decode(),
    "a byte less": lambda: encoded(der(wallet().pinned["good"])[:-1]),
    "a byte more": lambda: encoded(der(wallet().pinned["good"]) + b"\0"),
    "not ASCII": lambda: f"{GOOD}é",
    "its thumbprint": lambda: thumbprint(wallet().pinned["good"]),
    "huge": lambda: encoded(der(leaf(TRUSTED, names=[NAME, *(f"h{number}.example.com" for number in range(500))]))),
    "version 5": lambda: patched(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04"),
    "extension twice": lambda: patched(b"\x55\x1d\x0e", b"\x55\x1d\x13"),
    "subject of bits": lambda: patched(SUBJECT, b"\x03" + SUBJECT[1:]),
    "subject of no kind": lambda: patched(SUBJECT, b"\x7b" + SUBJECT[1:]),
    "name of a kind that nobody reads": lambda: patched(DNS_NAME, b"\xa3" + DNS_NAME[1:]),
    "a key": lambda: encoded(b"-----BEGIN PRIVATE KEY-----"),
}


@pytest.mark.parametrize("name", FORMS)
async def test_other_form_is_refused(target: Target, name: str) -> None:
    """Only the base64 of one certificate in DER is one."""
    await target.refuses({HEADER: FORMS[name]()}, 401, "certificate_malformed")


async def test_two_headers_are_refused(target: Target) -> None:
    """The host joins two headers, and neither is picked."""
    await target.refuses([(HEADER, GOOD), (HEADER, GOOD)], 401, "certificate_malformed")


@pytest.mark.parametrize("name", ["X-Client-Cert", "X-Forwarded-Client-Cert", "Client-Cert", "ssl-client-cert"])
async def test_other_header_carries_no_certificate(target: Target, name: str) -> None:
    """Headers of other proxies are not App Service's."""
    await target.refuses({name: GOOD}, 401, "token_missing")
