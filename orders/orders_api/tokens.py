"""Entra access tokens of applications, in the header `Authorization`.

Claims are those of Microsoft's access token reference
(https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference); which version of token an API gets
is decided by its own registration, so both are known. PyJWT checks signature, times, issuer and audience; what it
leaves open is checked here, before it or after.
"""

import base64
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

import jwt

from orders_api.caller import Caller
from orders_api.keys import KeySet, KeysUnavailable
from orders_api.problem import Problem, Reason
from orders_api.settings import TokenSettings

HEADER = "authorization"
ALGORITHM = "RS256"
LEEWAY_S = 60
LONGEST_LIFETIME_S = 48 * 3600
"""Entra's tokens last for an hour or a day, with continuous access evaluation for 28 hours."""
LONGEST_TOKEN = 16_384
COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
KEY_ID = re.compile(r"[\x21-\x7e]{1,128}")
TIMES = ("exp", "nbf", "iat")

REASONS: tuple[tuple[type[jwt.PyJWTError], Reason], ...] = (
    (jwt.ExpiredSignatureError, Reason.TOKEN_EXPIRED),
    (jwt.ImmatureSignatureError, Reason.TOKEN_NOT_YET_VALID),
    (jwt.InvalidIssuerError, Reason.TOKEN_ISSUER),
    (jwt.InvalidAudienceError, Reason.TOKEN_AUDIENCE),
    (jwt.InvalidSignatureError, Reason.TOKEN_SIGNATURE),
)
"""What PyJWT's errors mean here; any other means a malformed token."""


class Tokens:
    """Checks tokens of one tenant for one API."""

    missing = Reason.TOKEN_MISSING

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        tenant = settings.tenant_id
        self._issuers = {
            f"https://sts.windows.net/{tenant}/": ("1.0", "appid"),
            f"https://login.microsoftonline.com/{tenant}/v2.0": ("2.0", "azp"),
        }
        """Issuer to the version of its tokens and the claim that names the client in them."""
        self._keys = KeySet(settings.jwks_url, tenant_id=tenant, issuers=frozenset(self._issuers))

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """What stands behind the scheme `Bearer`, in any case (RFC 9110 section 11.1); another scheme is no token."""
        scheme, _, token = headers.get(HEADER, "").partition(" ")
        return token.lstrip(" ") if scheme.lower() == "bearer" else None

    async def admit(self, token: str) -> Caller:
        """The application that the tenant issued a token to, named by its object id."""
        claims = await self._verified(token)
        version, client_claim = self._issuers[claims["iss"]]
        if claims.get("ver") != version:
            raise Problem(Reason.TOKEN_ISSUER)
        if claims.get("tid") != self._settings.tenant_id:
            raise Problem(Reason.TOKEN_TENANT)
        # An application's token has roles and no scopes; `idtyp` says so as well, where the registration asks for it.
        if "scp" in claims or claims.get("idtyp", "app") != "app":
            raise Problem(Reason.TOKEN_DELEGATED)
        client_id, object_id = text(claims, client_claim), text(claims, "oid")
        if self._settings.allowed_clients.isdisjoint((client_id, object_id)):
            raise Problem(Reason.TOKEN_CLIENT)
        return Caller(subject=f"token:{object_id}", roles=roles(claims))

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token whose signature, times, issuer and audience are good."""
        if len(token) > LONGEST_TOKEN or not COMPACT_JWS.fullmatch(token):
            raise Problem(Reason.TOKEN_MALFORMED)
        header, _ = (strict_object(part) for part in token.split(".")[:2])
        # No extension is understood here (RFC 7515 section 4.1.11); PyJWT knows one, RFC 7797's, and Entra none.
        if "crit" in header:
            raise Problem(Reason.TOKEN_MALFORMED)
        # Before a key is looked for: a token of another algorithm must not have the keys fetched.
        if header.get("alg") != ALGORITHM:
            raise Problem(Reason.TOKEN_ALGORITHM)
        key = await self._key(header.get("kid"))
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=tuple(self._issuers),
                audience=self._settings.audiences,
                leeway=LEEWAY_S,
                options={"require": [*TIMES, "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise Problem(reason_of(error)) from error
        # PyJWT takes a list of audiences if one of them fits; Entra never issues a token for several.
        text(claims, "aud")
        # PyJWT takes fractions and digits in quotes; Entra writes whole seconds.
        if any(type(claims[name]) is not int for name in TIMES):
            raise Problem(Reason.TOKEN_MALFORMED)
        if claims["exp"] - claims["iat"] > LONGEST_LIFETIME_S:
            raise Problem(Reason.TOKEN_MALFORMED)
        return claims

    async def _key(self, key_id: object) -> jwt.PyJWK:
        if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id):
            raise Problem(Reason.TOKEN_MALFORMED)
        try:
            key = await self._keys.find(key_id)
        except KeysUnavailable:
            raise Problem(Reason.KEYS_UNAVAILABLE) from None
        if key is None:
            raise Problem(Reason.TOKEN_KEY_UNKNOWN)
        return key


def challenge(problem: Problem, *, token_came: bool) -> str | None:
    """RFC 6750 section 3: no error code where no token came, and which of the two codes otherwise."""
    if not token_came:
        return "Bearer" if problem.status == HTTPStatus.UNAUTHORIZED else None
    codes = {HTTPStatus.UNAUTHORIZED: "invalid_token", HTTPStatus.FORBIDDEN: "insufficient_scope"}
    code = codes.get(problem.status)
    return f'Bearer error="{code}", error_description="{problem.reason}"' if code else None


def strict_object(part: str) -> Mapping[str, Any]:
    """A part of a token as a JSON object in UTF-8 that has each member once.

    Parsers differ in which of two equal members they keep, so a token with both may say one thing here and another to
    whoever looked at it before. RFC 7515 section 4 and RFC 7519 section 4 let it be refused.
    """
    try:
        document = json.loads(
            base64.urlsafe_b64decode(f"{part}==").decode("utf-8"),
            object_pairs_hook=_each_once,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError):
        raise Problem(Reason.TOKEN_MALFORMED) from None
    if not isinstance(document, dict):
        raise Problem(Reason.TOKEN_MALFORMED)
    return document


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(members)
    if len(table) < len(members):
        raise ValueError("a member stands twice")
    return table


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be there, as text."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Problem(Reason.TOKEN_MALFORMED)
    return value


def roles(claims: Mapping[str, Any]) -> frozenset[str]:
    """The app roles that the application was granted; a token without any has no such claim."""
    names = claims.get("roles", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Problem(Reason.TOKEN_MALFORMED)
    return frozenset(names)


def reason_of(error: jwt.PyJWTError) -> Reason:
    """Why PyJWT refuses a token."""
    return next((reason for kind, reason in REASONS if isinstance(error, kind)), Reason.TOKEN_MALFORMED)
