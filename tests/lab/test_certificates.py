"""The lab's certificates, checked by OpenSSL."""

import asyncio
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from lab.certificates import authorities, chain, client_context, covers, pem, server_context
from lab.http import Request, Response, serve
from lab.world import Leaf
from tests.lab.clients import shake_hands

HOST = "app.azurewebsites.net"
LEAF = Leaf(names=("*.azurewebsites.net",))


async def handshake(*leaves: Leaf, host: str = HOST, context: ssl.SSLContext | None = None) -> ssl.SSLObject:
    """A handshake with a server that has these certificates."""

    async def answer(_: Request) -> Response:
        return Response(status=204)

    server_side = await asyncio.to_thread(server_context, leaves)
    async with await serve(answer, ssl_context=server_side) as server:
        return await shake_hands(server.port, host, context)


async def test_a_leaf_of_the_lab_is_verified() -> None:
    """Root trusted, intermediate sent, name covered: nothing to complain about."""
    tls = await handshake(LEAF)
    assert tls.version() == "TLSv1.3"


async def test_strict_clients_accept_it_as_well() -> None:
    """Python's default context asks for more (VERIFY_X509_STRICT) and finds it."""
    strict = await asyncio.to_thread(
        ssl.create_default_context, cadata=pem(authorities().root.certificate).decode("ascii")
    )
    assert strict.verify_flags & ssl.VERIFY_X509_STRICT
    await handshake(LEAF, context=strict)


@pytest.mark.parametrize(
    ("leaf", "codes"),
    [
        (Leaf(names=("other.example.com",)), {62}),
        (Leaf(names=LEAF.names, issuer="unknown"), {20, 21}),
        (Leaf(names=LEAF.names, issuer="self"), {18}),
        (Leaf(names=LEAF.names, sends_intermediate=False), {20, 21}),
        (Leaf(names=LEAF.names, days_left=-1), {10}),
        (Leaf(names=LEAF.names, starts_in_days=2), {9}),
    ],
)
async def test_each_fault_has_its_verify_code(leaf: Leaf, codes: set[int]) -> None:
    """OpenSSL refuses the chain for the reason that the leaf was made for."""
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        await handshake(leaf)
    assert caught.value.verify_code in codes


async def test_an_incomplete_chain_verifies_with_the_intermediate() -> None:
    """Nothing else is wrong with it: a client that has the intermediate accepts it."""
    context = client_context()
    context.load_verify_locations(cadata=pem(authorities().intermediate.certificate).decode("ascii"))
    await handshake(Leaf(names=LEAF.names, sends_intermediate=False), context=context)


async def test_the_certificate_is_chosen_by_the_name_asked_for() -> None:
    """Each name gets its own certificate, and a name that none covers gets the first."""
    leaves = (Leaf(names=("first.example.com",)), LEAF)
    for host in (HOST, "first.example.com"):
        await handshake(*leaves, host=host)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'third\.example\.com'"):
        await handshake(*leaves, host="third.example.com")


def test_dates_are_those_asked_for() -> None:
    """The days count from now."""
    (certificate, _), _ = chain(Leaf(names=LEAF.names, days_left=31, starts_in_days=-2))
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    age = datetime.now(UTC) - certificate.not_valid_before_utc
    assert timedelta(days=30, hours=23) < left <= timedelta(days=31)
    assert timedelta(days=2) <= age < timedelta(days=2, hours=1)


def test_every_name_is_an_alternative_name() -> None:
    """All of the leaf's names stand in subjectAltName, in their order."""
    (certificate, *_), _ = chain(Leaf(names=("a.example.com", "b.example.com")))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example.com", "b.example.com"]


def test_an_issuer_that_is_none_is_named() -> None:
    """The error has the value and what is allowed."""
    with pytest.raises(ValueError, match="issuer = 'letsencrypt': allowed: one of lab, unknown, self"):
        chain(Leaf(names=LEAF.names, issuer="letsencrypt"))


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("app.azurewebsites.net", True),
        ("APP.AzureWebsites.net", True),
        ("app.privatelink.azurewebsites.net", False),
        ("azurewebsites.net", False),
    ],
)
def test_a_wildcard_covers_one_label(host: str, covered: bool) -> None:  # noqa: FBT001 - a column of the table
    """RFC 9525: neither more labels nor none."""
    assert covers(LEAF.names, host) is covered


def test_labs_that_begin_at_once_have_the_same_authorities() -> None:
    """In a fresh process, threads that ask at the same time are given one set."""
    ask = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from lab.certificates import authorities\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    found = list(pool.map(lambda _: authorities(), range(8)))\n"
        "print(len({id(one) for one in found}))\n"
    )
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "1"
