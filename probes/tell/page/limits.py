"""What was not seen, what cannot be seen from here, and which sweep this is."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC

from probes import __version__
from probes.failure import Failure
from probes.records import Observation, Reading, Vantage
from probes.sweep import Sweep
from probes.tell.outcome import results
from probes.tell.page.markup import Markup, joined, tag
from probes.tell.page.pieces import Sheet, record_link, section
from probes.tell.page.walk import UNSEEN, State, Walk
from probes.tell.words import counted, duration

MOST_LINES = 60
MOST_NAMED = 6
OF_VANTAGE = {
    Vantage.PROBE: (
        "The probe stands in a subnet of its own in API Management's network, and shares DNS and zone links with it.",
        "It shares neither the rules and routes of its subnet nor the DNS servers API Management was started with.",
        "What works from here may still be open to the internet: only a sweep from outside shows that it is not.",
    ),
    Vantage.GATEWAY: ("Only what API Management told of its own calls is seen from here.",),
    Vantage.CLIENT: (
        "A client sees its own way to the gateway: its resolver, its hosts file, its route.",
        "It does not see how the gateway reaches the backend.",
    ),
    Vantage.OUTSIDE: (
        "From a network that must not reach the path, only that can be shown.",
        "That a step fails here says nothing of whether the path works inside.",
    ),
}
NO_GATEWAY = "API Management's own view is not in this sweep: neither its answer to a call nor a read of its network."


def unseen(sheet: Sheet) -> Markup:
    """The section on what this sweep did not see."""
    lines = list(_unseen(sheet))
    if not lines:
        return section("unseen", "Not seen", tag("p", "Nothing: every step on every target was made and answered."))
    more = len(lines) - MOST_LINES
    listed = [tag("li", *line) for line in lines[:MOST_LINES]]
    last = tag("p", f"And {more} more.") if more > 0 else None
    return section("unseen", "Not seen", tag("ul", *listed), last)


def _unseen(sheet: Sheet) -> Iterator[list[Markup | str]]:
    for name in sheet.left_out:
        yield [tag("b", name), ": not looked at; nothing is said of it."]
    for result in results(sheet.sweep):
        titles = [each.title for each in Walk(sheet, result).stations() if each.state is State.NOT_REACHED]
        if titles:
            yield [
                tag("b", result.target.name),
                f": {', '.join(titles)} not reached, for a step before failed or was not seen.",
            ]
    refused: dict[Failure, list[Reading]] = defaultdict(list)
    for record in sheet.sweep.observations:
        if isinstance(record, Reading) and record.failure not in {None, Failure.NOT_FOUND}:
            refused[record.failure].append(record)
        elif record.failure in UNSEEN:
            yield [tag("b", record.target), ": ", record_link(sheet, record.id), f", {_why(record)}."]
    for failure, records in refused.items():
        yield list(_refused(sheet, failure, records))


def _refused(sheet: Sheet, failure: Failure, records: Sequence[Reading]) -> Iterator[Markup | str]:
    """Reads that failed alike, with what the first of them says."""
    yield tag("b", "Azure")
    yield f": {counted(len(records), 'read')}, {failure.value.replace('_', ' ')}: "
    for place, record in enumerate(records[:MOST_NAMED]):
        yield ", " if place else ""
        yield record_link(sheet, record.id)
    more = len(records) - MOST_NAMED
    yield f" and {more} more." if more > 0 else "."
    if records[0].detail:
        yield f" {'It' if len(records) == 1 else 'The first'} says: {records[0].detail}"


def _why(record: Observation) -> str:
    word = "the sweep had to end" if record.failure is Failure.DEADLINE else record.failure or ""
    return f"{word}: {record.detail}" if record.detail else word


def limits(sheet: Sheet) -> Markup:
    """The section on what this vantage cannot see."""
    vantage = sheet.sweep.path.vantage
    says = [*OF_VANTAGE[vantage]]
    if vantage is not Vantage.OUTSIDE and all(each.vantage is not Vantage.GATEWAY for each in sheet.sweep.observations):
        says.append(NO_GATEWAY)
    return section("limits", "What cannot be seen from here", tag("ul", *(tag("li", each) for each in says)))


def identity(sweep: Sweep) -> Markup:
    """The section that says which sweep this is."""
    started = f"{sweep.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    names = [
        ("Sweep", tag("code", sweep.sweep_id)),
        ("Path", sweep.path.name),
        ("Seen from", sweep.path.vantage.value),
        ("Started", tag("time", started, datetime=started.replace(" ", "T"))),
        ("Took", f"{duration(sweep.duration_ms)}, allowed {sweep.path.deadline_s:g} s"),
        ("Observations", str(len(sweep.observations))),
        ("Rules", f"version {sweep.judgement.rules_version}"),
        ("Page made by", f"probes {__version__}"),
    ]
    terms = [(tag("dt", name), tag("dd", value)) for name, value in names]
    return section("sweep", "This sweep", tag("dl", *terms), tag("p", *_again(sweep), class_="hint"))


def _again(sweep: Sweep) -> Iterator[Markup | str]:
    yield "The id was sent as "
    yield tag("code", "x-correlation-id")
    yield " with every request. The same sweep as JSON can be judged again: "
    yield tag("code", f"probes check --path {sweep.path.name}.toml --format json -o sweep.json")
    yield ", then "
    yield tag("code", "probes judge sweep.json")
    yield "."


def footer() -> Markup:
    """The last line."""
    return joined(("Private path probe ", __version__, ". No secrets are in this page; names and addresses are."))
