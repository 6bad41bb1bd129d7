"""Faults of identity: no token, the wrong token, or nobody who asks for one."""

from dataclasses import replace

from lab.scenarios.article import ENDPOINT_ADDRESS, SITE, WORLD
from lab.scenarios.changes import change_listener
from lab.scenarios.outcome import broken, exposed
from lab.world import Application, Identity

SCENARIOS = (
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
)
