"""Who is calling: an Entra access token of an application, checked in full or refused.

Every check is here and none is left to the network before it. Claims are those of Microsoft's access token reference
(https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference); which version of token an API gets
is decided by its own registration, so both are known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt

from orders_api.keys import KeySet, KeysUnavailable
from orders_api.problem import Problem, Reason
from orders_api.settings import Settings, Unusable

ALGORITHM = "RS256"
LEEWAY_S = 60
LONGEST_TOKEN = 16_384
COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

REASONS: tuple[tuple[type[jwt.PyJWTError], Reason], ...] = (
    (jwt.ExpiredSignatureError, Reason.TOKEN_EXPIRED),
    (jwt.ImmatureSignatureError, Reason.TOKEN_NOT_YET_VALID),
    (jwt.InvalidIssuerError, Reason.TOKEN_ISSUER),
    (jwt.InvalidAudienceError, Reason.TOKEN_AUDIENCE),
    (jwt.InvalidSignatureError, Reason.TOKEN_SIGNATURE),
    (jwt.InvalidAlgorithmError, Reason.TOKEN_ALGORITHM),
)
"""What PyJWT's errors mean here; any other means a malformed token."""


class Role(StrEnum):
    """The app roles of this API."""

    READ = "Orders.Read"
    WRITE = "Orders.Write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An application that was let in."""

    client_id: str
    object_id: str


class Gate:
    """Lets callers in, or says why not. Under settings that are not usable it lets nobody in."""

    def __init__(self, settings: Settings | Unusable) -> None:
        self._settings = settings
        self._tokens = _Tokens(settings) if isinstance(settings, Settings) else None

    async def admit(self, authorization: str | None, role: Role) -> Caller:
        """The caller behind an Authorization header, if it may act in this role.

        Raises:
            Problem: it may not, with the reason.
        """
        if isinstance(self._settings, Unusable) and not self._settings.untouched:
            raise Problem(Reason.MISCONFIGURED)
        token = bearer_token(authorization)
        if self._tokens is None:
            raise Problem(Reason.NOTHING_ACCEPTED)
        return await self._tokens.admit(token, role)


def bearer_token(authorization: str | None) -> str:
    """The token of an Authorization header (RFC 6750 section 2.1).

    The host joins several headers with a comma; that fits no token, so it is refused rather than one of them chosen.
    """
    scheme, _, token = (authorization or "").strip(" ").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(Reason.TOKEN_MISSING)
    token = token.lstrip(" ")
    if len(token) > LONGEST_TOKEN or not COMPACT_JWS.fullmatch(token):
        raise Problem(Reason.TOKEN_MALFORMED)
    return token


class _Tokens:
    """Checks tokens of one tenant for one API."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = KeySet(settings.jwks_url)
        tenant = settings.tenant_id
        self._issuers = {
            f"https://sts.windows.net/{tenant}/": ("1.0", "appid"),
            f"https://login.microsoftonline.com/{tenant}/v2.0": ("2.0", "azp"),
        }
        """Issuer to the version of its tokens and the claim that names the client in them."""

    async def admit(self, token: str, role: Role) -> Caller:
        claims = await self._verified(token)
        version, client_claim = self._issuers[claims["iss"]]
        if claims.get("ver") != version:
            raise Problem(Reason.TOKEN_ISSUER)
        if claims.get("tid") != self._settings.tenant_id:
            raise Problem(Reason.TOKEN_TENANT)
        # An application's token has roles and no scopes; `idtyp` says so as well, where the registration asks for it.
        if "scp" in claims or claims.get("idtyp", "app") != "app":
            raise Problem(Reason.TOKEN_DELEGATED)
        caller = Caller(client_id=text(claims, client_claim), object_id=text(claims, "oid"))
        if self._settings.allowed_clients.isdisjoint((caller.client_id, caller.object_id)):
            raise Problem(Reason.TOKEN_CLIENT)
        roles = claims.get("roles")
        if not isinstance(roles, list) or role not in roles:
            raise Problem(Reason.ROLE_MISSING)
        return caller

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token whose signature, times, issuer and audience are good."""
        try:
            header = jwt.get_unverified_header(token)
            # PyJWT would refuse it as well, but only once a key had been fetched for it.
            if header.get("alg") != ALGORITHM:
                raise Problem(Reason.TOKEN_ALGORITHM)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                await self._key(header.get("kid")),
                algorithms=[ALGORITHM],
                issuer=tuple(self._issuers),
                audience=self._settings.audiences,
                leeway=LEEWAY_S,
                options={"require": ["exp", "nbf", "iss", "aud"], "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise Problem(reason_of(error)) from error
        # RFC 7519 allows a list, which PyJWT takes if any fits; Entra never issues one for several audiences.
        text(claims, "aud")
        return claims

    async def _key(self, key_id: object) -> jwt.PyJWK:
        if not isinstance(key_id, str):
            raise Problem(Reason.TOKEN_MALFORMED)
        try:
            key = await self._keys.find(key_id)
        except KeysUnavailable:
            raise Problem(Reason.KEYS_UNAVAILABLE) from None
        if key is None:
            raise Problem(Reason.TOKEN_KEY_UNKNOWN)
        return key


def text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be there, as text."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Problem(Reason.TOKEN_MALFORMED)
    return value


def reason_of(error: jwt.PyJWTError) -> Reason:
    """Why PyJWT refuses a token."""
    return next((reason for kind, reason in REASONS if isinstance(error, kind)), Reason.TOKEN_MALFORMED)
