"""What a target must refuse: what is shown to it, what stays out of every record, and what the judge makes of it."""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import Any

import pytest

from lab.certificates import authorities, pem
from lab.http import Request, Response
from probes.document import dumps
from probes.judge import Confidence, Verdict
from probes.observe.surroundings import AccessToken
from probes.path import PathError, from_mapping
from probes.records import Credential, Exchange, Token
from probes.sweep import Sweep, sweep
from tests.support import HOST, TOKEN, Given, Stage, opened

FOREIGN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9ub3RoaW5nIn0.c2lnbmF0dXJlLW9mLWFub3RoZXItb25l"
KEY = "withdrawn-in-the-spring-of-last-year-0123456789"
SETTING = "ORDERS_OLD_KEY"
EVERY: Mapping[str, Any] = {
    "audience": "api://orders",
    "must_refuse": ["none", "foreign-token", "old-key"],
    "foreign_audience": "api://nothing",
    "old_key_setting": SETTING,
}


@dataclass(frozen=True)
class Tenant:
    """A token for each audience; the foreign one only where it is given."""

    foreign: str | None = FOREIGN

    def get_token(self, *scopes: str) -> AccessToken:
        """By the scope asked for."""
        if scopes == ("api://orders/.default",):
            return Given(TOKEN)
        if self.foreign is None:
            raise RuntimeError("the application api://nothing does not exist")
        return Given(self.foreign)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """An empty stage with the lab's root."""
    with tempfile.TemporaryDirectory() as folder:
        file = File(folder) / "ca.pem"
        file.write_bytes(pem(authorities().root.certificate))
        async with opened(str(file)) as found:
            yield found


async def swept(
    admits: Callable[[Request], bool],
    *,
    settings: Mapping[str, str] | None = None,
    tenant: Tenant | None = None,
    **changes: Any,
) -> tuple[Sweep, list[Request]]:
    """A sweep of an app that lets in whom `admits` says, and the requests that it got."""
    async with stage() as lab:
        await lab.names()
        await lab.app(lambda request: Response(200 if admits(request) else 401))
        held = {SETTING: KEY} if settings is None else settings
        here = replace(lab.surroundings, setting=held.get, credential=lambda _: tenant or Tenant())
        target = {name: value for name, value in {**EVERY, **changes}.items() if value is not None}
        return await sweep(lab.path(target), here), lab.requests


def expected(request: Request) -> bool:
    """The right token opens, and nothing else."""
    return request.header("authorization") == f"Bearer {TOKEN}"


def roots(found: Sweep) -> list[str]:
    """Ids of the causes."""
    return [root.id for root in found.judgement.roots]


async def test_each_credential_is_shown_by_itself() -> None:
    """One connection, the target's own token first, then nothing, the foreign token, and the withdrawn key alone."""
    found, requests = await swept(expected)
    shown = [(request.header("authorization"), request.header("x-functions-key")) for request in requests]
    assert shown == [(f"Bearer {TOKEN}", None), (None, None), (f"Bearer {FOREIGN}", None), (None, KEY)]
    kinds = [record.credential for record in found.observations if isinstance(record, Exchange)]
    assert kinds == [Credential.TOKEN, Credential.NONE, Credential.FOREIGN_TOKEN, Credential.OLD_KEY]
    assert (found.judgement.verdict, found.judgement.findings) == (Verdict.PROVEN, ())


async def test_no_secret_is_in_the_sweep() -> None:
    """An app that returns what it was shown, in body and header: neither token nor key is in the document."""
    async with stage() as lab:
        await lab.names()

        def echo(request: Request) -> Response:
            said = f"{request.header('authorization')} {request.header('x-functions-key')}"
            return Response(200 if expected(request) else 401, headers=(("Location", f"/{said}"),), body=said.encode())

        await lab.app(echo)
        here = replace(lab.surroundings, setting={SETTING: KEY}.get, credential=lambda _: Tenant())
        document = dumps(await sweep(lab.path(EVERY), here))
    assert not [secret for secret in (TOKEN, FOREIGN, KEY) if secret in document]
    assert SETTING in document


@pytest.mark.parametrize(
    ("admits", "cause"),
    [
        (lambda request: (request.header("authorization") or "").startswith("Bearer "), "foreign-token-accepted"),
        (lambda request: expected(request) or request.header("x-functions-key") == KEY, "old-key-accepted"),
        (lambda _: True, "anonymous-accepted"),
    ],
)
async def test_who_is_let_in_is_one_cause(admits: Callable[[Request], bool], cause: str) -> None:
    """An app open to all shows nothing of what it makes of a wrong token or key, so that is no cause beside it."""
    found, _ = await swept(admits)
    assert (found.judgement.verdict, roots(found)) == (Verdict.EXPOSED, [cause])


async def test_a_foreign_token_let_in_alone_is_less_certain() -> None:
    """Where nobody asked without credentials, the app may be open to all."""
    found, _ = await swept(lambda _: True, must_refuse=["foreign-token"], old_key_setting=None)
    (root,) = found.judgement.roots
    assert (root.id, root.confidence) == ("foreign-token-accepted", Confidence.MEDIUM)
    assert root.weakened_by == ("nobody asked without credentials: it may be open to all",)


@pytest.mark.parametrize("settings", [{}, {SETTING: ""}])
async def test_a_key_that_is_not_there_is_told(settings: Mapping[str, str]) -> None:
    """Without the setting nothing is shown for it, and the path is not called proven."""
    found, requests = await swept(expected, settings=settings)
    assert len(requests) == 3
    assert (found.judgement.verdict, roots(found)) == (Verdict.DEGRADED, ["refusal-not-checked"])
    assert "old-key" in found.judgement.roots[0].summary


async def test_a_foreign_token_that_cannot_be_had_is_told() -> None:
    """It is no token-unavailable, which is about the target's own; the failed token is the evidence."""
    found, _ = await swept(expected, tenant=Tenant(foreign=None))
    assert (found.judgement.verdict, roots(found)) == (Verdict.DEGRADED, ["refusal-not-checked"])
    (failed,) = [one for one in found.observations if isinstance(one, Token) and one.failure and one.attempt == 2]
    assert failed.id in found.judgement.roots[0].evidence


async def test_a_target_that_is_down_is_not_asked_for_refusals() -> None:
    """What does not answer the expected call has its own cause, and nothing is said of refusals."""
    found, _ = await swept(lambda _: False)
    assert "refusal-not-checked" not in roots(found)
    assert found.judgement.verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"foreign_audience": None}, "foreign_audience"),
        ({"foreign_audience": "https://management.azure.com/"}, "foreign_audience"),
        ({"foreign_audience": "00000003-0000-0000-c000-000000000000"}, "foreign_audience"),
        ({"foreign_audience": "api://orders"}, "foreign_audience"),
        ({"old_key_setting": None}, "old_key_setting"),
        ({"old_key_setting": "a key, not a name"}, "old_key_setting"),
        ({"must_refuse": ["none", "old-key"]}, "foreign_audience"),
        ({"must_refuse": ["none", "foreign-token"]}, "old_key_setting"),
        ({"must_refuse": ["token"]}, "must_refuse[0]"),
    ],
)
def test_a_refusal_needs_what_is_shown(changes: Mapping[str, Any], key: str) -> None:
    """Each kind has its key, and each key its kind; no token is ever asked for an Azure service to be shown around."""
    target = {"name": "backend", "role": "backend", "url": f"https://{HOST}/api", **EVERY, **changes}
    with pytest.raises(PathError) as error:
        from_mapping(
            {"name": "test", "targets": [{name: value for name, value in target.items() if value is not None}]},
            source="test",
        )
    assert f"targets[0].{key}" in {problem.key for problem in error.value.problems}
