"""The stages of the final test, in the order in which a call would meet them. An id never changes its meaning."""

from probes.proof.stage import Stage
from probes.proof.stages import (
    control_plane,
    dependencies,
    gateway,
    identity,
    names,
    outside,
    overrides,
    telemetry,
    tls,
)

STAGES_VERSION = 1
"""Grows with every change of what a stage takes to be proven."""

_EVERY = {
    stage.id: stage
    for module in (names, gateway, telemetry, tls, identity, dependencies, overrides, control_plane, outside)
    for stage in module.STAGES
}
STAGES: tuple[Stage, ...] = tuple(
    _EVERY[name]
    for name in (
        "gateway-resolves-privately",
        "gateway-answers",
        "gateway-logged",
        "telemetry-linked",
        "execution-confirmed",
        "backend-resolves-privately",
        "gateway-reaches-backend",
        "tls-verified",
        "identity-enforced",
        "dependencies-private",
        "deployment-site-private",
        "no-overrides",
        "no-exceptions",
        "control-plane-agrees",
        "public-access-off",
        "outside-refused",
        "dependencies-closed",
    )
)
