"""The command line: `python -m probes`, and `probes` where the package is installed."""

import logging
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from functools import partial
from io import TextIOWrapper
from pathlib import Path as File
from traceback import extract_tb, format_exception

from probes import __version__
from probes.commands import check, close_arguments, explain, judge, lab, prove_arguments, trace
from probes.commands.numbers import seconds, whole
from probes.commands.outcome import Exit, Stopped, UsageError
from probes.commands.output import note, reopened
from probes.path import PathError
from probes.tell.words import plain

DESCRIPTION = "Says why a private API path fails, proves that it is private, and names the command that mends it."
EXIT_CODES = """\
exit codes:
  0    proven, or degraded without --strict
  1    broken or exposed; degraded with --strict
  2    the arguments, the path file or the saved sweep cannot be used, or the report cannot be written
  3    inconclusive: the agent could not see enough to say
  70   a defect of this program, which says nothing of the path
  129  the terminal went away; 130 interrupted, 141 pipe closed, 143 terminated
"""
EXAMPLES = """\
examples:
  probes check --path orders.toml                      what is wrong, why, and what mends it
  probes check --path orders.toml --target backend     one target only
  probes check --path orders.toml --format json -o sweep.json
  probes judge sweep.json                              the same observations, judged again
  probes judge sweep.json --format html -o sweep.html  a page for a browser: path, causes, what to run, evidence
  probes explain zone-not-linked                       what a finding means
  probes close --path orders.toml --proof proof.json --dry-run
                                                       what closing public access would do
  probes trace ID --workspace GUID                     one call, from the gateway's log to its last record
  probes prove --path orders.toml --vantage client --workspace GUID -o proof.json
                                                       the whole path proven, stage by stage, with the evidence
  probes lab run zone-not-linked                       see it happen on this machine
"""
CHECK = """\
Walks the path once as a caller would - name, address, TLS, HTTP, identity - from this machine, and says what is
wrong. It only reads: no setting is changed, and requests use GET, HEAD or OPTIONS. A failing target is tried twice.
Where the path file names Azure resources, what Azure says of them is read as well, unless it says otherwise.
"""
DEBUG = "PROBES_DEBUG"
LONGEST_LINE = 1_000
JUDGE = """\
Judges a sweep saved by `check --format json` again, by the rules of this version. No network is touched.
"""
TRACE = """\
Follows one correlation id in a Log Analytics workspace: the gateway's log, the backend's request, its logs, what it
called in turn, its exceptions; and says where the chain ends when it ends early. It only reads.
"""
TRACE_EXIT_CODES = """\
exit codes:
  0  the chain is whole: the gateway passed the call on, and the caller got the backend's own answer
  1  it ends early; the last line says where, and what to look at
  2  the arguments cannot be used
  3  inconclusive: nothing is kept of the id, or the workspace does not answer
"""
LAB = """\
The whole private path on loopback: name servers, TLS, API Management, the orders app, Entra. Nothing leaves this
machine and nothing needs root.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, and leaves argparse's own exits (--help, bad usage) as they are."""
    reopened()
    # What azure-identity logs of a token that cannot be had stands in the sweep, in better words.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A certificate may hold any character; a terminal may not know it, and that must not end the report.
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    return ended(partial(arguments.command, arguments))


def ended(command: Callable[[], Exit]) -> Exit:
    """The exit code that a command comes to, however it ends."""
    try:
        return command()
    except (PathError, UsageError) as error:
        note(f"probes: {message(error)}\n")
        return Exit.USAGE
    except Stopped as stopped:
        note(f"probes: {stopped}\n")
        return stopped.code
    except KeyboardInterrupt:
        note("probes: interrupted\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - Python would end with 1, which means that the path is broken
        place = extract_tb(error.__traceback__)[-1]
        what = plain(f"{type(error).__name__}: {error}", LONGEST_LINE)
        note("".join(format_exception(error)) if os.environ.get(DEBUG) else "")
        note(f"probes: a defect of this program, not of the path: {what}\n")
        note(f"  at {place.filename} line {place.lineno}; {DEBUG}=1 in the environment shows more\n")
        return Exit.DEFECT


def message(error: PathError | UsageError) -> str:
    """What to say of an error, harmless to a terminal: the values of a saved sweep are a stranger's."""
    lines = str(error).split("\n")
    if isinstance(error, PathError):
        lines = [lines[0], *(f"  {problem}" for problem in error.problems)]
    return "\n".join(plain(line, LONGEST_LINE) for line in lines)


def parser() -> ArgumentParser:
    """All commands with their arguments."""
    root = _parser(ArgumentParser, "probes", DESCRIPTION, f"{EXAMPLES}\n{EXIT_CODES}")
    root.add_argument("--version", action="version", version=f"probes {__version__}")
    commands = root.add_subparsers(metavar="COMMAND", required=True)

    checking = _parser(commands.add_parser, "check", CHECK, EXIT_CODES, help="look at a path now")
    checking.add_argument("--path", type=File, required=True, metavar="FILE", help="the path file (TOML or JSON)")
    checking.add_argument(
        "--target", action="append", default=[], metavar="NAME", help="only this target; may be given several times"
    )
    checking.add_argument(
        "--deadline",
        type=seconds(check.SHORTEST_DEADLINE_S, check.LONGEST_DEADLINE_S),
        metavar="SECONDS",
        help="end by then, whatever the network does; the path file's own deadline where that is shorter",
    )
    checking.add_argument(
        "--surroundings", type=File, metavar="FILE", help="see a lab that is up, by the file that `lab up` names"
    )
    checking.add_argument(
        "--ask-gateway",
        action="store_true",
        help="let API Management test the backend as well, from where it stands: POSTs a test that changes nothing and "
        "takes up to a minute",
    )
    _add_report(checking)
    checking.set_defaults(command=check.check)

    judging = _parser(commands.add_parser, "judge", JUDGE, EXIT_CODES, help="judge a saved sweep again")
    judging.add_argument("sweep", type=File, metavar="SWEEP.json", help="the saved sweep; - = standard input")
    judging.add_argument(
        "--path", type=File, metavar="FILE", help="judge by this path file, not by the one saved with the sweep"
    )
    _add_report(judging)
    judging.set_defaults(command=judge.judge)

    explaining = _parser(
        commands.add_parser,
        "explain",
        "What a finding means, how it is recognised, what speaks for and against it, and what mends it.",
        help="what a finding means, or the list of all",
    )
    explaining.add_argument("id", nargs="?", metavar="ID", help="a finding's id; without it all are listed")
    _add_format(explaining)
    explaining.set_defaults(command=explain.explain)

    proving = _parser(
        commands.add_parser,
        "prove",
        prove_arguments.DESCRIPTION,
        prove_arguments.EXIT_CODES,
        help="prove a path, stage by stage",
    )
    prove_arguments.add(proving)
    close_arguments.add(
        _parser(
            commands.add_parser,
            "close",
            close_arguments.DESCRIPTION,
            close_arguments.EXIT_CODES,
            help="close public access, by a proof",
        )
    )
    _add_trace(_parser(commands.add_parser, "trace", TRACE, TRACE_EXIT_CODES, help="follow one call by its id"))
    _add_lab(_parser(commands.add_parser, "lab", LAB, help="the path on this machine, and every way to break it"))
    return root


def _add_trace(command: ArgumentParser) -> None:
    command.add_argument("id", metavar="ID", help="x-gateway-request-id of the call's answer, else x-correlation-id")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workspace", metavar="GUID", help="workspace id of the Log Analytics workspace")
    where.add_argument("--lab", action="store_true", help="ask the lab that `lab up` left running on this machine")
    command.add_argument(
        "--since",
        type=whole(trace.FEWEST_HOURS, trace.MOST_HOURS, "hours"),
        default=24,
        metavar="HOURS",
        help="how far back to search, 24 by default",
    )
    _add_format(command)
    command.set_defaults(command=trace.trace)


def _add_lab(lab_parser: ArgumentParser) -> None:
    commands = lab_parser.add_subparsers(metavar="COMMAND", required=True)
    listing = _parser(commands.add_parser, "list", "Every scenario and what it is expected to show.", help="name all")
    _add_format(listing)
    listing.set_defaults(command=lab.list_scenarios)
    running = _parser(
        commands.add_parser,
        "run",
        "One sweep in the lab, and whether it says what the scenario is known for. The exit code is the sweep's own.",
        EXIT_CODES,
        help="one sweep in a scenario",
    )
    running.add_argument("name", metavar="NAME", help="of a scenario, as `lab list` has it")
    running.add_argument("--azure", action="store_true", help="let the probe read Azure as well, in any scenario")
    _add_report(running)
    running.set_defaults(command=lab.run_scenario)
    standing = _parser(
        commands.add_parser,
        "up",
        "Leaves a scenario running until Ctrl-C, and prints command lines to try on it.",
        help="leave a scenario running",
    )
    standing.add_argument("name", metavar="NAME", help="of a scenario, as `lab list` has it")
    standing.set_defaults(command=lab.keep_up)


def _parser(
    make: Callable[..., ArgumentParser], name: str, description: str, epilog: str = "", **more: str
) -> ArgumentParser:
    """A parser whose texts are printed as they are written."""
    key = {"prog": name} if make is ArgumentParser else {"name": name}
    return make(**key, description=description, epilog=epilog, formatter_class=RawDescriptionHelpFormatter, **more)


def _add_report(command: ArgumentParser) -> None:
    """What the commands that end in a report have in common."""
    _add_format(command, "html")
    command.add_argument(
        "-o", dest="output", type=File, metavar="FILE", help="write the report there, whole or not at all"
    )
    command.add_argument("--strict", action="store_true", help="let warnings count: degraded exits with 1")


def _add_format(command: ArgumentParser, *more: str) -> None:
    forms = ("json", *more)
    what = f"text (default) or one document: {' or '.join(forms)}"
    command.add_argument("--format", choices=("text", *forms), default="text", help=what)
