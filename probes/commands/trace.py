"""`trace`: one correlation id from the gateway's log to the last thing done for its call."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from types import ModuleType

from probes.azure.answer import ReadError
from probes.azure.log_analytics import AUDIENCE, DEADLINE_S, ENDPOINT, WORKSPACE_ID, LogAnalytics
from probes.azure.rest import Rest
from probes.commands.lab import missing
from probes.commands.outcome import Exit, UsageError
from probes.commands.output import note, printed, say
from probes.commands.running import run
from probes.commands.signed_in import signed_in
from probes.failure import Failure
from probes.observe.surroundings import TokenSource
from probes.tell.trace import dumps, render
from probes.tell.words import plain
from probes.trace.ending import ending
from probes.trace.queries import CORRELATION_ID
from probes.trace.records import Trace
from probes.trace.search import search

FEWEST_HOURS, MOST_HOURS = 1, 2160
"""How far back: Log Analytics keeps ninety days without being paid for more."""
LONGEST_ERROR = 500
START = "start one in another terminal: probes lab up healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the records are.

    Attributes:
        help: what to do about a failure.
    """

    endpoint: str
    workspace_id: str
    credential: Callable[[], TokenSource]
    help: Callable[[Failure], str | None]


def trace(arguments: Namespace) -> Exit:
    """Search, tell, and say by the exit code whether the chain is whole."""
    if not CORRELATION_ID.fullmatch(arguments.id):
        raise UsageError(f'id "{plain(arguments.id)}"; allowed: 8 to 128 characters of A-Z a-z 0-9 . _ -')
    source = of_lab() if arguments.lab else of_azure(arguments.workspace)
    try:
        found = run(_searched(source, arguments.id, timedelta(hours=arguments.since)))
    except ReadError as error:
        note(f"probes: the workspace {source.workspace_id} does not answer: {plain(str(error), LONGEST_ERROR)}\n")
        if (advice := source.help(error.failure)) is not None:
            note(f"  {advice}\n")
        return Exit.INCONCLUSIVE
    if arguments.format == "json":
        say(dumps(found))
    else:
        printed(partial(render, found))
    row = ending(found)
    if row.at is None:
        return Exit.INCONCLUSIVE
    return Exit.FINE if row.whole else Exit.FAILED


async def _searched(source: Source, correlation_id: str, timespan: timedelta) -> Trace:
    async with Rest(
        endpoint=source.endpoint, audience=AUDIENCE, credential=source.credential, deadline_s=DEADLINE_S
    ) as rest:
        return await search(LogAnalytics(rest=rest, workspace_id=source.workspace_id), correlation_id, timespan)


def of_azure(workspace_id: str | None) -> Source:
    """The workspace of that id, as whoever is signed in here may read it."""
    if workspace_id is None or not WORKSPACE_ID.fullmatch(workspace_id):
        shown = "is missing" if workspace_id is None else f'"{plain(workspace_id)}"'
        raise UsageError(
            f"--workspace {shown}; allowed: the workspace id (a GUID) of a Log Analytics workspace, or --lab"
        )
    return Source(endpoint=ENDPOINT, workspace_id=workspace_id, credential=signed_in(), help=in_azure)


def in_azure(failure: Failure) -> str | None:
    """What mends a failure of a real workspace."""
    match failure:
        case Failure.TOKEN_UNAVAILABLE | Failure.IDENTITY_ENDPOINT_MISSING:
            return "Sign in first: az login"
        case Failure.DENIED:
            return "It takes the role Log Analytics Reader on the workspace, and a network that it lets in."
        case Failure.NOT_FOUND:
            return "--workspace takes the workspace id: az monitor log-analytics workspace show --query customerId"
    return None


def of_lab() -> Source:
    """The lab that `lab up` left running on this machine."""
    standing, credential = _lab("lab.standing"), _lab("lab.credential")
    try:
        file = standing.state_file()
    except RuntimeError as error:
        raise UsageError(f"--lab: {error}") from None
    found = standing.found(file)
    if found is None:
        raise UsageError(f"--lab: no lab stands on this machine ({file} tells of none); {START}")
    return Source(
        endpoint=found.log_analytics,
        workspace_id=found.workspace_id,
        credential=lambda: credential.LabCredential(None, found.identity),
        help=lambda _: f"{file} tells of a lab that shows {plain(found.scenario)}. Where it is gone, {START}",
    )


def _lab(name: str) -> ModuleType:
    """A module of the lab, which is no part of what is deployed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise missing(error) from None
