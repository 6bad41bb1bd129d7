"""The probe app's own sweep, asked for by way of API Management: over the private path itself.

The request is made as every other of a sweep is: names by this machine's resolver, TLS verified for the gateway's name
by the gateway target's authority, redirects not followed. What comes back is a sweep of the same path from vantage
probe, with what API Management saw itself in it; anything else is told as a source that gave nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from probes.document import loads
from probes.failure import Failure
from probes.observe.classify import failure_of
from probes.observe.connect import connect
from probes.observe.handshake import handshake
from probes.observe.notebook import Limit, Mark, Notebook, OverrunError, within
from probes.observe.request import USER_AGENT, StreamTransport
from probes.observe.scrub import scrub
from probes.observe.surroundings import Surroundings
from probes.path import Path, PathError, Role, Target
from probes.proof.digest import path_digest
from probes.proof.records import Look, Missed, Origin, Source
from probes.records import Observation, Step, Vantage
from probes.sweep import Sweep

KEY_HEADER = "Ocp-Apim-Subscription-Key"
WAIT_S = 45.0
"""The gateway's own limits come to thirty seconds (infra/policies/diagnostics.xml)."""
LARGEST_BYTES = 16_000_000
LONGEST_DETAIL = 300
OK = 200
REFUSALS = (401, 403)
SECRETS = frozenset({
    "code", "key", "subscription-key", "ocp-apim-subscription-key", "sig", "token", "access-token", "api-key", "apikey",
    "password", "x-functions-key",
})  # fmt: skip
"""Parameters that may hold a key, in which a proof would keep it; `_` counts as `-`."""
ALLOWED = "an https URL of the gateway target's host, without user name and key"


class DiagnosisError(ValueError):
    """A URL that nothing is asked of; the message says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Where the probe app is asked.

    Attributes:
        url: checked by `diagnosis`.
        gateway: target of the same host, whose certificate authority counts.
        key: subscription key of API Management, `None` = none is shown.
    """

    url: str
    gateway: Target
    key: str | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"Diagnosis(url={self.url!r})"


def diagnosis(url: str, path: Path, key: str | None) -> Diagnosis:
    """The diagnosis at a URL; the path is named in it where it names none.

    Raises:
        DiagnosisError: its host is no gateway target's, or it would not be safe to show a key to.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or 443
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        # Not repeated: which part of it is a password cannot be told.
        raise DiagnosisError(f"is no URL; allowed: {ALLOWED}") from None
    gateways = [target for target in path.targets if target.role is Role.GATEWAY and target.https]
    gateway = next((target for target in gateways if (target.host, target.port) == (host, port)), None)
    secret = SECRETS & {name.lower().replace("_", "-") for name, _ in query}
    if parts.scheme != "https" or parts.username is not None or parts.fragment or secret or not url.isascii():
        raise DiagnosisError(f'"{parts._replace(query="", fragment="", netloc=host).geturl()}"; allowed: {ALLOWED}')
    if gateway is None:
        known = ", ".join(target.host for target in gateways) or "none on this path"
        raise DiagnosisError(f'"{host}"; allowed: {ALLOWED} ({known})')
    if all(name != "path" for name, _ in query):
        query.append(("path", path.name))
    return Diagnosis(url=parts._replace(query=urlencode(query)).geturl(), gateway=gateway, key=key)


async def diagnosed(
    asked: Diagnosis, path: Path, surroundings: Surroundings, observed: Callable[[Observation], None] | None = None
) -> Look | Missed:
    """The probe app's sweep, or why there is none. A failure of the network is never raised."""
    notebook = Notebook(
        surroundings=surroundings,
        vantage=path.vantage,
        deadline_s=WAIT_S,
        step_timeout_s={**path.step_timeout_s, Step.REQUEST: WAIT_S},
        observed=observed,
    )
    try:
        async with within(Limit(WAIT_S, Failure.TIMEOUT)):
            body = await _asked(asked, notebook)
    except _Unanswered as error:
        return Missed(source=Source.PROBE, failure=error.failure, detail=error.detail)
    except OverrunError as error:
        return Missed(source=Source.PROBE, failure=error.failure, detail=f"no answer within {WAIT_S:g} s")
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = failure_of(error)
        secrets = (asked.key,) if asked.key else ()
        return Missed(
            source=Source.PROBE, failure=failure, detail=scrub(detail or "", secrets)[:LONGEST_DETAIL] or None
        )
    return _look(body, path)


class _Unanswered(Exception):  # noqa: N818 - no error of this program
    def __init__(self, failure: Failure, detail: str | None) -> None:
        super().__init__(failure.value)
        self.failure, self.detail = failure, detail


async def _asked(asked: Diagnosis, notebook: Notebook) -> bytes:
    """The body of a 200, over a connection to the first address that takes one."""
    target = replace(asked.gateway, url=asked.url)
    mark = Mark(target.name, 1, f"{target.name}/diagnose")
    if target.literal is not None:
        addresses: tuple[str, ...] = (str(target.literal),)
    else:
        async with within(notebook.limit(Step.RESOLVE)):
            addresses = await notebook.surroundings.getaddrinfo(target.host)
    failure, detail = Failure.UNRESOLVABLE, f"{target.host} has no address"
    for address in addresses:
        connection, stream = await connect(notebook, mark, address, target.port, resolver=None)
        if stream is None:
            failure, detail = connection.failure or Failure.UNKNOWN, f"connect to {address}: {connection.detail or ''}"
            continue
        shaken = await handshake(notebook, mark, stream, target, address)
        if shaken.failure is not None:
            await stream.aclose()
            failure, detail = shaken.failure, f"TLS at {address}: {shaken.verify_message or shaken.detail or ''}"
            continue
        line = StreamTransport(stream, target)
        try:
            return await _body(asked, line)
        finally:
            await line.aclose()
    raise _Unanswered(failure, detail[:LONGEST_DETAIL])


async def _body(asked: Diagnosis, line: StreamTransport) -> bytes:
    headers = {
        "Host": urlsplit(asked.url).netloc,
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        **({KEY_HEADER: asked.key} if asked.key else {}),
    }
    response = await line.handle_async_request(httpx.Request("GET", asked.url, headers=headers))
    try:
        if response.status_code != OK:
            failure = Failure.DENIED if response.status_code in REFUSALS else Failure.UNKNOWN
            raise _Unanswered(failure, f"{asked.gateway.host} answered {response.status_code}")
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > LARGEST_BYTES:
                raise _Unanswered(Failure.MALFORMED_RESPONSE, f"an answer of more than {LARGEST_BYTES} bytes")
        return bytes(body)
    finally:
        await response.aclose()


def _look(body: bytes, path: Path) -> Look | Missed:
    """The sweep in the answer, if it is one of this path by the probe."""
    try:
        found: Sweep = loads(body, source="the answer")
    except PathError as error:
        detail = f"the answer is no sweep that this version reads: {error.problems[0]}"
        return Missed(source=Source.PROBE, failure=Failure.MALFORMED_RESPONSE, detail=detail[:LONGEST_DETAIL])
    if path_digest(found.path) != path_digest(path):
        detail = (
            f"the probe app has another definition of the path {found.path.name}: deploy the one, or take the other"
        )
        return Missed(source=Source.PROBE, failure=Failure.MALFORMED_RESPONSE, detail=detail)
    if found.path.vantage is not Vantage.PROBE:
        detail = f"the probe app says that it looks from vantage {found.path.vantage}"
        return Missed(source=Source.PROBE, failure=Failure.MALFORMED_RESPONSE, detail=detail)
    return Look(name=Vantage.PROBE.value, origin=Origin.DIAGNOSE, file=None, sweep=found)
