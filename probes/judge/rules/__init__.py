"""The rule table. Its order is the order of the walk: a rule masks only what stands below it."""

from probes.judge.rules import (
    agent,
    connecting,
    front_end,
    gateway,
    http,
    identity,
    outside,
    resolvers,
    resolving,
    servers,
    tls,
)

RULES_VERSION = 4
"""Grows with every change of the table. An id never changes its meaning: a new meaning gets a new id."""

RULES = (
    *agent.FIRST,
    *servers.FIRST,
    *resolving.RULES,
    *resolvers.RULES,
    *connecting.RULES,
    *tls.RULES,
    *front_end.RULES,
    *http.RULES,
    *gateway.RULES,
    *identity.RULES,
    *outside.RULES,
    *agent.LAST,
)
UNEXPLAINED = agent.UNEXPLAINED
"""Holds for what no row of the table explains, and so is found by the engine after all of them."""
UNSEEN = frozenset({"deadline-missed", "closure-not-seen"})
"""The findings that stand for targets of which nothing can be said."""
EVERY_RULE = (*RULES, UNEXPLAINED)
"""With the last resort: what `explain` and the reference page list."""
