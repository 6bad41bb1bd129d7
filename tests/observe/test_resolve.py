"""Step `resolve` against real name servers on loopback."""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import name_server
from lab.network import LOOPBACK
from lab.world import NameServer, NameServerFault, Zone
from probes.failure import Failure
from probes.observe.resolve import LONGEST_CHAIN, Inquiry, by_system, by_wire
from probes.records import Address, Alias, Resolution
from tests.observe.stage import MARK, QUICK_S, around, notebook, saying, tcp_server, udp_server

HOST = "func-orders-prod.azurewebsites.net"
PRIVATELINK = "func-orders-prod.privatelink.azurewebsites.net"
SERVER = NameServer(
    address="168.63.129.16",
    public=(f"{HOST} 60 CNAME {PRIVATELINK}", "big.example.com 60 TXT x"),
    zones=(Zone(name="privatelink.azurewebsites.net", records=("func-orders-prod 10 A 10.80.20.4",)),),
)


async def ask(
    server: tuple[str, int], host: str = HOST, kind: str = "A", *, resolve: float = 5, deadline_s: float = 10
) -> Resolution:
    """The record of one question to the server at this endpoint."""
    book = notebook(resolve=resolve, deadline_s=deadline_s)
    record = await by_wire(book, MARK, host, kind, resolver="platform", server=server)
    assert book.records == [record]
    return record


@asynccontextmanager
async def serving(server: NameServer = SERVER, fault: NameServerFault | None = None) -> AsyncIterator[tuple[str, int]]:
    """The endpoint of the lab's name server, with a fault."""
    running = await name_server.start(replace(server, fault=fault))
    try:
        yield LOOPBACK, running.port
    finally:
        await running.aclose()


def answered(query: dns.message.Message, *records: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> bytes:
    """The wire form of an answer with these records."""
    answer = dns.message.make_response(query)
    answer.set_rcode(rcode)
    for record in records:
        name, ttl_s, _, kind, data = record.split(None, 4)
        answer.answer.append(dns.rrset.from_text(name, int(ttl_s), "IN", kind, data))
    return answer.to_wire()


async def test_chain_and_addresses_with_their_ttls() -> None:
    """The record has each CNAME and address in order, in lower case and without the dot at the end."""
    async with serving() as endpoint:
        record = await ask(endpoint)
    assert (record.failure, record.rcode, record.transport, record.truncated) == (None, "NOERROR", "udp", False)
    assert record.aliases == (Alias(name=HOST, target=PRIVATELINK, ttl_s=60),)
    assert record.addresses == (Address(address="10.80.20.4", ttl_s=10),)
    assert (record.resolver, record.server, record.question_name) == ("platform", LOOPBACK, HOST)
    assert record.hosts_entry is None


async def test_a_type_that_the_name_does_not_have_is_no_data() -> None:
    """AAAA of a name with an A record only: the chain is kept, and the failure is no_data."""
    async with serving() as endpoint:
        record = await ask(endpoint, kind="AAAA")
    assert (record.failure, record.rcode, record.addresses) == (Failure.NO_DATA, "NOERROR", ())
    assert [alias.target for alias in record.aliases] == [PRIVATELINK]


async def test_nxdomain_keeps_the_chain_that_led_there() -> None:
    """NXDOMAIN at the end of a chain: where it ended can be seen."""
    server = NameServer(
        address="168.63.129.16", public=SERVER.public, zones=(Zone(name="privatelink.azurewebsites.net"),)
    )
    async with serving(server) as endpoint:
        record = await ask(endpoint)
    assert (record.failure, record.rcode) == (Failure.NXDOMAIN, "NXDOMAIN")
    assert record.aliases[-1].target == PRIVATELINK


@pytest.mark.parametrize(
    ("fault", "failure", "transport"),
    [
        (NameServerFault.SERVFAIL, Failure.SERVFAIL, "udp"),
        (NameServerFault.REFUSED, Failure.QUERY_REFUSED, "udp"),
        (NameServerFault.CLOSED, Failure.REFUSED, "tcp"),
        (NameServerFault.MALFORMED, Failure.MALFORMED_ANSWER, "tcp"),
        (NameServerFault.SILENT, Failure.TIMEOUT, "tcp"),
    ],
)
async def test_a_name_server_that_fails(fault: NameServerFault, failure: Failure, transport: str) -> None:
    """Each way in which a server fails has its own failure; TCP is tried where UDP brought no answer."""
    async with serving(fault=fault) as endpoint:
        record = await ask(endpoint, resolve=2 * QUICK_S)
    assert (record.failure, record.transport, record.addresses) == (failure, transport, ())
    assert (record.rcode is None) == (transport == "tcp")


async def test_silence_takes_the_time_of_the_step_and_no_more() -> None:
    """A server that says nothing over UDP and TCP costs the step its time; the sweep's end is told from it."""
    async with serving(fault=NameServerFault.SILENT) as endpoint:
        own = await ask(endpoint, resolve=QUICK_S)
        cut = await ask(endpoint, resolve=5, deadline_s=QUICK_S)
        late = await ask(endpoint, deadline_s=0)
    assert [record.failure for record in (own, cut, late)] == [Failure.TIMEOUT, Failure.DEADLINE, Failure.DEADLINE]
    for record in (own, cut):
        assert record.duration_ms is not None
        assert QUICK_S * 1e3 <= record.duration_ms < 2_000


async def test_truncation_is_asked_again_over_tcp() -> None:
    """TC over UDP: the answer is that of TCP, and the record says so."""
    async with serving(fault=NameServerFault.TRUNCATES) as endpoint:
        record = await ask(endpoint)
    assert (record.failure, record.transport, record.truncated) == (None, "tcp", True)
    assert record.addresses == (Address(address="10.80.20.4", ttl_s=10),)


async def test_forged_answers_are_waited_past() -> None:
    """Answers with another id, to another question or from a query are no answer; the right one that follows is."""

    def script(query: dns.message.Message) -> list[tuple[float, bytes]]:
        right = answered(query, f"{HOST}. 10 IN A 10.80.20.4")
        other_id = struct.pack("!H", query.id ^ 1) + answered(query, f"{HOST}. 10 IN A 203.0.113.66")[2:]
        other_name = answered(dns.message.make_query("evil.example.com", "A", id=query.id), "a. 10 IN A 203.0.113.66")
        return [(0, other_id), (0, other_name), (0, query.to_wire()), (0, b""), (0, b"\x00"), (0.05, right)]

    async with udp_server(script) as (endpoint, server):
        record = await ask(endpoint)
    assert record.failure is None
    assert [address.address for address in record.addresses] == ["10.80.20.4"]
    assert len(server.queries) == 1


async def test_nothing_but_forged_answers_is_no_answer() -> None:
    """With answers of another id only, the question counts as not answered."""

    def script(query: dns.message.Message) -> list[tuple[float, bytes]]:
        return [(0, struct.pack("!H", query.id ^ 1) + answered(query, f"{HOST}. 10 IN A 203.0.113.66")[2:])]

    async with udp_server(script) as (endpoint, _):
        record = await ask(endpoint, resolve=QUICK_S)
    assert (record.failure, record.addresses) == (Failure.REFUSED, ())


async def test_a_lost_datagram_is_sent_again() -> None:
    """The question is put twice over UDP before TCP is tried."""
    asked: list[int] = []

    def script(query: dns.message.Message) -> list[tuple[float, bytes]]:
        asked.append(query.id)
        return [(0, answered(query, f"{HOST}. 10 IN A 10.80.20.4"))] if len(asked) == 2 else []

    async with udp_server(script) as (endpoint, _):
        record = await ask(endpoint, resolve=3 * QUICK_S)
    assert (record.failure, record.transport, len(asked)) == (None, "udp", 2)
    assert asked[0] == asked[1]


async def test_a_slow_resolver_is_slow_and_not_unreachable() -> None:
    """An answer over UDP that comes within the step's time counts, even while TCP is already tried in vain."""

    def script(query: dns.message.Message) -> list[tuple[float, bytes]]:
        return [(0.8, answered(query, f"{HOST}. 10 IN A 10.80.20.4"))]

    async with udp_server(script) as (endpoint, _):
        record = await ask(endpoint, resolve=0.9)
    assert (record.failure, record.transport) == (None, "udp")
    assert record.duration_ms is not None
    assert record.duration_ms >= 700


async def test_a_server_older_than_edns_is_asked_without_it() -> None:
    """FORMERR to a question with EDNS: the question is put again without, and that answer counts."""

    def script(query: dns.message.Message) -> list[tuple[float, bytes]]:
        if query.edns >= 0:
            return [(0, answered(query, rcode=dns.rcode.FORMERR))]
        return [(0, answered(query, f"{HOST}. 10 IN A 10.80.20.4"))]

    async with udp_server(script) as (endpoint, server):
        record = await ask(endpoint)
    assert (record.failure, record.rcode, len(server.queries)) == (None, "NOERROR", 2)


async def test_an_rcode_without_a_name_of_its_own() -> None:
    """NOTIMP and the like are malformed answers; the mnemonic stays in the record."""
    async with udp_server(lambda query: [(0, answered(query, rcode=dns.rcode.NOTIMP))]) as (endpoint, _):
        record = await ask(endpoint)
    assert (record.failure, record.rcode) == (Failure.MALFORMED_ANSWER, "NOTIMP")


async def test_a_cname_loop_ends() -> None:
    """A chain that leads back to itself is no answer; it is kept as far as it was followed."""
    records = (f"{HOST}. 60 IN CNAME b.example.com.", f"b.example.com. 60 IN CNAME {HOST}.")
    async with udp_server(lambda query: [(0, answered(query, *records))]) as (endpoint, _):
        record = await ask(endpoint)
    assert (record.failure, record.detail) == (Failure.MALFORMED_ANSWER, "the CNAME chain does not end")
    assert len(record.aliases) == LONGEST_CHAIN


async def test_records_beside_the_chain_are_not_taken_for_the_answer() -> None:
    """Addresses of names that nobody asked for are passed over; upper case in the answer is the same name."""
    records = (
        "other.example.com. 60 IN A 203.0.113.66",
        f"{HOST.upper()}. 60 IN CNAME EDGE.example.com.",
        "edge.EXAMPLE.com. 5 IN A 10.80.20.4",
    )
    async with udp_server(lambda query: [(0, answered(query, *records))]) as (endpoint, _):
        record = await ask(endpoint)
    assert record.addresses == (Address(address="10.80.20.4", ttl_s=5),)
    assert record.aliases == (Alias(name=HOST, target="edge.example.com", ttl_s=60),)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", Failure.CLOSED),
        (b"\x00", Failure.CLOSED),
        (b"\x00\x20short", Failure.CLOSED),
        (b"\x00\x04noDN", Failure.MALFORMED_ANSWER),
    ],
)
async def test_tcp_that_brings_no_message(answer: bytes, failure: Failure) -> None:
    """Over TCP, an answer that is cut off is told from one that is no DNS."""
    async with tcp_server(saying(answer)) as port:
        record = await ask((LOOPBACK, port), resolve=QUICK_S)
    assert (record.failure, record.transport) == (failure, "tcp")


async def test_no_route_to_the_name_server() -> None:
    """An endpoint that cannot be had is a failure of the question, not of the sweep."""

    def nowhere(_address: str, _port: int) -> tuple[str, int]:
        raise OSError(101, "Network is unreachable")

    book = notebook(around(endpoint=nowhere))
    record = await by_wire(book, MARK, HOST, "A", resolver="dc", server=("10.80.40.4", 53))
    assert (record.failure, record.server) == (Failure.UNREACHABLE, "10.80.40.4")


async def test_localhost_on_this_machine() -> None:
    """Getaddrinfo of the real machine finds localhost, hosts entry included."""
    book = notebook(around(hosts={"localhost": ("127.0.0.1",)}))
    record = await by_system(book, MARK, "localhost")
    assert record.failure is None
    assert {address.address for address in record.addresses} <= {"127.0.0.1", "::1"}
    assert (record.transport, record.server, record.question_type) == ("getaddrinfo", None, None)
    assert record.hosts_entry == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (socket.EAI_NONAME, Failure.NXDOMAIN),
        (socket.EAI_NODATA, Failure.NO_DATA),
        (socket.EAI_AGAIN, Failure.UNRESOLVABLE),
        (socket.EAI_FAIL, Failure.UNRESOLVABLE),
        (socket.EAI_MEMORY, Failure.UNRESOLVABLE),
    ],
)
async def test_codes_of_getaddrinfo(code: int, failure: Failure) -> None:
    """Each code of the C library has its failure, its text is the detail."""

    async def failing(_host: str) -> tuple[str, ...]:
        raise socket.gaierror(code, "what glibc says")

    record = await by_system(notebook(around(getaddrinfo=failing)), MARK, HOST)
    assert (record.failure, record.detail, record.addresses) == (failure, "what glibc says", ())


async def test_a_hanging_getaddrinfo_ends_with_its_step() -> None:
    """A resolver library that does not come back holds up neither the step nor the loop."""

    async def hanging(_host: str) -> tuple[str, ...]:
        await asyncio.Event().wait()
        raise AssertionError

    record = await by_system(notebook(around(getaddrinfo=hanging), resolve=QUICK_S), MARK, HOST)
    assert record.failure is Failure.TIMEOUT


def noise(seed: bytes, query: dns.message.Message) -> bytes:
    """A right answer with some of its bytes changed."""
    dice = random.Random(seed)  # noqa: S311 - noise, and the same noise for the same seed
    wire = bytearray(answered(query, f"{HOST}. 60 IN CNAME a.b.", "a.b. 60 IN A 10.0.0.1", "a.b. 60 IN AAAA fd00::1"))
    for _ in range(dice.randint(0, 6)):
        wire[dice.randrange(len(wire))] = dice.randrange(256)
    return bytes(wire[: dice.randint(0, len(wire))]) if dice.random() < 0.3 else bytes(wire)


@given(st.binary(max_size=16), st.sampled_from(["A", "AAAA"]))
def test_noise_is_read_or_malformed(seed: bytes, kind: str) -> None:
    """Whatever dnspython takes for a message can be read; what it refuses, the observer has a failure for."""
    inquiry = Inquiry(HOST, kind)
    failure: Failure | None
    try:
        inquiry._read(dns.message.from_wire(noise(seed, inquiry._query), ignore_trailing=True))
    except (dns.exception.DNSException, ValueError, struct.error) as error:
        failure = inquiry.failure_of(error)[0]
    else:
        failure = inquiry.failure
    assert (failure is None) == bool(inquiry.addresses)


async def test_noise_on_the_wire_never_raises() -> None:
    """Noise over UDP and over TCP ends in a record every time."""
    seeds = iter(range(1_000))

    def script(query: dns.message.Message) -> list[tuple[float, bytes]]:
        return [(0, noise(str(next(seeds)).encode(), query)) for _ in range(3)]

    async with udp_server(script) as (endpoint, _):
        records = await asyncio.gather(*(ask(endpoint, kind=kind, resolve=QUICK_S) for kind in ["A", "AAAA"] * 40))
    assert len(records) == 80
    assert any(record.failure is None for record in records)


async def test_a_cancelled_question_leaves_nothing_open() -> None:
    """Cancelled in the middle of UDP or of TCP, a question closes its sockets (a ResourceWarning would fail this)."""
    async with serving(fault=NameServerFault.SILENT) as endpoint:
        for seconds in (0.05, 0.35):
            task = asyncio.create_task(ask(endpoint, resolve=0.4))
            await asyncio.sleep(seconds)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
