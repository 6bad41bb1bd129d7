"""Faults of the answer: the front end, the Functions host, the application, or somebody else."""

from dataclasses import replace

from lab.scenarios.article import APP, ENDPOINT_ADDRESS, SCM, SITE, WORLD
from lab.scenarios.changes import change_listener, change_target
from lab.scenarios.outcome import broken, degraded
from lab.world import Application, SiteState, World


def site_in(state: SiteState) -> World:
    """The site is in a state, behind its endpoint."""
    return change_listener(WORLD, ENDPOINT_ADDRESS, serves=replace(SITE, state=state))


def served_by(application: Application) -> World:
    """Another application answers in place of the orders app."""
    return change_listener(WORLD, ENDPOINT_ADDRESS, serves=replace(SITE, application=application))


SCENARIOS = (
    broken(
        "public-path-refused",
        "a proxy at the private address sends callers on to the public front end",
        "public-path-refused",
        change_listener(WORLD, ENDPOINT_ADDRESS, public=True),
    ),
    broken("app-stopped", "the app is stopped", "app-stopped", site_in(SiteState.STOPPED)),
    broken(
        "host-name-not-bound",
        "the app behind the endpoint does not have the host name",
        "host-name-not-bound",
        change_listener(WORLD, ENDPOINT_ADDRESS, serves=replace(SITE, hosts=(f"old-{APP}", SCM))),
    ),
    broken("host-not-running", "the Functions host does not start", "host-not-running", site_in(SiteState.HOST_DOWN)),
    broken("deployment-in-progress", "a deployment is under way", "deployment-in-progress", site_in(SiteState.OFFLINE)),
    broken(
        "route-not-found",
        "the app has no such route",
        "route-not-found",
        change_target(WORLD, "backend", url=f"https://{APP}/api/invoices"),
    ),
    broken(
        "front-end-error",
        "the front end has no answer from the app and says 502",
        "front-end-error",
        site_in(SiteState.UNANSWERED),
    ),
    broken("app-error", "the app answers 500", "app-error", site_in(SiteState.ERROR)),
    broken("request-timeout", "the app never answers", "request-timeout", site_in(SiteState.HANGS)),
    degraded("request-slow", "the app takes 2.5 seconds to answer", "request-slow", site_in(SiteState.SLOW)),
    broken(
        "wrong-responder",
        "another application answers every route with 200",
        "wrong-responder",
        served_by(Application.STRANGER),
    ),
    broken(
        "redirected-to-login",
        "the app sends callers to a login page",
        "redirected",
        served_by(Application.LOGIN),
    ),
    broken(
        "redirected-to-other-host",
        "the app sends callers to another host",
        "redirected",
        served_by(Application.MOVED),
    ),
    broken(
        "response-truncated",
        "the connection ends in the middle of the answer",
        "response-broken",
        site_in(SiteState.TRUNCATES),
    ),
    broken("response-garbage", "the answer is no HTTP", "response-broken", site_in(SiteState.GARBAGE)),
)
