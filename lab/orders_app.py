"""The orders app behind the lab's front end: a Functions host process of its own, called as a worker."""

from pathlib import Path

import httpcore

from lab import pages
from lab.entra import Entra
from lab.forward import forward
from lab.host.process import HostProcess, start
from lab.http import Request, Response

APP_DIR = Path(__file__).parent.parent / "orders"
SITE_NAME = "func-orders-prod"
"""What App Service tells the app of itself, and so its cloud role."""
SOON_MS = "200"
"""Between two exports; the defaults wait for up to five seconds."""


class OrdersApp:
    """The handler that passes requests on to the orders app."""

    def __init__(self, process: HostProcess) -> None:
        """Call this host; `start` starts one."""
        self._process = process
        self._pool = httpcore.AsyncConnectionPool()

    @classmethod
    async def start(
        cls, entra: Entra, *, audience: str, clients: tuple[str, ...], connection_string: str | None
    ) -> "OrdersApp":
        """The app, trusting tokens of this tenant.

        Args:
            entra: whose keys and tenant it trusts.
            audience: that tokens must be for.
            clients: ids of the clients that may call.
            connection_string: where it sends its telemetry; `None` = nowhere, and it starts sooner.
        """
        settings = {
            "ORDERS_TENANT_ID": entra.tenant_id,
            "ORDERS_AUDIENCES": audience,
            "ORDERS_ALLOWED_CLIENTS": ",".join(clients),
            "ORDERS_JWKS_URL": entra.jwks_url,
        }
        if connection_string is not None:
            settings |= {
                "APPLICATIONINSIGHTS_CONNECTION_STRING": connection_string,
                "PYTHON_ENABLE_OPENTELEMETRY": "true",
                "WEBSITE_SITE_NAME": SITE_NAME,
                "OTEL_BSP_SCHEDULE_DELAY": SOON_MS,
                "OTEL_BLRP_SCHEDULE_DELAY": SOON_MS,
            }
        return cls(await start(APP_DIR, settings))

    async def __call__(self, request: Request) -> Response:
        """The app's answer, Host and x-* headers being passed on as they came."""
        try:
            return await forward(self._pool, request, f"{self._process.url}{request.target}", request.headers)
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError):
            return pages.bad_gateway()

    async def aclose(self) -> None:
        """End the host process."""
        await self._pool.aclose()
        await self._process.aclose()
