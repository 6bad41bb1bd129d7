"""Every way in which the path of the article may be, with what a sweep has to say of it."""

from difflib import get_close_matches

from lab.scenarios import azure, connecting, gateway, healthy, http, identity, policies, resolving, tls
from lab.world import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *healthy.SCENARIOS,
    *resolving.SCENARIOS,
    *connecting.SCENARIOS,
    *tls.SCENARIOS,
    *http.SCENARIOS,
    *identity.SCENARIOS,
    *gateway.SCENARIOS,
    *policies.SCENARIOS,
    *azure.SCENARIOS,
)


class UnknownScenarioError(LookupError):
    """A name that no scenario has."""


def scenario(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        UnknownScenarioError: naming the scenarios that are spelled nearly so.
    """
    for candidate in SCENARIOS:
        if candidate.name == name:
            return candidate
    near = get_close_matches(name, [candidate.name for candidate in SCENARIOS], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(SCENARIOS)}; `lab list` names them"
    raise UnknownScenarioError(f"no scenario is called {name}: {hint}")
