"""Step `handshake` against real TLS servers, well and misbehaved."""

import asyncio
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path as File

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lab.certificates import authorities, pem, server_context
from lab.http import Request, Response, serve
from lab.listener import open_listener
from lab.network import LOOPBACK
from lab.world import Leaf, Listener, ListenerFault
from probes.failure import Failure
from probes.observe.connect import connect
from probes.observe.handshake import described, handshake
from probes.path import Target
from probes.records import Handshake
from tests.observe.stage import MARK, QUICK_S, notebook, saying, target, tcp_server

HOST = "func.azurewebsites.net"
LEAF = Leaf(names=("*.azurewebsites.net", "*.scm.azurewebsites.net"))


async def shake(port: int, expected: Target, *, handshake_s: float = 5, deadline_s: float = 10) -> Handshake:
    """The record of one handshake with what listens at the port."""
    book = notebook(handshake=handshake_s, deadline_s=deadline_s)
    _, stream = await connect(book, MARK, LOOPBACK, port, resolver=None)
    assert stream is not None
    try:
        return await handshake(book, MARK, stream, expected, LOOPBACK)
    finally:
        await stream.aclose()


@asynccontextmanager
async def serving(*leaves: Leaf, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of an HTTPS server with these certificates, or this context."""

    async def answer(_: Request) -> Response:
        return Response(status=200)

    context = context or await asyncio.to_thread(server_context, leaves)
    async with await serve(answer, ssl_context=context) as server:
        yield server.port


@pytest.fixture
def expected(ca_file: str) -> Target:
    """The backend, with the lab's root as its only anchor."""
    return target(f"https://{HOST}/", ca_file=ca_file)


@pytest.fixture
def knowing(ca_file: str, intermediates_file: str) -> Target:
    """The same, with the lab's intermediate known."""
    return target(f"https://{HOST}/", ca_file=ca_file, intermediates_file=intermediates_file)


async def test_a_verified_handshake(expected: Target) -> None:
    """The record has what was negotiated, and the chain as sent with its names, dates and keys."""
    async with serving(LEAF) as port:
        record = await shake(port, expected)
    assert (record.failure, record.verify_code, record.server_name) == (None, 0, HOST)
    assert (record.version, record.alpn) == ("TLSv1.3", "http/1.1")
    assert record.cipher is not None
    leaf, intermediate = record.chain
    assert leaf.names == LEAF.names
    assert (leaf.issuer, leaf.key, leaf.self_issued) == (intermediate.subject, "ec-secp256r1", False)
    assert leaf.not_before_at.tzinfo is UTC
    assert leaf.not_before_at < datetime.now(UTC) < leaf.not_after_at
    assert len(leaf.sha256) == 64
    assert record.known_issuer is None


async def test_tls_1_2(expected: Target) -> None:
    """TLS 1.2 is still spoken."""
    context = await asyncio.to_thread(server_context, (replace(LEAF, days_left=119),))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(context=context) as port:
        record = await shake(port, expected)
    assert (record.failure, record.version) == (None, "TLSv1.2")


@pytest.mark.parametrize(
    ("leaf", "failure", "code"),
    [
        (replace(LEAF, days_left=-1), Failure.CERTIFICATE_EXPIRED, 10),
        (replace(LEAF, starts_in_days=2), Failure.CERTIFICATE_NOT_YET_VALID, 9),
        (replace(LEAF, names=("billing.example.com",)), Failure.CERTIFICATE_NAME_MISMATCH, 62),
        (replace(LEAF, issuer="unknown"), Failure.CERTIFICATE_UNTRUSTED, 20),
        (replace(LEAF, issuer="self"), Failure.CERTIFICATE_UNTRUSTED, 18),
        (replace(LEAF, sends_intermediate=False), Failure.CERTIFICATE_UNTRUSTED, 20),
    ],
)
async def test_a_certificate_that_is_refused(expected: Target, leaf: Leaf, failure: Failure, code: int) -> None:
    """Each defect has its failure and OpenSSL's verify code, and the chain sent is kept as evidence."""
    async with serving(leaf) as port:
        record = await shake(port, expected)
    assert (record.failure, record.verify_code) == (failure, code)
    assert record.verify_message
    assert (record.version, record.cipher, record.alpn) == (None, None, None)
    assert record.chain[0].names == leaf.names
    assert record.known_issuer is None


async def test_a_known_intermediate_completes_the_chain(knowing: Target) -> None:
    """With its intermediate known, an incomplete chain is still a failure, and who is missing is named."""
    async with serving(replace(LEAF, sends_intermediate=False)) as port:
        record = await shake(port, knowing)
    assert record.failure is Failure.CERTIFICATE_UNTRUSTED
    assert record.known_issuer == authorities().intermediate.certificate.subject.rfc4514_string()


@pytest.mark.parametrize("issuer", ["unknown", "self"])
async def test_a_known_intermediate_vouches_for_nobody_else(knowing: Target, issuer: str) -> None:
    """A certificate that the known intermediate did not sign stays untrusted."""
    async with serving(replace(LEAF, issuer=issuer)) as port:
        record = await shake(port, knowing)
    assert (record.failure, record.known_issuer) == (Failure.CERTIFICATE_UNTRUSTED, None)


async def test_an_intermediate_is_no_anchor(intermediates_file: str) -> None:
    """Trust ends at a root: an intermediate named as ca_file does not vouch by itself, as with other callers."""
    async with serving(LEAF) as port:
        record = await shake(port, target(f"https://{HOST}/", ca_file=intermediates_file))
    assert record.failure is Failure.CERTIFICATE_UNTRUSTED


SYSTEM_STORE = """
import asyncio, sys
from tests.observe.test_handshake import LEAF, HOST, replace, serving, shake
from tests.observe.stage import target

async def main():
    async with serving(replace(LEAF, sends_intermediate=False)) as port:
        record = await shake(port, target(f"https://{HOST}/", intermediates_file=sys.argv[1]))
    print(record.failure, record.known_issuer)

from lab import certificates
open(sys.argv[2], "wb").write(certificates.pem(certificates.authorities().root.certificate))
open(sys.argv[1], "wb").write(certificates.pem(certificates.authorities().intermediate.certificate))
asyncio.run(main())
"""


async def test_a_known_intermediate_leads_to_the_anchors_of_the_system(tmp_path: File) -> None:
    """Without a ca_file the machine's own anchors count, for the chain that an intermediate completes as well."""
    files = (str(tmp_path / "intermediates.pem"), str(tmp_path / "ca.pem"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SYSTEM_STORE, *files, env={"SSL_CERT_FILE": files[1]}, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    subject = authorities().intermediate.certificate.subject.rfc4514_string()
    assert out.decode() == f"certificate_untrusted {subject}\n"


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (ListenerFault.RESETS, Failure.RESET),
        (ListenerFault.CLOSES, Failure.CLOSED),
        (ListenerFault.SILENT, Failure.TIMEOUT),
        (ListenerFault.PLAIN, Failure.NOT_TLS),
        (ListenerFault.OLD_TLS, Failure.PROTOCOL_VERSION),
    ],
)
async def test_a_server_that_misbehaves(expected: Target, fault: ListenerFault, failure: Failure) -> None:
    """Each fault below HTTP has its failure, and nothing is said of a certificate that never came."""

    async def answer(_: Request) -> Response:
        return Response(status=400)

    listener = await open_listener(Listener(address=LOOPBACK, certificates=(LEAF,), fault=fault), answer)
    try:
        record = await shake(listener.port, expected, handshake_s=QUICK_S if fault is ListenerFault.SILENT else 5)
    finally:
        await listener.aclose()
    assert (record.failure, record.verify_code, record.chain) == (failure, None, ())
    assert (record.version, record.cipher) == (None, None)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Failure.NOT_TLS),
        (b"SSH-2.0-OpenSSH_9.9\r\n", Failure.NOT_TLS),
        (b"\x15\x03\x01\x00\x02\x02\x28", Failure.TLS_FAILURE),  # alert: handshake_failure
        (b"\x15\x03\x01\x00\x02\x02\x70", Failure.TLS_FAILURE),  # alert: unrecognized_name
        (b"\x15\x03\x01\x00\x02\x02\x46", Failure.PROTOCOL_VERSION),  # alert: protocol_version
        (b"\x16\x03\x03\x00\x04\xff\xff\xff\xff", Failure.TLS_FAILURE),
        (b"\x16", Failure.CLOSED),
    ],
)
async def test_bytes_that_are_no_handshake(expected: Target, answer: bytes, failure: Failure) -> None:
    """What is no TLS, what is an alert, and what stops in the middle are told apart."""
    async with tcp_server(saying(answer)) as port:
        record = await shake(port, expected)
    assert record.failure is failure


async def test_the_end_of_the_sweep_is_told_from_silence(expected: Target) -> None:
    """A handshake that the sweep's end cuts off says nothing of the server."""
    async with tcp_server(saying(b"", linger=True)) as port:
        record = await shake(port, expected, deadline_s=QUICK_S)
    assert record.failure is Failure.DEADLINE


async def test_an_address_as_host(ca_file: str) -> None:
    """A URL with an address is verified against the certificate's addresses, and a wildcard covers none."""
    async with serving(LEAF) as port:
        record = await shake(port, target(f"https://{LOOPBACK}/", ca_file=ca_file))
    assert (record.failure, record.verify_code) == (Failure.CERTIFICATE_NAME_MISMATCH, 64)


async def test_a_file_that_is_gone_is_told_and_not_raised(tmp_path: File) -> None:
    """A ca_file that was there when the path was loaded and is gone now is a failed step."""
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(authorities().root.certificate))
    expected = target(f"https://{HOST}/", ca_file=str(file))
    file.unlink()
    async with serving(LEAF) as port:
        record = await shake(port, expected)
    assert record.failure is Failure.UNKNOWN
    assert record.detail == "FileNotFoundError: No such file or directory"


async def test_a_cancelled_handshake_closes_its_connection(expected: Target) -> None:
    """Cancelled in the middle, it closes the stream that nobody else knows of yet."""
    book = notebook()
    async with tcp_server(saying(b"", linger=True)) as port:
        _, stream = await connect(book, MARK, LOOPBACK, port, resolver=None)
        assert stream is not None
        task = asyncio.create_task(handshake(book, MARK, stream, expected, LOOPBACK))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stream._socket.fileno() == -1


def self_signed(key: CertificateIssuerPrivateKeyTypes, *extensions: str) -> bytes:
    """DER of a certificate with extensions of these dotted names, and with an escape sequence in its own."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "\x1b[31mevil\n")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    for dotted in extensions:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(dotted), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def context_of(der: bytes, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    """A server's context with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(secret + ssl.DER_cert_to_PEM_cert(der).encode("ascii"))
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def test_a_certificate_with_control_characters(expected: Target) -> None:
    """What a stranger writes into a name cannot move the cursor of a terminal."""
    key = ec.generate_private_key(ec.SECP256R1())
    context = await asyncio.to_thread(context_of, self_signed(key), key)
    async with serving(context=context) as port:
        record = await shake(port, expected)
    assert record.failure is Failure.CERTIFICATE_UNTRUSTED
    assert record.chain[0].subject == "CN=\\x1b[31mevil\\x0a"


async def test_a_certificate_that_the_parser_refuses(knowing: Target) -> None:
    """OpenSSL takes what the parser does not: the handshake has its record, with the chain as far as it can be read."""
    key = ec.generate_private_key(ec.SECP256R1())
    der = self_signed(key, "1.2.3.4.5", "1.2.3.4.6")
    twice = der.replace(b"\x2a\x03\x04\x06", b"\x2a\x03\x04\x05")  # one extension two times (RFC 5280 section 4.2)
    context = await asyncio.to_thread(context_of, twice, key)
    async with serving(context=context) as port:
        record = await shake(port, knowing)
    assert (record.failure, record.chain, record.known_issuer) == (Failure.CERTIFICATE_UNTRUSTED, (), None)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "ec-secp384r1"),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "rsa-2048"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
    ],
)
def test_names_of_keys(key: CertificateIssuerPrivateKeyTypes, name: str) -> None:
    """Keys are named by kind and size."""
    certificate = described(self_signed(key))
    assert certificate is not None
    assert certificate.key == name
