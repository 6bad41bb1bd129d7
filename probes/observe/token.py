"""Step `token`: an access token of the managed identity, through azure-identity."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from probes.failure import Failure
from probes.observe.classify import failure_of
from probes.observe.notebook import Mark, Notebook, OverrunError, within
from probes.observe.scrub import scrub
from probes.observe.surroundings import AccessToken, TokenSource, in_thread
from probes.records import Step, Token

SOURCE = "managed-identity"
KEPT_CLAIMS = ("aud", "iss", "appid", "azp", "oid", "tid", "roles", "ver", "idtyp")
"""Who issued the token to whom and for what: enough to see why it is refused, useless to whoever reads it."""
REFUSED_BY_ENDPOINT = "Token request error"
"""The trap of azure-identity: one class for an endpoint that answers without a token and for one that is not there."""
LONGEST_DETAIL = 200


async def token(
    notebook: Notebook, mark: Mark, credential: Callable[[], TokenSource], audience: str
) -> tuple[Token, str | None]:
    """The record, and the token itself for the requests of this attempt.

    `credential` is called in the thread as well: the first call imports azure-identity, which takes a while.
    """
    started_ms = notebook.elapsed_ms()
    failure, detail = None, None
    access: AccessToken | None = None
    try:
        async with within(notebook.limit(Step.TOKEN)):
            access = await in_thread(lambda: credential().get_token(scope(audience)))
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = token_failure(error)
    record = notebook.write(
        Token,
        mark,
        audience,
        started_ms,
        failure=failure,
        detail=detail,
        audience=audience,
        source=SOURCE,
        expires_at=time_of(access.expires_on) if access else None,
        claims=claims(access.token) if access else {},
    )
    return record, access.token if access else None


def scope(audience: str) -> str:
    """The scope that stands for a whole resource."""
    return f"{audience.rstrip('/')}/.default" if not audience.endswith("/.default") else audience


def token_failure(error: Exception) -> tuple[Failure, str | None]:
    """By azure-identity's classes; its messages are for people and go to the detail."""
    if isinstance(error, OverrunError):  # perhaps of the very import that would follow
        return failure_of(error)
    # Imported where a token was asked for, and so azure-identity is loaded: it is a sixth of a cold start.
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError  # noqa: PLC0415
    from azure.identity import CredentialUnavailableError  # noqa: PLC0415

    match error:
        case CredentialUnavailableError() if REFUSED_BY_ENDPOINT in str(error.message):
            failure = Failure.TOKEN_UNAVAILABLE
        case CredentialUnavailableError() | ServiceRequestError():
            failure = Failure.IDENTITY_ENDPOINT_MISSING
        case ClientAuthenticationError() | HttpResponseError():
            failure = Failure.TOKEN_UNAVAILABLE
        case _:
            return failure_of(error)
    return failure, scrub(str(error.message).partition("\n")[0])[:LONGEST_DETAIL]


def time_of(seconds: int) -> datetime | None:
    """The time so many seconds after the epoch, `None` where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def claims(encoded: str) -> Mapping[str, str | tuple[str, ...]]:
    """The claims on the list, not verified: that is the backend's to do. Empty where the token is opaque."""
    try:
        payload: Any = json.loads(base64.urlsafe_b64decode(encoded.split(".")[1] + "=="))
        found = {name: payload[name] for name in KEPT_CLAIMS if name in payload}
    except (IndexError, ValueError, TypeError, RecursionError):
        return {}
    return {
        name: tuple(scrub(str(item)) for item in value) if isinstance(value, list) else scrub(str(value))
        for name, value in found.items()
    }
