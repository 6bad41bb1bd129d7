"""A client of Azure's APIs against real servers on loopback that answer as Azure does, and as it should not."""

import asyncio
import gzip
import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from traceback import format_exception
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.certificates import server_context
from lab.credential import LabCredential
from lab.entra import Entra
from lab.http import Request, Response, serve
from lab.managed_identity import ManagedIdentity
from lab.world import Identity, Leaf
from probes.azure.answer import LONGEST_DETAIL, ReadError, innermost, retry_after_s
from probes.azure.rest import SHORTEST_PAUSE_S, Rest, together
from probes.failure import Failure
from tests.azure.api import AUDIENCE, GOOD, Slow, api, rest, told
from tests.support import TOKEN, Given

THROTTLED = {"code": "ThrottledError", "message": "The request was throttled"}


async def failed(url: str, **options: Any) -> ReadError:
    """What a call of that API fails with."""
    async with rest(url, **options) as client:
        with pytest.raises(ReadError) as caught:
            await client.call("GET", "/thing")
    return caught.value


async def test_the_json_of_a_good_answer() -> None:
    """The request has the token, the name of the agent and the body."""
    async with api() as it, rest(it.url) as client:
        assert await client.call("POST", "/query", body={"query": "T"}) == {"answer": 42}
        (request,) = it.requests
    assert (request.method, request.target, json.loads(request.body)) == ("POST", "/query", {"query": "T"})
    assert request.header("authorization") == f"Bearer {TOKEN}"
    assert (request.header("user-agent") or "").startswith("private-path-probe/")


async def test_calls_at_the_same_time_ask_for_one_token() -> None:
    """And so do those after them."""
    source = Slow()
    async with api() as it, rest(it.url, source=source) as client:
        await together(*(client.call("GET", f"/{number}") for number in range(10)))
        await client.call("GET", "/later")
        assert len(it.requests) == 11
    assert source.asked == 1


@pytest.mark.parametrize(
    ("identity", "failure"),
    [(Identity(available=False), Failure.TOKEN_UNAVAILABLE), (None, Failure.IDENTITY_ENDPOINT_MISSING)],
)
async def test_no_token(identity: Identity | None, failure: Failure) -> None:
    """An identity that gives none is told from one that is not there; the API is not asked."""
    async with await Entra.start() as entra, ManagedIdentity(entra, identity=identity) as endpoint, api() as it:
        gone = {} if identity else {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token"}
        error = await failed(it.url, source=LabCredential(None, {**endpoint.environment, **gone}))
        assert (error.failure, it.requests) == (failure, [])


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["0", "0.05", format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)])
async def test_what_asks_for_patience_is_asked_again(status: int, after: str) -> None:
    """In seconds or at a date, be it one that has passed."""
    async with api(*[told(status, ("Retry-After", after))] * 2, GOOD) as it, rest(it.url) as client:
        assert await client.call("GET", "/thing") == {"answer": 42}
        assert len(it.requests) == 3


@pytest.mark.parametrize(
    "after",
    [(), (("Retry-After", "60"),), (("Retry-After", format_datetime(datetime.now(UTC) + timedelta(days=1))),)],
)
async def test_patience_ends_before_the_deadline(after: tuple[tuple[str, str], ...]) -> None:
    """What asks for more time than there is fails at once, with what it said; without a time a second is waited."""
    async with api(told(429, *after, error=THROTTLED)) as it:
        error = await failed(it.url, deadline_s=0.9)
        assert (error.failure, len(it.requests)) == (Failure.THROTTLED, 1)
    assert error.detail == "429 ThrottledError: The request was throttled"


async def test_an_api_that_asks_to_come_back_at_once_is_not_hammered() -> None:
    """Not more often than the shortest pause allows, and no longer than the deadline."""
    async with api(told(429, ("Retry-After", "0"))) as it:
        error = await failed(it.url, deadline_s=0.5)
        assert (error.failure, 2 <= len(it.requests) <= 0.5 / SHORTEST_PAUSE_S + 1) == (Failure.THROTTLED, True)


async def test_one_deadline_for_token_and_answer() -> None:
    """An API that never answers, and an identity that takes too long, cost the deadline and no more."""
    async with api(None) as it:
        silent = await failed(it.url, deadline_s=0.2)
        slow = await failed(it.url, deadline_s=0.2, source=Slow(seconds=1.0))
        assert len(it.requests) == 1
    assert [(error.failure, error.detail) for error in (silent, slow)] == [
        (Failure.TIMEOUT, "no answer within 0.2 s")
    ] * 2


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (302, Failure.UNKNOWN),
        (400, Failure.UNKNOWN),
        (401, Failure.DENIED),
        (403, Failure.DENIED),
        (404, Failure.NOT_FOUND),
        (500, Failure.UNKNOWN),
        (504, Failure.UNKNOWN),
        (599, Failure.UNKNOWN),
    ],
)
async def test_a_refusal_by_its_status(status: int, failure: Failure) -> None:
    """Azure's code and message come along; a status that no list has is one as well."""
    error = {"code": "Some.Code", "message": "Some words"}
    async with api(told(status, error=error)) as it:
        found = await failed(it.url)
        assert len(it.requests) == 1
    assert (found.failure, found.detail, found.code) == (failure, f"{status} Some.Code: Some words", "Some.Code")


async def test_a_token_does_not_follow_a_redirect() -> None:
    """Where the API sends its callers somewhere else, nobody goes."""
    async with api() as other, api(Response(307, headers=(("Location", other.url),))) as it:
        assert (await failed(it.url)).failure is Failure.UNKNOWN
        assert other.requests == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"<html>Bad gateway</html>", "502 Bad Gateway"),
        (b"", "502 Bad Gateway"),
        (b"[1]", "502 Bad Gateway"),
        (b'{"error": "text"}', "502 Bad Gateway"),
        (b'{"error": {"code": 7, "message": null}}', "502 Bad Gateway"),
        (b'{"error": {"code": "C"}}', "502 C: Bad Gateway"),
        (b'{"error": {"message": "a\\u001b[2J\\r\\nb"}}', r"502 a\x1b[2J\x0d b"),
        (b"[" * 100_000, "502 Bad Gateway"),
    ],
)
async def test_what_an_error_says_is_harmless(body: bytes, detail: str) -> None:
    """On one line, with control characters written out, whatever form it has."""
    async with api(Response(502, reason="Bad Gateway", body=body)) as it:
        assert (await failed(it.url)).detail == detail


def test_the_innermost_error_says_what_is_wrong() -> None:
    """OneAPI: errors within each other, and lists of them; to a depth that no real one has."""
    inner = {"code": "SEM0100", "message": "Failed to resolve"}
    assert innermost({"code": "A", "message": "a", "innererror": {"code": "B", "innererror": inner}}) == (
        "SEM0100",
        "Failed to resolve",
    )
    assert innermost({"code": "A", "message": "a", "details": [{"code": "B", "innererror": inner}, {}]})[0] == "SEM0100"
    assert innermost({"code": "A", "message": "a", "details": []}) == ("A", "a")
    endless: dict[str, Any] = {"code": "A"}
    endless["innererror"] = endless
    assert innermost(endless) == ("A", None)


@pytest.mark.parametrize("body", [b"no json", b"", b"\xff\xfe", b"[" * 100_000])
async def test_an_answer_that_is_no_json(body: bytes) -> None:
    """A page of a proxy, for one."""
    async with api(Response(200, body=body)) as it:
        assert (await failed(it.url)).failure is Failure.MALFORMED_RESPONSE


async def test_an_answer_that_cannot_be_decompressed() -> None:
    """It says gzip and is none; real gzip is read."""
    zipped = Response(200, headers=(("Content-Encoding", "gzip"),), body=gzip.compress(GOOD.body))
    async with api(zipped, Response(200, headers=zipped.headers, body=b"none")) as it, rest(it.url) as client:
        assert await client.call("GET", "/thing") == {"answer": 42}
        assert (await failed(it.url)).failure is Failure.MALFORMED_RESPONSE


async def test_a_success_of_any_kind_is_one() -> None:
    """206 as well."""
    async with api(Response(206, body=b"[]")) as it, rest(it.url) as client:
        assert await client.call("GET", "/thing") == []


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        (b"", Failure.CLOSED),
        (b"\x15\x03\x00 no HTTP\r\n\r\n", Failure.MALFORMED_RESPONSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", Failure.MALFORMED_RESPONSE),
    ],
)
async def test_a_connection_that_ends_early(raw: bytes, failure: Failure) -> None:
    """By what came of an answer."""
    async with api(Response(200, raw=raw)) as it:
        assert (await failed(it.url)).failure is failure


async def test_nobody_there() -> None:
    """A port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert (await failed(f"http://127.0.0.1:{free.getsockname()[1]}")).failure is Failure.REFUSED


async def test_tls_is_verified() -> None:
    """A certificate of an authority that nobody trusts, and no TLS at all."""
    context = await asyncio.to_thread(server_context, (Leaf(names=("127.0.0.1",)),))
    async with api() as it, await serve(it, ssl_context=context) as secure:
        assert (await failed(secure.url)).failure is Failure.CERTIFICATE_UNTRUSTED
        assert (await failed(it.url.replace("http", "https"))).failure is Failure.NOT_TLS
        assert it.requests == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@api.example.com",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "//127.0.0.1",
        "https://",
        "127.0.0.1",
        "",
    ],
)
async def test_a_token_never_goes_in_the_clear(endpoint: str) -> None:
    """The error names the endpoint and what is allowed."""
    with pytest.raises(ValueError, match="allowed: an https URL, or http on loopback") as caught:
        async with rest(endpoint):
            pass
    assert endpoint in str(caught.value)


async def test_a_proxy_has_no_business_with_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    async with api() as proxy, api() as it:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        async with rest(it.url) as client:
            await client.call("GET", "/thing")
        assert (len(it.requests), proxy.requests) == (1, [])


async def test_the_token_stands_in_no_error() -> None:
    """Not where the API sends it back, nor where it cannot be sent, nor in what the client is shown as."""
    opaque = "opaque-token-0123456789"
    async with api(told(400, error={"code": "C", "message": f"you sent Bearer {opaque} and {opaque}"})) as it:
        error = await failed(it.url, source=Given(opaque))
        assert opaque not in "".join(format_exception(error))
        for broken in (f"{opaque}\r\nHost: x", f"{opaque}\u20ac"):
            error = await failed(it.url, source=Given(broken))
            assert (error.failure, len(it.requests)) == (Failure.TOKEN_UNAVAILABLE, 1)
            assert opaque not in "".join(format_exception(error))
        async with rest(it.url, source=Given(opaque)) as client:
            with pytest.raises(ReadError):
                await client.call("GET", "/thing")
            assert opaque not in repr(client)


async def test_the_first_that_fails_ends_the_others() -> None:
    """The error is its own, not a group, and nobody waits for the silent one."""
    async with (
        api(None) as silent,
        api(told(403)) as refusing,
        rest(silent.url) as one,
        rest(refusing.url) as two,
    ):
        with pytest.raises(ReadError) as caught:
            await together(one.call("GET", "/"), two.call("GET", "/"))
    assert caught.value.failure is Failure.DENIED


async def test_results_are_in_the_order_of_the_reads() -> None:
    """Whichever comes first."""

    async def answer(request: Request) -> Response:
        await asyncio.sleep(0.2 / int(request.path[1:]))
        return Response(200, body=request.path[1:].encode())

    async with await serve(answer) as server, rest(server.url) as client:
        assert await together(*(client.call("GET", f"/{number}") for number in (1, 2, 3))) == [1, 2, 3]


def asked(value: str) -> float | None:
    """What a Retry-After of this value comes to."""
    return retry_after_s(httpx.Response(429, headers=[(b"Retry-After", value.encode())]))


@pytest.mark.parametrize("value", ["", "-1", "nan", "inf", "1e3", "soon", "Wed, 21 Oct 99999 07:28:00 GMT", "1 2"])
def test_a_retry_after_of_no_known_form(value: str) -> None:
    """It counts as none."""
    assert asked(value) is None


def test_a_retry_after_in_seconds_or_at_a_date() -> None:
    """A date without a zone is in UTC."""
    assert (asked("5"), asked(" 0 ")) == (5.0, 0.0)
    at = datetime.now(UTC) + timedelta(minutes=10)
    for text in (format_datetime(at, usegmt=True), format_datetime(at).replace("+0000", "-0000")):
        assert asked(text) == pytest.approx(600, abs=30)


@given(st.text(st.characters(exclude_characters="\r\n\x00", exclude_categories=["Cs"])))
def test_no_retry_after_is_a_crash(value: str) -> None:
    """Any header value is a time not below zero, or none."""
    found = asked(value)
    assert found is None or 0 <= found < float("inf")


def test_the_errors_say_what_they_carry() -> None:
    """With detail and without."""
    assert str(ReadError(Failure.DENIED, "403 C: words", "C")) == "denied: 403 C: words"
    assert str(ReadError(Failure.TIMEOUT, None)) == "timeout"


async def test_a_long_error_is_cut() -> None:
    """A message may hold a whole query."""
    async with api(told(400, error={"message": "x" * 10_000})) as it:
        assert len((await failed(it.url)).detail or "") == LONGEST_DETAIL


def test_the_scope_of_the_token_is_the_whole_resource() -> None:
    """`Rest` asks for `/.default` of its audience."""
    scopes: list[str] = []

    class Source:
        def get_token(self, *asked: str) -> Given:
            scopes.extend(asked)
            return Given()

    async def call() -> None:
        async with (
            api() as it,
            Rest(endpoint=it.url, audience=AUDIENCE, credential=Source, deadline_s=5) as client,
        ):
            await client.call("GET", "/")

    asyncio.run(call())
    assert scopes == [f"{AUDIENCE}/.default"]
