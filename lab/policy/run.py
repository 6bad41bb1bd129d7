"""One call on its way through the policies: what expressions see of it, how it can fail, and what it reaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from lab.policy.message import Answer, Outgoing, Request


class Scope(StrEnum):
    """Where a document belongs, from the outermost to the innermost."""

    GLOBAL = "global"
    PRODUCT = "product"
    API = "api"
    OPERATION = "operation"


class Section(StrEnum):
    """The parts of a document."""

    INBOUND = "inbound"
    BACKEND = "backend"
    OUTBOUND = "outbound"
    ON_ERROR = "on-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What context tells of the API, operation, subscription, product or service, by the names of its members."""

    members: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastError:
    """`context.LastError`, by the names of the error-handling reference."""

    source: str
    reason: str | None
    message: str
    section: str
    scope: str | None = None
    policy_id: str | None = None


class Fault(Exception):  # noqa: N818 - a policy's failure, which becomes a LastError
    """A statement that failed.

    Attributes:
        status: of the platform's own answer.
        told: message in that answer.
    """

    def __init__(
        self, reason: str | None, message: str, *, status: int = 500, told: str = "Internal server error"
    ) -> None:
        """Fail for this reason."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status
        self.told = told


class Failed(Exception):  # noqa: N818
    """A fault that knows where it happened."""

    def __init__(self, error: LastError, fault: Fault) -> None:
        """Of this statement."""
        super().__init__(error)
        self.error = error
        self.fault = fault


class Ended(Exception):  # noqa: N818
    """return-response: nothing runs any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of calls by key.

    Attributes:
        policy: the statement that sets it.
        key: what the calls are counted by; equal keys share a counter.
    """

    policy: str
    key: str
    calls: int
    period_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a token must show: whose tenant, for whom, and of which application."""

    tenant: str
    audiences: tuple[str, ...]
    applications: tuple[str, ...]


class Outside(Protocol):
    """What a policy reaches of the world."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def elapsed(self) -> timedelta:
        """Since the request came."""

    async def send(self, request: Outgoing) -> Answer:
        """The answer to a request; raises Fault with BackendConnectionFailure or Timeout."""

    async def token(self, resource: str, client_id: str | None) -> str:
        """A token of the gateway's identity; raises Fault."""

    def admits(self, limit: Limit) -> bool:
        """Count a call, and whether it is within the limit."""

    def check_token(self, authorization: str | None, accepted: Accepted) -> None:
        """Look at the caller's token; raises Fault."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One call; expressions know it as `context`.

    Attributes:
        response: `None` until a backend has answered or a policy made one.
        trail: the statements that ran, as `section scope statement`.
    """

    request: Request
    request_id: UUID
    timestamp: datetime
    outside: Outside
    api: Entity
    operation: Entity
    deployment: Entity
    subscription: Entity | None = None
    product: Entity | None = None
    response: Answer | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    last_error: LastError | None = None
    error_in_on_error: LastError | None = None
    sections: list[Section] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)

    def answer(self) -> Answer:
        """The answer to be changed; 200 and nothing in it where there is none yet."""
        if self.response is None:
            self.response = Answer(status=200, reason="OK")
        return self.response

    @property
    def message(self) -> Request | Answer:
        """What set-header and set-body work on: the request up to the backend section, then the response."""
        if self.sections[-1] in {Section.INBOUND, Section.BACKEND}:
            return self.request
        return self.answer()
