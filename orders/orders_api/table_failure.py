"""What an error of the table service, or of the way to it, means."""

import re
from http import HTTPStatus

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,63}")

HINTS = {
    "AuthorizationFailure": "the account's network rules do not let the app in",
    "AuthorizationPermissionMismatch": "the app's identity lacks a role on the table, Storage Table Data Contributor",
    "TableNotFound": "the table is made with the storage account, not by the app",
    "ClientConnectorDNSError": "the account's name does not resolve here",
    "ConnectionTimeoutError": "nothing answers at the account's address: something on the way drops the packets",
    "TokenRefused": "the app has no managed identity, or not the one that is configured",
}
"""For whoever mends it; the storage's own codes are in its REST reference, "Table service error codes"."""

NO_ANSWER = (ServiceRequestError, ServiceResponseError, IncompleteReadError)
"""None, or half of one; the class of their cause says what happened to the connection."""
TRANSIENT_STATUSES = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
DENIED_STATUSES = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def code_of(error: Exception) -> str:
    """The storage's error code; where it gave none, the HTTP status, and without an answer the class of the error."""
    code = getattr(error, "error_code", None)
    text = str(getattr(code, "value", code))
    if code and CODE.fullmatch(text):
        return text
    if (status := getattr(error, "status_code", None)) and status >= HTTPStatus.BAD_REQUEST:
        return str(int(status))
    if isinstance(error, TimeoutError):
        return "timeout"
    return type(error.__cause__ if isinstance(error, NO_ANSWER) and error.__cause__ else error).__name__


def hint_of(code: str) -> str:
    """What the code means, set off by a comma; empty where it says it itself."""
    return f", {HINTS[code]}" if code in HINTS else ""


def is_transient(error: Exception) -> bool:
    """Whether another try may do better at once; not where the storage says itself how long to wait."""
    if isinstance(error, NO_ANSWER):
        return True
    if not isinstance(error, HttpResponseError) or error.status_code not in TRANSIENT_STATUSES:
        return False
    return "Retry-After" not in getattr(error.response, "headers", {})


def is_denied(error: Exception) -> bool:
    """Whether the app itself was turned away, by the storage or for want of a token."""
    return isinstance(error, ClientAuthenticationError) or getattr(error, "status_code", None) in DENIED_STATUSES
