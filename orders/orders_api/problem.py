"""RFC 9457 problem details, with a reason from a closed list.

The list says enough for the caller's engineer to know what to mend, and nothing of what would have been accepted.
Codes never change their meaning: alerts and callers match them.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import azure.functions as func

LONGEST_SHOWN = 64


class Reason(StrEnum):
    """Why a call was not served."""

    TOKEN_MISSING = "token_missing"  # noqa: S105 - a reason, as are those below
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105
    """No JWT of three parts, several Authorization headers, or a claim missing or of a wrong type."""
    TOKEN_ALGORITHM = "token_algorithm"  # noqa: S105
    TOKEN_KEY_UNKNOWN = "token_key_unknown"  # noqa: S105
    """Signed with a key that the tenant does not publish."""
    TOKEN_SIGNATURE = "token_signature"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"  # noqa: S105
    TOKEN_ISSUER = "token_issuer"  # noqa: S105
    TOKEN_AUDIENCE = "token_audience"  # noqa: S105
    TOKEN_TENANT = "token_tenant"  # noqa: S105
    TOKEN_DELEGATED = "token_delegated"  # noqa: S105
    """A user's token: this API serves applications."""
    TOKEN_CLIENT = "token_client"  # noqa: S105
    """A good token of an application that is not on the list."""
    KEY_MISSING = "key_missing"
    KEY_REFUSED = "key_refused"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_MALFORMED = "certificate_malformed"
    """Not the base64 of one certificate in DER, or several headers."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_PURPOSE = "certificate_purpose"
    """An authority's certificate, or one that is not for TLS clients."""
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    """Neither listed nor issued by an authority that is."""
    CERTIFICATE_NAME = "certificate_name"
    """A good certificate of a trusted authority for a name that is not on the list."""
    ROLE_MISSING = "role_missing"
    NOTHING_ACCEPTED = "nothing_accepted"
    """The app is not configured to accept any credential."""
    MISCONFIGURED = "misconfigured"
    KEYS_UNAVAILABLE = "keys_unavailable"
    """The tenant's signing keys cannot be had, so no token can be told from a forgery."""
    REQUEST_INVALID = "request_invalid"
    BODY_TOO_LARGE = "body_too_large"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    ORDER_NOT_FOUND = "order_not_found"
    STORE_DENIED = "store_denied"
    """The storage, or the identity that asks it, does not let the app in: network rules or roles are wrong."""
    STORE_UNAVAILABLE = "store_unavailable"
    """The storage does not answer, or not now; whether an order was taken may be unknown."""
    INTERNAL_ERROR = "internal_error"


ANSWERS = {
    Reason.TOKEN_MISSING: (HTTPStatus.UNAUTHORIZED, "The call carries no bearer token."),
    Reason.TOKEN_MALFORMED: (HTTPStatus.UNAUTHORIZED, "The Authorization header holds no well-formed access token."),
    Reason.TOKEN_ALGORITHM: (HTTPStatus.UNAUTHORIZED, "The token is not signed with RS256."),
    Reason.TOKEN_KEY_UNKNOWN: (HTTPStatus.UNAUTHORIZED, "The token is signed with a key the tenant does not publish."),
    Reason.TOKEN_SIGNATURE: (HTTPStatus.UNAUTHORIZED, "The signature of the token does not fit."),
    Reason.TOKEN_EXPIRED: (HTTPStatus.UNAUTHORIZED, "The token has expired."),
    Reason.TOKEN_NOT_YET_VALID: (HTTPStatus.UNAUTHORIZED, "The token is not valid yet."),
    Reason.TOKEN_ISSUER: (HTTPStatus.UNAUTHORIZED, "The token was issued by somebody else."),
    Reason.TOKEN_AUDIENCE: (HTTPStatus.UNAUTHORIZED, "The token was issued for another audience."),
    Reason.TOKEN_TENANT: (HTTPStatus.UNAUTHORIZED, "The token belongs to another tenant."),
    Reason.TOKEN_DELEGATED: (HTTPStatus.FORBIDDEN, "The token is a user's; this API serves applications."),
    Reason.TOKEN_CLIENT: (HTTPStatus.FORBIDDEN, "The application is not allowed to call this API."),
    Reason.KEY_MISSING: (HTTPStatus.UNAUTHORIZED, "The call carries no function key in x-functions-key."),
    Reason.KEY_REFUSED: (HTTPStatus.UNAUTHORIZED, "The function key is none of this app's."),
    Reason.CERTIFICATE_MISSING: (HTTPStatus.UNAUTHORIZED, "The call carries no client certificate."),
    Reason.CERTIFICATE_MALFORMED: (HTTPStatus.UNAUTHORIZED, "The client certificate cannot be read."),
    Reason.CERTIFICATE_EXPIRED: (HTTPStatus.UNAUTHORIZED, "The client certificate has expired."),
    Reason.CERTIFICATE_NOT_YET_VALID: (HTTPStatus.UNAUTHORIZED, "The client certificate is not valid yet."),
    Reason.CERTIFICATE_PURPOSE: (HTTPStatus.UNAUTHORIZED, "The client certificate is not one for TLS clients."),
    Reason.CERTIFICATE_UNTRUSTED: (HTTPStatus.UNAUTHORIZED, "The client certificate was issued by somebody else."),
    Reason.CERTIFICATE_NAME: (HTTPStatus.FORBIDDEN, "The certificate's name is not allowed to call this API."),
    Reason.ROLE_MISSING: (HTTPStatus.FORBIDDEN, "The application lacks the app role of this operation."),
    Reason.NOTHING_ACCEPTED: (HTTPStatus.UNAUTHORIZED, "This app is not configured to accept any credential."),
    Reason.MISCONFIGURED: (HTTPStatus.SERVICE_UNAVAILABLE, "The app's settings are wrong; /api/health names them."),
    Reason.KEYS_UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "The keys to check the token cannot be had just now."),
    Reason.REQUEST_INVALID: (HTTPStatus.BAD_REQUEST, "The request is wrong; `errors` says where."),
    Reason.BODY_TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than an order can be."),
    Reason.IDEMPOTENCY_KEY_REUSED: (HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key came with another order."),
    Reason.ORDER_NOT_FOUND: (HTTPStatus.NOT_FOUND, "There is no such order."),
    Reason.STORE_DENIED: (HTTPStatus.SERVICE_UNAVAILABLE, "The app is not let in where orders are kept."),
    Reason.STORE_UNAVAILABLE: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Orders cannot be had now; try again with the same key.",
    ),
    Reason.INTERNAL_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "The call failed; its correlation id finds the log."),
}
"""Status and detail of each reason."""

RETRY_AFTER_S = {Reason.STORE_DENIED: 60, Reason.STORE_UNAVAILABLE: 5}
"""When to come back, where that may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputError:
    """One wrong place in a request: its key (`lines[2].quantity`), what stands there, and what may."""

    key: str
    value: object
    allowed: str

    def member(self) -> dict[str, object]:
        """Its form in the answer: no more of the caller's text comes back than fits a line."""
        value = self.value
        if isinstance(value, dict | list) or (isinstance(value, str) and len(value) > LONGEST_SHOWN):
            value = f"{type(value).__name__} of length {len(value)}"
        return {"key": self.key, "value": value, "allowed": self.allowed}


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """A call that is not served, raised where that becomes clear.

    Attributes:
        challenge: settable; the WWW-Authenticate header of the answer, None = there is none.
    """

    def __init__(self, reason: Reason, errors: tuple[InputError, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.errors = errors
        self.status, self.detail = ANSWERS[reason]
        self.challenge: str | None = None

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
        headers = {"Cache-Control": "no-store"}
        if retry_after_s := RETRY_AFTER_S.get(self.reason):
            headers["Retry-After"] = str(retry_after_s)
        if self.challenge:
            headers["WWW-Authenticate"] = self.challenge
        return func.HttpResponse(
            json.dumps(members), status_code=self.status.value, headers=headers, mimetype="application/problem+json"
        )
