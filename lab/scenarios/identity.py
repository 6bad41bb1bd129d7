"""Faults of identity: no token, the wrong token, or nobody who asks for one."""

from dataclasses import replace

from lab.scenarios.article import ENDPOINT_ADDRESS, SITE, WORLD
from lab.scenarios.changes import change_listener, change_target
from lab.scenarios.outcome import broken, degraded, exposed, proven
from lab.world import Application, Identity

OLD_KEY = "ORDERS_OLD_KEY"
STRICT = replace(
    change_target(
        WORLD,
        "backend",
        must_refuse=["none", "foreign-token", "old-key"],
        foreign_audience="api://nothing",
        old_key_setting=OLD_KEY,
    ),
    settings={OLD_KEY: "a-key-that-was-withdrawn-long-ago-0123456789"},
)
"""The article's path with every refusal demanded."""

SCENARIOS = (
    proven("healthy-refuses-all-others", "the app refuses a foreign token and a withdrawn key as well", STRICT),
    broken(
        "token-unavailable",
        "the probe has no managed identity",
        "token-unavailable",
        replace(WORLD, identity=Identity(available=False)),
    ),
    broken(
        "token-endpoint-silent",
        "the identity endpoint takes the request and never answers",
        "token-unavailable",
        replace(WORLD, identity=Identity(silent=True)),
    ),
    broken(
        "token-rejected-audience",
        "the token is for another application",
        "token-rejected",
        replace(WORLD, identity=Identity(audience="api://billing")),
    ),
    broken(
        "token-rejected-expired",
        "the token ended ten minutes ago",
        "token-rejected",
        replace(WORLD, identity=Identity(lifetime_s=-600)),
    ),
    broken(
        "role-missing",
        "the probe's identity does not have the app role",
        "role-missing",
        replace(WORLD, identity=Identity(roles=())),
    ),
    exposed(
        "anonymous-accepted",
        "the app answers whoever reaches it",
        "anonymous-accepted",
        change_listener(WORLD, ENDPOINT_ADDRESS, serves=replace(SITE, application=Application.OPEN)),
    ),
    exposed(
        "anonymous-accepted-with-anything",
        "the app answers whoever reaches it, whatever they show",
        "anonymous-accepted",
        change_listener(STRICT, ENDPOINT_ADDRESS, serves=replace(SITE, application=Application.OPEN)),
    ),
    exposed(
        "foreign-token-accepted",
        "the app takes any token of the tenant, whoever it is for",
        "foreign-token-accepted",
        change_listener(STRICT, ENDPOINT_ADDRESS, serves=replace(SITE, application=Application.CARELESS)),
    ),
    exposed(
        "old-key-accepted",
        "a function key that was withdrawn still opens the app",
        "old-key-accepted",
        change_listener(STRICT, ENDPOINT_ADDRESS, serves=replace(SITE, application=Application.HOARDING)),
    ),
    degraded(
        "refusal-not-checked",
        "the probe app lacks the setting with the withdrawn key",
        "refusal-not-checked",
        replace(STRICT, settings={}),
    ),
)
