"""Where a report goes: to standard output in the way of whoever reads it, or to a file."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path as File
from shutil import get_terminal_size

from rich.console import Console
from rich.text import Text

from probes.commands.outcome import UsageError
from probes.document import dumps
from probes.path.load import reason
from probes.sweep import Sweep
from probes.tell.text import FEWEST_BESIDE, as_text, columns, render, unstyled, wrapped

WIDTH = 100
"""Columns of text that goes to a file or a pipe; COLUMNS says otherwise."""


def show(sweep: Sweep, form: str, output: File | None) -> None:
    """The report on a sweep, as `text`, `json` or `html`, to standard output or a file.

    Raises:
        UsageError: it cannot be written.
    """
    if output is not None:
        write(output, document(sweep, form))
    elif form == "text":
        printed(partial(render, sweep))
    else:
        say(document(sweep, form))


def document(sweep: Sweep, form: str) -> str:
    """The whole report as one document."""
    match form:
        case "json":
            return dumps(sweep)
        case "html":
            from probes.tell.page import as_page  # noqa: PLC0415 - whoever wants text does not wait for it

            return as_page(sweep)
    return as_text(sweep, WIDTH)


def printed(page: Callable[[Console], None]) -> None:
    """What a page writes to a console: with colours and in its width on a terminal, bare anywhere else."""
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        say(unstyled(page, get_terminal_size((WIDTH, 0)).columns))
        return
    console.width = columns(console)  # also where the terminal knows no width, and rich would print nothing
    # Captured: rich itself would answer a closed pipe with exit code 1, which means broken.
    with console.capture() as text:
        page(console)
    say(text.get())


def entry(lead: Text, words: str, console: Console) -> None:
    """A line of a list: on a terminal its words stay beside the lead, elsewhere it is whole, to be searched for."""
    lines = [Text(words)]
    if console.is_terminal:
        lines = wrapped(lines[0], max(columns(console) - lead.cell_len, FEWEST_BESIDE))
    for number, line in enumerate(lines):
        beside = Text(" " * lead.cell_len) if number else lead.copy()
        console.print(beside.append_text(line), soft_wrap=True)


def say(text: str) -> None:
    """Write to standard output, now.

    Raises:
        BrokenPipeError: nobody reads it any more.
        UsageError: it cannot be written.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
        raise
    except OSError as error:
        discard()
        raise UsageError(f"standard output cannot be written ({reason(error)})") from None


def note(text: str) -> None:
    """Write to standard error, if it can be written at all."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def discard() -> None:
    """Let standard output go nowhere: Python flushes it once more at exit, and would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def reopened() -> None:
    """Give standard streams that were closed from the start to /dev/null, before a socket gets their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, File(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good


def writable(output: File | None, *, option: str = "-o") -> None:
    """Refuse a file that could not be written, before anything is probed; `option` is what named it.

    Raises:
        UsageError: its folder is missing or may not be written to.
    """
    if output is None:
        return
    folder = output.parent
    try:
        if output.is_dir():
            raise UsageError(f'{option} "{output}": is a folder; allowed: the name of a file')
        if not folder.is_dir():
            raise UsageError(
                f'{option} "{output}": the folder {folder} does not exist; allowed: a file in an existing folder'
            )
        if not os.access(output if special(output) else folder, os.W_OK):
            raise UsageError(f'{option} "{output}": may not be written; allowed: a file in a folder of yours')
    except OSError as error:  # a name that is too long, say
        raise UsageError(
            f'{option} "{output}": cannot be used ({reason(error)}); allowed: the name of a file'
        ) from None


def write(output: File, text: str, *, mode: int = 0o666, option: str = "-o") -> None:
    """Write the whole file or nothing: whoever reads it never sees half a report. `mode` is that of a new file."""
    try:
        # A device such as /dev/stdout or /dev/null is written to: renaming over it would replace it by a file.
        if special(output):
            output.write_text(text, encoding="utf-8")
            return
        final = output.resolve()
        part = final.with_name(f".{final.name}.{os.getpid()}")
        try:
            # What a process of this number left behind has a mode of its own.
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text)
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f'{option} "{output}": cannot be written ({reason(error)}); allowed: a file in your reach'
        ) from None


def special(file: File) -> bool:
    """Whether it exists and is no regular file."""
    return file.exists() and not file.is_file()
