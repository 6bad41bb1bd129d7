"""Faults of names: zones, records, resolvers, and what is put in their place."""

from dataclasses import replace

from lab.scenarios.article import (
    APP,
    ENDPOINT_ADDRESS,
    FRONT_END_RECORDS,
    PRIVATELINK,
    PRIVATELINK_ZONE,
    PUBLIC_ADDRESS,
    SCM,
    SECOND_ENDPOINT_ADDRESS,
    SITE,
    WORLD,
    privatelink_name,
)
from lab.scenarios.changes import (
    add_listener,
    change_listener,
    change_name_server,
    change_target,
    change_zone,
    copy_listener,
)
from lab.scenarios.healthy import from_outside
from lab.scenarios.outcome import broken, degraded, exposed
from lab.world import Listener, ListenerFault, NameServerFault, World

OLD_ADDRESS = "10.80.99.4"
"""Of an endpoint that was deleted, in a subnet that is no longer used."""
PUBLIC_IPV6_ADDRESS = "2001:db8::10"
APP_RECORD, SCM_RECORD, _ = PRIVATELINK_ZONE.records
NO_ENDPOINT_RECORDS = (
    f"{APP} 60 CNAME waws-prod-am2-001.sip.azurewebsites.windows.net",
    f"{SCM} 60 CNAME waws-prod-am2-001.sip.azurewebsites.windows.net",
    *FRONT_END_RECORDS,
)
NOT_LINKED = change_zone(WORLD, PRIVATELINK, None, "platform")


def public_access(world: World) -> World:
    """The world with public access to the site not yet closed."""
    for address in (ENDPOINT_ADDRESS, PUBLIC_ADDRESS):
        world = change_listener(world, address, serves=replace(SITE, public_access=True))
    return world


def gone(world: World, address: str, fault: ListenerFault) -> World:
    """The world with an address at which nothing serves any more."""
    return add_listener(world, Listener(address=address, fault=fault))


def on_premises(fault: NameServerFault) -> World:
    """The on-premises resolver has a fault."""
    return change_name_server(WORLD, "on-premises", fault=fault)


def platform(fault: NameServerFault) -> World:
    """The resolver behind getaddrinfo has a fault."""
    return change_name_server(WORLD, "platform", fault=fault)


SCENARIOS = (
    exposed(
        "no-private-endpoint",
        "the app has no Private Endpoint: its name leads straight to the public front end",
        "no-private-endpoint",
        public_access(change_name_server(WORLD, public=NO_ENDPOINT_RECORDS)),
    ),
    broken(
        "zone-not-linked",
        "the private zone is not linked to the network, and public access is closed",
        "zone-not-linked",
        NOT_LINKED,
    ),
    exposed(
        "public-path-open",
        "public access is still open, and a network outside that must not reach the app does",
        "public-path-open",
        public_access(from_outside(WORLD)),
    ),
    broken(
        "agent-outside-vnet",
        "the probe runs in a network that sees neither the private zones nor the company's resolver",
        "agent-outside-vnet",
        change_name_server(
            change_name_server(WORLD, "platform", zones=()), "on-premises", fault=NameServerFault.SILENT
        ),
    ),
    broken(
        "resolver-knows-nothing",
        "the resolver behind getaddrinfo has neither forwarders nor zones, and says NXDOMAIN to everything",
        "resolver-knows-nothing",
        change_name_server(WORLD, "platform", public=(), zones=()),
    ),
    broken(
        "name-blocked",
        "a filter in the resolver behind getaddrinfo answers 0.0.0.0 for the app",
        "name-blocked",
        change_zone(WORLD, PRIVATELINK, ("func-orders-prod 10 A 0.0.0.0", SCM_RECORD), "platform"),
    ),
    exposed(
        "zone-not-linked-and-public",
        "the private zone is not linked, and nobody notices because public access is still open",
        "zone-not-linked",
        public_access(NOT_LINKED),
    ),
    broken(
        "zone-falls-back-to-internet",
        "the zone has no records and resolutionPolicy NxDomainRedirect, so that everybody is sent to the internet",
        "zone-not-linked",
        change_name_server(change_zone(WORLD, PRIVATELINK, ()), falls_back=True),
    ),
    broken(
        "record-missing",
        "the private zone is linked and has no record for the app",
        "record-missing",
        change_zone(WORLD, PRIVATELINK, (SCM_RECORD,)),
    ),
    broken(
        "scm-record-missing",
        "the private zone has no record for the deployment site",
        "record-missing",
        change_zone(WORLD, PRIVATELINK, (APP_RECORD,)),
    ),
    broken(
        "record-stale",
        "the record holds the address of an endpoint that was deleted",
        "record-stale",
        gone(
            change_zone(WORLD, PRIVATELINK, (f"func-orders-prod 10 A {OLD_ADDRESS}", SCM_RECORD)),
            OLD_ADDRESS,
            ListenerFault.DROPS,
        ),
    ),
    broken(
        "answers-mixed",
        "the zone has the public address beside the private one",
        "answers-mixed",
        change_zone(WORLD, PRIVATELINK, (*PRIVATELINK_ZONE.records, f"func-orders-prod 10 A {PUBLIC_ADDRESS}")),
    ),
    broken(
        "answers-mixed-ipv6",
        "a public IPv6 address stands beside the private IPv4 one",
        "answers-mixed",
        copy_listener(
            change_zone(
                WORLD, PRIVATELINK, (*PRIVATELINK_ZONE.records, f"func-orders-prod 10 AAAA {PUBLIC_IPV6_ADDRESS}")
            ),
            PUBLIC_ADDRESS,
            PUBLIC_IPV6_ADDRESS,
        ),
    ),
    broken(
        "resolver-not-forwarding",
        "the on-premises resolver does not forward azurewebsites.net and gives the public answer",
        "resolver-not-forwarding",
        change_zone(WORLD, PRIVATELINK, None, "on-premises"),
    ),
    broken(
        "resolver-not-forwarding-nxdomain",
        "the on-premises resolver has an empty zone of its own in place of a forwarder",
        "resolver-not-forwarding",
        change_zone(WORLD, PRIVATELINK, (), "on-premises"),
    ),
    broken(
        "resolver-unreachable",
        "the on-premises resolver never answers, over UDP or TCP",
        "resolver-unreachable",
        on_premises(NameServerFault.SILENT),
    ),
    broken(
        "resolver-closed",
        "nothing listens at the address of the on-premises resolver",
        "resolver-unreachable",
        on_premises(NameServerFault.CLOSED),
    ),
    broken(
        "platform-resolver-unreachable",
        "the resolver behind getaddrinfo never answers",
        "resolver-unreachable",
        platform(NameServerFault.SILENT),
    ),
    broken(
        "resolver-failing-servfail",
        "the on-premises resolver answers SERVFAIL: its forwarder's upstream is gone",
        "resolver-failing",
        on_premises(NameServerFault.SERVFAIL),
    ),
    broken(
        "resolver-failing-refused",
        "the on-premises resolver refuses the question",
        "resolver-failing",
        on_premises(NameServerFault.REFUSED),
    ),
    broken(
        "resolver-failing-malformed",
        "what the on-premises resolver answers is no DNS",
        "resolver-failing",
        on_premises(NameServerFault.MALFORMED),
    ),
    broken(
        "platform-resolver-failing",
        "the resolver behind getaddrinfo answers SERVFAIL",
        "resolver-failing",
        platform(NameServerFault.SERVFAIL),
    ),
    broken(
        "name-unknown",
        "the backend's URL has a typing error in its host name",
        "name-unknown",
        change_target(WORLD, "backend", url="https://func-order-prod.azurewebsites.net/api/orders"),
    ),
    broken(
        "zone-shadows-public-names",
        "an empty private zone for azurewebsites.net hides every name below it",
        "zone-shadows-public-names",
        change_zone(WORLD, "azurewebsites.net", (), "platform"),
    ),
    degraded(
        "resolvers-disagree",
        "the on-premises resolver has a private address of its own for the app",
        "resolvers-disagree",
        change_zone(
            WORLD,
            PRIVATELINK,
            (f"func-orders-prod 10 A {SECOND_ENDPOINT_ADDRESS}", SCM_RECORD),
            "on-premises",
        ),
    ),
    broken(
        "hosts-file-override",
        "the hosts file sends the app's name to an address that no longer serves",
        "hosts-file-override",
        replace(gone(WORLD, OLD_ADDRESS, ListenerFault.CLOSED), hosts={APP: OLD_ADDRESS}),
    ),
    broken(
        "hosts-file-override-public",
        "the hosts file sends the app's name to the public front end",
        "hosts-file-override",
        replace(WORLD, hosts={APP: PUBLIC_ADDRESS}),
    ),
    broken(
        "address-hardcoded",
        "the backend's URL has the endpoint's address in place of the name",
        "address-hardcoded",
        change_target(WORLD, "backend", url=f"https://{ENDPOINT_ADDRESS}/api/orders"),
    ),
    broken(
        "privatelink-name-in-url",
        "the backend's URL has the privatelink name, which no certificate covers",
        "privatelink-name-in-url",
        change_target(WORLD, "backend", url=f"https://{privatelink_name(APP)}/api/orders"),
    ),
    degraded(
        "resolve-slow",
        "the resolver behind getaddrinfo takes 700 ms to answer",
        "resolve-slow",
        platform(NameServerFault.SLOW),
    ),
)
