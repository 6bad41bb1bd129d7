"""azure-identity against the lab's endpoint."""

import asyncio
import os

import jwt
import pytest
from azure.core.exceptions import ServiceResponseError
from azure.identity import CredentialUnavailableError

from lab.credential import LabCredential, borrowed
from lab.entra import Entra
from lab.managed_identity import ManagedIdentity
from lab.world import Identity

SCOPE = "api://orders/.default"


async def test_the_real_library_gets_a_token_for_the_audience() -> None:
    """ManagedIdentityCredential speaks to the endpoint as it does in App Service."""
    async with await Entra.start() as entra, ManagedIdentity(entra) as identity:
        access = await asyncio.to_thread(LabCredential(None, identity.environment).get_token, SCOPE)
    assert jwt.decode(access.token, options={"verify_signature": False})["aud"] == "api://orders"


async def test_an_identity_that_is_not_there_gives_no_token() -> None:
    """The library's own error says so."""
    async with await Entra.start() as entra, ManagedIdentity(entra, identity=Identity(available=False)) as identity:
        with pytest.raises(CredentialUnavailableError):
            await asyncio.to_thread(LabCredential(None, identity.environment).get_token, SCOPE)


async def test_a_caller_kept_waiting_ends_with_the_endpoint() -> None:
    """Closing a silent endpoint sets the thread free, and with it the environment."""
    async with await Entra.start() as entra:
        silent = await ManagedIdentity(entra, identity=Identity(silent=True)).start()
        waiting = asyncio.create_task(asyncio.to_thread(LabCredential(None, silent.environment).get_token, SCOPE))
        await asyncio.sleep(0.2)
        await silent.aclose()
        with pytest.raises(ServiceResponseError):
            await waiting


def test_the_environment_is_as_it_was_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that were set have their value back, and those that were not are gone."""
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", "from before")
    before = dict(os.environ)
    with borrowed({"IDENTITY_ENDPOINT": "http://127.0.0.1:1/", "IDENTITY_HEADER": "secret"}):
        assert os.environ["IDENTITY_HEADER"] == "secret"
        assert "IDENTITY_SERVER_THUMBPRINT" not in os.environ
    assert dict(os.environ) == before
