"""`judge`: a saved sweep, judged again by the rules of today."""

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path as File

from probes.commands.outcome import Exit, UsageError, exit_code
from probes.commands.output import show, writable
from probes.document import loads
from probes.judge.engine import judge as judged
from probes.path import load
from probes.path.load import reason
from probes.sweep import Sweep


def judge(arguments: Namespace) -> Exit:
    """Read the document, forget its judgement, and make a new one; no network is touched."""
    path = load(arguments.path) if arguments.path is not None else None
    writable(arguments.output)
    result = again(loads(_read(arguments.sweep), source=str(arguments.sweep), path=path))
    show(result, arguments.format, arguments.output)
    return exit_code(result.judgement.verdict, strict=arguments.strict)


def again(saved: Sweep) -> Sweep:
    """The sweep with a judgement by the rules of today, on the targets that it visited: every visit leaves a record."""
    visited = {record.target for record in saved.observations}
    return replace(saved, judgement=judged(saved.path, saved.observations, started_at=saved.started_at, among=visited))


def _read(file: File) -> bytes:
    """The file's content, `-` being standard input."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(
            f'"{file}": cannot be read ({reason(error)}); allowed: a sweep saved with --format json'
        ) from None
