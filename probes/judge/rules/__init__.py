"""The rule table. Its order is the order of the walk: a rule masks only what stands below it."""

from probes.judge.rules import (
    addressing,
    agent,
    connecting,
    exposure_rows,
    front_end,
    gateway,
    http,
    identity,
    outside,
    peerings,
    private_zones,
    resolvers,
    resolving,
    servers,
    service_rows,
    tls,
)

RULES_VERSION = 5
"""Grows with every change of the table. An id never changes its meaning: a new meaning gets a new id."""

RULES = (
    *agent.FIRST,
    *peerings.RULES,
    *servers.FIRST,
    *private_zones.RULES,
    *resolving.RULES,
    *addressing.RULES,
    *resolvers.RULES,
    *connecting.RULES,
    *tls.RULES,
    *service_rows.RULES,
    *front_end.RULES,
    *http.RULES,
    *gateway.RULES,
    *identity.RULES,
    *outside.RULES,
    *exposure_rows.RULES,
    *agent.LAST,
)
UNEXPLAINED = agent.UNEXPLAINED
"""Holds for what no row of the table explains, and so is found by the engine after all of them."""
UNSEEN = frozenset({"deadline-missed", "closure-not-seen"})
"""The findings that stand for targets of which nothing can be said."""
EVERY_RULE = (*RULES, UNEXPLAINED)
"""With the last resort: what `explain` and the reference page list."""
