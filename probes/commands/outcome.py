"""What every command ends in: a report where it was asked for, and an exit code."""

import os
import sys
from collections.abc import Collection
from difflib import get_close_matches
from enum import IntEnum
from pathlib import Path as File
from shutil import get_terminal_size

from rich.console import Console

from probes import document
from probes.judge.finding import Verdict
from probes.path.load import reason
from probes.sweep import Sweep
from probes.tell.text import as_text, render

WIDTH = 100
"""Columns of text that goes to a file or a pipe; COLUMNS says otherwise."""


class Exit(IntEnum):
    """Exit codes, which scripts and pipelines rely on."""

    FINE = 0
    """Proven, or degraded unless that was to count."""
    FAILED = 1
    """Broken or exposed."""
    USAGE = 2
    """Arguments, path file or saved sweep cannot be used: nothing was probed."""
    INCONCLUSIVE = 3
    """The agent could not see enough to say."""
    INTERRUPTED = 130
    """By Ctrl-C: 128 + SIGINT, as a shell has it."""
    PIPE_CLOSED = 141
    """Whoever read the output went away: 128 + SIGPIPE."""


class UsageError(Exception):
    """Arguments that cannot be used; the message is for the user."""


def exit_code(verdict: Verdict, *, strict: bool) -> Exit:
    """The code of a verdict; `strict` lets a warning count."""
    match verdict:
        case Verdict.PROVEN:
            return Exit.FINE
        case Verdict.DEGRADED:
            return Exit.FAILED if strict else Exit.FINE
        case Verdict.INCONCLUSIVE:
            return Exit.INCONCLUSIVE
        case Verdict.BROKEN | Verdict.EXPOSED:
            return Exit.FAILED


def one_of(value: str, names: Collection[str], what: str) -> str:
    """The value, which is one of the names.

    Raises:
        UsageError: it is not; says which come close, or all where none does.
    """
    if value in names:
        return value
    near = get_close_matches(value, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names)}"
    raise UsageError(f'there is no {what} "{value}"; {hint}')


def show(sweep: Sweep, form: str, output: File | None) -> None:
    """The report on a sweep, as `text` or `json`, to standard output or a file.

    Raises:
        UsageError: the file cannot be written.
    """
    if output is not None:
        write(output, document.dumps(sweep) if form == "json" else as_text(sweep, WIDTH))
    elif form == "json":
        sys.stdout.write(document.dumps(sweep))
    elif (console := Console(file=sys.stdout)).is_terminal:
        render(sweep, console)
    else:
        sys.stdout.write(as_text(sweep, get_terminal_size((WIDTH, 0)).columns))


def writable(output: File | None) -> None:
    """Refuse a file that could not be written, before anything is probed.

    Raises:
        UsageError: its folder is missing or may not be written to.
    """
    if output is None:
        return
    folder = output.parent
    if output.is_dir():
        raise UsageError(f'-o "{output}": is a folder; allowed: the name of a file')
    if not folder.is_dir():
        raise UsageError(f'-o "{output}": the folder {folder} does not exist; allowed: a file in an existing folder')
    if not os.access(output if special(output) else folder, os.W_OK):
        raise UsageError(f'-o "{output}": may not be written; allowed: a file in a folder of yours')


def write(output: File, text: str) -> None:
    """Write the whole file or nothing: whoever reads it never sees half a report."""
    final = output.resolve()
    part = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        # A device such as /dev/stderr or /dev/null is written to: renaming over it would replace it by a file.
        if special(final):
            final.write_text(text, encoding="utf-8")
            return
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f'-o "{output}": cannot be written ({reason(error)}); allowed: a file in your reach') from None


def special(file: File) -> bool:
    """Whether it exists and is no regular file."""
    return file.exists() and not file.is_file()
