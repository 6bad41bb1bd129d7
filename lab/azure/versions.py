"""The API versions that exist, by resource type; Azure checks them per type, in any case.

Those of the resource types that infra/ and the probe name are in the Bicep compiler's own index of types, or in the
wheels of the SDKs (facts, section 8); the list is not whole, and has stable versions only.
"""

from collections.abc import Mapping

NETWORK = (
    "2023-04-01",
    "2024-05-01",
    "2024-07-01",
    "2024-10-01",
    "2025-01-01",
    "2025-03-01",
    "2025-05-01",
    "2026-03-01",
)
PRIVATE_DNS = ("2018-09-01", "2020-01-01", "2020-06-01", "2024-06-01")
VERSIONS: Mapping[str, tuple[str, ...]] = {
    "microsoft.web": ("2022-03-01", "2022-09-01", "2023-01-01", "2023-12-01", "2024-04-01", "2024-11-01", "2025-03-01",
                      "2025-05-01"),
    "microsoft.network/privatednszones": PRIVATE_DNS,
    "microsoft.network": NETWORK,
    "microsoft.apimanagement": ("2021-08-01", "2022-08-01", "2024-05-01"),
    "microsoft.storage": ("2023-01-01", "2023-05-01", "2024-01-01", "2025-01-01", "2025-06-01", "2026-09-01"),
    "microsoft.keyvault": ("2022-07-01", "2023-02-01", "2023-07-01", "2024-11-01"),
    "microsoft.operationalinsights": ("2020-08-01", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"),
    "microsoft.resources": ("2021-04-01", "2022-09-01", "2023-07-01", "2024-03-01", "2024-07-01", "2024-11-01",
                            "2025-04-01"),
}  # fmt: skip
"""By provider, or by type where the provider has another list for it."""


def versions(kind: str) -> tuple[str, ...]:
    """Of a resource type, empty where the lab knows no such provider."""
    lowered = kind.lower()
    provider = lowered.partition("/")[0]
    exact = next((found for name, found in VERSIONS.items() if "/" in name and lowered.startswith(name)), None)
    return exact or VERSIONS.get(provider, ())
