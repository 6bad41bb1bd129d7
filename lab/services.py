"""Who answers behind the listeners of a replica."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lab import managed_identity, pages
from lab.applications import APPLICATIONS
from lab.azure.rights import OPERATOR_CLIENT_ID
from lab.dependencies import StorageFrontEnd, VaultFrontEnd
from lab.entra import Entra
from lab.front_end import FrontEnd
from lab.gateway import connection
from lab.gateway.call import GatewayLog
from lab.gateway.call import Surroundings as GatewaySurroundings
from lab.gateway.service import ApiManagement
from lab.http import Handler, Request, Response
from lab.ingestion import Ingestion
from lab.network import Network
from lab.orders_app import OrdersApp
from lab.resolver import SystemResolver
from lab.world import Application, Gateway, KeyVault, Listener, Site, StorageAccount, World

ORDERS_AUDIENCE = "api://orders"
GATEWAY_CLIENT_ID = "2c3d4e5f-6071-4829-93a4-b5c6d7e8f90a"
GATEWAY_OBJECT_ID = "8e7d6c5b-4a39-4281-9f60-5e4d3c2b1a09"
GATEWAY_ROLES = ("Orders.Read", "Orders.Write")


@dataclass(slots=True, kw_only=True)
class Services:
    """What a replica's listeners serve.

    Attributes:
        world: gives the world as it is now.
        telemetry: the orders app sends to the ingestion.
        gateway_logs: rows of ApiManagementGatewayLogs, oldest first.
        probe: the probe app, `None` = none runs.
        orders: the orders app, once a listener has asked for it.
    """

    entra: Entra
    ingestion: Ingestion
    network: Network
    world: Callable[[], World]
    telemetry: bool
    gateway_logs: GatewayLog = field(default_factory=list)
    probe: Handler | None = None
    orders: OrdersApp | None = None

    async def handler(self, listener: Listener) -> Handler | None:
        """The handler of a listener, `None` where it serves nothing."""
        match listener.serves:
            case Site() as site:
                application = await self._application(site.application)
                return FrontEnd(site, public=listener.public, application=application)
            case Gateway() as gateway:
                surroundings = GatewaySurroundings(
                    network=self.network,
                    resolver=lambda: self._resolver(gateway.name_server),
                    token=self._gateway_token if gateway.has_identity else lambda _: None,
                    vouches=lambda token, audience: self.entra.vouches_for(token, audience=audience),
                    dropped=gateway.dropped,
                )
                return ApiManagement(gateway, surroundings=surroundings, log=self.gateway_logs)
            case StorageAccount() as account:
                return StorageFrontEnd(account, public=listener.public)
            case KeyVault() as vault:
                return VaultFrontEnd(vault, public=listener.public)
            case None:
                return None

    async def _application(self, application: Application) -> Handler:
        if application is Application.PROBE:
            return self._probe_answer
        if application is not Application.ORDERS:
            return APPLICATIONS[application]
        if self.orders is None:
            self.orders = await OrdersApp.start(
                self.entra,
                audience=ORDERS_AUDIENCE,
                clients=(managed_identity.CLIENT_ID, GATEWAY_CLIENT_ID, OPERATOR_CLIENT_ID),
                connection_string=self.ingestion.connection_string if self.telemetry else None,
            )
        return self.orders

    async def _probe_answer(self, request: Request) -> Response:
        return pages.host_not_running() if self.probe is None else await self.probe(request)

    def _resolver(self, name: str) -> SystemResolver:
        server = self.world().name_servers[name]
        return SystemResolver(network=self.network, server=(server.address, server.port))

    def _gateway_token(self, audience: str) -> str:
        """API Management has an identity of its own; the world's is the probe's."""
        return self.entra.issue(
            audience, client_id=GATEWAY_CLIENT_ID, object_id=GATEWAY_OBJECT_ID, roles=GATEWAY_ROLES, version="1.0"
        )

    async def reach(self, host: str, port: int) -> connection.Attempt:
        """Try a connection as API Management would make it; the world's first gateway is the one."""
        gateway = next((each.serves for each in self.world().listeners if isinstance(each.serves, Gateway)), None)
        if gateway is None:
            return connection.Attempt(addresses=())
        resolver = self._resolver(gateway.name_server)
        return await connection.attempt(host, port, self.network, resolver, gateway.dropped)

    def gateway_address(self) -> str:
        """Address of API Management in its network, empty where there is none."""
        return next((each.address for each in self.world().listeners if isinstance(each.serves, Gateway)), "")
