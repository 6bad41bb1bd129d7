"""Faults between API Management and the backend that the probe, in another subnet, does not have."""

from dataclasses import replace

from lab.azure.knowledge import ENDPOINT_PREFIX, GATEWAY_RULES, GATEWAY_SUBNET, Route, Rule
from lab.policy.message import Backend
from lab.scenarios.article import (
    API,
    APP,
    APP_SERVICE_LEAF,
    ENDPOINT_ADDRESS,
    FRONT_END_RECORDS,
    GATEWAY,
    GATEWAY_ADDRESS,
)
from lab.scenarios.azure.healthy import knowing
from lab.scenarios.azure.network import with_routes, with_rule
from lab.scenarios.azure.world import READ, with_reads
from lab.scenarios.changes import add_listener, change_listener, change_name_server
from lab.scenarios.gateway import WITHOUT_RECORD, gateway_asks
from lab.scenarios.outcome import broken, degraded, exposed
from lab.scenarios.policies import BASE_URL, OTHER_APP, orders_changed, other_application
from lab.world import Application, Gateway, Listener, Site, World

PUBLIC_APP = "func-orders-old.azurewebsites.net"
"""What the API was served by before; it has no endpoint, and nobody closed it."""
PUBLIC_APP_ADDRESS = "203.0.113.40"
BLOCKING = Rule(
    name="out-no-spoke", priority=165, access="Deny", protocol="*", destinations=("10.80.0.0/16",), ports=("*",)
)


def with_gateway(gateway: Gateway, world: World = READ) -> World:
    """The world with this gateway in place of the article's."""
    return change_listener(world, GATEWAY_ADDRESS, serves=gateway)


def cut_off() -> World:
    """Nothing that API Management sends to the endpoints arrives; the probe has a way of its own."""
    return with_gateway(replace(GATEWAY, dropped=(ENDPOINT_PREFIX,)))


def by_route() -> World:
    """A route of API Management's subnet throws away what is for the endpoints."""
    route = Route(name="old-spoke", prefix="10.80.20.0/24", next_hop="None")
    return with_routes(cut_off(), GATEWAY_SUBNET, "rt-snet-apim-internal", route)


def old_backend() -> World:
    """The policy calls an app of before that answers the same, in public."""
    world = with_gateway(orders_changed(BASE_URL, f'base-url="https://{PUBLIC_APP}/api"'))
    alias = f"{PUBLIC_APP} 60 CNAME {FRONT_END_RECORDS[0].partition(' ')[0].replace('001', '002')}"
    record = f"{alias.rpartition(' ')[2]} 10 A {PUBLIC_APP_ADDRESS}"
    for name, server in world.name_servers.items():
        world = change_name_server(world, name, public=(*server.public, alias, record))
    site = Site(hosts=(PUBLIC_APP,), application=Application.OPEN, public_access=True)
    listener = Listener(address=PUBLIC_APP_ADDRESS, public=True, certificates=(APP_SERVICE_LEAF,), serves=site)
    return add_listener(world, listener)


def service_url() -> World:
    """No policy sets a backend, and the API's own service URL is that of another application."""
    gateway = orders_changed(f"<set-backend-service {BASE_URL} />", "")
    return with_gateway(
        replace(gateway, service_urls={"orders": f"https://{OTHER_APP}/api"}), with_reads(other_application())
    )


def without_checks() -> World:
    """The policy calls a backend entity that looks at no certificate; the backend's is good."""
    entity = Backend(url=f"https://{APP}/api", checks_certificates=False)
    return with_gateway(replace(orders_changed(BASE_URL, 'backend-id="orders"'), backends={"orders": entity}))


SCENARIOS = (
    broken(
        "azure-gateway-dns-stale",
        "the network has other DNS servers than API Management was started with, which still asks the old one",
        "gateway-dns-stale",
        with_reads(gateway_asks(WITHOUT_RECORD)),
    ),
    broken(
        "azure-gateway-blocked",
        "a rule of API Management's subnet denies what goes to the endpoints",
        "gateway-blocked",
        with_rule(cut_off(), GATEWAY_RULES, BLOCKING),
    ),
    broken(
        "azure-gateway-blocked-by-route",
        "a route of API Management's subnet throws away what is for the endpoints",
        "gateway-blocked",
        by_route(),
    ),
    exposed(
        "azure-gateway-calls-public-backend",
        "the policy calls an app of before, which answers the same, in public",
        "gateway-calls-other-backend",
        old_backend(),
    ),
    broken(
        "azure-gateway-calls-address",
        "the policy calls the endpoint by its address, for which no certificate is good",
        "gateway-calls-other-backend",
        with_gateway(orders_changed(BASE_URL, f'base-url="https://{ENDPOINT_ADDRESS}/api"')),
    ),
    broken(
        "azure-gateway-calls-service-url",
        "no policy sets a backend, and the service URL of the API is that of another application",
        "gateway-calls-other-backend",
        service_url(),
    ),
    degraded(
        "azure-gateway-skips-tls-checks",
        "the backend entity that the policy calls looks at no certificate",
        "gateway-skips-tls-checks",
        without_checks(),
    ),
    broken(
        "azure-gateway-calls-itself",
        "the policy calls API Management's own host name, which it cannot reach through its own load balancer",
        "gateway-calls-itself",
        with_gateway(
            replace(orders_changed(BASE_URL, f'base-url="https://{API}/api"'), dropped=(f"{GATEWAY_ADDRESS}/32",))
        ),
    ),
    degraded(
        "azure-gateway-dependency-failing",
        "API Management cannot reach the database that it keeps its own configuration in",
        "gateway-dependency-failing",
        knowing(READ, gateway_failing=("apimsqllab0001.database.windows.net",)),
    ),
    degraded(
        "azure-gateway-not-internal",
        "API Management is in external mode: its name is private here, and it has a public address as well",
        "gateway-not-internal",
        knowing(READ, gateway_type="External"),
    ),
)
