"""What is written: how GET shows it, and when the world follows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lab.azure.address import Address, address
from lab.azure.knowledge import Faults
from lab.azure.resource import Resource
from lab.azure.view import View
from lab.azure.writes import CONFIG, WRITABLE, Wanted, applied
from lab.world import World

type Estate = Mapping[str, Resource]
type Become = Callable[[Callable[[World], World]], Awaitable[None]]
"""Changes the world to what a function makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A write that was taken: GET shows `before` until then, and `want` from then on."""

    before: Wanted
    want: Wanted
    shown_at_s: float


class Changes:
    """Every write since the world began; a world that somebody puts in its place begins without any."""

    def __init__(self, world: Callable[[], World], become: Become, estate: Callable[[View], Estate]) -> None:
        """Change this world; `estate` makes its resources."""
        self._world = world
        self._become = become
        self._estate = estate
        self._written: dict[str, Written] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._kept: tuple[View, Estate] | None = None

    def shown(self, *, at_once: bool = False) -> Estate:
        """Every resource as GET shows it; `at_once` = as the answer to a write does."""
        view = self._view(at_once=at_once)
        if self._kept is None or self._kept[0] != view:
            self._kept = (view, self._estate(view))
        return self._kept[1]

    async def change(self, resource_id: str, want: Wanted, faults: Faults) -> None:
        """Take a write; raises ValueError where the id is none of a resource whose access can be written."""
        found = address(resource_id)
        if found is None or found.kind.lower() not in WRITABLE or found.kind.lower() == CONFIG:
            raise ValueError(f"resource {resource_id!r}; allowed: a site, a storage account or a key vault")
        if faults.writes_lost:
            return
        azure, now_s = self._world().azure, asyncio.get_running_loop().time()
        before = self._access(found)
        self._written[found.id] = Written(before=before, want=_over(before, want), shown_at_s=now_s + azure.settles_s)
        if (earlier := self._following.pop(found.id, None)) is not None:
            earlier.cancel()
        if faults.writes_ineffective:
            return
        follow = self._follow(found, want, azure.propagation_s)
        if azure.propagation_s > 0:
            self._following[found.id] = asyncio.create_task(follow)
        else:
            await follow

    def forget(self) -> None:
        """Drop what was written and is on its way."""
        self._written.clear()
        for task in self._following.values():
            task.cancel()
        self._following.clear()

    async def _follow(self, found: Address, want: Wanted, seconds: float) -> None:
        """Let the front end follow in that time."""
        if seconds > 0:
            await asyncio.sleep(seconds)
        await self._become(lambda world: applied(world, found.names[0], found.kind.lower(), want))

    def _access(self, found: Address) -> Wanted:
        """What GET shows of a resource's access now."""
        resource = self.shown().get(found.id)
        if resource is None or not isinstance(resource.body, dict):
            return Wanted()
        properties = resource.body["properties"]
        acls = properties.get("networkAcls") or {}
        return Wanted(
            public_access=properties.get("publicNetworkAccess") == "Enabled", default_action=acls.get("defaultAction")
        )

    def _view(self, *, at_once: bool) -> View:
        now_s = asyncio.get_running_loop().time()
        shown = {
            id_: each.want if at_once or now_s >= each.shown_at_s else each.before
            for id_, each in self._written.items()
        }
        return View(
            world=self._world(),
            shown={id_: each.public_access for id_, each in shown.items() if each.public_access is not None},
            actions={id_: each.default_action for id_, each in shown.items() if each.default_action is not None},
        )


def _over(before: Wanted, want: Wanted) -> Wanted:
    """What was there, with what is wanted in its place."""
    return Wanted(
        public_access=before.public_access if want.public_access is None else want.public_access,
        default_action=want.default_action or before.default_action,
    )
