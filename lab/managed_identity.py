"""The stand-in for App Service's managed identity endpoint.

Its contract is that of Microsoft's page "Use managed identities for App Service and Azure Functions", REST endpoint
reference, api-version 2019-08-01; errors have the form in which azure-identity expects them: `statusCode`, `message`.
The status for a wrong X-IDENTITY-HEADER is not documented: it is 401 here.
"""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from lab.entra import Entra
from lab.http import Request, Response, Server, serve
from lab.world import Identity

PATH = "/msi/token"
API_VERSION = "2019-08-01"
MANAGEMENT = "https://management."
"""How the resource of Azure Resource Manager begins, in every cloud."""
NOT_FOUND = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
CLIENT_ID = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
OBJECT_ID = "9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a"


class ManagedIdentity:
    """The endpoint of one app.

    Attributes:
        identity: what the app has; settable, and read anew for each request.
        client_id: of the identity; a request for any other is refused.
    """

    def __init__(
        self,
        entra: Entra,
        *,
        identity: Identity | None = None,
        client_id: str = CLIENT_ID,
        object_id: str = OBJECT_ID,
    ) -> None:
        self.identity = identity or Identity()
        self.client_id = client_id
        self.object_id = object_id
        self._entra = entra
        self._secret = secrets.token_hex(32)
        self._server: Server | None = None

    async def start(self) -> Self:
        """Listens on a free port of loopback."""
        self._server = await serve(self.answer)
        return self

    async def aclose(self) -> None:
        """Stops listening, also where a caller is kept waiting."""
        if self._server:
            await self._server.aclose()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def environment(self) -> Mapping[str, str]:
        """What the platform puts into the app's environment."""
        if not self._server:
            raise RuntimeError("the endpoint has an address only once it is started")
        return {"IDENTITY_ENDPOINT": f"{self._server.url}{PATH}", "IDENTITY_HEADER": self._secret}

    async def answer(self, request: Request) -> Response:
        """The answer to one request."""
        if self.identity.silent:
            await asyncio.Event().wait()
        if request.method != "GET" or request.path != PATH:
            return _error(404, "Not found.")
        if not hmac.compare_digest((request.header("x-identity-header") or "").encode(), self._secret.encode()):
            return _error(401, "The X-IDENTITY-HEADER is missing or wrong.")
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        if query.get("api-version") != API_VERSION:
            return _error(400, f"The api-version must be {API_VERSION}.")
        resource = query.get("resource")
        if not resource:
            return _error(400, "The parameter resource is missing.")
        if not self.identity.available or query.get("client_id", self.client_id) != self.client_id:
            return _error(
                400,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            )
        return self._token(resource)

    def _token(self, resource: str) -> Response:
        """A v1 token, which an API gets unless its registration asks for another version."""
        identity = self.identity
        token = self._entra.issue(
            (None if resource.startswith(MANAGEMENT) else identity.audience) or resource,
            client_id=self.client_id,
            object_id=self.object_id,
            roles=identity.roles,
            lifetime_s=identity.lifetime_s,
            version="1.0",
        )
        return _json(
            200,
            {
                "access_token": token,
                "expires_on": str(int(time.time()) + identity.lifetime_s),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": self.client_id,
            },
        )


def _error(status: int, message: str) -> Response:
    return _json(status, {"statusCode": status, "message": message})


def _json(status: int, document: Mapping[str, object]) -> Response:
    return Response(status, headers=(("Content-Type", "application/json"),), body=json.dumps(document).encode())
