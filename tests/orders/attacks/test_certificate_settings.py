"""Settings under which a certificate would show nothing."""

import pytest

from lab.entra import Entra
from tests.orders.attacks.client_certificates import (
    header_of,
    leaf,
    pem,
    wallet,
)
from tests.orders.attacks.conftest import Target, settings_of_certificates, traces
from tests.orders.conftest import bearer, client_of, run, settings_for, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADER = "X-ARR-ClientCert"
TRUSTED = wallet().trusted
GOOD = header_of(wallet().pinned["good"])[HEADER]

NOT_FROM_THE_PLATFORM: dict[str, dict[str, str]] = {
    "not said": {"ORDERS_TLS_TERMINATED_BY": ""},
    "said to be another": {"ORDERS_TLS_TERMINATED_BY": "nginx"},
    "said in another case": {"ORDERS_TLS_TERMINATED_BY": "App-Service"},
    "said, but not seen": {"WEBSITE_INSTANCE_ID": ""},
}

UNUSABLE: dict[str, tuple[str, dict[str, str]]] = {
    "thumbprint of SHA-1": ("ORDERS_CLIENT_CERTIFICATES", {"ORDERS_CLIENT_CERTIFICATES": "ab" * 20}),
    "thumbprint and star": ("ORDERS_CLIENT_CERTIFICATES", {"ORDERS_CLIENT_CERTIFICATES": f"{'ab' * 32},*"}),
    "only a comma": ("ORDERS_CLIENT_CERTIFICATES", {"ORDERS_CLIENT_CERTIFICATES": ","}),
    "names of no issuer": ("ORDERS_CLIENT_CERTIFICATE_NAMES", {"ORDERS_CLIENT_CERTIFICATE_ISSUERS": ""}),
    "issuer without names": ("ORDERS_CLIENT_CERTIFICATE_NAMES", {"ORDERS_CLIENT_CERTIFICATE_NAMES": ""}),
    "any name": ("ORDERS_CLIENT_CERTIFICATE_NAMES", {"ORDERS_CLIENT_CERTIFICATE_NAMES": "*"}),
    "wildcard": ("ORDERS_CLIENT_CERTIFICATE_NAMES", {"ORDERS_CLIENT_CERTIFICATE_NAMES": "*.internal.example.com"}),
    "issuer no authority": ("ORDERS_CLIENT_CERTIFICATE_ISSUERS", {"ORDERS_CLIENT_CERTIFICATE_ISSUERS": pem(leaf())}),
    "one issuer no authority": (
        "ORDERS_CLIENT_CERTIFICATE_ISSUERS",
        {"ORDERS_CLIENT_CERTIFICATE_ISSUERS": pem(TRUSTED.certificate) + pem(leaf())},
    ),
    "issuer no PEM": ("ORDERS_CLIENT_CERTIFICATE_ISSUERS", {"ORDERS_CLIENT_CERTIFICATE_ISSUERS": "CN=Example CA"}),
    "unknown role": ("ORDERS_CLIENT_CERTIFICATE_ROLES", {"ORDERS_CLIENT_CERTIFICATE_ROLES": "Orders.*"}),
    "roles and nothing else": (
        "ORDERS_CLIENT_CERTIFICATES",
        {
            "ORDERS_CLIENT_CERTIFICATES": "",
            "ORDERS_CLIENT_CERTIFICATE_ISSUERS": "",
            "ORDERS_CLIENT_CERTIFICATE_NAMES": "",
            "ORDERS_CLIENT_CERTIFICATE_ROLES": "Orders.Read",
        },
    ),
}


@pytest.mark.parametrize("name", NOT_FROM_THE_PLATFORM)
async def test_header_that_the_platform_did_not_set_lets_nobody_in(entra: Entra, name: str) -> None:
    """Where App Service does not end TLS, anybody can send the header: certificates are a mistake there, for all."""
    settings = settings_for(entra) | settings_of_certificates(wallet()) | NOT_FROM_THE_PLATFORM[name]
    async with await run(settings) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        for headers in ({HEADER: GOOD}, header_of(leaf(TRUSTED)), bearer(token_of(entra)), {}):
            await watched.refuses(headers, 503, "misconfigured")
        assert (await http.get("/api/health")).json()["wrong_settings"] == ["ORDERS_TLS_TERMINATED_BY"]


@pytest.mark.parametrize("name", UNUSABLE)
async def test_wrong_setting_lets_nobody_in(name: str) -> None:
    """What cannot be a rule is not taken for one: the app is shut, and health says which setting it is."""
    setting, changes = UNUSABLE[name]
    async with await run(settings_of_certificates(wallet()) | changes) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        for headers in ({HEADER: GOOD}, header_of(leaf(TRUSTED)), {}):
            await watched.refuses(headers, 503, "misconfigured")
        health = await http.get("/api/health")
        assert health.json()["wrong_settings"] == [setting]
        assert setting in app.log
        assert not traces(wallet().listed, app.log, health.text)
