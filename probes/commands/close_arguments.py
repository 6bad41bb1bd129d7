"""The arguments of `close`."""

from argparse import ArgumentParser
from pathlib import Path as File

from probes.commands import close
from probes.commands.numbers import seconds, whole

DESCRIPTION = """\
Closes public access of a path's web app, and of what it depends on where that is asked for. It does so by a fresh and
complete proof of the path alone, sweeps it once more, shows what it will do and asks. Then it waits until Azure and the
front ends agree and makes the proof again from inside; where the path does not hold, it opens again what it has closed,
and says which stage broke. Every step is written down before it is made: what was interrupted goes on with --resume.
Everything that it writes to Azure is public access and one tag.
"""
EXIT_CODES = """\
exit codes:
  0  closed, and proven from inside and outside; undone, where that was asked for; or a dry run that would be done
  1  refused, withdrawn, undone, or halfway: the first line of the last paragraph says which
  2  the arguments, the path file or a file of --outside or --merge cannot be used
  3  closed, and not fully proven: most often the outside is still to be shown
"""


def add(command: ArgumentParser) -> None:
    """Give them to the command's parser."""
    command.add_argument("--path", type=File, required=True, metavar="FILE", help="the path file (TOML or JSON)")
    command.add_argument("--proof", type=File, metavar="FILE", help="the proof of the path, as `prove -o` wrote it")
    command.add_argument(
        "--max-age",
        type=whole(close.LEAST_AGE_MINUTES, close.MOST_AGE_MINUTES, "minutes"),
        default=60,
        metavar="MINUTES",
        help="how old what the proof saw may be, 60 by default",
    )
    command.add_argument(
        "--with-dependencies", action="store_true", help="storage account and vault as well, after the web app"
    )
    command.add_argument(
        "--also", action="append", default=[], metavar="ID", help="a further web app, slot, storage account or vault"
    )
    way = command.add_argument_group("an interrupted or finished closure")
    way.add_argument("--resume", action="store_true", help="go on with the closure in the journal")
    way.add_argument("--undo", action="store_true", help="open again what the closure in the journal has closed")
    way.add_argument("--outside", type=File, metavar="FILE", help="a proof from outside, made after the closure")
    way.add_argument(
        "--merge", type=File, nargs="+", default=[], metavar="FILE", help="proofs from elsewhere inside, made after it"
    )
    way.add_argument(
        "--journal", type=File, metavar="FILE", help="where it is kept, in the user's state folder by default"
    )
    way.add_argument(
        "--take-over", action="store_true", help="replace another's mark on the web app that is older than two hours"
    )
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    command.add_argument("--yes", action="store_true", help="do not ask; for whoever has looked at a dry run")
    command.add_argument(
        "--settle",
        type=seconds(close.LEAST_SETTLE_S, close.MOST_SETTLE_S),
        metavar="SECONDS",
        help="what front ends take to follow at least, 120 by default",
    )
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workspace", metavar="GUID", help="Log Analytics workspace, in place of the proof's own")
    where.add_argument("--lab", action="store_true", help="the workspace of the lab that `lab up` left running")
    command.add_argument(
        "--surroundings", type=File, metavar="FILE", help="close a lab that is up, by the file that `lab up` names"
    )
    command.add_argument("-o", dest="output", type=File, metavar="FILE", help="write the proof after the closure there")
    command.set_defaults(command=close.close)
