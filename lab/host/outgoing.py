"""An answer on its way from a function to the caller."""

import re
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

from lab.host.protos import RpcHttp, TypedData
from lab.http import BODILESS, FRAMING, Response

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
PRINTABLE = re.compile(r"[\t\x20-\x7e]*")
FIRST_FINAL_STATUS, LAST_STATUS = 200, 999
"""What a server can end an exchange with: three digits, and not 1xx (RFC 9110 section 15)."""


class AnswerError(ValueError):
    """A return value that no response can be made of: the caller gets an empty 500.

    Attributes:
        headers: those that were set before the one that could not be; they go out with the 500.
    """

    def __init__(self, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """The message is for the log only."""
        super().__init__(message)
        self.headers = headers


def response_of(returned: TypedData | None) -> Response:
    """The response that a return value stands for; raises AnswerError."""
    kind = returned.WhichOneof("data") if returned else None
    if returned is None or kind not in {"http", "string"}:
        raise AnswerError(f"unsupported return value: {kind}")
    if kind == "string":
        return Response(200, headers=(("Content-Type", "text/plain; charset=utf-8"),), body=returned.string.encode())
    answer: RpcHttp = returned.http
    if not re.fullmatch(r"-?\d+", answer.status_code):
        raise AnswerError(f"status code {answer.status_code!r} is no number")
    headers: dict[str, tuple[str, str]] = {}
    for name, value in answer.headers.items():
        if not TOKEN.fullmatch(name) or not PRINTABLE.fullmatch(value):
            raise AnswerError(f"header {name!r} cannot be sent", tuple(headers.values()))
        headers[name.lower()] = (name, value)  # of those that are equal but for their case, only the last is sent
    return Response(int(answer.status_code), headers=tuple(headers.values()), body=answer.body.bytes)


def sent(response: Response, custom_headers: Mapping[str, str]) -> Response:
    """The response with what the host and its server add.

    What a function itself says of the length of its body goes out unchecked, and so does a status that is none: as raw
    bytes, and the connection ends, since nobody can tell where the next answer would begin.
    """
    own = {name.lower() for name, _ in response.headers}
    added = {**custom_headers, "Date": formatdate(usegmt=True), "Server": "Kestrel"}
    headers = [*response.headers, *((name, value) for name, value in added.items() if name.lower() not in own)]
    reason = HTTPStatus(response.status).phrase if response.status in HTTPStatus else ""
    if own & FRAMING or not FIRST_FINAL_STATUS <= response.status <= LAST_STATUS:
        lines = [f"HTTP/1.1 {response.status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
        return Response(response.status, raw="\r\n".join(lines).encode("ascii") + response.body)
    if response.body and response.status not in BODILESS:
        headers.append(("Transfer-Encoding", "chunked"))
    return Response(response.status, reason=reason, headers=tuple(headers), body=response.body)
