"""`lab list`, `lab run` and `lab up`: the whole path on this machine, broken as one likes.

The lab's own modules are imported when a command runs: what is deployed to Azure has no lab.
"""

import asyncio
import json
import shlex
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from types import ModuleType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from probes.commands.check import progress
from probes.commands.outcome import Exit, UsageError, exit_code, one_of, show, writable
from probes.observe.surroundings import Surroundings
from probes.path import Target
from probes.sweep import Sweep, sweep

if TYPE_CHECKING:
    from lab.replica import Replica
    from lab.world import Scenario

PACKAGES = "the groups `lab` and `orders` of pyproject.toml (make setup)"


def list_scenarios(arguments: Namespace) -> Exit:
    """Every scenario, what is broken in it, and what a sweep has to say of it."""
    scenarios = known().values()
    if arguments.format == "json":
        rows = [
            {"name": found.name, "breaks": found.breaks, "verdict": found.verdict, "finding": found.finding}
            for found in scenarios
        ]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return Exit.FINE
    console = Console(file=sys.stdout)
    width = max(len(found.name) for found in scenarios)
    for found in scenarios:
        expected = f"{found.verdict}, {found.finding}" if found.finding else found.verdict
        console.print(
            Text(f"{found.name:<{width}}  ", "bold").append(f"{found.breaks} ({expected})", ""), soft_wrap=True
        )
    return Exit.FINE


def run_scenario(arguments: Namespace) -> Exit:
    """One sweep in the lab, and whether it says what it has to."""
    scenario = chosen(arguments.name)
    writable(arguments.output)
    result = asyncio.run(_swept(scenario))
    show(result, arguments.format, arguments.output)
    alone = arguments.format == "text" and arguments.output is None
    # Standard output holds exactly one document where one was asked for.
    (sys.stdout if alone else sys.stderr).write(f"{compared(scenario, result)}\n")
    return exit_code(result.judgement.verdict, strict=arguments.strict)


def keep_up(arguments: Namespace) -> Exit:
    """The lab until Ctrl-C or SIGTERM, with command lines to try on it."""
    asyncio.run(_stand(chosen(arguments.name)))
    return Exit.FINE


def known() -> dict[str, "Scenario"]:
    """The scenarios by name."""
    try:
        from lab.scenarios import SCENARIOS  # noqa: PLC0415 - the lab is no part of what is deployed
    except ModuleNotFoundError as error:
        raise missing(error) from None
    return {scenario.name: scenario for scenario in SCENARIOS}


def chosen(name: str) -> "Scenario":
    """The scenario of that name."""
    scenarios = known()
    return scenarios[one_of(name, scenarios, "scenario")]


def replicas() -> ModuleType:
    """`lab.replica`, which needs the packages of the lab."""
    try:
        from lab import replica  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise missing(error) from None
    return replica


def missing(error: ModuleNotFoundError) -> UsageError:
    """What to say where the lab, or a package it needs, is not installed."""
    return UsageError(f"the lab is not installed here (no module {error.name}); it needs the repository and {PACKAGES}")


def compared(scenario: "Scenario", result: Sweep) -> str:
    """Whether verdict and root causes are those that the scenario expects."""
    expected = [scenario.finding] if scenario.finding is not None else []
    found = [root.id for root in result.judgement.roots]
    wanted = ", ".join([scenario.verdict, *expected])
    if found == expected and result.judgement.verdict.value == scenario.verdict:
        return f"as expected of {scenario.name}: {wanted}"
    return f"NOT as expected of {scenario.name}: {wanted}; found {', '.join([result.judgement.verdict.value, *found])}"


async def _swept(scenario: "Scenario") -> Sweep:
    async with replicas().opened(scenario.world) as replica:
        with progress(scenario.name) as observed:
            return await sweep(replica.path, replica.surroundings, observed=observed)


async def _stand(scenario: "Scenario") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with replicas().opened(scenario.world) as replica:
        sys.stdout.write(f"{scenario.name}: {scenario.breaks}\n\n")
        async for line in hints(replica):
            sys.stdout.write(f"{line}\n")
        sys.stdout.write("\nCtrl-C ends it.\n")
        sys.stdout.flush()
        await stop.wait()


async def hints(replica: "Replica") -> AsyncIterator[str]:
    """Command lines that ask the lab's servers, whose addresses exist nowhere else."""
    surroundings = replica.surroundings
    yield "name servers:"
    host = replica.path.targets[0].host
    for name, server in replica.world.name_servers.items():
        address, port = surroundings.endpoint(server.address, server.port)
        yield f"  {name} ({server.address}): {shlex.join(['dig', f'@{address}', '-p', str(port), host])}"
    for target in replica.path.targets:
        yield f"{target.name} ({target.role}):"
        try:
            addresses = [str(target.literal)] if target.literal else await surroundings.getaddrinfo(target.host)
        except OSError as error:
            yield f"  {target.host} does not resolve: {error.strerror}"
            continue
        for address in addresses:
            yield f"  {address}: {_curl(target, address, surroundings)}"


def _curl(target: Target, address: str, surroundings: Surroundings) -> str:
    """curl, with the name, port and certificate that the target expects, on the port where it really stands."""
    try:
        host, port = surroundings.endpoint(address, target.port)
    except OSError as error:
        return f"nothing stands there ({error.strerror})"
    trust = ["--cacert", target.ca_file] if target.ca_file else []
    bridge = ["--connect-to", f"{target.host}:{target.port}:{host}:{port}"]
    return shlex.join(["curl", "--include", *trust, *bridge, target.url])
