"""Who is calling: one credential of an application, checked in full or refused.

Every check is in the app and none is left to the network before it. There are three kinds of credential, each with a
module of its own; which of them are accepted is configuration (`orders_api.settings`), and without any nobody is.
"""

from collections.abc import Mapping
from typing import Protocol

from orders_api.caller import Caller, Role
from orders_api.certificates import Certificates
from orders_api.function_keys import FunctionKeys
from orders_api.problem import Problem, Reason
from orders_api.settings import Settings, Unusable
from orders_api.tokens import Tokens, challenge


class Credential(Protocol):
    """One kind of credential."""

    missing: Reason
    """Why a call without it is refused."""

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """What a call with these headers (names in lower case) presents, None = nothing of this kind."""

    async def admit(self, presented: str) -> Caller:
        """Whose credential it is.

        Raises:
            Problem: nobody's.
        """


class Gate:
    """Lets callers in, or says why not. Under settings that are not usable it lets nobody in."""

    def __init__(self, settings: Settings | Unusable) -> None:
        self._settings = settings
        self._credentials = accepted(settings) if isinstance(settings, Settings) else ()

    async def admit(self, headers: Mapping[str, str], role: Role) -> Caller:
        """The caller behind the headers of a request, if it may act in this role.

        The first kind that is accepted and presented decides; what it refuses, no other credential mends.

        Raises:
            Problem: it may not, with the reason.
        """
        if isinstance(self._settings, Unusable):
            raise Problem(Reason.NOTHING_ACCEPTED if self._settings.untouched else Reason.MISCONFIGURED)
        for credential in self._credentials:
            if (presented := credential.presented(headers)) is not None:
                return await self._checked(credential, presented, role)
        raise self._refusal(Problem(self._credentials[0].missing), None)

    async def _checked(self, credential: Credential, presented: str, role: Role) -> Caller:
        try:
            caller = await credential.admit(presented)
        except Problem as problem:
            raise self._refusal(problem, credential) from None
        if role not in caller.roles:
            raise self._refusal(Problem(Reason.ROLE_MISSING), credential)
        return caller

    def _refusal(self, problem: Problem, credential: Credential | None) -> Problem:
        """The problem with its challenge: of the three kinds only tokens have a registered scheme (RFC 9110 16.4)."""
        if any(isinstance(kind, Tokens) for kind in self._credentials):
            problem.challenge = challenge(problem, token_came=isinstance(credential, Tokens))
        return problem


def accepted(settings: Settings) -> tuple[Credential, ...]:
    """The kinds that are accepted, in the order in which they are looked for: one at least."""
    return (
        *((Tokens(settings.tokens),) if settings.tokens else ()),
        *((FunctionKeys(settings.function_keys),) if settings.function_keys else ()),
        *((Certificates(settings.certificates),) if settings.certificates else ()),
    )
