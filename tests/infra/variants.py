"""The deployments that are evaluated: the reference, and what the parameters make of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

REFERENCE: Mapping[str, Any] = {
    "hosting": "flex-consumption",
    "publicNetworkAccess": "Enabled",
    "location": "westeurope",
    "callersNeedSubscription": False,
}
"""What the rules must know of the parameters of main.bicepparam and the defaults of main.bicep."""
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "closed": ("publicNetworkAccess = 'Disabled'",),
    "elastic-premium": ("hosting = 'elastic-premium'", "publicNetworkAccess = 'Disabled'"),
    "premium-gateway": ("gatewaySku = 'Premium'", "gatewayUnits = 2", "network = { firewallAddress: '10.80.250.4' }"),
    "callers-with-keys": ("callersNeedSubscription = true", "clientCertificateThumbprints = ['" + "ab" * 32 + "']"),
}


def with_parameters(infra: Path, lines: tuple[str, ...]) -> Path:
    """A parameters file beside the reference that is it, with these parameters added."""
    file = infra / "variant.bicepparam"
    reference = (infra / "main.bicepparam").read_text(encoding="utf-8")
    file.write_text(reference + "".join(f"param {line}\n" for line in lines), encoding="utf-8")
    return file


def parameters_of(lines: tuple[str, ...]) -> Mapping[str, Any]:
    """What the rules must know of a variant."""
    pairs = (line.split(" = ", 1) for line in lines)
    words = {"true": True, "false": False}
    return {**REFERENCE, **{name: words.get(value, value.strip("'")) for name, value in pairs}}
