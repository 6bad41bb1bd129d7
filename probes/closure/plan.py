"""From how things stand to what has to be done: steps that close, and the same backwards. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from probes.closure.resource import (
    ACCESS,
    CLOSED,
    CONFIG_ACCESS,
    DEFAULT_ACTION,
    Kind,
    Resource,
    State,
    resource,
)
from probes.path import Path, Role
from probes.resources import same

UNSET = ""
"""How an unset property of a site is written back: Azure takes `Enabled`, `Disabled` and an empty text."""
DEFAULTS: Mapping[tuple[Kind, str], str] = {
    (Kind.SITE, ACCESS): UNSET,
    (Kind.SITE, CONFIG_ACCESS): UNSET,
    (Kind.STORAGE, ACCESS): "Enabled",
    (Kind.STORAGE, DEFAULT_ACTION): "Allow",
    (Kind.VAULT, ACCESS): "Enabled",
    (Kind.VAULT, DEFAULT_ACTION): "Allow",
}
"""What a property that Azure did not show before is set to when it is undone: what not saying means there."""
DEPENDENCIES = frozenset({Role.STORAGE, Role.KEY_VAULT})
SITES = frozenset({Role.BACKEND, Role.SCM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property from one value to another; `before` is `None` where Azure did not say."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write: what is changed at one resource."""

    resource: Resource
    changes: tuple[Change, ...]

    @property
    def closing(self) -> Mapping[str, str]:
        """What the write that closes sets."""
        return {change.name: change.after for change in self.changes}

    @property
    def opening(self) -> Mapping[str, str]:
        """What the write that undoes it sets: the values of before."""
        return {change.name: change.before or DEFAULTS[self.resource.kind, change.name] for change in self.changes}

    def done(self, state: State) -> bool:
        """Whether Azure shows the change: every value as written, and no word to the contrary anywhere."""
        return state.closed and all(state.values.get(change.name) == change.after for change in self.changes)

    def undone(self, state: State) -> bool:
        """Whether Azure shows the values of before, or what they stand for where it said nothing then."""
        return all(
            (state.values.get(change.name) or UNSET) == wanted
            for change, wanted in zip(self.changes, self.opening.values(), strict=True)
        )

    def underway(self, state: State) -> bool:
        """Whether Azure shows each value as before or as written: of two places one may follow after the other."""
        return all(state.values.get(change.name) in {change.before, change.after} for change in self.changes)

    def untouched(self, state: State) -> bool:
        """Whether Azure shows exactly what the plan was made of."""
        return all(state.values.get(change.name) == change.before for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a closure does.

    Attributes:
        steps: in their order: sites first, dependencies last, and they are undone the other way round: an app that is
            open and cannot reach its storage answers no better.
        closed: what is closed already; none of our doing, and none of our undoing.
        left: dependencies that stay as they are because nobody asked.
    """

    steps: tuple[Step, ...]
    closed: tuple[State, ...] = field(hash=False)
    left: tuple[State, ...] = field(hash=False)


def plan(states: Sequence[State], asked: Iterable[Resource]) -> Plan:
    """The steps for those resources that are asked for and not closed yet."""
    wanted = list(asked)
    chosen = [state for state in states if any(same(state.resource.id, each.id) for each in wanted)]
    ordered = sorted(chosen, key=lambda state: state.resource.dependency)
    return Plan(
        steps=tuple(step(state) for state in ordered if not state.closed),
        closed=tuple(state for state in ordered if state.closed),
        left=tuple(state for state in states if state not in chosen and not state.closed),
    )


def step(state: State) -> Step:
    """What closes an open resource.

    Of a site, config/web is written together with the site, and only where it says anything of its own: by itself
    Azure refuses it ("SiteConfig.PublicNetworkAccess cannot be set by itself").
    """
    named = [
        name
        for name, value in state.values.items()
        if name == ACCESS or (value != CLOSED[name] and not (name == CONFIG_ACCESS and value is None))
    ]
    return Step(
        resource=state.resource,
        changes=tuple(Change(name=name, before=state.values[name], after=CLOSED[name]) for name in named),
    )


def sites(path: Path) -> tuple[Resource, ...]:
    """The web apps of a path.

    Raises:
        ValueError: an id of the path is of another kind of resource.
    """
    return _distinct([path.resources.get("site"), *_of(path, SITES)])


def dependencies(path: Path) -> tuple[Resource, ...]:
    """What a path depends on and names: storage accounts and vaults.

    Raises:
        ValueError: as `sites`.
    """
    return _distinct([path.resources.get("storage"), path.resources.get("key_vault"), *_of(path, DEPENDENCIES)])


def unwatched(path: Path, dependency: Resource) -> bool:
    """Whether no target of the path looks at the dependency: then no proof of the path says how it is reached."""
    return not any(same(each, dependency.id) for each in _of(path, DEPENDENCIES))


def _of(path: Path, roles: frozenset[Role]) -> list[str | None]:
    return [path.resource_of(target) for target in path.targets if target.role in roles]


def _distinct(ids: Iterable[str | None]) -> tuple[Resource, ...]:
    found: list[Resource] = []
    for each in ids:
        if each is not None and not any(same(each, known.id) for known in found):
            found.append(resource(each))
    return tuple(found)
