"""Faults between the right address and a TCP connection."""

from lab.scenarios.article import (
    ENDPOINT_ADDRESS,
    GATEWAY_ADDRESS,
    PRIVATELINK,
    PRIVATELINK_ZONE,
    SECOND_ENDPOINT_ADDRESS,
    WORLD,
)
from lab.scenarios.changes import add_listener, change_listener, change_path, change_zone, remove_listener
from lab.scenarios.outcome import broken, degraded, inconclusive
from lab.world import Listener, ListenerFault, World

SECOND_RECORD = f"func-orders-prod 10 A {SECOND_ENDPOINT_ADDRESS}"


def one_of_two(fault: ListenerFault) -> World:
    """The name has two addresses, and the second has a fault."""
    world = change_zone(WORLD, PRIVATELINK, (*PRIVATELINK_ZONE.records, SECOND_RECORD))
    return add_listener(world, Listener(address=SECOND_ENDPOINT_ADDRESS, fault=fault))


def all_silent() -> World:
    """Every server takes connections and says nothing, and the sweep has one second."""
    world = WORLD
    for address in (GATEWAY_ADDRESS, ENDPOINT_ADDRESS):
        world = change_listener(world, address, fault=ListenerFault.SILENT)
    return change_path(world, deadline_s=1)


SCENARIOS = (
    broken(
        "connect-refused",
        "nothing listens on the endpoint's port",
        "connect-refused",
        change_listener(WORLD, ENDPOINT_ADDRESS, fault=ListenerFault.CLOSED),
    ),
    broken(
        "connect-blocked",
        "a rule drops packets to the endpoint",
        "connect-blocked",
        change_listener(WORLD, ENDPOINT_ADDRESS, fault=ListenerFault.DROPS),
    ),
    broken("no-route", "there is no route to the endpoint", "no-route", remove_listener(WORLD, ENDPOINT_ADDRESS)),
    degraded(
        "some-addresses-fail",
        "one of the two addresses of the backend refuses connections",
        "some-addresses-fail",
        one_of_two(ListenerFault.CLOSED),
    ),
    inconclusive(
        "deadline-missed",
        "every server is silent, and the sweep ends before it can know why",
        "deadline-missed",
        all_silent(),
    ),
)
