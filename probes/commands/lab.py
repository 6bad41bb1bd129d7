"""`lab list`, `lab run` and `lab up`: the whole path on this machine, broken as one likes.

The lab's own modules are imported when a command runs: what is deployed to Azure has no lab.
"""

import asyncio
import json
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path as File
from types import ModuleType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from probes.commands.hints import hints
from probes.commands.lab_files import Files
from probes.commands.outcome import Exit, Stopped, UsageError, exit_code, one_of
from probes.commands.output import entry, note, printed, say, show, writable
from probes.commands.progress import progress
from probes.commands.running import run
from probes.observe.surroundings import Surroundings
from probes.path.load import reason
from probes.sweep import Sweep, sweep

if TYPE_CHECKING:
    from lab.replica import Replica
    from lab.world import Scenario

PACKAGES = "the groups `lab` and `orders` of pyproject.toml (make setup)"
STARTING = "starting the lab"


def list_scenarios(arguments: Namespace) -> Exit:
    """Every scenario, what is broken in it, and what a sweep has to say of it."""
    scenarios = list(known().values())
    if arguments.format == "json":
        rows = [
            {
                "name": found.name,
                "breaks": found.breaks,
                "verdict": found.verdict,
                "finding": found.finding,
                "beside": list(found.beside),
            }
            for found in scenarios
        ]
        say(json.dumps(rows, indent=2) + "\n")
    else:
        printed(partial(show_list, scenarios))
    return Exit.FINE


def show_list(scenarios: list["Scenario"], console: Console) -> None:
    """The names, each with what is broken and what comes of it."""
    width = max(len(found.name) for found in scenarios)
    for found in scenarios:
        expected = ", ".join([found.verdict, *found.roots])
        entry(Text(f"{found.name:<{width}}  ", "bold"), f"{found.breaks} ({expected})", console)


def run_scenario(arguments: Namespace) -> Exit:
    """One sweep in the lab, and whether it says what it has to."""
    scenario = chosen(arguments.name)
    if arguments.azure:
        scenario = reading(scenario)
    writable(arguments.output)
    result = run(_swept(scenario))
    show(result, arguments.format, arguments.output)
    # Standard output holds exactly one document where one was asked for.
    alone = arguments.format == "text" and arguments.output is None
    (say if alone else note)(f"{compared(scenario, result)}\n")
    return exit_code(result.judgement.verdict, strict=arguments.strict)


def keep_up(arguments: Namespace) -> Exit:
    """The lab until Ctrl-C, SIGTERM or the end of the terminal, with command lines to try on it."""
    standing = asyncio.Event()
    try:
        run(_stand(chosen(arguments.name), standing))
    except Stopped as stopped:
        if not standing.is_set():
            raise
        note(f"probes: {arguments.name} is taken down\n")
        return Exit.FINE if stopped.code is not Exit.HANGUP else stopped.code
    return Exit.FINE


def surroundings(file: File) -> Surroundings:
    """Those of a lab that is up, from the file that `lab up` names.

    Raises:
        UsageError: it is no such file.
    """
    try:
        from lab import surroundings_file  # noqa: PLC0415 - the lab is no part of what is deployed
    except ModuleNotFoundError as error:
        raise missing(error) from None
    try:
        return surroundings_file.read(file)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        allowed = "the file that `lab up` names, while it is up"
        raise UsageError(f'--surroundings "{file}": cannot be used ({reason(error)}); allowed: {allowed}') from None


def known() -> dict[str, "Scenario"]:
    """The scenarios by name."""
    try:
        from lab.scenarios import SCENARIOS  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise missing(error) from None
    return {scenario.name: scenario for scenario in SCENARIOS}


def chosen(name: str) -> "Scenario":
    """The scenario of that name."""
    scenarios = known()
    return scenarios[one_of(name, scenarios, "scenario", "probes lab list")]


def reading(scenario: "Scenario") -> "Scenario":
    """The scenario with a probe that reads Azure as well."""
    from lab.scenarios.azure import expected  # noqa: PLC0415 - as above

    return expected.read(scenario)


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
    expected = scenario.roots
    found = [root.id for root in result.judgement.roots]
    wanted = ", ".join([scenario.verdict, *expected])
    if found == expected and result.judgement.verdict.value == scenario.verdict:
        return f"as expected of {scenario.name}: {wanted}"
    return f"NOT as expected of {scenario.name}: {wanted}; found {', '.join([result.judgement.verdict.value, *found])}"


@asynccontextmanager
async def opened(scenario: "Scenario", *, telemetry: bool = False) -> AsyncIterator["Replica"]:
    """The lab in this scenario; `telemetry` = the orders app sends to its ingestion, so that calls can be followed.

    Raises:
        UsageError: it could not be started, which says nothing of a path.
    """
    async with AsyncExitStack() as stack:
        try:
            replica = await stack.enter_async_context(replicas().opened(scenario.world, telemetry=telemetry))
        except (OSError, RuntimeError) as error:
            raise UsageError(f"the lab could not be started: {error}") from error
        yield replica


async def _swept(scenario: "Scenario") -> Sweep:
    with progress(scenario.name, STARTING) as observed:
        async with opened(scenario) as replica:
            return await sweep(replica.path, replica.surroundings, observed=observed)


async def _stand(scenario: "Scenario", standing: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        with progress(scenario.name, STARTING):
            replica = await stack.enter_async_context(opened(scenario, telemetry=True))
            files = Files.within(replica.folder)

            async def follow() -> None:
                await asyncio.to_thread(files.write, replica)

            await follow()
            replica.followers.append(follow)
            lines = await hints(replica, files)
            lines += _told(replica, scenario.name, stack)
        standing.set()
        title = [f"{scenario.name}: {scenario.breaks}", "", "It stands. In another terminal:"]
        say("\n".join([*title, *lines, "", "Ctrl-C ends it.", ""]))
        await asyncio.Event().wait()


def _told(replica: "Replica", name: str, stack: AsyncExitStack) -> list[str]:
    """Let `trace --lab` find this lab for as long as it stands; what to say where it cannot."""
    from lab import standing  # noqa: PLC0415 - as above

    try:
        stack.enter_context(standing.told(replica.standing(name), standing.state_file()))
    except (OSError, RuntimeError) as error:
        return ["", f"`probes trace ID --lab` will not find this lab: {reason(error)}"]
    return []
