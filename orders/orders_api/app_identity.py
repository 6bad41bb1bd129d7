"""The app's own identity towards the services it calls."""

import os
from http import HTTPStatus

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity.aio import ManagedIdentityCredential


class TokenRefused(ClientAuthenticationError):  # noqa: N818 - says what happened, as the codes beside it do
    """The platform has no identity endpoint, or one that answers that it has no token for the app."""


class AppIdentity(ManagedIdentityCredential):
    """The managed identity that the platform gives the app, whose refusals can be told from those of a service."""

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """See AsyncSupportsTokenInfo, which SDKs prefer to get_token."""
        # Without it azure-identity would take the app for a virtual machine and look for that one's endpoint.
        if not os.environ.get("IDENTITY_ENDPOINT"):
            raise TokenRefused
        try:
            token: AccessTokenInfo = await super().get_token_info(*scopes, options=options)
        except HttpResponseError as error:
            if (error.status_code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            raise TokenRefused from error
        return token
