"""Network access that changes under a front end that runs: closing a site cuts no connection, and moves no port."""

from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from lab.http import Request, Response
from lab.world import KeyVault, Listener, NameServer, Site, StorageAccount


@runtime_checkable
class Turning(Protocol):
    """A front end that can take up another network access of the service that it serves."""

    def turn(self, service: Any, /) -> None:
        """Take it up; the service differs from the one before in nothing else."""

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""


def only_turned(before: NameServer | Listener, after: NameServer | Listener) -> bool:
    """Whether two listeners differ in nothing but the network access of what they serve."""
    if not isinstance(before, Listener) or not isinstance(after, Listener):
        return False
    match before.serves, after.serves:
        case (Site() as site, Site() as new):
            return replace(before, serves=replace(site, public_access=new.public_access)) == after
        case (StorageAccount() | KeyVault() as service, StorageAccount() | KeyVault() as turned):
            access, action = turned.public_access, turned.default_action
            return replace(before, serves=replace(service, public_access=access, default_action=action)) == after
    return False
