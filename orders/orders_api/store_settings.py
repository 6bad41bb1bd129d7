"""Where orders are kept, read once from the app settings.

    ORDERS_TABLE_ENDPOINT   https://ACCOUNT.table.core.windows.net: the table service of a storage account
    ORDERS_TABLE_NAME       optional: the table, which must be there already; `orders` by default
    ORDERS_STORE_CLIENT_ID  optional: client id of a user-assigned identity; by default the app's own is used

Without any of them orders are kept in memory. With a wrong value, or with the others but no endpoint, every call for
orders is answered 503 `misconfigured`: orders kept in memory by mistake would be lost.

The app signs in with a managed identity and nothing else, so an endpoint with a key or a signature in it is refused,
and so is one without TLS. Azurite may be named by its address on loopback, with the account as the path.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from orders_api.settings import GUID, NOT_SHOWN, Fault

ENDPOINT = "ORDERS_TABLE_ENDPOINT"
TABLE = "ORDERS_TABLE_NAME"
CLIENT_ID = "ORDERS_STORE_CLIENT_ID"
DEFAULT_TABLE = "orders"

SERVICE_URL = re.compile(
    r"https://[a-z0-9]{3,24}\."
    r"(table\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|z[0-9]{1,2}\.table\.storage\.azure\.net)"
)
"""Of the clouds there are, and of accounts with a DNS zone of their own; `privatelink` names fit no certificate."""
EMULATOR_URL = re.compile(r"https://127\.0\.0\.1:[0-9]{1,5}/[a-z0-9]{3,24}")
TABLE_NAME = re.compile(r"(?!tables$)[a-z][a-z0-9]{2,62}", re.IGNORECASE)
"""https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#table-names."""
HARMLESS = re.compile(r"[A-Za-z0-9.:/_-]{0,128}")
"""What a fault may show of a value; connection strings and signatures have other characters in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """One table; `client_id` None = the identity that the system assigned to the app."""

    endpoint: str
    table: str
    client_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUnusable:
    """Settings under which no order can be stored; at least one fault."""

    faults: tuple[Fault, ...]


def read(environment: Mapping[str, str]) -> StoreSettings | StoreUnusable | None:
    """The settings, all that is wrong with them at once, or None where there are none."""
    endpoint = environment.get(ENDPOINT, "").strip().rstrip("/")
    table = environment.get(TABLE, "").strip()
    client_id = environment.get(CLIENT_ID, "").strip().lower()
    if not (endpoint or table or client_id):
        return None
    service = bool(SERVICE_URL.fullmatch(endpoint) or EMULATOR_URL.fullmatch(endpoint))
    checks = (
        (ENDPOINT, service, "https://ACCOUNT.table.core.windows.net, without a key, a signature or a privatelink name"),
        (TABLE, not table or bool(TABLE_NAME.fullmatch(table)), "3 to 63 letters and digits, a letter first"),
        (CLIENT_ID, not client_id or bool(GUID.fullmatch(client_id)), "a GUID or nothing"),
    )
    faults = tuple(
        Fault(key=key, value=_shown(environment.get(key, "")), allowed=allowed)
        for key, valid, allowed in checks
        if not valid
    )
    if faults:
        return StoreUnusable(faults=faults)
    return StoreSettings(endpoint=endpoint, table=table or DEFAULT_TABLE, client_id=client_id or None)


def _shown(value: str) -> str:
    return value if HARMLESS.fullmatch(value) else NOT_SHOWN
