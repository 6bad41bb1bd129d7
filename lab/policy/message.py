"""Requests and answers as policies see and change them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import quote, unquote_plus

Pairs = list[tuple[str, str]]


class Exists(StrEnum):
    """`exists-action`: what is done where the name has a value already."""

    OVERRIDE = "override"
    APPEND = "append"
    SKIP = "skip"
    DELETE = "delete"


class Headers:
    """Names in any case, each with its values in order, in the spelling that came first."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        """As they came."""
        self.pairs: Pairs = list(pairs)

    def values(self, name: str) -> list[str]:
        """All values of a name."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def set(self, name: str, values: Iterable[str], exists: Exists = Exists.OVERRIDE) -> None:
        """Change one name."""
        found = [key for key, _ in self.pairs if key.lower() == name.lower()]
        if exists is Exists.SKIP and found:
            return
        if exists is not Exists.APPEND:
            self.pairs = [pair for pair in self.pairs if pair[0].lower() != name.lower()]
        if exists is not Exists.DELETE:
            self.pairs += [(found[0] if found else name, value) for value in values]


class Query:
    """The parameters of a URL; those that nothing changes stay as they were written."""

    def __init__(self, text: str) -> None:
        """Of the text after the question mark."""
        self._parts = [part for part in text.split("&") if part]

    def set(self, name: str, values: Iterable[str], exists: Exists) -> None:
        """Change one parameter."""
        found = [at for at, part in enumerate(self._parts) if unquote_plus(part.partition("=")[0]) == name]
        if exists is Exists.SKIP and found:
            return
        at = found[0] if found else len(self._parts)
        if exists is Exists.APPEND:
            at = len(self._parts)
        else:
            self._parts = [part for each, part in enumerate(self._parts) if each not in found]
        if exists is not Exists.DELETE:
            self._parts[at:at] = [f"{quote(name, safe='')}={quote(value, safe='')}" for value in values]

    @property
    def suffix(self) -> str:
        """With its question mark; empty where there is none."""
        return f"?{'&'.join(self._parts)}" if self._parts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A backend entity of the gateway.

    Attributes:
        checks_certificates: `tls.validateCertificateChain` and `tls.validateCertificateName`.
    """

    url: str
    checks_certificates: bool = True


@dataclass(slots=True, kw_only=True)
class Request:
    """The request on its way from the caller to the backend.

    Attributes:
        path: below the API's own, kept as it was written.
        backend: whose URL goes before it.
    """

    method: str
    path: str
    query: Query
    headers: Headers
    body: bytes | None
    ip_address: str
    parameters: Mapping[str, str]
    backend: Backend
    certificate: str | None = None

    def copy(self) -> "Request":
        """The same, its headers to be changed apart."""
        return replace(self, headers=Headers(self.headers.pairs))

    @property
    def url(self) -> str:
        """Where forward-request sends it."""
        return f"{self.backend.url.rstrip('/')}{self.path}{self.query.suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request that leaves the gateway.

    Attributes:
        policy: the statement that sends it.
        variable: where its answer goes, `None` = it is the answer of the call.
        certificate: id of the client certificate shown.
    """

    policy: str
    variable: str | None
    method: str
    url: str
    headers: Pairs
    body: bytes | None
    timeout_s: float
    checks_certificates: bool = True
    certificate: str | None = None


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer: of a backend, or on its way to the caller."""

    status: int
    reason: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes | None = None


def phrase(status: int) -> str:
    """The usual reason phrase of a status, empty where it has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
