"""The arguments of `prove`."""

from argparse import ArgumentParser
from pathlib import Path as File

from probes.commands import prove
from probes.commands.numbers import seconds

DESCRIPTION = """\
The final test of a private path, as named stages: a client resolves the gateway and calls it, the call is found in
the gateway's log and in Application Insights, the function ran, the backend resolves privately where the gateway asks,
TLS and identity hold, dependencies are private, and no hosts file, address or exception holds it up. Nothing is ever
proven by absence. It only reads: requests use GET, HEAD or OPTIONS.

One machine sees from one vantage. Run it where a client is, and let it ask the probe app by way of the gateway
(--diagnose); run it outside as well, and merge the file (--merge).
"""
EXIT_CODES = """\
exit codes:
  0  complete: every stage that the phase asks for is proven
  1  a stage is disproven; the text names cause and fix
  2  the arguments, the path file or a file to merge cannot be used, or the proof cannot be written
  3  not proven for want of evidence; the text names what would measure it. A file of one vantage alone ends so
"""


def add(command: ArgumentParser) -> None:
    """Give them to the command's parser."""
    command.add_argument("--path", type=File, required=True, metavar="FILE", help="the path file (TOML or JSON)")
    command.add_argument(
        "--vantage",
        choices=("client", "probe", "outside"),
        help="where this machine stands, in place of the path file's own: client walks the gateway only",
    )
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workspace", metavar="GUID", help="Log Analytics workspace in which the call is followed")
    where.add_argument("--lab", action="store_true", help="the workspace of the lab that `lab up` left running")
    command.add_argument("--diagnose", metavar="URL", help="ask the probe app for its sweep, by way of the gateway")
    command.add_argument(
        "--key-setting", metavar="NAME", help="environment variable with the subscription key to show there"
    )
    command.add_argument(
        "--merge", type=File, nargs="+", default=[], metavar="FILE", help="proofs of the same path from elsewhere"
    )
    command.add_argument(
        "--closed", action="store_true", help="prove the closed door as well, whatever Azure says of public access"
    )
    command.add_argument(
        "--require", action="append", default=[], metavar="STAGE", help="a stage to be proven beyond the others"
    )
    command.add_argument(
        "--wait",
        type=seconds(prove.SHORTEST_WAIT_S, prove.LONGEST_WAIT_S),
        default=300.0,
        metavar="SECONDS",
        help="for records to arrive in the workspace, 300 by default",
    )
    command.add_argument(
        "--surroundings", type=File, metavar="FILE", help="see a lab that is up, by the file that `lab up` names"
    )
    command.add_argument(
        "-o", dest="output", type=File, metavar="FILE", help="write the evidence there as JSON, whole or not at all"
    )
    command.add_argument("--page", type=File, metavar="FILE", help="write a page for a browser there")
    command.add_argument(
        "--format", choices=("text", "json"), default="text", help="text (default) or one document: json"
    )
    command.set_defaults(command=prove.proved)
