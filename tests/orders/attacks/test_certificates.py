"""Client certificates that are forged, out of date, or not for this purpose."""

import base64
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.orders.attacks.client_certificates import (
    ANY,
    CLIENT,
    NAME,
    OTHER_NAME,
    SERVER,
    authority,
    header_of,
    leaf,
    thumbprint,
    wallet,
)
from tests.orders.attacks.conftest import Answer, Target, settings_of_certificates
from tests.orders.conftest import client_of, run

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADER = "X-ARR-ClientCert"
BODY = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 1}]}
TRUSTED, EXPIRED = wallet().trusted, wallet().expired
GOOD = header_of(wallet().pinned["good"])[HEADER]

CERTIFICATES: dict[str, tuple[Callable[[], x509.Certificate], int, str]] = {
    "self-signed with the name": (leaf, 401, "certificate_untrusted"),
    "authority of the same name, other key": (lambda: leaf(authority()), 401, "certificate_untrusted"),
    "authority nobody trusts": (lambda: leaf(authority("Other CA")), 401, "certificate_untrusted"),
    "authority below the trusted one": (
        lambda: leaf(authority("Example Sub CA", issuer=TRUSTED)),
        401,
        "certificate_untrusted",
    ),
    "issued by another client of the authority": (
        lambda: leaf(authority(NAME, issuer=TRUSTED)),
        401,
        "certificate_untrusted",
    ),
    "authority that has expired": (lambda: leaf(EXPIRED, days=(-50, 50)), 401, "certificate_untrusted"),
    "trusted authority's key under another name": (
        lambda: leaf(authority("Other CA", key=TRUSTED.key)),
        401,
        "certificate_untrusted",
    ),
    "expired": (lambda: leaf(TRUSTED, days=(-10, -0.01)), 401, "certificate_expired"),
    "not yet valid": (lambda: leaf(TRUSTED, days=(1, 10)), 401, "certificate_not_yet_valid"),
    "the authority itself": (lambda: TRUSTED.certificate, 401, "certificate_purpose"),
    "an authority as a client": (lambda: leaf(TRUSTED, ca=True), 401, "certificate_purpose"),
    "server only": (lambda: leaf(TRUSTED, usage=(SERVER,)), 401, "certificate_purpose"),
    "any usage": (lambda: leaf(TRUSTED, usage=(ANY,)), 401, "certificate_purpose"),
    "no usage": (lambda: leaf(TRUSTED, usage=()), 401, "certificate_purpose"),
    "other name": (lambda: leaf(TRUSTED, names=(OTHER_NAME,)), 403, "certificate_name"),
    "name with more behind": (lambda: leaf(TRUSTED, names=(f"{NAME}.example.com",)), 403, "certificate_name"),
    "name with more before": (lambda: leaf(TRUSTED, names=(f"x.{NAME}",)), 403, "certificate_name"),
    "wildcard": (lambda: leaf(TRUSTED, names=("*.internal.example.com",)), 403, "certificate_name"),
    "name in the subject only": (lambda: leaf(TRUSTED, names=()), 401, "certificate_untrusted"),
}

PINNED = {
    "expired": "certificate_expired",
    "not yet valid": "certificate_not_yet_valid",
    "authority": "certificate_purpose",
    "server only": "certificate_purpose",
    "any usage": "certificate_purpose",
}


@pytest.mark.parametrize("name", ["good", "unlimited"])
async def test_what_is_attacked_serves_listed_certificates(target: Target, name: str) -> None:
    """A listed certificate opens the route, whether it says that it is for clients or says nothing."""
    await target.serves(header_of(wallet().pinned[name]))


@pytest.mark.parametrize("names", [(NAME,), (OTHER_NAME, NAME.upper()), wallet().names[1:]])
async def test_what_is_attacked_serves_issued_certificates(target: Target, names: tuple[str, ...]) -> None:
    """So does a certificate of the trusted authority for one of the listed names, beside other usages."""
    await target.serves(header_of(leaf(TRUSTED, names=names, usage=(SERVER, CLIENT))))


@pytest.mark.parametrize("name", CERTIFICATES)
async def test_certificate_that_is_not_trusted_is_refused(target: Target, name: str) -> None:
    """Who issued it is shown by the signature, and what for by its extensions; names alone show nothing."""
    make, status, reason = CERTIFICATES[name]
    await target.refuses(header_of(make()), status, reason)


@pytest.mark.parametrize("name", PINNED)
async def test_listed_certificate_must_be_good_too(target: Target, name: str) -> None:
    """To be on the list does not make up for dates or purpose."""
    await target.refuses(header_of(wallet().pinned[name]), 401, PINNED[name])


async def test_changed_certificate_is_refused(target: Target) -> None:
    """A listed certificate with a bit of its signature changed is another one; so is an issued one."""
    for certificate in (wallet().pinned["good"], leaf(TRUSTED)):
        raw = bytearray(certificate.public_bytes(Encoding.DER))
        raw[-1] ^= 1
        await target.refuses({HEADER: base64.b64encode(bytes(raw)).decode()}, 401, "certificate_untrusted")


async def test_certificate_only_reads_unless_told_otherwise(target: Target) -> None:
    """The least, by default."""
    answer = await target.asked({HEADER: GOOD}, method="POST", json=BODY)
    assert answer == Answer(status=403, reason="role_missing", challenge=None)


async def test_only_what_is_listed_when_no_issuer_is() -> None:
    """Of thumbprints alone, one that differs in a bit is refused; roles are configuration; no scheme is offered."""
    other = f"{int(thumbprint(wallet().pinned['good']), 16) ^ 1:064x}"
    listed = {"ORDERS_CLIENT_CERTIFICATES": f"{other},{thumbprint(wallet().pinned['unlimited'])}"}
    nothing = {"ORDERS_CLIENT_CERTIFICATE_ISSUERS": "", "ORDERS_CLIENT_CERTIFICATE_NAMES": ""}
    roles = {"ORDERS_CLIENT_CERTIFICATE_ROLES": "Orders.Write"}
    settings = settings_of_certificates(wallet()) | listed | nothing | roles
    async with await run(settings) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        unlimited = header_of(wallet().pinned["unlimited"])
        await watched.serves(unlimited, method="POST", json=BODY)
        await watched.refuses(unlimited, 403, "role_missing")
        for certificate in (wallet().pinned["good"], leaf(TRUSTED)):
            expected = Answer(status=401, reason="certificate_untrusted", challenge=None)
            assert await watched.asked(header_of(certificate)) == expected
        assert await watched.asked() == Answer(status=401, reason="certificate_missing", challenge=None)
