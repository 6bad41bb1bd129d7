"""`close`: public access off, by a proof; proven again, undone where it breaks the path; and the way back."""

import getpass
import socket
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator

from probes.closure.guard import RefusedError
from probes.closure.journal import Journal, JournalError, held, read
from probes.closure.mark import whose
from probes.closure.progress import Event
from probes.closure.run import run as forward
from probes.closure.run import run_back
from probes.closure.work import Ending, Result, Work
from probes.commands.close_order import Order, again, ordered, so_far, works
from probes.commands.close_setting import Setting, setting
from probes.commands.outcome import Exit, UsageError
from probes.commands.output import note, say
from probes.commands.running import run
from probes.tell.words import plain

LEAST_SETTLE_S, MOST_SETTLE_S = 0.0, 3_600.0
LEAST_AGE_MINUTES, MOST_AGE_MINUTES = 1, 1_440
LONGEST_LINE = 10_000
YES = "yes"
LONG_S = 60.0
"""After so long a think the path is looked at once more."""
ENDINGS = {
    Ending.PROVEN: (Exit.FINE, "CLOSED AND PROVEN: the path works from inside, and not from outside"),
    Ending.CLOSED: (Exit.INCONCLUSIVE, "CLOSED, NOT FULLY PROVEN: it holds from inside; something is not shown yet"),
    Ending.EXPOSED: (Exit.FAILED, "CLOSED IN AZURE, OPEN ALL THE SAME: a network outside still gets in"),
    Ending.WITHDRAWN: (Exit.FAILED, "WITHDRAWN: nothing was changed"),
    Ending.UNDONE: (Exit.FAILED, "OPEN AGAIN: what was closed is as it was before"),
    Ending.BROKEN: (Exit.FAILED, "OPEN AGAIN, AND BROKEN ALL THE SAME"),
    Ending.HALFWAY: (Exit.FAILED, "HALFWAY: some is done and some is not"),
}


def close(arguments: Namespace) -> Exit:
    """Close, go on, or undo; 1 where that is refused, or was undone."""
    if arguments.resume and arguments.undo:
        raise UsageError("--resume and --undo: one goes on, the other goes back; allowed: one of them")
    try:
        made = setting(arguments)
        if not arguments.dry_run:
            with held(made.journal) as journal:
                return _carried_out(made, journal)
        order = run(ordered(made, so_far(read(made.journal), made)))
    except RefusedError as error:
        return _refused(error.told)
    except JournalError as error:
        return _refused((str(error),))
    _say(order.lines)
    note("a dry run: nothing was changed\n")
    return Exit.FINE


def _carried_out(made: Setting, journal: Journal) -> Exit:
    order = run(ordered(made, so_far(journal.records, made)))
    _say(order.lines)
    asked_s = time.monotonic()
    _confirm(made)
    if order.begin is not None and time.monotonic() - asked_s > LONG_S:
        run(works(order.inside))
    _write_down(order, journal)
    result = run(_work(made, order, journal))
    code, headline = ENDINGS[result.ending]
    _say((headline, *result.told, *_next(made, result)))
    return Exit.FINE if made.arguments.undo and result.ending is Ending.UNDONE else code


def _confirm(made: Setting) -> None:
    """Ask, unless that was done beforehand; raises RefusedError where the answer is no, or there is nobody to ask."""
    if made.arguments.yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("nobody is here to confirm it (no terminal); allowed: --yes, for whoever has looked")
    note(f'Type "{YES}" to go on: ')
    if sys.stdin.readline().strip().lower() != YES:
        raise RefusedError("not confirmed")


def _write_down(order: Order, journal: Journal) -> None:
    """A new closure's first line, or that another process goes on."""
    if order.begin is None:
        journal.write(Event.RESUMED, who=_who())
        return
    if journal.records:
        journal.put_aside()
    journal.write(Event.BEGAN, who=_who(), **order.begin)


async def _work(made: Setting, order: Order, journal: Journal) -> Result:
    arguments = made.arguments
    work = Work(
        journal=journal,
        management=made.management,
        pace=made.pace,
        anchor=made.sites[0],
        who=_who(),
        say=_told,
        glance=order.inside.glance,
        replay=order.inside.replay,
        finish=order.inside.finish,
        knock=order.inside.knock,
        take_over=arguments.take_over or arguments.resume,
        resumed=order.begin is None,
    )
    return await (run_back(work) if arguments.undo else forward(work))


def _next(made: Setting, result: Result) -> Iterator[str]:
    """What finishes a closure that lacks an outside."""
    if result.ending not in {Ending.CLOSED, Ending.EXPOSED}:
        return
    outside = again(made, journal=False).replace("probes close", "probes prove", 1)
    yield "On a machine outside, with the same path file:"
    yield f"  {outside} --vantage outside -o outside.json"
    yield "Then here, with its file, within the hour:"
    yield f"  {again(made, '--resume', '--outside', 'outside.json')}"
    yield "Or back:"
    yield f"  {again(made, '--undo')}"


def _refused(told: Iterable[str]) -> Exit:
    _say(("REFUSED: nothing was changed", *told))
    return Exit.FAILED


def _say(lines: Iterable[str]) -> None:
    say("".join(f"{plain(line, LONGEST_LINE)}\n" for line in lines))


def _told(line: str) -> None:
    """To standard error: a closed pipe must not end a closure halfway."""
    note(f"{plain(line, LONGEST_LINE)}\n")


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        user = "unknown"
    return whose(user, socket.gethostname())
