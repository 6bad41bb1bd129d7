"""The target of the attacks: the app with every kind of credential accepted, watched for what it gives away."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from lab.entra import Entra
from lab.host.process import HostProcess
from lab.ingestion import Ingestion
from tests.orders.attacks.client_certificates import Wallet, wallet
from tests.orders.conftest import client_of, run, settings_for

ROUTE = "/api/orders"
SHORTEST_SECRET = 24
FUNCTION_KEY = "Key-of-today-0123456789-ABCDEFGHIJKLMNOP"
NEXT_FUNCTION_KEY = "Key.of.tomorrow/9876543210+abcdefghijklmnop"

Headers = dict[str, str] | list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the app said: of a refusal the reason, empty where it served."""

    status: int
    reason: str
    challenge: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running app and all that was tried on it.

    Attributes:
        secrets: every credential that was sent to it, good or bad.
    """

    app: HostProcess
    http: httpx.AsyncClient
    secrets: set[str] = field(default_factory=set)

    async def asked(self, headers: Headers | None = None, *, path: str = ROUTE, **request: Any) -> Answer:
        """The answer to a request; that it repeats no credential, and that the app never fails, always holds."""
        pairs = [*headers.items()] if isinstance(headers, dict) else headers or []
        encoded = [(name.encode(), value.encode()) for name, value in pairs]
        arguments: dict[str, Any] = {"method": "GET", "headers": encoded} | request
        response = await self.http.request(url=path, **arguments)
        sent = {value for _, value in pairs if len(value) >= SHORTEST_SECRET}
        self.secrets.update(sent | {value.rpartition(" ")[2] for value in sent})
        given = response.text + str(response.headers)
        assert not [secret for secret in self.secrets if secret in given]
        assert response.status_code != HTTPStatus.INTERNAL_SERVER_ERROR
        served = response.status_code < HTTPStatus.BAD_REQUEST
        if not served:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["cache-control"] == "no-store"
        return Answer(
            status=response.status_code,
            reason="" if served else response.json()["reason"],
            challenge=response.headers.get("www-authenticate"),
        )

    async def refuses(self, headers: Headers | None, status: int, reason: str, **request: Any) -> None:
        """Raises AssertionError unless the request is refused like that."""
        answer = await self.asked(headers, **request)
        assert (answer.status, answer.reason) == (status, reason)

    async def serves(self, headers: Headers, **request: Any) -> None:
        """Raises AssertionError unless the request is served."""
        answer = await self.asked(headers, **request)
        assert (answer.status, answer.reason) in {(HTTPStatus.OK, ""), (HTTPStatus.CREATED, "")}


def settings_of_all(entra: Entra, certificates: Wallet) -> dict[str, str]:
    """App settings under which every kind of credential is accepted."""
    return settings_for(entra) | settings_of_keys() | settings_of_certificates(certificates)


def settings_of_keys(*keys: str) -> dict[str, str]:
    """App settings under which these function keys are accepted, two unless given."""
    return {"ORDERS_FUNCTION_KEYS": ", ".join(keys or (FUNCTION_KEY, NEXT_FUNCTION_KEY))}


def settings_of_certificates(certificates: Wallet) -> dict[str, str]:
    """App settings under which client certificates are accepted, on what looks like App Service."""
    return {
        "WEBSITE_INSTANCE_ID": uuid4().hex,
        "ORDERS_TLS_TERMINATED_BY": "app-service",
        "ORDERS_CLIENT_CERTIFICATES": ",".join(certificates.listed),
        "ORDERS_CLIENT_CERTIFICATE_ISSUERS": certificates.issuers,
        "ORDERS_CLIENT_CERTIFICATE_NAMES": ",".join(certificates.names),
    }


def traces(secrets: Iterable[str], *places: object) -> list[str]:
    """The secrets that are found in any of the places."""
    texts = [str(place) for place in places]
    return [secret for secret in secrets if any(secret in text for text in texts)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(entra: Entra, ingestion: Ingestion) -> AsyncIterator[Target]:
    """The app of the module, which sends telemetry; in the end no credential is in its log or in what it sent."""
    telemetry = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_BLRP_SCHEDULE_DELAY": "100",
    }
    async with await run(settings_of_all(entra, wallet()) | telemetry) as app, client_of(app) as http:
        watched = Target(app=app, http=http)
        yield watched
        assert "Not served" in app.log or not watched.secrets
    # It has ended in order, and with that sent the last of its telemetry.
    assert not traces(watched.secrets, app.log, ingestion.envelopes)
    assert ingestion.envelopes
