"""What of a request reaches a function."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.lab.host.conftest import PREAMBLE, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCE = (
    PREAMBLE
    + """
@app.route("echo")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return shown("echo", req)
"""
)
ECHO = "/api/echo"


def request(*lines: bytes, version: str = "1.1", host: bytes = b"Host: x\r\n", body: bytes = b"") -> bytes:
    """The bytes of a request with these header lines, after which the connection ends."""
    head = b"".join(line + b"\r\n" for line in (*lines, b"Connection: close", b""))
    return f"POST {ECHO} HTTP/{version}\r\n".encode() + host + head + body


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """A body that httpx sends in chunks."""
    for part in parts:
        yield part


@pytest.mark.parametrize(
    ("sent", "name", "value"),
    [
        ([("X-MiXed-Case", "Kept")], "x-mixed-case", "Kept"),
        ([("X_under", "1")], "x_under", "1"),
        ([("Authorization", "Bearer one"), ("authorization", "Bearer two")], "authorization", "Bearer one,Bearer two"),
        ([("Cookie", "a=1"), ("Cookie", "b=2")], "cookie", "a=1,b=2"),
        ([("Content-Type", "text/plain"), ("Content-Type", "a/b")], "content-type", "text/plain,a/b"),
        ([("Authorization", "Basic garbage")], "authorization", "Basic garbage"),
        ([("X-A", "h\u00e9".encode())], "x-a", "h\u00e9"),
        ([("X-A", b"a\x01b\x7fc\td")], "x-a", "a\x01b\x7fc\td"),
    ],
)
async def test_header_names_are_lower_case_and_equal_ones_joined(
    app: Served, sent: list[tuple[str, str | bytes]], name: str, value: str
) -> None:
    """With a comma and no blank, whatever they are; control characters and UTF-8 pass, and no credential is judged."""
    raw = [(key.encode(), text.encode() if isinstance(text, str) else text) for key, text in sent]
    assert (await app.shown(ECHO, headers=raw))["headers"][name] == value


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("a=1&a=2&A=3", {"a": "1,2,3"}),
        ("b=&c&d=1", {"d": "1"}),
        ("=5", {"": "5"}),
        ("a=x%00y", {"a": "x\0y"}),
        ("a=%zz&b=%ff", {"a": "%zz", "b": "%ff"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a=%C3%A9+%26", {"a": "\u00e9 &"}),
    ],
)
async def test_query_values_are_decoded_and_joined(app: Served, query: str, parameters: dict[str, str]) -> None:
    """Empty values vanish, an empty name stays; escapes that are none are kept; `;` separates nothing."""
    assert (await app.shown(f"{ECHO}?{query}"))["query"] == parameters


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"{broken", b"\xef\xbb\xbf{}", b"\xff\xfe", b"\x1f\x8b\x08 not unpacked"])
async def test_a_body_is_passed_on_as_it_is(app: Served, method: str, body: bytes) -> None:
    """Neither JSON nor gzip is looked into, and GET may have one."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await app.shown(ECHO, method, content=body, headers=headers))["body"].encode("latin-1") == body


async def test_a_body_in_chunks_arrives_empty(app: Served) -> None:
    """Only a Content-Length above 0 brings one."""
    shown = await app.shown(ECHO, "POST", content=chunks(b"some", b"body"))
    assert (shown["headers"]["transfer-encoding"], shown["body"]) == ("chunked", "")


async def test_a_length_beside_chunks_is_renamed(app: Served) -> None:
    """The function sees `x-content-length`, and no body."""
    lines = (b"Content-Length: 3", b"Transfer-Encoding: chunked")
    answer = await app.exchange(request(*lines, body=b"3\r\nabc\r\n0\r\n\r\n"))
    assert b'"x-content-length": "3"' in answer
    assert b'"content-length"' not in answer
    assert b'"body": ""' in answer


async def test_the_url_has_the_host_that_was_sent(app: Served) -> None:
    """As it came, with query and escapes."""
    shown = await app.shown(f"{ECHO}?a=%41", headers={"Host": "orders.example.com"})
    assert shown["url"] == f"http://orders.example.com{ECHO}?a=%41"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (request(host=b""), 400),
        (request(host=b"Host: x\r\nHost: y\r\n"), 400),
        (request(host=b"", version="1.0"), 500),
        (request(b"X A: 1"), 400),
        (request(b"X-A: a\0b"), 400),
        (request(b"X-A: a\rb"), 400),
        (request(b"X-A: \xe9"), 400),
        (request().replace(b"/echo", b"/\xc3\xa9cho"), 400),
        (request().replace(b"/api", b"http://other.example.com/api"), 400),
    ],
    ids=["no host", "two hosts", "1.0", "blank in name", "NUL", "CR", "Latin-1", "non-ASCII target", "foreign host"],
)
async def test_malformed_requests_are_refused(app: Served, raw: bytes, status: int) -> None:
    """The answer is empty, and the connection ends."""
    answer = await app.exchange(raw)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.endswith(b"\r\n\r\n")


async def test_a_bare_line_feed_ends_a_header(app: Served) -> None:
    """What follows it is a header of its own."""
    answer = await app.exchange(request(b"X-A: a\nX-B: b"))
    assert b'"x-a": "a"' in answer
    assert b'"x-b": "b"' in answer


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        (ECHO, {"X-A": "a" * 31_000}, 200),
        (ECHO, {"X-A": "a" * 40_000}, 431),
        (ECHO, {f"X-{number}": "a" for number in range(95)}, 200),
        (ECHO, {f"X-{number}": "a" for number in range(103)}, 431),
        (f"{ECHO}?a={'b' * 8_000}", {}, 200),
        (f"{ECHO}?a={'b' * 8_200}", {}, 414),
    ],
    ids=["31 KB", "40 KB", "100 headers", "103 headers", "8 KB line", "longer line"],
)
async def test_heads_have_limits(app: Served, target: str, headers: dict[str, Any], status: int) -> None:
    """Of headers 32 KB and 100 (httpx adds five), of the request line 8 KB; the refusal is empty."""
    answer = await app.asked(target, headers=headers)
    assert (answer.status_code, bool(answer.content)) == (status, status == 200)


async def test_expect_continue_is_answered(app: Served) -> None:
    """100 comes first, and the function's answer after it."""
    answer = await app.exchange(request(b"Content-Length: 3", b"Expect: 100-continue", body=b"abc"))
    assert answer.startswith(b"HTTP/1.1 100 ")
    assert b"HTTP/1.1 200 " in answer
    assert b'"body": "abc"' in answer
