"""azure-identity's managed identity, pointed at the lab's endpoint."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.network import LOOPBACK
from probes.observe.surroundings import AccessToken

UNWANTED = ("IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT")
"""Variables with which azure-identity takes the machine for Service Fabric or Azure Arc."""
_environment_in_use = threading.Lock()


class LabCredential:
    """A source of tokens for one client id.

    The library takes the endpoint from the environment, at construction and again for every token, so the environment
    has it for as long as a token is asked for; meanwhile every other token has to wait.
    """

    def __init__(self, client_id: str | None, environment: Mapping[str, str]) -> None:
        """Ask for tokens of this client id (`None` = the system-assigned identity) in this environment."""
        self._client_id = client_id
        self._environment = environment

    def get_token(self, *scopes: str) -> AccessToken:
        """A token for the scopes; raises what azure-identity raises."""
        from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - slow to import, and often unused

        with (
            borrowed(self._environment),
            ManagedIdentityCredential(client_id=self._client_id, retry_total=0) as credential,
        ):
            token: AccessToken = credential.get_token(*scopes)
        return token


@contextmanager
def borrowed(environment: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with these variables, and as it was before afterwards."""
    # A proxy of the developer's machine has no business with loopback.
    changes = {**dict.fromkeys(UNWANTED), "no_proxy": LOOPBACK, **environment}
    with _environment_in_use:
        before = {name: os.environ.get(name) for name in changes}
        _set(changes)
        try:
            yield
        finally:
            _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
