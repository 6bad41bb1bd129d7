"""Reads that are refused: what cannot be known is not claimed."""

from typing import cast

from lab.azure.knowledge import Faults, Refusal
from lab.scenarios.article import NETWORK_RESOURCES
from lab.scenarios.azure.healthy import knowing
from lab.scenarios.azure.resolving import unseen
from lab.scenarios.azure.world import READ
from lab.scenarios.changes import Table, change_path
from lab.scenarios.outcome import broken, degraded, proven
from lab.world import Scenario

ENDPOINTS = f"{NETWORK_RESOURCES}/privateEndpoints"
RESOURCES = cast("Table", READ.path["resources"])
ZONES = Refusal(action="Microsoft.Network/privateDnsZones/*")

SCENARIOS: tuple[Scenario, ...] = (
    proven(
        "azure-control-plane-denied",
        "the probe may read nothing in Azure, and says so",
        knowing(READ, refusals=(Refusal(),)),
        *("control-plane-denied",) * 2,
    ),
    broken(
        "azure-control-plane-denied-zone",
        "no zone may be read: whether it is linked or falls back cannot be told apart",
        "zone-not-linked",
        knowing(unseen(READ), refusals=(ZONES,)),
        "control-plane-denied",
    ),
    proven(
        "azure-control-plane-unread",
        "Azure answers every read with 429, and asks to come back in a minute",
        knowing(READ, faults=Faults(throttled=10_000, retry_after_s=60)),
        "control-plane-unread",
    ),
    degraded(
        "azure-resource-not-found",
        "the path names an endpoint that Azure does not have",
        "resource-not-found",
        change_path(READ, resources={**RESOURCES, "private_endpoint": f"{ENDPOINTS}/pe-func-orders-old"}),
    ),
)
