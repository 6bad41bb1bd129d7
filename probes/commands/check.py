"""`check`: one sweep over a path, from this machine."""

from argparse import Namespace

from probes.commands import lab
from probes.commands.outcome import Exit, exit_code, one_of
from probes.commands.output import show, writable
from probes.commands.progress import progress
from probes.commands.running import run
from probes.observe.machine import surroundings
from probes.path import load
from probes.sweep import sweep

SHORTEST_DEADLINE_S, LONGEST_DEADLINE_S = 0.1, 300.0


def check(arguments: Namespace) -> Exit:
    """Walk the path as a caller would, judge, and tell."""
    path = load(arguments.path)
    names = [target.name for target in path.targets]
    chosen = [one_of(name, names, "target") for name in arguments.target] or None
    here = lab.surroundings(arguments.surroundings) if arguments.surroundings is not None else surroundings()
    writable(arguments.output)
    with progress(path.name) as observed:
        result = run(sweep(path, here, targets=chosen, observed=observed, deadline_s=arguments.deadline))
    show(result, arguments.format, arguments.output)
    return exit_code(result.judgement.verdict, strict=arguments.strict)
