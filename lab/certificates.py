"""The lab's certificate authorities, the certificates they issue, and TLS contexts made of them.

Keys are P-256 and made once a process, so that a lab starts in milliseconds. Extensions are those that OpenSSL's
strict verification asks for (VERIFY_X509_STRICT), so that every client may be used against the lab.
"""

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.world import Leaf

ORGANIZATION = "Private path lab"
ISSUERS = ("lab", "unknown", "self")
AUTHORITY_DAYS = 3650
LONGEST_COMMON_NAME = 64
"""Upper bound of commonName (RFC 5280 appendix A.1)."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A certificate that issues others, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True)
class Authorities:
    """Who issues in the lab: `root` is trusted, `intermediate` stands below it, `unknown` is a root nobody trusts."""

    root: Authority
    intermediate: Authority
    unknown: Authority


_making = Lock()


def authorities() -> Authorities:
    """The authorities of this process: two labs that begin in two threads at once get the same."""
    with _making:
        return _authorities()


@cache
def _authorities() -> Authorities:
    root = _authority("Lab Root CA", issuer=None, path_length=1)
    return Authorities(
        root=root,
        intermediate=_authority("Lab Issuing CA 1", issuer=root, path_length=0),
        unknown=_authority("Example TLS Inspection CA", issuer=None, path_length=1),
    )


def pem(*certificates: x509.Certificate) -> bytes:
    """The certificates in PEM, one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def chain(leaf: Leaf) -> tuple[tuple[x509.Certificate, ...], ec.EllipticCurvePrivateKey]:
    """The certificates as a server with this leaf sends them, and the leaf's key.

    Raises:
        ValueError: an issuer that is none.
    """
    if leaf.issuer not in ISSUERS:
        raise ValueError(f"issuer = {leaf.issuer!r}: allowed: one of {', '.join(ISSUERS)}")
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(leaf.names[0][:LONGEST_COMMON_NAME])
    now = datetime.now(UTC)
    builder = (
        _builder(name, key, now + timedelta(days=leaf.starts_in_days), now + timedelta(days=leaf.days_left))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in leaf.names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    if leaf.issuer == "self":
        return (_signed(builder, name, key),), key
    issuer = authorities().intermediate if leaf.issuer == "lab" else authorities().unknown
    certificate = _signed(builder, issuer.certificate.subject, issuer.key)
    complete = leaf.issuer == "lab" and leaf.sends_intermediate
    return (certificate, issuer.certificate) if complete else (certificate,), key


@lru_cache(maxsize=256)
def server_context(leaves: tuple[Leaf, ...], *, oldest: bool = False) -> ssl.SSLContext:
    """A context that chooses its certificate by SNI, the first where none fits; dates count from the first use.

    `oldest` offers TLS 1.1 at most. It reads and writes files: not for the event loop.
    """
    contexts = [_single(leaf, oldest=oldest) for leaf in leaves]

    def choose(tls: ssl.SSLObject, server_name: str | None, _: ssl.SSLContext) -> None:
        for leaf, context in zip(leaves, contexts, strict=True):
            if server_name is not None and covers(leaf.names, server_name):
                tls.context = context
                return

    contexts[0].sni_callback = choose
    return contexts[0]


def client_context() -> ssl.SSLContext:
    """A client's context that trusts the lab's root and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem(authorities().root.certificate).decode("ascii"))
    return context


def covers(names: Sequence[str], host: str) -> bool:
    """Whether a certificate of these names is one for the host; `*` stands for one label (RFC 9525 section 6.3)."""
    host = host.lower()
    return any(name.lower() in {host, f"*.{host.partition('.')[2]}"} for name in names)


def _single(leaf: Leaf, *, oldest: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    if oldest:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # a version that is no longer to be used: the point
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # SHA-1 signatures, which TLS 1.1 needs, are refused above 0
    certificates, key = chain(leaf)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # ssl reads keys from files only
        file.write(secret + pem(*certificates))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _authority(common_name: str, *, issuer: Authority | None, path_length: int) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name)
    now = datetime.now(UTC)
    life = timedelta(days=AUTHORITY_DAYS)
    builder = (
        _builder(name, key, now - life, now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    signer, signer_name = (key, name) if issuer is None else (issuer.key, issuer.certificate.subject)
    return Authority(certificate=_signed(builder, signer_name, signer), key=key)


def _builder(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        builder.issuer_name(issuer)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        ]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
