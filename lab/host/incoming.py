"""A request as the host takes it and hands it to a function: decoded, joined, and within the server's limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lab.host.protos import RpcHttp, TypedData
from lab.http import Request

MAX_REQUEST_LINE_BYTES = 8192
MAX_HEADERS_BYTES = 32_768
MAX_HEADERS = 100
ESCAPES = re.compile("(?:%[0-9a-fA-F]{2})+")
ESCAPES_BUT_SLASH = re.compile("(?:%(?!2[fF])[0-9a-fA-F]{2})+")


class RefusedRequestError(ValueError):
    """A request that the server answers itself, before any function."""

    def __init__(self, status: int) -> None:
        """It answers with this status, and nothing else."""
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One request.

    Attributes:
        path: decoded, but for `%2F` and what is no UTF-8; `..` is resolved.
        headers: by name in lower case, equal ones joined with a comma and no blank, cookies and bearer tokens too;
            a Content-Length beside chunks is `x-content-length`, as Kestrel has it.
        query: equal names joined with a comma, whatever their case; empty values are dropped.
        body: `None` for one without a Content-Length above 0: in chunks, it never reaches a function.
    """

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None

    @classmethod
    def of(cls, request: Request) -> Self:
        """What came over the wire; raises RefusedRequestError."""
        headers = _joined(request)
        if "host" not in headers:  # HTTP/1.0: the host cannot make a URL of it
            raise RefusedRequestError(500)
        if request.chunked and "content-length" in headers:
            headers["x-content-length"] = headers.pop("content-length")
        _, _, query = request.target.partition("?")
        return cls(
            method=request.method,
            url=f"http://{headers['host']}{request.target}",
            path=_decoded_path(request.path),
            headers=headers,
            query=_parameters(query),
            body=None if request.chunked or not request.body else request.body,
        )

    @property
    def key(self) -> str:
        """The key that the caller offers, empty without one: a header wins over the query, even when it is wrong."""
        code = next((value for name, value in self.query.items() if name.lower() == "code"), "")
        return self.headers.get("x-functions-key", code)

    def to_rpc(self, route_parameters: Mapping[str, str]) -> TypedData:
        """The message to the worker."""
        return TypedData(
            http=RpcHttp(
                method=self.method,
                url=self.url,
                headers=self.headers,
                params=route_parameters,
                query=self.query,
                body=TypedData() if self.body is None else TypedData(bytes=self.body),
            )
        )


def _joined(request: Request) -> dict[str, str]:
    if len(f"{request.method} {request.target} HTTP/1.1\r\n") > MAX_REQUEST_LINE_BYTES:
        raise RefusedRequestError(414)
    found: dict[str, str] = {}
    size = 0
    for sent, value in request.headers:
        try:
            size += len(f"{sent}: {value}\r\n".encode())
        except UnicodeEncodeError:  # a byte that is no UTF-8 has become a surrogate
            raise RefusedRequestError(400) from None
        name = sent.lower()
        found[name] = f"{found[name]},{value}" if name in found else value
    if size > MAX_HEADERS_BYTES or len(request.headers) > MAX_HEADERS:
        raise RefusedRequestError(431)
    return found


def _decoded_path(path: str) -> str:
    if not path.startswith("/") or "%00" in path:
        raise RefusedRequestError(400)
    segments: list[str] = []
    for segment in ESCAPES_BUT_SLASH.sub(_decoded, path)[1:].split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    return "/" + "/".join(segments)


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, tuple[str, str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = (ESCAPES.sub(_decoded, text.replace("+", " ")) for text in pair.partition("="))
        first, before = found.get(name.lower(), (name, ""))
        found[name.lower()] = (first, f"{before},{value}" if name.lower() in found else value)
    return {name: value for name, value in found.values() if value}


def _decoded(escapes: re.Match[str]) -> str:
    """UTF-8 in percent escapes, or the escapes where it is none."""
    try:
        return bytes.fromhex(escapes[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return escapes[0]
