"""prometheus-blackbox-exporter over the same targets, driven as Prometheus drives it: GET /probe on kept connections.

Its DNS module names the question in its configuration, so the DNS evidence of N targets takes N modules.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from bench.errors import BrokenRunError
from bench.figures import Meter, Run
from bench.fixture import DNS_PORT, NAME_SERVER, ca_file, host, url
from bench.prober import WARM_UP
from bench.service import service
from bench.stage import Stage

ADDRESS = ("127.0.0.1", 9115)
TIMEOUT = "10s"
LONGEST_ANSWER = 1 << 20


def measure_http(stage: Stage, targets: int) -> Run:
    """Module http_2xx: it resolves (A only), connects, shakes hands, verifies, requests; it keeps phases and expiry."""
    module = {
        "prober": "http",
        "timeout": TIMEOUT,
        "http": {
            "valid_status_codes": [200],
            "preferred_ip_protocol": "ip4",
            "ip_protocol_fallback": False,
            "tls_config": {"ca_file": str(ca_file(stage.folder))},
        },
    }
    queries = [("http_2xx", url(number)) for number in range(targets)]
    return _measure(stage, {"http_2xx": module}, queries)


def measure_dns(stage: Stage, targets: int) -> Run:
    """Module dns: one A question on the wire to the name server, rcode and number of answers kept."""
    modules = {
        f"dns_{number}": {
            "prober": "dns",
            "timeout": TIMEOUT,
            "dns": {
                "query_name": host(number),
                "query_type": "A",
                "transport_protocol": "udp",
                "preferred_ip_protocol": "ip4",
                "ip_protocol_fallback": False,
            },
        }
        for number in range(targets)
    }
    queries = [(module, f"{NAME_SERVER}:{DNS_PORT}") for module in modules]
    return _measure(stage, modules, queries)


def _measure(stage: Stage, modules: dict[str, Any], queries: list[tuple[str, str]]) -> Run:
    """A fresh exporter on the prober's core; it is asked from the servers' core, by this process."""
    config = stage.folder / "blackbox.yml"
    config.write_text(json.dumps({"modules": modules}), encoding="utf-8")  # YAML holds JSON
    command = [
        *("taskset", "--cpu-list", str(stage.cores.prober), stage.tools.exporter),
        f"--config.file={config}",
        f"--web.listen-address={ADDRESS[0]}:{ADDRESS[1]}",
        "--log.level=error",
    ]
    # Go's own resolver, not the C library's in threads: it asks for A alone, and costs less.
    environment = {**stage.tools.environment, "GODEBUG": "netdns=go"}
    pages = [f"/probe?{urlencode({'module': module, 'target': target})}" for module, target in queries]
    with service(command, listens_at=ADDRESS, environment=environment, log=stage.folder / "exporter.log") as pid:
        asyncio.run(_ask(pages[:WARM_UP], stage.concurrency))
        with (meter := Meter(pid, server_core=stage.cores.server)):
            asyncio.run(_ask(pages, stage.concurrency))
        return meter.run(len(pages))


async def _ask(pages: list[str], concurrency: int) -> None:
    """Every page once, by so many scrapers at a time."""
    waiting = iter(pages)
    await asyncio.gather(*(_scrape(waiting) for _ in range(min(concurrency, len(pages)))))


async def _scrape(pages: Iterable[str]) -> None:
    """Pages one after the other on one connection; raw HTTP, so that asking costs next to nothing."""
    reader, writer = await asyncio.open_connection(*ADDRESS, limit=LONGEST_ANSWER)
    try:
        for page in pages:
            writer.write(f"GET {page} HTTP/1.1\r\nHost: bench\r\n\r\n".encode("ascii"))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, found, length = head.partition(b"content-length:")
            # A body without a length is chunked, and its lines end in a bare \n: only its last chunk reads so.
            body = await (reader.readexactly(int(length.split()[0])) if found else reader.readuntil(b"\r\n0\r\n\r\n"))
            if b"\nprobe_success 1\n" not in body:
                raise BrokenRunError(f"the exporter: GET {page}: {head.splitlines()[0].decode()}, no probe_success 1")
    finally:
        writer.close()
        await writer.wait_closed()
