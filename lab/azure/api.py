"""Azure Resource Manager on loopback: reads of what a world comes to, and writes that the world follows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlencode

from lab.azure import errors
from lab.azure.address import Address, address
from lab.azure.changes import Become, Changes
from lab.azure.connectivity import ConnectivityChecks, Try
from lab.azure.estate import estate
from lab.azure.knowledge import Faults, Meddling
from lab.azure.resource import Resource
from lab.azure.rights import Caller, caller, may
from lab.azure.versions import versions
from lab.azure.writes import CONFIG, WRITABLE, Wanted, WriteError, tagged, wanted
from lab.entra import Entra
from lab.http import Request, Response, Server, serve
from lab.world import World

TAGS = "microsoft.resources/tags"
CHECK = "microsoft.apimanagement/service/connectivitycheck"
RESULTS = "/connectivitycheck/operationresults/"
RECORD_TYPES = ("a", "soa")
READS_LEFT = 11_999
DROPPED = Response(200, raw=b"")
"""The connection ends where an answer was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came, and what it was answered.

    Attributes:
        path: without the query; `who` is `probe`, `operator`, an object id, or empty where no token was good.
        status: `None` where the connection was dropped.
    """

    method: str
    path: str
    api_version: str | None
    who: str
    body: bytes
    status: int | None


class ControlPlane:
    """The server.

    Attributes:
        faults: settable; those of the world to begin with, and of every other world that has others.
        requests: every request, oldest first.
        after: settable; called after each request is answered and before its answer is sent.
    """

    def __init__(self, entra: Entra, *, world: Callable[[], World]) -> None:
        """Not listening yet."""
        self.faults = Faults()
        self.requests: list[Asked] = []
        self.after: Callable[[Asked], Awaitable[None]] | None = None
        self._entra = entra
        self._world = world
        self._become: Become
        self._try: Try
        self._source: Callable[[], str]
        self._server: Server
        self._checks = ConnectivityChecks()
        self._changes: Changes
        self._met: dict[Meddling, int] = {}
        self._world_faults = Faults()
        self._reads = READS_LEFT

    @classmethod
    async def start(
        cls,
        entra: Entra,
        *,
        workspace_id: str,
        world: Callable[[], World],
        become: Become,
        try_: Try,
        source: Callable[[], str],
    ) -> Self:
        """The server on a free port of loopback.

        Args:
            entra: whose tokens are taken.
            workspace_id: of the lab's workspace.
            world: gives the world as it is now.
            become: changes the world.
            try_: opens a connection from the gateway; `source` gives its address.
            source: see above.
        """
        plane = cls(entra, world=world)
        plane._become, plane._try, plane._source = become, try_, source
        plane._changes = Changes(world, become, partial(estate, workspace_id=workspace_id))
        plane._server = await serve(plane.answer)
        return plane

    @property
    def url(self) -> str:
        """Base URL, in place of https://management.azure.com."""
        return self._server.url

    async def aclose(self) -> None:
        """Stop listening."""
        self._changes.forget()
        await self._checks.aclose()
        await self._server.aclose()

    async def __aenter__(self) -> Self:
        """The server itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self.aclose()

    def became(self, world: World) -> None:
        """Take up another world, with its faults, and nothing of what was written in the one before."""
        self._changes.forget()
        if world.azure.faults != self._world_faults:
            self._world_faults = self.faults = world.azure.faults
            self._met.clear()

    async def answer(self, request: Request) -> Response:
        """The answer to one request."""
        await asyncio.sleep(self.faults.delay_s)
        query = {name.lower(): values[-1] for name, values in parse_qs(request.query).items()}
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        who = caller(self._entra, token) if scheme == "Bearer" and token else ""
        response = await self._answer(request, query, who)
        dropped = response is DROPPED
        asked = Asked(
            method=request.method,
            path=request.path,
            api_version=query.get("api-version"),
            who=who.name if isinstance(who, Caller) else "",
            body=request.body,
            status=None if dropped else response.status,
        )
        self.requests.append(asked)
        await self._meddle(asked)
        if self.after is not None:
            await self.after(asked)
        return response

    async def _answer(self, request: Request, query: Mapping[str, str], who: Caller | str | None) -> Response:
        """The answer, in the order of the real checks: token, load, resource type, api-version, right."""
        if not isinstance(who, Caller):
            return self._unknown(who)
        if (busy := self._busy()) is not None:
            return busy
        asked = address(request.path)
        if asked is None:
            return errors.failure(HTTPStatus.NOT_FOUND, "InvalidResourcePath", "The path is none of a resource.")
        if (wrong := _wrong_version(asked, query.get("api-version"))) is not None:
            return wrong
        action = asked.action(request.method)
        scope = asked.scope if asked.kind.lower() == TAGS else asked.path
        # What right polling an operation needs is documented nowhere: none is asked for.
        if RESULTS not in asked.id and not may(self._world().azure, who.name, action, scope):
            return errors.denied(who.client_id, who.object_id, action, scope)
        return await self._permitted(request, query, asked)

    def _unknown(self, audience: str | None) -> Response:
        """To who shows no token (empty), none that is good (`None`), or one for another audience."""
        tenant = self._entra.tenant_id
        if audience is None:
            return errors.invalid_token(tenant)
        return errors.wrong_audience(tenant, audience) if audience else errors.no_token(tenant)

    def _busy(self) -> Response | None:
        """What everybody is answered for now, `None` = requests are served."""
        faults = self.faults
        if faults.unavailable > 0:
            self.faults = replace(faults, unavailable=faults.unavailable - 1)
            return errors.unavailable(faults.retry_after_s)
        if faults.throttled > 0:
            self.faults = replace(faults, throttled=faults.throttled - 1)
            return errors.throttled(faults.retry_after_s)
        return None

    async def _permitted(self, request: Request, query: Mapping[str, str], asked: Address) -> Response:
        kind = asked.kind.lower()
        found = self._changes.shown()
        where = f"{self.url}{request.target}"
        if RESULTS in asked.id:
            response = self._checks.result(asked.id.rpartition("/")[2], where)
            return response or errors.not_found(asked.kind, asked.names[-1], asked.path)
        if kind == CHECK and request.method == "POST":
            service = found.get(asked.id.removesuffix("/connectivitycheck"))
            if service is None:
                return errors.not_found(asked.kind, asked.names[-1], asked.path)
            base = f"{self.url}{service.id}?{request.query}"
            return await self._checks.begin(request.body, service.id, self._source(), self._try, base)
        if kind == TAGS:
            return await self._tags(request, asked, found)
        if request.method in {"GET", "HEAD"}:
            return self._read(asked, query, found)
        if request.method in {"PUT", "PATCH"} and kind in WRITABLE:
            return await self._write(request, asked, found)
        return errors.not_allowed(request.method)

    def _read(self, asked: Address, query: Mapping[str, str], found: Mapping[str, Resource]) -> Response:
        self._reads -= 1
        left = ("x-ms-ratelimit-remaining-subscription-reads", str(max(self._reads, 0)))
        resource = found.get(asked.id)
        if resource is not None:
            if asked.kind.lower().endswith("/policies") and query.get("format") != "rawxml":
                return errors.invalid("The lab shows policies with format=rawxml only.")
            return errors.answer(HTTPStatus.OK, resource.body, left)
        if len(asked.names) == len(asked.kind.split("/")) - 1:
            return errors.not_found(asked.kind, "/".join(asked.names), asked.path)
        parent, _, last = asked.id.rpartition("/")
        if parent not in found and asked.names:
            above = asked.kind.rpartition("/")[0]
            return errors.not_found(above, "/".join(asked.names), asked.path)
        listed = [each.body for id_, each in found.items() if each.listed and _is_in(id_, parent, last)]
        return errors.answer(HTTPStatus.OK, self._page(asked, query, listed), left)

    def _page(self, asked: Address, query: Mapping[str, str], listed: list[Any]) -> dict[str, Any]:
        size = self._world().azure.page_size
        token = query.get("$skiptoken", "0")
        start = int(token) if token.isdecimal() else 0
        page: dict[str, Any] = {"value": listed[start : None if size is None else start + size]}
        if size is not None and start + size < len(listed):
            more = urlencode({"api-version": query["api-version"], "$skiptoken": start + size})
            page["nextLink"] = f"{self.url}{quote(asked.path)}?{more}"
        return page

    async def _tags(self, request: Request, asked: Address, found: Mapping[str, Resource]) -> Response:
        scope = asked.scope.lower()
        if scope not in found or asked.names != ("default",):
            return errors.not_found(asked.kind, "default", asked.path)
        now = self._world().azure.tags.get(scope, {})
        if request.method in {"PUT", "PATCH", "DELETE"}:
            if self.faults.writes_refused:
                return errors.by_policy(asked.scope.rpartition("/")[2])
            try:
                now = {} if request.method == "DELETE" else tagged(now, request.body, request.method)
            except WriteError as error:
                return errors.invalid(str(error))
            if not self.faults.writes_lost:
                await self._become(lambda world: _with_tags(world, scope, now))
            if self._drops():
                return DROPPED
            if request.method == "DELETE":
                return errors.answer(HTTPStatus.OK)
        elif request.method not in {"GET", "HEAD"}:
            return errors.not_allowed(request.method)
        body = {"id": asked.path, "name": "default", "type": "Microsoft.Resources/tags", "properties": {"tags": now}}
        return errors.answer(HTTPStatus.OK, body)

    async def _write(self, request: Request, asked: Address, found: Mapping[str, Resource]) -> Response:
        resource = found.get(asked.id)
        if resource is None or (asked.kind.lower() == CONFIG and asked.names[-1].lower() != "web"):
            return errors.not_found(asked.kind, "/".join(asked.names), asked.path)
        if self.faults.writes_refused:
            return errors.by_policy(asked.names[0])
        kind = asked.kind.lower()
        try:
            want = wanted(request.body, kind, resource.body)  # type: ignore[arg-type] # what is written is one document
        except WriteError as error:
            return errors.invalid(str(error))
        # config/web says what its site says.
        await self.change(asked.path[: -len("/config/web")] if kind == CONFIG else asked.path, want)
        if self._drops():
            return DROPPED
        shown = self._changes.shown(at_once=True).get(asked.id, resource)
        return errors.answer(HTTPStatus.OK, shown.body)

    async def change(self, resource_id: str, want: Wanted) -> None:
        """Let a resource's public access be this as if it had been written: GET and front ends follow in their time.

        Raises:
            ValueError: the id is none of a resource whose access can be written.
        """
        await self._changes.change(resource_id, want, self.faults)

    def _drops(self) -> bool:
        """Whether the answer to this write never comes."""
        if self.faults.dropped_writes <= 0:
            return False
        self.faults = replace(self.faults, dropped_writes=self.faults.dropped_writes - 1)
        return True

    async def _meddle(self, asked: Asked) -> None:
        """Let somebody else do what is due after this request."""
        for each in self.faults.meddling:
            of = asked.path.lower().startswith(each.resource_id.lower())
            if of and each.method in {None, asked.method}:
                self._met[each] = self._met.get(each, 0) + 1
                if self._met[each] == each.after:
                    await self.change(each.resource_id, Wanted(public_access=each.public_access))


def _wrong_version(asked: Address, version: str | None) -> Response | None:
    """The refusal of an api-version, `None` where the type has it."""
    supported = versions(asked.kind)
    if not supported:
        return errors.unknown_provider(asked.kind)
    if version is None:
        return errors.missing_version()
    return None if version.lower() in supported else errors.invalid_version(version, supported)


def _is_in(id_: str, parent: str, last: str) -> bool:
    """Whether a resource is in the list of one type below another; `ALL` are the record sets of every type."""
    above, _, name = id_.rpartition("/")
    types = RECORD_TYPES if last == "all" and "/privatednszones/" in parent else (last,)
    return bool(name) and above in {f"{parent}/{each}" for each in types}


def _with_tags(world: World, scope: str, tags: Mapping[str, str]) -> World:
    return replace(world, azure=replace(world.azure, tags={**world.azure.tags, scope: tags}))
