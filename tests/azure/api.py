"""An API of the tests' own on loopback, and a client of it."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.http import Request, Response, serve
from probes.azure.rest import Rest
from tests.support import TOKEN, Given

AUDIENCE = "https://api.example.com"
GOOD = Response(200, body=b'{"answer": 42}')


@dataclass
class Api:
    """A server that gives these answers, the last one for ever; `None` = it never answers."""

    answers: list[Response | None] = field(default_factory=lambda: [GOOD])
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    async def __call__(self, request: Request) -> Response:
        """The next answer."""
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await asyncio.Event().wait()
        return answer or GOOD


@dataclass
class Slow:
    """A source of tokens that takes its time, and counts."""

    token: str = TOKEN
    seconds: float = 0.05
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get_token(self, *_scopes: str) -> Given:
        """A token, after a while."""
        with self.lock:
            self.asked += 1
        time.sleep(self.seconds)
        return Given(self.token)


@asynccontextmanager
async def api(*answers: Response | None) -> AsyncIterator[Api]:
    """A server with these answers."""
    found = Api(answers=list(answers) or [GOOD])
    async with await serve(found) as server:
        found.url = server.url
        yield found


def rest(url: str, *, deadline_s: float = 5, source: Any = None) -> Rest:
    """A client of it, with a token that needs no identity."""
    return Rest(endpoint=url, audience=AUDIENCE, credential=lambda: source or Given(), deadline_s=deadline_s)


def told(status: int, *headers: tuple[str, str], error: Any = None) -> Response:
    """An answer with an error object."""
    return Response(status, headers=headers, body=json.dumps({"error": error}).encode())


def table(columns: Sequence[tuple[str, str]], *rows: Sequence[Any], **beside: Any) -> Response:
    """The answer to a query."""
    named = [{"name": name, "type": kind} for name, kind in columns]
    document = {"tables": [{"name": "PrimaryResult", "columns": named, "rows": rows}], **beside}
    return Response(200, body=json.dumps(document).encode())
