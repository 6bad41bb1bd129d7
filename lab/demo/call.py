"""One call followed end to end: through the gateway to the orders app, and back from what was kept of it."""

import asyncio
import time
from datetime import timedelta

import httpx
from rich.console import Console

from lab.certificates import client_context
from lab.credential import LabCredential
from lab.replica import Replica
from lab.scenarios.article import API, GATEWAY_ADDRESS
from probes.azure.log_analytics import AUDIENCE, LogAnalytics
from probes.azure.rest import Rest
from probes.tell.trace import render
from probes.trace.ending import ending
from probes.trace.records import Trace
from probes.trace.search import search

ORDER = {"customer": "Ada", "lines": [{"sku": "A-1", "quantity": 2}]}
PATIENCE_S = 15.0
PAUSE_S = 0.3
DEADLINE_S = 10.0


async def show(replica: Replica, console: Console) -> int:
    """1 = the chain of the call does not come to be whole."""
    console.rule("One call, followed end to end", style="dim")
    answer = await order(replica)
    correlation_id = answer.headers["x-correlation-id"]
    console.print(f"POST https://{API}/orders/orders -> {answer.status_code}, x-correlation-id {correlation_id}")
    console.print(f"What the workspace has of it, as `probes trace {correlation_id[:8]}...` tells it:\n")
    found = await followed(replica, correlation_id)
    render(found, console)
    return 0 if ending(found).whole else 1


async def order(replica: Replica) -> httpx.Response:
    """A new order, by way of the gateway: TLS verified for its name, on the port where it really stands."""
    host, port = replica.surroundings.endpoint(GATEWAY_ADDRESS, 443)
    async with httpx.AsyncClient(verify=client_context(), trust_env=False) as client:
        return await client.post(
            f"https://{host}:{port}/orders/orders",
            json=ORDER,
            headers={"Host": API},
            extensions={"sni_hostname": API},
        )


async def followed(replica: Replica, correlation_id: str) -> Trace:
    """The trace, once it is whole: records arrive later than answers; at the latest after PATIENCE_S."""
    lab = replica.standing("demo")
    ends_s = time.monotonic() + PATIENCE_S
    async with Rest(
        endpoint=lab.log_analytics,
        audience=AUDIENCE,
        credential=lambda: LabCredential(None, lab.identity),
        deadline_s=DEADLINE_S,
    ) as rest:
        workspace = LogAnalytics(rest=rest, workspace_id=lab.workspace_id)
        while True:
            found = await search(workspace, correlation_id, timedelta(hours=1))
            if ending(found).whole or time.monotonic() > ends_s:
                return found
            await asyncio.sleep(PAUSE_S)
