"""What an answer of one of Azure's APIs comes to: its JSON, or an error of the closed list."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from probes.failure import Failure
from probes.observe.classify import failure_of
from probes.observe.scrub import scrub

LONGEST_DETAIL = 300
DEEPEST = 10
"""Error objects within each other that are still read."""
SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
STATUSES: Mapping[int, Failure] = {
    HTTPStatus.UNAUTHORIZED: Failure.DENIED,
    HTTPStatus.FORBIDDEN: Failure.DENIED,
    HTTPStatus.NOT_FOUND: Failure.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: Failure.THROTTLED,
    HTTPStatus.SERVICE_UNAVAILABLE: Failure.THROTTLED,
}


BODILESS = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})


class ReadError(Exception):
    """A read that brought nothing.

    Attributes:
        failure: how it failed.
        detail: what was said.
        code: Azure's own, the innermost of its error object; `None` where the answer has none.
        status: of the answer, `None` where none came.
    """

    def __init__(
        self, failure: Failure, detail: str | None, code: str | None = None, *, status: int | None = None
    ) -> None:
        """Carry them."""
        super().__init__(f"{failure}: {detail}" if detail else failure.value)
        self.failure = failure
        self.detail = detail
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer.

    Attributes:
        document: its JSON, `None` where it has no body and 202 or 204 says that it need not.
        location: where an operation that is under way tells of its end; `None` = nowhere.
        retry_after_s: when to ask there.
    """

    status: int
    document: Any
    location: str | None
    retry_after_s: float | None


def answer(response: httpx.Response, *secrets: str) -> Answer:
    """The good answer that a response is; raises as `content`."""
    bodiless = response.status_code in BODILESS and not response.content
    return Answer(
        status=response.status_code,
        document=None if bodiless else content(response, *secrets),
        location=response.headers.get("location"),
        retry_after_s=retry_after_s(response),
    )


def content(response: httpx.Response, *secrets: str) -> Any:
    """The JSON of a good answer; the secrets are left out of what an error says.

    Raises:
        ReadError: it is no good one.
    """
    try:
        document = response.json()
    except (ValueError, RecursionError):
        document = None
        if response.is_success:
            raise ReadError(Failure.MALFORMED_RESPONSE, "the answer is no JSON", status=response.status_code) from None
    if response.is_success:
        return document
    code, words = innermost(document.get("error") if isinstance(document, dict) else None)
    said = ": ".join(each for each in (code, words or response.reason_phrase) if each)
    failure = STATUSES.get(response.status_code, Failure.UNKNOWN)
    raise ReadError(failure, legible(f"{response.status_code} {said}", *secrets), code, status=response.status_code)


def innermost(error: Any) -> tuple[str | None, str | None]:
    """Code and message of an error object (OneAPI), and of the deepest one within it, which says what is wrong."""
    code, message = None, None
    for _ in range(DEEPEST):
        if not isinstance(error, dict):
            break
        code, message = text(error.get("code")) or code, text(error.get("message")) or message
        details = error.get("details")
        error = error.get("innererror") or (details[0] if isinstance(details, list) and details else None)
    return code, message


def text(value: Any) -> str | None:
    """The value, if it is text and not empty."""
    return value if isinstance(value, str) and value else None


def legible(words: str, *secrets: str) -> str:
    """The words on one line, cut, without anything that opens a door."""
    return " ".join(scrub(words, secrets).split())[:LONGEST_DETAIL]


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds that the answer asks to wait, `None` where it does not, or says so in no form of RFC 9110."""
    value = response.headers.get("retry-after", "").strip()
    if SECONDS.fullmatch(value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # Without a zone it is UTC, as all dates of HTTP are.
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def transport_failure(error: httpx.HTTPError) -> tuple[Failure, str]:
    """By what the network did, which httpx wraps: the first cause that says something decides."""
    if isinstance(error, httpx.TimeoutException):
        return Failure.TIMEOUT, type(error).__name__
    if isinstance(error, httpx.DecodingError):
        return Failure.MALFORMED_RESPONSE, type(error).__name__
    for cause in causes(error):
        failure, detail = failure_of(cause)
        if failure is not Failure.UNKNOWN:
            return failure, legible(detail or type(cause).__name__)
    return Failure.UNKNOWN, type(error).__name__


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error's causes, the nearest first; of a host with several addresses, those of each."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield from cause.exceptions if isinstance(cause, BaseExceptionGroup) else (cause,)
        cause = cause.__cause__ or cause.__context__
