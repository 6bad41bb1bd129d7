"""`check`: one sweep over a path, from this machine."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from probes.commands.outcome import Exit, exit_code, one_of, show, writable
from probes.observe.machine import surroundings
from probes.path import load
from probes.records import Observation
from probes.sweep import sweep
from probes.tell.words import counted

SHORTEST_DEADLINE_S, LONGEST_DEADLINE_S = 0.1, 300.0


def check(arguments: Namespace) -> Exit:
    """Walk the path as a caller would, judge, and tell."""
    path = load(arguments.path)
    names = [target.name for target in path.targets]
    chosen = [one_of(name, names, "target") for name in arguments.target] or None
    writable(arguments.output)
    with progress(path.name) as observed:
        result = asyncio.run(
            sweep(path, surroundings(), targets=chosen, observed=observed, deadline_s=arguments.deadline)
        )
    show(result, arguments.format, arguments.output)
    return exit_code(result.judgement.verdict, strict=arguments.strict)


@contextmanager
def progress(name: str) -> Iterator[Callable[[Observation], None] | None]:
    """What to call with every observation: a line on a terminal that says how far the sweep is, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    with Status(Text(f"{name}: looking"), console=Console(stderr=True)) as status:
        count = 0

        def observed(record: Observation) -> None:
            nonlocal count
            count += 1
            status.update(Text(f"{name}: {counted(count, 'observation')}, {record.step} of {record.target}"))

        yield observed
