"""A stand-in for the ingestion endpoint of Application Insights: it keeps what is sent to it."""

import json
import ssl
from collections.abc import Sequence
from hmac import compare_digest
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from lab.http import Request, Response, Server, serve

STATUSES = (HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
TRACK = "/v2.1/track"


class Ingestion:
    """The endpoint, its envelopes, and how it answers.

    Attributes:
        envelopes: what was accepted, in the order it came.
        status: of every answer from now on: 200, 400 (none of the envelopes is taken), 429 or 503 (try again).
    """

    def __init__(self, *, required_token: str | None) -> None:
        """Ask for this bearer token, `None` = anybody may send; `start` opens the port."""
        self.envelopes: list[dict[str, Any]] = []
        self._status: int = HTTPStatus.OK
        self._required_token = required_token
        self._server: Server | None = None
        self._instrumentation_key = str(uuid4())

    @classmethod
    async def start(cls, *, required_token: str | None = None, ssl_context: ssl.SSLContext | None = None) -> Self:
        """An endpoint on loopback, over TLS where a context is given."""
        ingestion = cls(required_token=required_token)
        ingestion._server = await serve(ingestion._answer, ssl_context=ssl_context)
        return ingestion

    @property
    def url(self) -> str:
        """Base URL."""
        if self._server is None:
            raise RuntimeError("Ingestion is not started: use `await Ingestion.start()`")
        return self._server.url

    @property
    def connection_string(self) -> str:
        """Value of APPLICATIONINSIGHTS_CONNECTION_STRING."""
        return f"InstrumentationKey={self._instrumentation_key};IngestionEndpoint={self.url}/"

    @property
    def status(self) -> int:
        """Status of every answer."""
        return self._status

    @status.setter
    def status(self, value: int) -> None:
        if value not in STATUSES:
            raise ValueError(f"status = {value}: allowed: one of {', '.join(str(int(status)) for status in STATUSES)}")
        self._status = value

    async def aclose(self) -> None:
        """Leave the port."""
        if self._server is not None:
            await self._server.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _answer(self, request: Request) -> Response:
        # The exporter asks for //v2.1/track where the endpoint ends in a slash, as connection strings of Azure do.
        if request.path.replace("//", "/") != TRACK:
            return Response(status=404)
        if request.method != "POST":
            return Response(status=405, headers=(("Allow", "POST"),))
        if self._required_token is not None:
            sent = (request.header("authorization") or "").encode()
            if not compare_digest(sent, f"Bearer {self._required_token}".encode()):
                return Response(status=401, headers=(("WWW-Authenticate", "Bearer"),))
        try:
            received = envelopes(request.body)
        except ValueError:
            return _tracked(HTTPStatus.BAD_REQUEST, received=())
        if self._status == HTTPStatus.OK:
            self.envelopes.extend(received)
        return _tracked(self._status, received=received)


def envelopes(body: bytes) -> list[dict[str, Any]]:
    """The envelopes of a request body: a JSON array, one object, or one object a line; raises ValueError for others."""
    text = body.decode("utf-8")
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        parsed = [json.loads(line) for line in text.splitlines() if line.strip()]
    found = parsed if isinstance(parsed, list) else [parsed]
    if not found or not all(isinstance(envelope, dict) for envelope in found):
        raise ValueError("no envelopes")
    return found


def _tracked(status: int, *, received: Sequence[object]) -> Response:
    """The answer to a track request: all or nothing is accepted."""
    refused = [{"index": index, "statusCode": status, "message": ""} for index in range(len(received))]
    errors = refused if status != HTTPStatus.OK else []
    body = {"itemsReceived": len(received), "itemsAccepted": len(received) - len(errors), "errors": errors}
    headers = [("Content-Type", "application/json; charset=utf-8")]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.append(("Retry-After", "1"))
    return Response(status=status, headers=tuple(headers), body=json.dumps(body).encode("ascii"))
