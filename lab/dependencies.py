"""The front ends of what the apps depend on: blob storage and key vault, as a client without a token sees them.

Statuses and codes are those of Microsoft's pages on storage errors and on the errors of Key Vault. Who comes through
a Private Endpoint is not asked for its network; who comes to the public front end is.
"""

import json

from lab import pages
from lab.entra import TENANT_ID
from lab.front_end import CALLER
from lab.http import Request, Response
from lab.world import KeyVault, StorageAccount

JSON = ("Content-Type", "application/json; charset=utf-8")
XML = ("Content-Type", "application/xml")


class StorageFrontEnd:
    """The handler of a listener that serves a storage account."""

    def __init__(self, account: StorageAccount, *, public: bool) -> None:
        """Serve the account; `public` = on its public address."""
        self.service = account
        self._public = public

    def turn(self, service: StorageAccount) -> None:
        """Take up another network access; connections stay as they are."""
        self.service = service

    async def __call__(self, request: Request) -> Response:
        """Answer one request, in the order of the real checks: host name, network, identity."""
        return pages.dated(self._answer(request))

    def _answer(self, request: Request) -> Response:
        if _host(request) != self.service.host.lower():
            return _storage(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
        if self._public and not (self.service.public_access and self.service.default_action == "Allow"):
            return _storage(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
        if request.header("authorization") is None:
            return _storage(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
        return _storage(401, "InvalidAuthenticationInfo", "Server failed to authenticate the request.")


class VaultFrontEnd:
    """The handler of a listener that serves a key vault."""

    def __init__(self, vault: KeyVault, *, public: bool) -> None:
        """Serve the vault; `public` = on its public address."""
        self.service = vault
        self._public = public

    def turn(self, service: KeyVault) -> None:
        """Take up another network access; connections stay as they are."""
        self.service = service

    async def __call__(self, request: Request) -> Response:
        """Answer one request: who is not known yet is told to come back with a token, and then the network counts."""
        return pages.dated(self._answer(request))

    def _answer(self, request: Request) -> Response:
        if _host(request) != self.service.host.lower():
            return _vault(400, "BadParameter", "The host is none of a vault.")
        if self._public and not self.service.public_access:
            message = (
                "Public network access is disabled and request is not from a trusted service nor via an approved "
                f"private link.\r\nCaller: addr={CALLER}"
            )
            return _vault(403, "Forbidden", message, "ForbiddenByConnection")
        if self._public and self.service.default_action == "Deny":
            message = (
                f"Client address is not authorized and caller is not a trusted service.\r\nClient address: {CALLER}"
            )
            return _vault(403, "Forbidden", message, "ForbiddenByFirewall")
        return _vault(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")


def _host(request: Request) -> str:
    return (request.header("host") or "").partition(":")[0].lower()


def _storage(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, reason=message.rstrip("."), headers=(XML, ("x-ms-error-code", code)), body=body.encode())


def _vault(status: int, code: str, message: str, inner: str | None = None) -> Response:
    error: dict[str, object] = {"code": code, "message": message}
    if inner is not None:
        error["innererror"] = {"code": inner}
    authority = f"https://login.windows.net/{TENANT_ID}"
    challenge = ("WWW-Authenticate", f'Bearer authorization="{authority}", resource="https://vault.azure.net"')
    headers = (JSON, challenge) if status == 401 else (JSON,)  # noqa: PLR2004 - the number is its name
    return Response(status, headers=headers, body=json.dumps({"error": error}).encode())
