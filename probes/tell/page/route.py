"""The path as a picture of text: each target a lane, each step of the way to it a stop with its verdict."""

from collections.abc import Iterator

from probes.judge.finding import Severity
from probes.records import Connection, Observation, Reading, Vantage
from probes.tell.outcome import Outcome, TargetResult, results
from probes.tell.page.markup import Markup, tag
from probes.tell.page.pieces import STATES, Sheet, cause_link, chip, glyph, mark, record_link, section
from probes.tell.page.walk import State, Station, Walk, target_word
from probes.tell.words import counted, failed

OUTCOMES = {
    Outcome.WORKS: ("tick", "good"),
    Outcome.FAILS: ("cross", "bad"),
    Outcome.UNSEEN: ("ask", "unseen"),
}
FROM_OUTSIDE = {Outcome.WORKS: "in order", Outcome.FAILS: "not in order"}
"""There a target is not meant to work."""
MOST_LANES = 24
"""Drawn at once; of a larger path, the lanes without trouble fold."""


def route(sheet: Sheet) -> Markup:
    """The section."""
    found = results(sheet.sweep)
    if not found:
        return section("path", "The path", tag("p", "No target was looked at."))
    troubled = [result for result in found if result.cause is not None]
    shown = found if len(found) <= MOST_LANES else (troubled or list(found))[:MOST_LANES]
    folded = [result for result in found if result not in shown]
    lanes = tag("ol", *(lane(sheet, result) for result in shown), class_="lanes")
    rest = None
    if folded:
        head = tag("summary", f"{counted(len(folded), 'more target')}, {_how_many_work(folded)}")
        rest = tag("details", head, tag("ol", *(lane(sheet, result) for result in folded), class_="lanes"))
    return section("path", "The path", tag("p", start(sheet), class_="start"), lanes, rest)


def start(sheet: Sheet) -> str:
    """Where the walk began."""
    own = [record for record in sheet.sweep.observations if isinstance(record, Connection) and record.source_address]
    sources = sorted({record.source_address or "" for record in own})
    return f"From {sheet.sweep.path.vantage}{f' at {", ".join(sources[:2])}' if sources else ''}"


def lane(sheet: Sheet, result: TargetResult) -> Markup:
    """One target."""
    target = result.target
    role = target_word(target)
    symbol, tone = OUTCOMES[result.outcome]
    outside = sheet.sweep.path.vantage is Vantage.OUTSIDE
    if result.outcome is Outcome.WORKS and result.cause is not None and result.cause.severity is Severity.WARNING:
        symbol, tone = "bang", "warn"
    head = tag(
        "div",
        tag("h3", target.name, tag("span", f" {role}", class_="role") if role else None),
        chip(FROM_OUTSIDE.get(result.outcome, result.outcome) if outside else result.outcome, symbol, tone),
        tag("p", tag("code", target.url), class_="host"),
        class_="who",
    )
    stops = tag("ol", *map(stop, Walk(sheet, result).stations()), class_="stops")
    return tag("li", head, stops, *elsewhere(sheet, result), class_=f"lane {tone}")


def stop(station: Station) -> Markup:
    """One step of the way."""
    symbol, tone = STATES[station.state]
    if tone == "bad" and station.severity is not None and station.severity is not Severity.ERROR:
        tone = "warn" if station.severity is Severity.WARNING else "plain"
    words: list[Markup | str] = [station.state.value]
    if station.cause is not None:
        words += [_leading(station), cause_link(station.cause)]
    lines = [tag("span", line) for line in station.says]
    return tag(
        "li",
        glyph(symbol),
        tag("span", station.title, class_="what"),
        tag("span", *words, class_="state"),
        tag("span", *lines, class_="says") if lines and station.state is not State.NOT_ASKED else None,
        class_=f"stop {tone}{' root' if station.root else ''}",
    )


def _leading(station: Station) -> str:
    """Between the state and the cause."""
    if not station.hit:
        return ", evidence of "
    if station.state is State.SHOWS:
        return " "
    return ": " if station.root else ", due to "


def elsewhere(sheet: Sheet, result: TargetResult) -> Iterator[Markup]:
    """What was seen of the target from another vantage."""
    own = sheet.sweep.path.vantage
    for record in sheet.sweep.observations:
        if record.target == result.target.name and record.vantage is not own:
            yield tag("p", *_seen(sheet, record), class_="elsewhere")


def _seen(sheet: Sheet, record: Observation) -> Iterator[Markup | str]:
    yield mark(sheet, record)
    yield f" from {record.vantage}: {sheet.says(record)}"
    if (failure := failed(record)) and not isinstance(record, Reading):
        yield f", {failure}"
    number = sheet.numbers.get(record.id)
    if number is not None:
        yield ", "
        yield cause_link(number)
    yield " ("
    yield record_link(sheet, record.id)
    yield ")"


def _how_many_work(found: list[TargetResult]) -> str:
    working = sum(result.outcome is Outcome.WORKS for result in found)
    return "all of which work" if working == len(found) else f"{working} of which work"
