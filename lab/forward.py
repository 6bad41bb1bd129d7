"""Passing a request on, as App Service's front end and API Management do."""

from collections.abc import Iterable

import httpcore

from lab.http import Request, Response

HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that end with the connection (RFC 9110 section 7.6.1)."""


async def forward(
    pool: httpcore.AsyncConnectionPool, request: Request, url: str, headers: Iterable[tuple[str, str]]
) -> Response:
    """The answer to the request sent on to a URL with these headers, hop-by-hop ones excepted.

    Raises:
        OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException
    """
    # Content-Length is httpcore's to set: a body that came in chunks goes on in one piece.
    sent = [
        (name.encode("ascii"), value.encode("utf-8", "surrogateescape"))
        for name, value in end_to_end(headers)
        if name.lower() != "content-length"
    ]
    answer = await pool.request(request.method, url, headers=sent, content=request.body or None)
    received = [(name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in answer.headers]
    reason = answer.extensions.get("reason_phrase", b"").decode("latin-1")
    return Response(status=answer.status, reason=reason, headers=tuple(end_to_end(received)), body=answer.content)


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that go on to the next hop: not those that end here, nor those that Connection names."""
    given = list(headers)
    named = {
        option.strip().lower() for name, value in given if name.lower() == "connection" for option in value.split(",")
    }
    return [(name, value) for name, value in given if name.lower() not in HOP_BY_HOP | named]
