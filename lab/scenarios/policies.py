"""Faults of the gateway's policies: a deployed document with something in it changed, in front of a healthy backend."""

from dataclasses import replace

from lab.policy.message import Backend
from lab.scenarios.article import (
    API,
    APP,
    APP_SERVICE_LEAF,
    ENDPOINT_ADDRESS,
    GATEWAY,
    GATEWAY_ADDRESS,
    PRIVATELINK,
    PRIVATELINK_ZONE,
    SITE,
    WORLD,
)
from lab.scenarios.changes import (
    add_listener,
    change_listener,
    change_path,
    change_target,
    change_zone,
    changed_policy,
)
from lab.scenarios.gateway import WITHOUT_RECORD, gateway_asks
from lab.scenarios.outcome import broken, degraded
from lab.world import Application, Gateway, Leaf, Listener, Site, SiteState, World

OTHER_APP = "func-intranet-prod.azurewebsites.net"
OTHER_ADDRESS = "10.80.20.9"
OVERRIDE = 'name="x-correlation-id" exists-action="override"'
BASE_URL = 'base-url="https://{{backend-host}}/api"'
IDENTITY = '<authentication-managed-identity resource="{{backend-audience}}" />'
SWALLOWS = '<return-response><set-status code="500" reason="Internal Server Error" /></return-response>'


def with_gateway(gateway: Gateway, world: World = WORLD) -> World:
    """The world with this gateway in place of the article's."""
    return change_listener(world, GATEWAY_ADDRESS, serves=gateway)


def orders_changed(old: str, new: str) -> Gateway:
    """The gateway with a text in the policy of the orders API replaced."""
    return changed_policy(GATEWAY, "orders.xml", old, new)


def asked_for_orders(gateway: Gateway) -> World:
    """The world with this gateway; through it the probe asks for orders, which nobody gets without a token."""
    return change_target(with_gateway(gateway), "gateway", url=f"https://{API}/orders/orders")


def other_application() -> World:
    """A private application of somebody else, which the policy calls in place of the orders app."""
    world = with_gateway(orders_changed(BASE_URL, f'base-url="https://{OTHER_APP}/api"'))
    records = (*PRIVATELINK_ZONE.records, f"func-intranet-prod 10 A {OTHER_ADDRESS}")
    world = change_zone(world, PRIVATELINK, records)
    public = f"{OTHER_APP} 60 CNAME func-intranet-prod.{PRIVATELINK}"
    servers = {name: replace(server, public=(*server.public, public)) for name, server in world.name_servers.items()}
    site = Site(hosts=(OTHER_APP,), application=Application.STRANGER)
    listener = Listener(address=OTHER_ADDRESS, certificates=(APP_SERVICE_LEAF,), serves=site)
    return add_listener(replace(world, name_servers=servers), listener)


def without_checks() -> World:
    """A backend entity with its checks of certificates off hides from callers what the probe sees."""
    entity = Backend(url=f"https://{APP}/api", checks_certificates=False)
    gateway = replace(orders_changed(BASE_URL, 'backend-id="orders"'), backends={"orders": entity})
    unknown = Leaf(names=APP_SERVICE_LEAF.names, issuer="unknown")
    return change_listener(with_gateway(gateway), ENDPOINT_ADDRESS, certificates=(unknown,))


def too_short() -> World:
    """The backend takes longer than the policy waits, and not longer than it may."""
    world = with_gateway(orders_changed('timeout="8"', 'timeout="1"'))
    world = change_listener(world, ENDPOINT_ADDRESS, serves=replace(SITE, state=SiteState.SLOW))
    return change_path(world, thresholds={"slow_request_ms": 4_000})


SCENARIOS = (
    degraded(
        "policy-drops-id",
        "the policy does not set the correlation id: the caller's goes to the backend",
        "correlation-rewritten",
        with_gateway(changed_policy(GATEWAY, "global.xml", OVERRIDE, OVERRIDE.replace("override", "skip"))),
    ),
    degraded(
        "policy-appends-id",
        "the policy appends its correlation id to the caller's, and the app takes neither of two",
        "correlation-rewritten",
        with_gateway(changed_policy(GATEWAY, "global.xml", OVERRIDE, OVERRIDE.replace("override", "append"))),
    ),
    degraded(
        "policy-without-base",
        "the API's policy has no base in inbound, so that nothing of the global one runs there",
        "correlation-rewritten",
        with_gateway(orders_changed("<inbound>\n    <base />", "<inbound>")),
    ),
    broken(
        "policy-calls-other-application",
        "the policy calls another private application, which answers 200",
        "wrong-responder",
        other_application(),
    ),
    broken(
        "policy-calls-address",
        "the policy calls the Private Endpoint by its address, for which no certificate is good",
        "gateway-cannot-reach-backend",
        with_gateway(orders_changed(BASE_URL, f'base-url="https://{ENDPOINT_ADDRESS}/api"')),
    ),
    broken(
        "policy-skips-tls-checks",
        "the backend's certificate is of an unknown authority, and the policy calls an entity that does not look at it",
        "certificate-untrusted",
        without_checks(),
    ),
    broken(
        "gateway-identity-rejected",
        "the policy sends no token, and the backend refuses API Management",
        "gateway-identity-rejected",
        asked_for_orders(orders_changed(IDENTITY, "")),
    ),
    broken(
        "policy-asks-for-other-audience",
        "the policy sends a token for another application",
        "gateway-identity-rejected",
        asked_for_orders(orders_changed("{{backend-audience}}", "api://billing")),
    ),
    broken(
        "policy-keeps-token-to-itself",
        "the policy puts the token into a variable and never into the header: the caller's Authorization goes on",
        "gateway-identity-rejected",
        asked_for_orders(orders_changed(IDENTITY, IDENTITY.replace(" />", ' output-token-variable-name="token" />'))),
    ),
    broken(
        "policy-swallows-reason",
        "the gateway does not reach the backend, and on-error answers 500 without a word",
        "gateway-cannot-reach-backend",
        gateway_asks(WITHOUT_RECORD, orders_changed("<on-error>\n    <base />", f"<on-error>{SWALLOWS}")),
    ),
    broken(
        "policy-answers-by-platform",
        "the gateway does not reach the backend, and on-error has no base: the platform's own answer goes out",
        "gateway-cannot-reach-backend",
        gateway_asks(WITHOUT_RECORD, orders_changed("<on-error>\n    <base />", "<on-error>")),
    ),
    broken(
        "policy-waits-too-short",
        "the policy gives the backend one second, which takes longer",
        "gateway-cannot-reach-backend",
        too_short(),
    ),
    broken(
        "gateway-without-identity",
        "API Management's identity gives no token, and the policy says so",
        "gateway-error",
        with_gateway(replace(GATEWAY, has_identity=False)),
    ),
    broken(
        "gateway-limit-used-up",
        "other callers have used up the limit of the API",
        "gateway-refuses-caller",
        with_gateway(replace(GATEWAY, spent=600)),
    ),
)
