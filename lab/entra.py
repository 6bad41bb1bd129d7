"""The stand-in for Microsoft Entra ID: it signs real tokens and publishes the keys to check them.

Issuers, claims and the form of the key set are those of the real one (access token claims reference), and so is what
they make possible: every tenant here signs with the same keys, so a good signature alone says nothing of the tenant.
Tokens are not asked for over HTTP: a managed identity gets them from its platform (`lab.managed_identity`).
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from lab.http import Request, Response, Server, serve

TENANT_ID = "5a6b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"
BACKDATED_S = 300
"""Entra's `iat` and `nbf` lie five minutes before the token is issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and its public half as a key set shows it."""

    private: rsa.RSAPrivateKey
    key_id: str
    modulus: str
    exponent: str


_made: list[SigningKey] = []
_making = Lock()


def signing_key(number: int) -> SigningKey:
    """The key of this number, the same in the whole process: it takes a tenth of a second to make one."""
    with _making:
        while len(_made) <= number:
            _made.append(_new_key())
        return _made[number]


def _new_key() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    key_id = base64url_encode(hashlib.sha256(public["n"].encode()).digest()).decode()
    return SigningKey(private=private, key_id=key_id, modulus=public["n"], exponent=public["e"])


class Entra:
    """One tenant.

    Attributes:
        tenant_id: settable only at the start.
        down: settable; while it is true every request is answered 503.
        silent: settable; while it is true no request is answered.
        key_set: settable; answered to who asks for the key set, in place of the keys.
        key_requests: how often the key set was asked for.
    """

    def __init__(self, server: Server, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.down = False
        self.silent = False
        self.key_set: Response | None = None
        self.key_requests = 0
        self._server = server
        self._current = 0
        self._published = [0]

    @classmethod
    async def start(cls, *, tenant_id: str = TENANT_ID) -> Self:
        """A tenant on a free port of loopback."""
        await asyncio.to_thread(signing_key, 0)

        async def answer(request: Request) -> Response:
            if entra.silent:
                await asyncio.Event().wait()
            return entra.answer(request)

        entra = cls(await serve(answer), tenant_id)
        return entra

    async def aclose(self) -> None:
        """Stops listening; tokens can still be issued."""
        await self._server.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def jwks_url(self) -> str:
        """Where the keys are."""
        return f"{self._server.url}/{self.tenant_id}/discovery/v2.0/keys"

    def answer(self, request: Request) -> Response:
        """The answer to one request."""
        if self.down:
            return Response(503)
        if request.path == f"/{self.tenant_id}/v2.0/.well-known/openid-configuration":
            return _json(self._configuration())
        if request.path == f"/{self.tenant_id}/discovery/v2.0/keys":
            self.key_requests += 1
            return self.key_set or _json({"keys": [self.entry(signing_key(number)) for number in self._published]})
        return Response(404)

    async def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with a new key from now on; the old ones stay published unless they are withdrawn."""
        self._current += 1
        await asyncio.to_thread(signing_key, self._current)
        self._published = [self._current] if withdraw else [*self._published, self._current]

    def issue(
        self,
        audience: str,
        *,
        client_id: str,
        object_id: str,
        roles: Sequence[str],
        lifetime_s: int = 3600,
        version: Literal["1.0", "2.0"] = "2.0",
        **claims: Any,
    ) -> str:
        """An application's access token.

        Args:
            audience: `aud`.
            client_id: `azp` of a v2 token, `appid` of a v1 token.
            object_id: `oid` and `sub`.
            roles: app roles granted; without any there is no such claim.
            lifetime_s: until `exp`; negative = the token has expired already.
            version: of the token; it decides about the issuer.
            **claims: more claims, or others in place of those; `None` leaves one out.
        """
        now = int(time.time())
        issued_at = now - BACKDATED_S + min(lifetime_s, 0)
        content: dict[str, Any] = {
            "aud": audience,
            "iss": self._issuer(version),
            "iat": issued_at,
            "nbf": issued_at,
            "exp": now + lifetime_s,
            **_client(version, client_id),
            "oid": object_id,
            "roles": list(roles) or None,
            "sub": object_id,
            "tid": self.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": version,
        }
        content |= claims
        key = signing_key(self._current)
        return jwt.encode(
            {name: value for name, value in content.items() if value is not None},
            key.private,
            algorithm="RS256",
            headers={"kid": key.key_id},
        )

    def vouches_for(self, token: str, *, audience: str) -> bool:
        """Whether the tenant signed the token for that audience with a key it still publishes, and it is valid now."""
        for number in self._published:
            try:
                jwt.decode(
                    token,
                    signing_key(number).private.public_key(),
                    algorithms=["RS256"],
                    audience=audience,
                    issuer=[self._issuer("1.0"), self._issuer("2.0")],
                )
            except jwt.PyJWTError:
                continue
            return True
        return False

    def _issuer(self, version: Literal["1.0", "2.0"]) -> str:
        if version == "1.0":
            return f"https://sts.windows.net/{self.tenant_id}/"
        return f"https://login.microsoftonline.com/{self.tenant_id}/v2.0"

    def _configuration(self) -> dict[str, object]:
        """OpenID Connect discovery; the keys are where the stand-in has them."""
        return {
            "issuer": self._issuer("2.0"),
            "jwks_uri": self.jwks_url,
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["pairwise"],
        }

    def entry(self, key: SigningKey) -> dict[str, object]:
        """One key as Entra's key set has it: no `alg`, and the issuer beside it."""
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": key.key_id,
            "n": key.modulus,
            "e": key.exponent,
            "issuer": self._issuer("2.0"),
        }


def _client(version: Literal["1.0", "2.0"], client_id: str) -> dict[str, str]:
    """The claims that name the client and say that it showed a certificate, as managed identities do."""
    if version == "1.0":
        return {"appid": client_id, "appidacr": "2"}
    return {"azp": client_id, "azpacr": "2"}


def _json(document: dict[str, object]) -> Response:
    return Response(200, headers=(("Content-Type", "application/json"),), body=json.dumps(document).encode())
