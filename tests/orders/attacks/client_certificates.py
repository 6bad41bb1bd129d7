"""Client certificates, good and forged, and the authorities that issue them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "gateway.internal.example.com"
OTHER_NAME = "printer.internal.example.com"
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A certificate that issues others, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key that nobody else has."""
    return ec.generate_private_key(ec.SECP256R1())


def named(common_name: str) -> x509.Name:
    """A subject."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def authority(
    name: str = "Example Issuing CA",
    *,
    days: tuple[float, float] = (-100, 100),
    issuer: Authority | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Authority:
    """An authority of its own, or below another; `days` from now on which it is valid."""
    key = key or new_key()
    builder = (
        _builder(named(name), key, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(SIGNS_CERTIFICATES, critical=True)
    )
    signer = issuer or Authority(certificate=builder.issuer_name(named(name)).sign(key, hashes.SHA256()), key=key)
    return Authority(certificate=_signed(builder, signer), key=key)


def leaf(
    issuer: Authority | None = None,
    *,
    names: Sequence[str] = (NAME,),
    days: tuple[float, float] = (-1, 100),
    usage: Sequence[x509.ObjectIdentifier] = (CLIENT,),
    ca: bool = False,
) -> x509.Certificate:
    """A client's certificate: of an authority, or self-signed; the subject is the same whatever the names are."""
    key = new_key()
    builder = _builder(named(NAME), key, days).add_extension(
        x509.BasicConstraints(ca=ca, path_length=None), critical=True
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    if issuer is None:
        return builder.issuer_name(named(NAME)).sign(key, hashes.SHA256())
    return _signed(builder, issuer)


def header_of(certificate: x509.Certificate) -> dict[str, str]:
    """The header in which App Service hands it over."""
    return {"X-ARR-ClientCert": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}


def pem(certificate: x509.Certificate) -> str:
    """A certificate as a file has it."""
    return certificate.public_bytes(Encoding.PEM).decode()


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """What the target knows of certificates.

    Attributes:
        trusted: an authority on its list; `expired` is one that was.
        pinned: certificates that are listed themselves, by what is said of them. Only `good` and `unlimited` may pass.
    """

    trusted: Authority
    expired: Authority
    pinned: dict[str, x509.Certificate]
    names: tuple[str, ...] = (NAME, "reports.internal.example.com")

    @property
    def listed(self) -> tuple[str, ...]:
        """The thumbprints, one of them as openssl writes it."""
        first, *others = (thumbprint(each) for each in self.pinned.values())
        return (":".join(first[at : at + 2] for at in range(0, len(first), 2)).upper(), *others)

    @property
    def issuers(self) -> str:
        """The authorities in PEM."""
        certificates = (self.trusted.certificate, self.expired.certificate)
        return "".join(pem(each) for each in certificates)


@cache
def wallet() -> Wallet:
    """The wallet of this process."""
    return Wallet(
        trusted=authority(),
        expired=authority("Example Former CA", days=(-100, -1)),
        pinned={
            "good": leaf(names=()),
            "unlimited": leaf(names=(), usage=()),
            "expired": leaf(days=(-10, -1)),
            "not yet valid": leaf(days=(1, 10)),
            "authority": leaf(ca=True),
            "server only": leaf(usage=(SERVER,)),
            "any usage": leaf(usage=(ANY,)),
        },
    )


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: tuple[float, float]) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, issuer: Authority) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    builder = builder.issuer_name(issuer.certificate.subject).add_extension(identifier, critical=False)
    return builder.sign(issuer.key, hashes.SHA256())
