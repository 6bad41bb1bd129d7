"""What Azure knows beside what the network shows: faults that look alike from a probe, and are told apart by reads."""

from lab.scenarios.azure import access, exposure, gateway, healthy, network, resolving

SCENARIOS = (
    *healthy.SCENARIOS,
    *resolving.SCENARIOS,
    *network.SCENARIOS,
    *gateway.SCENARIOS,
    *exposure.SCENARIOS,
    *access.SCENARIOS,
)
