"""The orders app under load: what a protected call costs, and how much of it is the check of the token.

The app runs as everywhere else in this repository, by Microsoft's worker library, with telemetry on; wrk (Debian)
calls it. In Azure the Functions host is a process of its own in front of the worker: its part is not in these figures.
"""

import asyncio
import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from statistics import median

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from bench.errors import BrokenRunError
from bench.figures import cpu_s
from bench.stage import Cores
from lab.entra import Entra, signing_key
from lab.host.process import HostProcess, start
from lab.ingestion import Ingestion

ORDERS = File(__file__).parent.parent / "orders"
AUDIENCE = "api://orders"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
OBJECT_ID = "66666666-7777-4888-9999-aaaaaaaaaaaa"
CONNECTIONS = 16
SECONDS = 4
ROUNDS = 3
CHECKS = 2_000
HEALTH, PROTECTED, REFUSED = "GET /api/health, open", "GET /api/orders, token", "GET /api/orders, refused"
PERCENTILES = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", re.MULTILINE)
HTTP_ERRORS = 400
MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, kw_only=True)
class Load:
    """One route under load.

    Attributes:
        per_s: requests answered in a second.
        p50_ms: of the latency seen by the caller; so `p99_ms`.
        cpu_ms: of the app's process for one request, the stand-in for the host included.
    """

    route: str
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


@dataclass(frozen=True, kw_only=True)
class Loads:
    """The routes, and what the check of a token takes by itself.

    Attributes:
        check_ms: CPU of one check of a good token with known keys: all of it.
        verify_ms: of the RSA signature alone, the limit that no check gets under.
    """

    routes: tuple[Load, ...]
    check_ms: float
    verify_ms: float

    def route(self, name: str) -> Load:
        """The figures of a route."""
        return next(load for load in self.routes if load.route == name)


def measure(wrk: str, environment: Mapping[str, str], cores: Cores, told: Callable[[str], None]) -> Loads:
    """Medians of ROUNDS rounds, the routes in turn.

    Raises:
        BrokenRunError: an answer was not the expected one.
    """
    return asyncio.run(_measure(wrk, environment, cores, told))


async def _measure(wrk: str, environment: Mapping[str, str], cores: Cores, told: Callable[[str], None]) -> Loads:
    async with await Entra.start() as entra, await Ingestion.start() as ingestion:
        token = entra.issue(AUDIENCE, client_id=CLIENT_ID, object_id=OBJECT_ID, roles=("Orders.Read",))
        told("the check of a token by itself")
        check_ms = await _check_ms(entra, token)
        async with await start(ORDERS, settings(entra, ingestion)) as app:
            pin(app.pid, cores.prober)
            routes = {
                HEALTH: ("/api/health", None, 200),
                PROTECTED: ("/api/orders", token, 200),
                REFUSED: ("/api/orders", None, 401),
            }
            found: dict[str, list[Load]] = {name: [] for name in routes}
            for place in range(ROUNDS):
                for name, (path, bearer, status) in routes.items():
                    told(f"orders under load, round {place + 1} of {ROUNDS}: {name}")
                    command = wrk_command(wrk, f"{app.url}{path}", bearer)
                    run = _run(name, command, app, environment=environment, cores=cores, status=status)
                    found[name].append(await run)
            # The envelopes of a run are no use here, and there are many.
            ingestion.envelopes.clear()
    return Loads(routes=tuple(middle(loads) for loads in found.values()), check_ms=check_ms, verify_ms=verify_ms(token))


def identity_settings(entra: Entra) -> dict[str, str]:
    """One client of the tenant is let in."""
    return {
        "ORDERS_TENANT_ID": entra.tenant_id,
        "ORDERS_AUDIENCES": AUDIENCE,
        "ORDERS_ALLOWED_CLIENTS": CLIENT_ID,
        "ORDERS_JWKS_URL": entra.jwks_url,
    }


def settings(entra: Entra, ingestion: Ingestion) -> dict[str, str]:
    """App settings as in Azure, with telemetry on."""
    return {
        **identity_settings(entra),
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "WEBSITE_SITE_NAME": "func-orders-prod",
    }


def wrk_command(wrk: str, url: str, bearer: str | None) -> list[str]:
    """A run of wrk on one thread, with latencies."""
    header = ["-H", f"Authorization: Bearer {bearer}"] if bearer else []
    return [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *header, url]


async def _run(
    name: str, command: list[str], app: HostProcess, *, environment: Mapping[str, str], cores: Cores, status: int
) -> Load:
    """One run; wrk and whoever takes the telemetry share the core that the app is not on."""
    before_s, began_s = cpu_s(app.pid), time.perf_counter()
    pinned = ["taskset", "--cpu-list", str(cores.server), *command]
    process = await asyncio.create_subprocess_exec(
        *pinned, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    out, _ = await process.communicate()
    spent_s, wall_s = cpu_s(app.pid) - before_s, time.perf_counter() - began_s
    return read(name, out.decode("utf-8", "replace"), spent_s=spent_s, wall_s=wall_s, status=status)


def read(name: str, said: str, *, spent_s: float, wall_s: float, status: int) -> Load:
    """What wrk says of one run, with the CPU that the app spent on it.

    Raises:
        BrokenRunError: it made no requests, or their answers were not those expected.
    """
    total = re.search(r"(\d+) requests in", said)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    latencies = {int(share): float(value) * MS[unit] for share, value, unit in PERCENTILES.findall(said)}
    if total is None or int(total[1]) == 0 or latencies.keys() != {50, 99}:
        raise BrokenRunError(f"{name}: wrk said {said.strip().splitlines()[-1] if said.strip() else 'nothing'}")
    requests, refused = int(total[1]), int(failed[1]) if failed else 0
    if refused != (requests if status >= HTTP_ERRORS else 0):
        raise BrokenRunError(f"{name}: {refused} of {requests} answers were refusals or errors")
    return Load(
        route=name,
        per_s=requests / wall_s,
        p50_ms=latencies[50],
        p99_ms=latencies[99],
        cpu_ms=spent_s / requests * 1e3,
    )


def middle(loads: list[Load]) -> Load:
    """The median of every figure by itself."""
    return Load(
        route=loads[0].route,
        per_s=median(load.per_s for load in loads),
        p50_ms=median(load.p50_ms for load in loads),
        p99_ms=median(load.p99_ms for load in loads),
        cpu_ms=median(load.cpu_ms for load in loads),
    )


async def _check_ms(entra: Entra, token: str) -> float:
    """CPU of the gate for one call, its keys known already."""
    sys.path.append(str(ORDERS))  # where the worker has it in Azure
    from orders_api.caller import Role  # noqa: PLC0415 - not on the path before
    from orders_api.identity import Gate  # noqa: PLC0415
    from orders_api.settings import read as settings_of  # noqa: PLC0415

    gate = Gate(settings_of(identity_settings(entra)))
    headers = {"authorization": f"Bearer {token}"}
    await gate.admit(headers, Role.READ)
    began_s = time.process_time()
    for _ in range(CHECKS):
        await gate.admit(headers, Role.READ)
    return (time.process_time() - began_s) / CHECKS * 1e3


def verify_ms(token: str) -> float:
    """CPU of the RSA signature of the token alone, by the same OpenSSL."""
    key = signing_key(0).private.public_key()
    signed, _, signature = token.rpartition(".")
    raw, text = base64.urlsafe_b64decode(f"{signature}=="), signed.encode()
    began_s = time.process_time()
    for _ in range(CHECKS):
        key.verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
    return (time.process_time() - began_s) / CHECKS * 1e3


def pin(pid: int, core: int) -> None:
    """Keep every thread of a process on one core; threads that it starts later follow the one that starts them."""
    for task in File(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
