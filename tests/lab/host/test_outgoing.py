"""What of an answer reaches the caller."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lab.host.conftest import HEALTH, MASTER, PREAMBLE, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCE = (
    PREAMBLE
    + """
@app.route("text")
async def text(req: func.HttpRequest) -> str:
    return "<html>"

@app.route("raises")
async def raises(req: func.HttpRequest) -> str:
    raise ValueError("password: hunter2")

@app.route("answer", methods=["POST"])
async def answer(req: func.HttpRequest) -> func.HttpResponse:
    given = req.get_json()
    return func.HttpResponse(given.pop("body", "x"), **{**given, "headers": Headers(given.get("headers", []))})

@app.route("any", methods=["POST"])
async def anything(req: func.HttpRequest):
    return eval(req.get_body())
"""
)


async def answer(app: Served, **arguments: Any) -> httpx.Response:
    """What comes of a function's HttpResponse of these arguments."""
    return await app.asked("/api/answer", "POST", json=arguments)


async def test_text_is_plain_text(app: Served) -> None:
    """200 and text/plain, for HTML too."""
    got = await app.asked("/api/text")
    assert (got.status_code, got.headers["content-type"], got.text) == (200, "text/plain; charset=utf-8", "<html>")


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, "text/plain; charset=utf-8"),
        ({"mimetype": "application/json"}, "application/json"),
        ({"mimetype": "application/json", "headers": [("Content-Type", "text/csv")]}, "text/csv"),
    ],
)
async def test_content_type(app: Served, arguments: dict[str, Any], kind: str) -> None:
    """Plain text by default; a header wins over the mimetype."""
    assert (await answer(app, **arguments)).headers.get_list("content-type") == [kind]


@pytest.mark.parametrize("value", ["None", "1", "{'a': 1}", "('a', 200)", "[1]", "b'x'", "1.5", "True"])
async def test_a_value_of_another_type_is_an_error(app: Served, value: str) -> None:
    """500, empty: neither text nor an HttpResponse."""
    got = await app.asked("/api/any", "POST", content=value)
    assert (got.status_code, got.content) == (500, b"")


async def test_an_exception_tells_the_caller_nothing(app: Served) -> None:
    """500 without a body or a header of its own; message and stack are in the log."""
    got = await app.asked("/api/raises")
    assert (got.status_code, got.content) == (500, b"")
    assert sorted(got.headers) == ["content-length", "date", "server"]
    await app.logged("ValueError: password: hunter2")
    assert "Executed 'Functions.raises' (Failed" in app.process.log
    assert "Traceback" in app.process.log


async def test_an_answer_is_chunked(app: Served) -> None:
    """It has no Content-Length; what the host adds is the date and the server's name."""
    got = await answer(app)
    assert sorted(got.headers) == ["content-type", "date", "server", "transfer-encoding"]
    assert (got.headers["transfer-encoding"], got.headers["server"], got.text) == ("chunked", "Kestrel", "x")


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ([("X-A", "1"), ("X-A", "2")], {"x-a": ["2"]}),
        ([("X-A", "1"), ("x-a", "2")], {"x-a": ["2"]}),
        ([("X-A", 1)], {"x-a": ["1"]}),
        ([("Server", "mine")], {"server": ["mine"]}),
        (
            [("WWW-Authenticate", "Bearer"), ("Retry-After", "5")],
            {"www-authenticate": ["Bearer"], "retry-after": ["5"]},
        ),
    ],
)
async def test_headers_of_a_function(app: Served, sent: list[Any], received: dict[str, list[str]]) -> None:
    """They go out as they are, of equal ones only the last, a number as text; the server's own name can be replaced."""
    got = await answer(app, headers=sent)
    assert {name: got.headers.get_list(name) for name in received} == received


@pytest.mark.parametrize("header", [("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("X-A", "h\u00e9")])
async def test_a_header_that_cannot_be_sent_is_an_error(app: Served, header: tuple[str, str]) -> None:
    """500, empty, and nothing is injected."""
    got = await answer(app, headers=[header])
    assert (got.status_code, got.content, "x-b" in got.headers) == (500, b"", False)


async def test_the_headers_before_a_bad_one_are_sent(app: Served) -> None:
    """The 500 for a value that is no ASCII has them."""
    got = await answer(app, headers=[("X-Before", "1"), ("X-Bad", "h\u00e9"), ("X-After", "1")])
    assert (got.status_code, got.headers["x-before"], "x-after" in got.headers) == (500, "1", False)


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_some_statuses_have_no_body(app: Served, status: int) -> None:
    """It is dropped, and the Content-Type stays."""
    got = await answer(app, status_code=status)
    assert (got.status_code, got.content, got.headers["content-type"]) == (status, b"", "text/plain; charset=utf-8")


@pytest.mark.parametrize("status", [204, 304])
async def test_what_has_no_body_is_not_chunked(app: Served, status: int) -> None:
    """No header speaks of a body that cannot be."""
    assert "transfer-encoding" not in (await answer(app, status_code=status)).headers


@pytest.mark.parametrize("status", [0, 99, 100, 101, 401, 600, 999, 1000])
async def test_a_status_is_sent_as_it_is(app: Served, status: int) -> None:
    """One that is none, too."""
    body = b'{"status_code": %d}' % status
    head = b"POST /api/answer HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert (await app.exchange(head + body)).startswith(b"HTTP/1.1 %d " % status)


async def test_a_length_of_its_own_is_not_checked(app: Served) -> None:
    """The caller waits for bytes that never come."""
    with pytest.raises(httpx.RemoteProtocolError, match="received 1 bytes, expected 100"):
        await answer(app, headers=[("Content-Length", "100")])


async def test_a_large_answer_arrives_whole(app: Served) -> None:
    """Ten million bytes."""
    got = await app.asked("/api/any", "POST", content="func.HttpResponse(b'0123456789' * 1_000_000)")
    assert got.content == b"0123456789" * 1_000_000


async def test_custom_headers_are_on_every_answer(tmp_path: Path) -> None:
    """On 200, 404, 401, 500 and on the host's own."""
    host = {"extensions": {"http": {"customHeaders": {"X-Lab": "host"}}}}
    guarded = HEALTH.replace("health", "guarded").replace('["GET"]', '["GET"], auth_level=func.AuthLevel.FUNCTION')
    async with served(tmp_path, SOURCE + guarded, host=host) as app:
        answers = [await app.asked(target) for target in ("/api/text", "/x", "/api/guarded", "/api/raises", "/")]
        status = await app.asked("/admin/host/status", headers=MASTER)
    assert [got.status_code for got in answers] == [200, 404, 401, 500, 200]
    assert [got.headers["x-lab"] for got in (*answers, status)] == ["host"] * 6


async def test_a_custom_header_that_cannot_be_sent_breaks_every_answer(tmp_path: Path) -> None:
    """A blank in its name, and health is 500 as well."""
    host = {"extensions": {"http": {"customHeaders": {"X Lab": "host"}}}}
    async with served(tmp_path, PREAMBLE + HEALTH, host=host) as app:
        answers = [await app.asked(target) for target in ("/api/health", "/", "/unknown")]
    assert [(got.status_code, got.content) for got in answers] == [(500, b"")] * 3
