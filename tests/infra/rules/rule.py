"""One design rule over an evaluated deployment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.bicep import Plan, Resource
from tests.infra.expressions import evaluate
from tests.infra.states import state


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A fact of the design that no compiler checks.

    Attributes:
        id: names it, for good.
        what: the fact.
        broken: where it does not hold, and how; nothing where it does.
    """

    id: str
    what: str
    broken: Callable[[Plan], Iterator[str]]

    def violations(self, plan: Plan) -> list[str]:
        """Where the plan breaks it; what the rule speaks of and is not there, or is no such value, breaks it too."""
        try:
            return list(self.broken(plan))
        except (LookupError, ValueError) as error:
            return [f"{type(error).__name__}: {error}"]


def each(kind: str, holds: Callable[[Any], Any]) -> Callable[[Plan], Iterator[str]]:
    """That something holds of every resource of a type, of which there must be one at least."""

    def broken(plan: Plan) -> Iterator[str]:
        resources = plan.of(kind)
        if not resources:
            yield f"no {kind}"
        yield from (resource["name"] for resource in resources if not holds(resource))

    return broken


def known(value: Any) -> Any:
    """The value as it will be: its expressions evaluated on a deployment that is there."""
    return evaluate(value, state)


def settings(site: Resource) -> dict[str, str]:
    """App settings by name, as the app reads them."""
    return {setting["name"]: known(setting["value"]) for setting in site["properties"]["siteConfig"]["appSettings"]}


def last(resource_id: str) -> str:
    """The name at the end of an id."""
    return resource_id.rpartition("/")[2]
