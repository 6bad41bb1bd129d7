"""`check`: one sweep over a path, from this machine."""

from argparse import Namespace
from collections.abc import Collection

from probes.commands import lab
from probes.commands.outcome import Exit, UsageError, exit_code, one_of
from probes.commands.output import show, writable
from probes.commands.progress import progress
from probes.commands.running import run
from probes.observe.machine import surroundings
from probes.path import Path, Role, load
from probes.sweep import sweep

NOT_TESTABLE = (
    "there is no backend for API Management to test; allowed: beside a gateway's Azure resource and a backend"
)
SHORTEST_DEADLINE_S, LONGEST_DEADLINE_S = 0.1, 300.0


def check(arguments: Namespace) -> Exit:
    """Walk the path as a caller would, judge, and tell."""
    path = load(arguments.path)
    names = [target.name for target in path.targets]
    chosen = [one_of(name, names, "target") for name in arguments.target] or None
    here = lab.surroundings(arguments.surroundings) if arguments.surroundings is not None else surroundings()
    writable(arguments.output)
    if arguments.ask_gateway and not testable(path, chosen or names):
        raise UsageError(f"--ask-gateway: {NOT_TESTABLE}")
    with progress(path.name) as observed:
        result = run(
            sweep(
                path,
                here,
                targets=chosen,
                observed=observed,
                deadline_s=arguments.deadline,
                ask_gateway=arguments.ask_gateway,
            )
        )
    show(result, arguments.format, arguments.output)
    return exit_code(result.judgement.verdict, strict=arguments.strict)


def testable(path: Path, chosen: Collection[str]) -> bool:
    """Whether API Management is known, and any of the targets is a backend that it could test."""
    backends = [target for target in path.targets if target.role is Role.BACKEND and target.name in chosen]
    return bool(backends) and path.service_id is not None
