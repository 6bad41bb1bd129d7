"""What a sweep says of the scenarios of the other kind once it reads Azure: their own cause, or one that says more."""

from collections.abc import Mapping
from dataclasses import replace

from lab.scenarios.azure.world import with_reads
from lab.world import Scenario

DNS_STALE = ("gateway-dns-stale",)
OTHER_BACKEND = ("gateway-calls-other-backend",)
UNREADABLE = "control-plane-denied"
MORE_PRECISE: Mapping[str, tuple[str, ...]] = {
    # One cause of two that look alike from the probe.
    "zone-falls-back-to-internet": ("zone-falls-back-to-internet",),
    "gateway-cannot-reach-backend": DNS_STALE,
    "gateway-dns-server-gone": DNS_STALE,
    "gateway-resolves-publicly": DNS_STALE,
    "policy-swallows-reason": DNS_STALE,
    "policy-answers-by-platform": DNS_STALE,
    "policy-calls-address": OTHER_BACKEND,
    "policy-calls-other-application": OTHER_BACKEND,
    # The same cause, and beside it what nothing on the network shows.
    "policy-skips-tls-checks": ("certificate-untrusted", "gateway-skips-tls-checks"),
    "no-private-endpoint": ("no-private-endpoint", "resource-not-found"),
    # An identity that gives the backend no good token gives Azure none.
    "token-unavailable": ("token-unavailable", UNREADABLE),
    "token-endpoint-silent": ("token-unavailable", "control-plane-unread"),
    "token-rejected-expired": ("token-rejected", UNREADABLE, UNREADABLE),
}
"""Root findings by the name of the scenario, where reads make others of them."""


def read(scenario: Scenario) -> Scenario:
    """The scenario with a probe that reads Azure, and what is expected then."""
    if scenario.name.startswith("azure-"):
        return scenario
    roots = MORE_PRECISE.get(scenario.name, tuple(scenario.roots))
    return replace(
        scenario,
        finding=roots[0] if roots else None,
        beside=roots[1:],
        world=with_reads(scenario.world),
    )
