"""RFC 9457 problem details, with a reason from a closed list whose codes never change their meaning."""

import json
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import azure.functions as func

LONGEST_SHOWN = 64


class Reason(StrEnum):
    """Why a call was not served."""

    REQUEST_INVALID = "request_invalid"
    PATH_REQUIRED = "path_required"
    """Several paths are configured, and the call names none."""
    UNKNOWN_NAME = "unknown_name"
    """No path, target or finding has this name."""
    MISCONFIGURED = "misconfigured"
    INTERRUPTED = "interrupted"
    """The instance is being stopped; another call reaches another one."""
    INTERNAL_ERROR = "internal_error"


ANSWERS = {
    Reason.REQUEST_INVALID: (HTTPStatus.BAD_REQUEST, "The request is wrong; `errors` says where."),
    Reason.PATH_REQUIRED: (HTTPStatus.BAD_REQUEST, "Several paths are configured; say which one."),
    Reason.UNKNOWN_NAME: (HTTPStatus.NOT_FOUND, "There is nothing of that name; `errors` says what there is."),
    Reason.MISCONFIGURED: (HTTPStatus.INTERNAL_SERVER_ERROR, "The app's settings are wrong; `errors` says where."),
    Reason.INTERRUPTED: (HTTPStatus.SERVICE_UNAVAILABLE, "The call was interrupted; try again."),
    Reason.INTERNAL_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "The call failed; its correlation id finds the log."),
}
"""Status and detail of each reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One wrong place: its key, what is allowed there, and what was sent, where that can be no secret."""

    key: str
    allowed: str
    value: str | None = None

    def member(self) -> dict[str, str]:
        """Its form in the answer; no more of the caller's text comes back than fits a line."""
        if self.value is None:
            return {"key": self.key, "allowed": self.allowed}
        cut = self.value if len(self.value) <= LONGEST_SHOWN else f"{self.value[:LONGEST_SHOWN]}..."
        return {"key": self.key, "value": cut, "allowed": self.allowed}


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """A call that is not served, raised where that becomes clear."""

    def __init__(self, reason: Reason, *errors: Wrong) -> None:
        """Carry what the answer says."""
        super().__init__(reason.value)
        self.reason = reason
        self.errors = errors
        self.status, self.detail = ANSWERS[reason]

    def response(self, correlation_id: str) -> func.HttpResponse:
        """The answer to the caller."""
        members: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "reason": self.reason.value,
            "correlation_id": correlation_id,
        }
        if self.errors:
            members["errors"] = [error.member() for error in self.errors]
        return func.HttpResponse(
            json.dumps(members),
            status_code=self.status.value,
            headers={"Cache-Control": "no-store"},
            mimetype="application/problem+json",
        )
