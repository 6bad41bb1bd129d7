"""What every command ends in: an exit code, or the reason why there is none to give."""

from collections.abc import Collection
from difflib import get_close_matches
from enum import IntEnum

from probes.judge.finding import Verdict
from probes.tell.words import plain

FEW = 12
"""Names that an error message still lists."""


class Exit(IntEnum):
    """Exit codes, which scripts and pipelines rely on."""

    FINE = 0
    """Proven, or degraded unless that was to count."""
    FAILED = 1
    """Broken or exposed."""
    USAGE = 2
    """Arguments, path file or saved sweep cannot be used, or the report cannot be written."""
    INCONCLUSIVE = 3
    """The agent could not see enough to say."""
    DEFECT = 70
    """Of this program, which says nothing of the path: EX_SOFTWARE of sysexits.h, as Python's own 1 means broken."""
    HANGUP = 129
    """The terminal went away: 128 + SIGHUP, as a shell has it; so the others."""
    INTERRUPTED = 130
    """By Ctrl-C."""
    PIPE_CLOSED = 141
    """Whoever read the output went away."""
    TERMINATED = 143


class UsageError(Exception):
    """Arguments that cannot be used; the message is for the user."""


class Stopped(Exception):  # noqa: N818 - nothing is wrong
    """A signal asked for the end."""

    def __init__(self, code: Exit) -> None:
        """End with this exit code."""
        super().__init__(code.name.lower())
        self.code = code


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


def one_of(value: str, names: Collection[str], what: str, listing: str = "") -> str:
    """The value, which is one of the names; `listing` is the command that lists them all.

    Raises:
        UsageError: it is not; says which come close, or all where none does and they are few.
    """
    if value in names:
        return value
    near = get_close_matches(value, names, n=3, cutoff=0.5)
    every = f"`{listing}` lists them all" if listing and len(names) > FEW else f"there are: {', '.join(names)}"
    hint = f"did you mean {' or '.join(near)}?" if near else every
    raise UsageError(f'there is no {what} "{plain(value)}"; {hint}')
