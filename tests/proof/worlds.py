"""Worlds in which something that a stage asks for is otherwise, and as much as possible is as it should be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.azure.knowledge import HUB
from lab.policy.message import Backend
from lab.scenarios.article import (
    API,
    APP,
    APP_SERVICE_LEAF,
    ENDPOINT_ADDRESS,
    ENTERPRISE_ZONE,
    GATEWAY_ADDRESS,
    PRIVATELINK,
    PRIVATELINK_ZONE,
    SITE,
)
from lab.scenarios.azure.healthy import hub_and_spoke, knowing
from lab.scenarios.azure.world import BLOB_ZONE, WHOLE, opened, with_dependencies, with_reads
from lab.scenarios.changes import (
    add_listener,
    change_listener,
    change_name_server,
    change_target,
    change_zone,
    copy_listener,
    listener_at,
)
from lab.scenarios.healthy import ipv6_beside_ipv4, two_addresses, unique_host_name
from lab.scenarios.policies import BASE_URL, OTHER_ADDRESS, OTHER_APP, orders_changed
from lab.world import Application, Gateway, Leaf, Listener, Site, SiteState, World

OPEN = opened(WHOLE)
"""The whole path before its closure."""
ELSEWHERE = "10.80.99.4"
"""Private, and in no subnet of the path."""
SERVED = {"telemetry-linked", "execution-confirmed"}
APP_RECORD, SCM_RECORD, PROBE_RECORD = PRIVATELINK_ZONE.records


@dataclass(frozen=True, kw_only=True)
class Case:
    """One world, and what becomes of the stages in it; those that are not named are proven.

    Attributes:
        unseen: not proven for want of evidence.
        says: a part of what one of those that are disproven says.
    """

    world: World
    disproven: frozenset[str]
    unseen: frozenset[str]
    says: str


def case(world: World, *disproven: str, says: str, unseen: set[str] | None = None) -> Case:
    """A case of the whole path."""
    return Case(world=world, disproven=frozenset(disproven), unseen=frozenset(unseen or ()), says=says)


def with_gateway(gateway: Gateway, world: World = OPEN) -> World:
    """The world with this gateway in place of the article's."""
    return change_listener(world, GATEWAY_ADDRESS, serves=gateway)


def gateway_elsewhere() -> World:
    """The gateway's name leads to a private address of another subnet, where it stands as well."""
    records = tuple(record.replace(GATEWAY_ADDRESS, ELSEWHERE) for record in ENTERPRISE_ZONE.records)
    return copy_listener(change_zone(OPEN, ENTERPRISE_ZONE.name, records), GATEWAY_ADDRESS, ELSEWHERE)


def one_resolver_elsewhere() -> World:
    """The on-premises resolver alone leads clients astray."""
    records = tuple(record.replace(GATEWAY_ADDRESS, "203.0.113.99") for record in ENTERPRISE_ZONE.records)
    return change_zone(OPEN, ENTERPRISE_ZONE.name, records, "on-premises")


def wrong_responder() -> World:
    """The gateway's policy calls another application of the network, which answers 200 with a page of its own."""
    world = change_zone(OPEN, PRIVATELINK, (*PRIVATELINK_ZONE.records, f"func-intranet-prod 10 A {OTHER_ADDRESS}"))
    for name, server in world.name_servers.items():
        alias = f"{OTHER_APP} 60 CNAME func-intranet-prod.{PRIVATELINK}"
        world = change_name_server(world, name, public=(*server.public, alias))
    site = Site(hosts=(OTHER_APP,), application=Application.STRANGER)
    world = add_listener(world, Listener(address=OTHER_ADDRESS, certificates=(APP_SERVICE_LEAF,), serves=site))
    return with_gateway(orders_changed(BASE_URL, f'base-url="https://{OTHER_APP}/api"'), world)


def app(**changes: object) -> World:
    """The app is otherwise, at whichever address it is asked."""
    world = OPEN
    for listener in OPEN.listeners:
        match listener.serves:
            case Site(hosts=SITE.hosts) as site:
                world = change_listener(world, listener.address, serves=replace(site, **changes))  # type: ignore[arg-type]
    return world


def by_entity(url: str, *, checks: bool = True) -> World:
    """The policy calls a backend entity."""
    entity = Backend(url=url, checks_certificates=checks)
    return with_gateway(replace(orders_changed(BASE_URL, 'backend-id="orders"'), backends={"orders": entity}))


def expired() -> World:
    """The certificate of the gateway has expired."""
    leaf = listener_at(OPEN, GATEWAY_ADDRESS).certificates[0]
    return change_listener(OPEN, GATEWAY_ADDRESS, certificates=(Leaf(names=leaf.names, days_left=-1),))


def by_address() -> World:
    """The path file itself asks the backend by its address."""
    return change_target(OPEN, "backend", url=f"https://{ENDPOINT_ADDRESS}/api/orders")


def in_form(world: World) -> World:
    """A variant of the article's path, with dependencies and reads, before its closure."""
    return opened(with_reads(with_dependencies(world)))


VARIANTS: Mapping[str, World] = {
    "hub and spoke": hub_and_spoke(in_form(unique_host_name())),
    "two addresses": in_form(two_addresses()),
    "IPv6": in_form(ipv6_beside_ipv4()),
}
CASES: Mapping[str, Case] = {
    "gateway in another subnet": case(
        gateway_elsewhere(), "gateway-resolves-privately", says=f"leads to {ELSEWHERE}, where the path does not have it"
    ),
    "one resolver astray": case(
        one_resolver_elsewhere(), "gateway-resolves-privately", says="leads to 203.0.113.99 by on-premises"
    ),
    "a 200 of somebody else": case(
        wrong_responder(),
        *("gateway-answers", "gateway-reaches-backend"),
        unseen=SERVED,
        says="answered 200 without the text that only the right application has",
    ),
    "the app fails": case(
        app(state=SiteState.ERROR),
        *("gateway-answers", "execution-confirmed", "gateway-reaches-backend", "identity-enforced"),
        unseen={"telemetry-linked"},
        says="The backend's address answered 500: the function did not do its work.",
    ),
    "the function fails": case(
        change_target(OPEN, "gateway", url=f"https://{API}/orders/orders/none"),
        *("gateway-answers", "execution-confirmed", "gateway-reaches-backend"),
        says="func-orders-prod ran GET /api/orders/{id} and answered 404.",
    ),
    "other DNS servers": case(
        knowing(OPEN, gateway_dns=("10.80.0.4",)),
        "backend-resolves-privately",
        says="API Management asks 10.80.0.4 for names, and its network has Azure",
    ),
    "not internal": case(
        knowing(OPEN, gateway_type="External"),
        "backend-resolves-privately",
        says="API Management is of network type External",
    ),
    "no checks": case(
        by_entity(f"https://{APP}/api", checks=False),
        "tls-verified",
        says="does not check certificates of its backend entity orders",
    ),
    "expired": case(
        expired(),
        *("gateway-answers", "tls-verified"),
        unseen={"gateway-logged", "gateway-reaches-backend", *SERVED},
        says=f"was not verified for {API}: certificate_expired",
    ),
    "anybody may come in": case(
        change_listener(OPEN, ENDPOINT_ADDRESS, serves=replace(SITE, application=Application.OPEN)),
        "identity-enforced",
        unseen=SERVED,
        says="answered 200 without credentials",
    ),
    "storage in public": case(
        change_zone(OPEN, BLOB_ZONE, None),
        "dependencies-private",
        says="leads to 203.0.113.30, where the path does not have it",
    ),
    "no record of the deployment site": case(
        change_zone(OPEN, PRIVATELINK, (APP_RECORD, PROBE_RECORD)),
        "deployment-site-private",
        says="leads nowhere",
    ),
    "hosts file": case(
        replace(OPEN, hosts={APP: ENDPOINT_ADDRESS}),
        "no-overrides",
        says=f"The hosts file at probe sends {APP} to {ENDPOINT_ADDRESS}.",
    ),
    "hosts file at the client": case(
        replace(OPEN, hosts={API: GATEWAY_ADDRESS}),
        "no-overrides",
        says=f"The hosts file at client sends {API} to {GATEWAY_ADDRESS}.",
    ),
    "address in a backend entity": case(
        by_entity(f"https://{ENDPOINT_ADDRESS}/api", checks=False),
        *("gateway-answers", "execution-confirmed", "gateway-reaches-backend", "tls-verified", "no-overrides"),
        unseen={"telemetry-linked"},
        says=f"API Management calls an address: https://{ENDPOINT_ADDRESS}/api",
    ),
    "address in the path file": case(
        by_address(),
        *("tls-verified", "identity-enforced", "no-overrides", "gateway-reaches-backend"),
        unseen={"backend-resolves-privately", "control-plane-agrees", "no-exceptions"},
        says=f"The URL of backend holds the address {ENDPOINT_ADDRESS}.",
    ),
    "endpoint not approved": case(
        knowing(OPEN, endpoint_states={"pe-func-orders-prod": "Pending"}),
        "control-plane-agrees",
        says="The site says that its endpoint pe-func-orders-prod is Pending.",
    ),
    "zone linked elsewhere": case(
        knowing(OPEN, linked=(HUB.name,)),
        "control-plane-agrees",
        says=f"The zone {PRIVATELINK} is not linked to the network of the path.",
    ),
}
