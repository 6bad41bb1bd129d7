"""Whole sweeps over servers that are well, but unusual, or ill in ways that no scenario of the lab shows."""

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path as File

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lab import name_server
from lab.certificates import authorities, chain, pem, server_context
from lab.http import Response
from lab.network import LOOPBACK
from lab.world import Leaf, NameServer, NameServerFault
from probes.sweep import Sweep, sweep
from tests.support import ADDRESS, HOST, PLATFORM, PROTECTED, Stage, opened

ORDERS = b'{"orders":[]}'
LOOKS_FOR = {"body_contains": "orders"}
LENGTH = b"Content-Length: 13\r\n"
SECOND = ("10.80.40.5", 53)
INNER = "func.privatelink.azurewebsites.net"


@pytest.fixture
def ca_file(tmp_path: File) -> str:
    """The lab's root."""
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(authorities().root.certificate))
    return str(file)


def causes(found: Sweep) -> tuple[str, list[str]]:
    """The verdict, and the ids of the root causes."""
    return found.judgement.verdict.value, [finding.id for finding in found.judgement.roots]


async def raw(ca_file: str, answer: bytes) -> Sweep:
    """A sweep over an app that sends exactly these bytes."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app(lambda _: Response(status=200, raw=answer))
        return await stage.sweep(LOOKS_FOR)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + ORDERS,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + ORDERS,
        b"HTTP/1.0 200 OK\r\n\r\n" + ORDERS,
        b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + ORDERS,
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"X-Long: " + b"a" * 60_000 + b"\r\n\r\n" + ORDERS,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(ORDERS),
    ],
)
async def test_unusual_answers_that_are_right(ca_file: str, answer: bytes) -> None:
    """Early answers, old versions, long headers and a coding nobody asked for are no fault."""
    assert causes(await raw(ca_file, answer)) == ("proven", [])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n",
        b"HTTP/1.1 200 OK\r\nnot a header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"X-Long: " + b"a" * 300_000 + b"\r\n\r\n" + ORDERS,
    ],
)
async def test_answers_that_break_off(ca_file: str, answer: bytes) -> None:
    """What is no whole answer of HTTP is said to be none."""
    assert causes(await raw(ca_file, answer)) == ("broken", ["response-broken"])


async def test_a_wrong_body_is_looked_at_twice(ca_file: str) -> None:
    """A page that is gone at the second look was no wrong responder."""
    pages = iter([Response(status=200, body=b"<h1>Starting</h1>")])
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app(lambda _: next(pages, Response(status=200, body=ORDERS)))
        found = await stage.sweep(LOOKS_FOR)
    assert causes(found) == ("degraded", ["intermittent"])


@pytest.mark.parametrize(
    ("records", "cause"),
    [
        ((f"{HOST} 10 A 0.0.0.0",), "name-blocked"),
        ((f"{HOST} 10 A 100.64.0.9",), "name-intercepted"),
        ((f"{HOST} 10 TXT nothing",), "name-without-address"),
        ((f"{HOST} 10 CNAME b.example.com", f"b.example.com 10 CNAME {HOST}"), "cname-loop"),
    ],
)
async def test_names_that_lead_nowhere(ca_file: str, records: tuple[str, ...], cause: str) -> None:
    """Each way in which a name leads nowhere has its own cause."""
    async with opened(ca_file) as stage:
        await stage.names(*records)
        await stage.app()
        assert causes(await stage.sweep()) == ("broken", [cause])


@asynccontextmanager
async def second_server(stage: Stage, *records: str, fault: NameServerFault | None) -> AsyncIterator[None]:
    """A second DNS server of the network, which knows these records."""
    running = await name_server.start(NameServer(address=SECOND[0], public=records, fault=fault))
    stage.network.place(*SECOND, running.port)
    try:
        yield
    finally:
        await running.aclose()


@pytest.mark.parametrize(
    ("records", "fault", "outcome"),
    [
        ((f"{HOST} 10 A {ADDRESS}",), None, ("proven", [])),
        ((f"{HOST} 10 A {ADDRESS}",), NameServerFault.SERVFAIL, ("degraded", ["some-resolvers-fail"])),
        ((f"{HOST} 10 A {ADDRESS}",), NameServerFault.CLOSED, ("degraded", ["some-resolvers-fail"])),
        (
            (f"{HOST} 10 CNAME {INNER}", f"{INNER} 10 A 203.0.113.9"),
            None,
            ("broken", ["resolver-not-forwarding"]),
        ),
    ],
)
async def test_a_second_dns_server(
    ca_file: str, records: tuple[str, ...], fault: NameServerFault | None, outcome: tuple[str, list[str]]
) -> None:
    """The second of a network's DNS servers is asked and judged as well, though the first has the answer."""
    async with opened(ca_file) as stage:
        await stage.names()
        await stage.app()
        async with second_server(stage, *records, fault=fault):
            surroundings = replace(stage.surroundings, name_servers=(PLATFORM, SECOND))
            found = await sweep(stage.path(), surroundings)
    assert causes(found) == outcome


@contextmanager
def openssl_server(context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server on plain sockets: asyncio's own swallows the alert that this is about."""
    with socket.create_server((LOOPBACK, 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        context.wrap_socket(connection, server_side=True).recv(1_000)
                    except OSError:
                        continue

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


async def test_a_client_certificate_that_is_wanted(ca_file: str) -> None:
    """TLS 1.3 refuses a caller without certificate after the handshake, and the alert outlives the reset."""
    context = await asyncio.to_thread(server_context, (Leaf(names=("*.azurewebsites.net",), days_left=77),))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca_file)
    async with opened(ca_file) as stage:
        await stage.names()
        with openssl_server(context) as port:
            stage.network.place(ADDRESS, 443, port)
            found = await stage.sweep()
    assert causes(found) == ("broken", ["client-certificate-required"])


@pytest.mark.parametrize(
    ("leaf", "cause"),
    [
        (Leaf(names=("x.example.com",), days_left=-3), "certificate-name-mismatch"),
        (Leaf(names=("x.example.com",), issuer="self", days_left=-3), "certificate-untrusted"),
    ],
)
async def test_a_certificate_with_several_defects(ca_file: str, leaf: Leaf, cause: str) -> None:
    """Of several defects the one that a renewal would not mend is told."""
    context = await asyncio.to_thread(server_context, (leaf,))
    async with opened(ca_file) as stage:
        await stage.names()
        with openssl_server(context) as port:
            stage.network.place(ADDRESS, 443, port)
            found = await stage.sweep()
    assert causes(found) == ("broken", [cause])


async def test_a_wrong_intermediate_is_a_missing_one(ca_file: str, tmp_path: File) -> None:
    """A server that sends an authority of somebody else's in place of its own leaves the chain incomplete."""
    (leaf, own), key = chain(Leaf(names=("*.azurewebsites.net",), days_left=66))
    known = tmp_path / "intermediates.pem"
    known.write_bytes(pem(own))
    sent = tmp_path / "sent.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    sent.write_bytes(pem(leaf, authorities().unknown.certificate) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(sent))
    async with opened(ca_file) as stage:
        await stage.names()
        with openssl_server(context) as port:
            stage.network.place(ADDRESS, 443, port)
            found = await stage.sweep({**PROTECTED, "intermediates_file": str(known)})
    assert causes(found) == ("broken", ["chain-incomplete"])
