"""The design as rules over an evaluated deployment; each has a mutation of the source that it must catch."""

from tests.infra.rules.apps import RULES_OF_APPS
from tests.infra.rules.data import RULES_OF_DATA
from tests.infra.rules.gateway import RULES_OF_GATEWAY
from tests.infra.rules.names import RULES_OF_NAMES
from tests.infra.rules.network import RULES_OF_NETWORK
from tests.infra.rules.rule import Rule
from tests.infra.rules.watching import RULES_OF_WATCHING

EVERY_RULE: tuple[Rule, ...] = (
    *RULES_OF_NETWORK,
    *RULES_OF_NAMES,
    *RULES_OF_GATEWAY,
    *RULES_OF_APPS,
    *RULES_OF_DATA,
    *RULES_OF_WATCHING,
)
