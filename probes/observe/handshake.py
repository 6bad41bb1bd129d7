"""Step `handshake`: TLS with SNI and full verification; the chain is kept whatever comes of it."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path as File

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

from probes.failure import Failure
from probes.observe.classify import failure_of
from probes.observe.notebook import Mark, Notebook, within
from probes.observe.scrub import scrub
from probes.observe.stream import Stream
from probes.observe.surroundings import in_thread
from probes.path import Target
from probes.records import Certificate, Handshake, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a target's certificate is verified against.

    Attributes:
        context: shared by every handshake: making one costs more than the handshake.
        anchors: what it trusts; empty where there are no intermediates to lead there.
        intermediates: of the path's own file, empty where it names none.
    """

    context: ssl.SSLContext
    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]


_trusts: dict[tuple[str | None, str | None], Trust] = {}


async def trust_of(target: Target) -> Trust:
    """The trust of a target; a thread reads its files when they are first asked for in this process.

    Raises:
        OSError, ssl.SSLError, ValueError: a file is gone, or no longer a PEM of certificates.
    """
    files = (target.ca_file, target.intermediates_file)
    if files not in _trusts:
        _trusts[files] = await in_thread(lambda: trust(*files))
    return _trusts[files]


def trust(ca_file: str | None, intermediates_file: str | None) -> Trust:
    """The trust that these files make.

    A bare client context, not `ssl.create_default_context`: since Python 3.13 that one adds VERIFY_X509_STRICT and
    VERIFY_X509_PARTIAL_CHAIN, and API Management and other callers refuse less and trust less than these do.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=ca_file)
    if intermediates_file is None:
        return Trust(context=context, anchors=(), intermediates=())
    anchors = certificates(ca_file) if ca_file is not None else system_anchors()
    return Trust(context=context, anchors=anchors, intermediates=certificates(intermediates_file))


def certificates(file: str | File) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file."""
    return tuple(x509.load_pem_x509_certificates(File(file).read_bytes()))


def system_anchors() -> tuple[x509.Certificate, ...]:
    """The trust anchors of this machine: those of OpenSSL's default file, else of its default folder."""
    paths = ssl.get_default_verify_paths()
    files = [File(paths.cafile)] if paths.cafile else sorted(File(paths.capath or "/nowhere").glob("*.[0-9]"))
    return tuple(anchor for file in files for anchor in certificates(file))


async def handshake(notebook: Notebook, mark: Mark, stream: Stream, target: Target, address: str) -> Handshake:
    """The record of the handshake on this connection; without a failure the stream is ready for the request.

    Cancelled, it closes the stream: nobody else knows of it yet.
    """
    started_ms = notebook.elapsed_ms()
    failure, detail, code, message = None, None, None, None
    known: Trust | None = None
    try:
        async with within(notebook.limit(Step.HANDSHAKE)):
            known = await trust_of(target)
            await stream.handshake(known.context, target.host)
        code = 0
    except asyncio.CancelledError:
        await stream.aclose()
        raise
    except ssl.SSLCertVerificationError as error:
        failure, message = failure_of(error)
        code = error.verify_code
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = failure_of(error)
    done = stream.tls if failure is None else None
    cipher = done.cipher() if done else None
    sent = stream.chain()
    chain = tuple(certificate for certificate in takewhile(bool, map(described, sent)) if certificate)
    return notebook.write(
        Handshake,
        mark,
        address,
        started_ms,
        failure=failure,
        detail=detail,
        address=address,
        port=target.port,
        server_name=target.host,
        version=done.version() if done else None,
        cipher=cipher[0] if cipher else None,
        alpn=done.selected_alpn_protocol() if done else None,
        verify_code=code,
        verify_message=message,
        chain=chain,
        known_issuer=known_issuer(sent, known) if failure is Failure.CERTIFICATE_UNTRUSTED and known else None,
    )


def known_issuer(sent: Sequence[bytes], known: Trust) -> str | None:
    """Subject of the known intermediate that leads from the top of the chain sent to an anchor, `None` = none does.

    The top is the last certificate that signatures lead to from the leaf: what else was sent belongs elsewhere.
    """
    if not known.intermediates or not sent or described(sent[0]) is None:
        return None
    top, *rest = (x509.load_der_x509_certificate(der) for der in sent if described(der) is not None)
    while (above := next((one for one in rest if signed_by(top, one)), None)) is not None:
        top, rest = above, [one for one in rest if one is not above]
    for issuer in known.intermediates:
        if signed_by(top, issuer) and any(signed_by(issuer, anchor) for anchor in known.anchors):
            return issuer.subject.rfc4514_string()
    return None


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate and the names fit."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=4096)
def described(der: bytes) -> Certificate | None:
    """The record of one certificate; parsed once for every distinct DER, as fleets share theirs.

    `None` where it cannot be read: OpenSSL takes certificates that are stranger than the parser allows.
    """
    try:
        return record_of(x509.load_der_x509_certificate(der))
    except Exception:  # noqa: BLE001 - a stranger wrote it, and the handshake is evidence without it
        return None


def record_of(parsed: x509.Certificate) -> Certificate:
    """The record of a parsed certificate."""
    names, addresses = alternative_names(parsed)
    return Certificate(
        subject=one_line(parsed.subject.rfc4514_string()),
        issuer=one_line(parsed.issuer.rfc4514_string()),
        names=tuple(map(one_line, names)),
        addresses=addresses,
        not_before_at=parsed.not_valid_before_utc,
        not_after_at=parsed.not_valid_after_utc,
        serial_number=f"{parsed.serial_number:x}",
        key=key_name(parsed),
        sha256=parsed.fingerprint(hashes.SHA256()).hex(),
        self_issued=parsed.subject == parsed.issuer,
    )


def one_line(name: str) -> str:
    """A name that a stranger wrote, control characters and line ends written out."""
    return scrub(name).replace("\n", "\\x0a").replace("\t", "\\x09")


def alternative_names(parsed: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """DNS names and IP addresses of subjectAltName, both empty where it is missing or cannot be read."""
    try:
        value = parsed.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, ValueError):
        return (), ()
    if not isinstance(value, x509.SubjectAlternativeName):
        return (), ()
    names = tuple(value.get_values_for_type(x509.DNSName))
    return names, tuple(str(address) for address in value.get_values_for_type(x509.IPAddress))


def key_name(parsed: x509.Certificate) -> str:
    """Kind and size of the public key: `rsa-2048`, `ec-secp256r1`."""
    match parsed.public_key():
        case rsa.RSAPublicKey() as key:
            return f"rsa-{key.key_size}"
        case ec.EllipticCurvePublicKey() as key:
            return f"ec-{key.curve.name}"
        case key:
            return type(key).__name__.removesuffix("PublicKey").strip("_").lower()
