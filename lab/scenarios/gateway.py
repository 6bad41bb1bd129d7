"""Faults of API Management, with a backend that is in good order."""

from dataclasses import replace

from lab.scenarios.article import (
    API,
    ENDPOINT_ADDRESS,
    ENTERPRISE_ZONE,
    GATEWAY,
    GATEWAY_ADDRESS,
    PLATFORM,
    PRIVATELINK,
    SITE,
    WORLD,
)
from lab.scenarios.changes import change_listener, change_target, change_zone, copy_listener
from lab.scenarios.outcome import broken, degraded, exposed
from lab.world import Application, Gateway, NameServer, NameServerFault, World, Zone

OLD_NAME_SERVER_ADDRESS = "10.80.40.9"
"""The DNS server that the network had before, and that API Management still asks."""
PUBLIC_GATEWAY_ADDRESS = "203.0.113.20"


def gateway_asks(name_server: NameServer, gateway: Gateway = GATEWAY) -> World:
    """API Management lives by another name server than the rest of its network."""
    world = change_listener(WORLD, GATEWAY_ADDRESS, serves=replace(gateway, name_server="before"))
    return replace(world, name_servers={**world.name_servers, "before": name_server})


OLD_NAME_SERVER = replace(PLATFORM, address=OLD_NAME_SERVER_ADDRESS)
WITHOUT_RECORD = replace(OLD_NAME_SERVER, zones=(ENTERPRISE_ZONE, Zone(name=PRIVATELINK)))

SCENARIOS = (
    broken(
        "gateway-cannot-reach-backend",
        "API Management asks a name server that has no record of the backend",
        "gateway-cannot-reach-backend",
        gateway_asks(WITHOUT_RECORD),
    ),
    broken(
        "gateway-dns-server-gone",
        "API Management asks a name server that is no longer there",
        "gateway-cannot-reach-backend",
        gateway_asks(replace(OLD_NAME_SERVER, fault=NameServerFault.CLOSED)),
    ),
    broken(
        "gateway-resolves-publicly",
        "API Management asks a name server that does not see the private zone, and is refused in public",
        "public-path-refused",
        gateway_asks(replace(OLD_NAME_SERVER, zones=(ENTERPRISE_ZONE,))),
    ),
    broken(
        "gateway-refuses-caller",
        "the caller's URL names no operation of the API",
        "gateway-refuses-caller",
        change_target(WORLD, "gateway", url=f"https://{API}/order/health"),
    ),
    exposed(
        "gateway-not-internal",
        "the gateway's name has a public address",
        "gateway-not-internal",
        copy_listener(
            change_zone(WORLD, ENTERPRISE_ZONE.name, (f"api 300 A {PUBLIC_GATEWAY_ADDRESS}",)),
            GATEWAY_ADDRESS,
            PUBLIC_GATEWAY_ADDRESS,
        ),
    ),
    degraded(
        "correlation-lost",
        "the app does not send the correlation id back",
        "correlation-lost",
        change_listener(WORLD, ENDPOINT_ADDRESS, serves=replace(SITE, application=Application.FORGETFUL)),
    ),
)
