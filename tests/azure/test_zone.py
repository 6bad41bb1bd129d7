"""Which record of a private zone a host name leads to, and which ids are ids."""

import pytest

from probes.azure.resource_id import known, name_of, of_kind, parent_of, type_of
from probes.azure.zone import app_and_scm, relative_name
from tests.azure.documents import NETWORK, SERVICE, ZONE

SITES = "privatelink.azurewebsites.net"


@pytest.mark.parametrize(
    ("host", "zone", "relative"),
    [
        ("func-orders-prod.azurewebsites.net", SITES, "func-orders-prod"),
        ("func-orders-prod.scm.azurewebsites.net", SITES, "func-orders-prod.scm"),
        ("func-orders-a1b2c3.westeurope-01.azurewebsites.net", SITES, "func-orders-a1b2c3.westeurope-01"),
        ("func-orders-a1b2c3.scm.westeurope-01.azurewebsites.net", SITES, "func-orders-a1b2c3.scm.westeurope-01"),
        ("FUNC.AzureWebsites.net.", SITES.upper(), "func"),
        ("func.privatelink.azurewebsites.net", SITES, "func"),
        ("storders.blob.core.windows.net", "privatelink.blob.core.windows.net", "storders"),
        ("kv-orders.vault.azure.net", "privatelink.vaultcore.azure.net", "kv-orders"),
        ("kv-orders.vault.usgovcloudapi.net", "privatelink.vaultcore.usgovcloudapi.net", "kv-orders"),
        ("storders.blob.core.windows.net", "privatelink.queue.core.windows.net", None),
        ("orders.example.com", SITES, None),
        ("azurewebsites.net", SITES, None),
        ("10.80.20.4", SITES, None),
        ("", SITES, None),
        ("a/../b.azurewebsites.net", SITES, None),
        ("..azurewebsites.net", SITES, None),
    ],
)
def test_the_record_that_a_name_leads_to(host: str, zone: str, relative: str | None) -> None:
    """By the zone's public name; of another zone there is none."""
    assert relative_name(host, zone) == relative


@pytest.mark.parametrize("given", ["func", "func.scm"])
def test_an_app_has_two_records(given: str) -> None:
    """Whichever of the two the target names."""
    assert app_and_scm(given) == ("func", "func.scm")


@pytest.mark.parametrize("given", ["func-a1b2.westeurope-01", "func-a1b2.scm.westeurope-01"])
def test_scm_stands_behind_the_name_and_before_the_region(given: str) -> None:
    """In a unique default host name."""
    assert app_and_scm(given) == ("func-a1b2.westeurope-01", "func-a1b2.scm.westeurope-01")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "/",
        "x",
        f"{NETWORK}/",
        f"{NETWORK}/..",
        f"{NETWORK}/subnets/.",
        f"{NETWORK}?x",
        f"{NETWORK}/a b",
        f"{NETWORK}\n",
        "/subscriptions/0/resourceGroups/../providers/Microsoft.Network/virtualNetworks/v",
        "/subscriptions/0/resourceGroups/g",
        "https://management.azure.com" + NETWORK,
    ],
)
def test_what_is_no_id(value: str | None) -> None:
    """Nothing that leads anywhere else may become part of a URL."""
    assert not known(value)


def test_the_parts_of_an_id() -> None:
    """Type, name and what it is part of."""
    subnet = f"{NETWORK}/subnets/snet-apim"
    assert (type_of(subnet), name_of(subnet), parent_of(subnet)) == (
        "Microsoft.Network/virtualNetworks/subnets",
        "snet-apim",
        NETWORK,
    )
    assert of_kind(ZONE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), "microsoft.network/PRIVATEDNSZONES")
    assert not of_kind(SERVICE, "Microsoft.ApiManagement")
