"""`make demo`: the article's path on this machine: swept, broken, watched, one call followed, and the door closed."""

import asyncio
import logging
import sys
import time

from rich.console import Console

from lab.demo import app, call, closure, sweeps
from lab.replica import opened
from lab.scenarios import scenario


async def show(console: Console) -> int:
    """Print the demo; the number of its parts that did not come out as expected."""
    began_s = time.perf_counter()
    async with opened(scenario(sweeps.HEALTHY).world, telemetry=True) as replica:
        wrong = await sweeps.show(replica, console)
        console.print()
        wrong += await app.show(replica, console)
        console.print()
        wrong += await call.show(replica, console)
        console.print()
        wrong += await closure.show(replica, console)
    console.print()
    console.rule(style="dim")
    outcome = "All of it came out as expected" if not wrong else f"{wrong} of it did NOT come out as expected"
    console.print(
        f"{outcome}, in {time.perf_counter() - began_s:.0f} s. "
        "More: `.venv/bin/python -m probes lab list`, `... lab run azure-gateway-blocked`, `... explain record-stale`."
    )
    return wrong


def main() -> int:
    """Run the demo on the terminal; 1 = something did not come out as expected."""
    # What azure-identity logs of a token that cannot be had stands in the sweep, in better words.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    return 1 if asyncio.run(show(Console(highlight=False))) else 0


if __name__ == "__main__":
    sys.exit(main())
