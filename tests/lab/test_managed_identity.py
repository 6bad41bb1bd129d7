import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import httpx
import jwt
import pytest
import pytest_asyncio
from azure.core.credentials import AccessToken
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

from lab.entra import Entra
from lab.managed_identity import CLIENT_ID, OBJECT_ID, ManagedIdentity
from lab.world import Identity


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[ManagedIdentity]:
    """The endpoint of an app with an identity."""
    async with await Entra.start() as entra, ManagedIdentity(entra) as identity:
        yield identity


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """The process's environment as the platform makes it, for as long as the library reads it."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def get_token(endpoint: ManagedIdentity, client_id: str | None = None) -> AccessToken:
    """A token for the orders API, through azure-identity as the probe asks for it."""

    def ask() -> AccessToken:
        with environment(endpoint.environment):
            credential = ManagedIdentityCredential(client_id=client_id)
            try:
                token: AccessToken = credential.get_token("api://orders/.default")
            finally:
                credential.close()
            return token

    return await asyncio.to_thread(ask)


def claims_of(token: AccessToken) -> dict[str, object]:
    """What the token says."""
    claims: dict[str, object] = jwt.decode(token.token, options={"verify_signature": False})
    return claims


async def ask(endpoint: ManagedIdentity, *, secret: str | None = None, **params: str) -> httpx.Response:
    """A request by hand."""
    values = endpoint.environment
    query = {"resource": "api://orders", "api-version": "2019-08-01"} | params
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        headers = {"X-IDENTITY-HEADER": values["IDENTITY_HEADER"] if secret is None else secret}
        return await client.get(values["IDENTITY_ENDPOINT"], params=query, headers=headers)


@pytest.mark.parametrize("client_id", [None, CLIENT_ID])
async def test_azure_identity_gets_a_token(endpoint: ManagedIdentity, client_id: str | None) -> None:
    """Microsoft's library takes the endpoint for App Service's, for a system and a user assigned identity."""
    token = await get_token(endpoint, client_id)
    claims = claims_of(token)
    assert (claims["aud"], claims["appid"], claims["oid"]) == ("api://orders", CLIENT_ID, OBJECT_ID)
    assert claims["roles"] == ["Orders.Read"]
    assert claims["exp"] == token.expires_on


async def test_identity_can_change_while_it_runs(endpoint: ManagedIdentity) -> None:
    """Roles, audience and lifetime of the next token are those of the identity as it is by then."""
    endpoint.identity = Identity(roles=(), audience="api://other", lifetime_s=-60)
    answer = (await ask(endpoint)).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "api://other"
    assert "roles" not in claims
    assert answer["expires_on"] == str(claims["exp"])


async def test_tokens_for_azure_keep_their_audience(endpoint: ManagedIdentity) -> None:
    """An application whose tokens have another audience is registered wrongly; Microsoft's own are not."""
    endpoint.identity = Identity(audience="api://other")
    answer = (await ask(endpoint, resource="https://management.azure.com")).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "https://management.azure.com"


async def test_app_without_identity_is_told_so(endpoint: ManagedIdentity) -> None:
    """The library says that there is no such identity, in App Service's words."""
    endpoint.identity = replace(endpoint.identity, available=False)
    with pytest.raises(CredentialUnavailableError, match="400, No User Assigned or Delegated Managed Identity found"):
        await get_token(endpoint)


async def test_other_client_id_is_no_identity(endpoint: ManagedIdentity) -> None:
    """A client id that is not assigned to the app gets no token."""
    assert (await ask(endpoint, client_id="other")).status_code == 400


@pytest.mark.parametrize(("name", "value"), [("api-version", "2017-09-01"), ("resource", "")])
async def test_wrong_request_is_400(endpoint: ManagedIdentity, name: str, value: str) -> None:
    """The version and the resource are asked for."""
    response = await ask(endpoint, **{name: value})
    assert (response.status_code, response.json()["statusCode"]) == (400, 400)


@pytest.mark.parametrize("secret", ["", "guess"])
async def test_wrong_secret_gets_no_token(endpoint: ManagedIdentity, secret: str) -> None:
    """Nothing but the header in the app's environment opens the endpoint."""
    assert (await ask(endpoint, secret=secret)).status_code == 401


async def test_silent_endpoint_never_answers(endpoint: ManagedIdentity) -> None:
    """The request is taken and nothing comes; the endpoint can be closed all the same."""
    endpoint.identity = replace(endpoint.identity, silent=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await ask(endpoint)
