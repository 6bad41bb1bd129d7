"""What the app accepts, read once from its app settings.

    ORDERS_TENANT_ID        GUID of the Entra tenant that issues the tokens
    ORDERS_AUDIENCES        comma list: the API's client id (v2 tokens) and its App ID URI (v1 tokens)
    ORDERS_ALLOWED_CLIENTS  comma list of GUIDs: client ids or, better, object ids of the identities that may call
    ORDERS_JWKS_URL         optional: where the signing keys are, instead of the tenant's own address

Without any of them the app runs and refuses every protected call. With only some, or with a wrong value, it answers
503 `misconfigured` there: to guess what was meant would be to let somebody in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

TENANT_ID = "ORDERS_TENANT_ID"
AUDIENCES = "ORDERS_AUDIENCES"
ALLOWED_CLIENTS = "ORDERS_ALLOWED_CLIENTS"
JWKS_URL = "ORDERS_JWKS_URL"

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
APP_ID_URI = re.compile(r"(api|https)://[A-Za-z0-9._~/-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which tokens are accepted; GUIDs in lower case."""

    tenant_id: str
    audiences: frozenset[str]
    allowed_clients: frozenset[str]
    jwks_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One setting that cannot be used: what it holds and what it may hold."""

    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.key} is {self.value!r}; allowed: {self.allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Settings under which no token can be accepted.

    Attributes:
        untouched: none of the settings is there, so nobody tried to configure anything.
        faults: by setting, at least one.
    """

    untouched: bool
    faults: tuple[Fault, ...]


def read(environment: Mapping[str, str]) -> Settings | Unusable:
    """The settings, or all that is wrong with them at once."""
    tenant_id = environment.get(TENANT_ID, "").strip().lower()
    audiences = _listed(environment.get(AUDIENCES, ""))
    allowed_clients = frozenset(client.lower() for client in _listed(environment.get(ALLOWED_CLIENTS, "")))
    jwks_url = environment.get(JWKS_URL, "").strip()
    checks = (
        (TENANT_ID, bool(GUID.fullmatch(tenant_id)), "a GUID"),
        (AUDIENCES, _all(audiences, _is_audience), "a comma list of GUIDs and api:// or https:// URIs"),
        (ALLOWED_CLIENTS, _all(allowed_clients, GUID.fullmatch), "a comma list of GUIDs"),
        (JWKS_URL, not jwks_url or _is_trustworthy(jwks_url), "an https:// URL (http:// on loopback only) or nothing"),
    )
    faults = tuple(
        Fault(key=key, value=environment.get(key, ""), allowed=allowed) for key, valid, allowed in checks if not valid
    )
    if faults:
        return Unusable(untouched=not any(environment.get(key, "").strip() for key, _, _ in checks), faults=faults)
    return Settings(
        tenant_id=tenant_id,
        # v2 tokens name the audience by a GUID, always in lower case; a URI stands in v1 tokens as it was asked for.
        audiences=frozenset(name.lower() if GUID.fullmatch(name.lower()) else name for name in audiences),
        allowed_clients=allowed_clients,
        jwks_url=jwks_url or f"https://login.microsoftonline.com/{tenant_id}/discovery/v2.0/keys",
    )


def _listed(value: str) -> frozenset[str]:
    return frozenset(part for part in (piece.strip() for piece in value.split(",")) if part)


def _all(values: frozenset[str], valid: Callable[[str], object]) -> bool:
    return bool(values) and all(valid(value) for value in values)


def _is_audience(value: str) -> bool:
    return bool(GUID.fullmatch(value.lower()) or APP_ID_URI.fullmatch(value))


def _is_trustworthy(url: str) -> bool:
    """Whoever answers at this URL decides which signatures are good, so it is TLS or this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in {"127.0.0.1", "::1"}))
