"""The orders app: its triggers, and nothing else.

Everything it does is in the package `orders_api` beside this file. Azure puts this folder on the import path, so the
package is found there; a type checker finds it for the same reason, as a package whose parent folder is none. No
module here is named like one of the probe app, and nothing imports this file but the Functions worker.

Every route is ANONYMOUS to the Functions host: who may call is decided in `orders_api.identity`, which refuses by
default. The host picks a route by the alphabetical order of the function names, so no two of them overlap.
"""

import os

import azure.functions as func

from orders_api import telemetry
from orders_api.api import Api
from orders_api.call import answer

telemetry.configure("orders_api")
api = Api.from_environment(os.environ)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="health", methods=["GET", "HEAD"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Open to anybody, without I/O; HEAD as well, which uptime monitors use and the host would answer with 404."""
    return await answer(req, "/api/health", api.health)


@app.route(route="orders", methods=["GET"])
async def list_orders(req: func.HttpRequest) -> func.HttpResponse:
    """A page of orders; needs Orders.Read."""
    return await answer(req, "/api/orders", api.list_orders)


@app.route(route="orders/{id}", methods=["GET"])
async def read_order(req: func.HttpRequest) -> func.HttpResponse:
    """One order; needs Orders.Read."""
    return await answer(req, "/api/orders/{id}", api.read_order)


@app.route(route="orders", methods=["POST"])
async def create_order(req: func.HttpRequest) -> func.HttpResponse:
    """A new order; needs Orders.Write."""
    return await answer(req, "/api/orders", api.create_order)
