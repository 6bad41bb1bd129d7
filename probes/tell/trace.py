"""A trace as text and as JSON: hop by hop, with where the chain ends before and after, and what to look at.

The layout is that of a sweep (`probes.tell.text`): plain ASCII, everything in words, the outcome at both ends, lines
broken between words only. Whatever was logged passes `probes.tell.words.plain`, and never through rich's markup.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from probes.fields import encoded
from probes.tell.text import FEWEST_BESIDE, INDENT, columns, paragraph, wrapped
from probes.tell.words import counted, duration, plain
from probes.trace.ending import Ending, ending
from probes.trace.kinship import outline
from probes.trace.records import GatewayCall, Hop, Item, Trace
from probes.trace.sentence import advice, sentence

SCHEMA_VERSION = 1
LONGEST_NAME = 200
LONGEST_SENTENCE = 1_000
MOST_LINES = 200
"""Records shown, the last ones: an id that a caller sends for ever has thousands."""
MOST_DEPTH = 8
"""Indented so far at most, however deep the spans stand within each other."""
FAILED = 400
SHORT = {"Verbose": "verbose", "Information": "info", "Warning": "warning", "Error": "error", "Critical": "critical"}
"""Severities, which stand in a narrow column."""
RED, YELLOW = "bold red", "yellow"


def dumps(trace: Trace) -> str:
    """The document as text: ASCII only, ending in a newline."""
    return json.dumps(to_document(trace), indent=2, allow_nan=False) + "\n"


def to_document(trace: Trace) -> dict[str, Any]:
    """The trace as a JSON document, its keys always in the same order."""
    row = ending(trace)
    return {
        "schema_version": SCHEMA_VERSION,
        "correlation_id": trace.correlation_id,
        "searched_s": trace.searched_s,
        "ending": {
            "id": row.id,
            "at": row.at.value if row.at else None,
            "whole": row.whole,
            "summary": sentence(row, trace),
            "look_at": advice(row, trace),
        },
        "partial": trace.partial,
        "gaps": list(trace.gaps),
        "gateway": [encoded(call) for call in trace.gateway],
        "items": [encoded(item) for item in trace.items],
    }


def render(trace: Trace, console: Console) -> None:
    """Write the trace to a console."""
    row = ending(trace)
    shown = list(lines(trace))
    paragraph(Text.assemble((f"{trace.correlation_id}: ", "bold"), outcome(row)), console, 0, hang=INDENT)
    paragraph(Text(heading(trace), "dim"), console, 0, hang=INDENT)
    if shown:
        console.print()
    if len(shown) > MOST_LINES:
        paragraph(f"{counted(len(shown) - MOST_LINES, 'earlier record')}, which --format json has", console, 0)
    margins = [max(cell.cell_len for cell in column) for column in zip(*(each.columns for each in shown), strict=True)]
    for line in shown[-MOST_LINES:]:
        write(line, margins, console)
    console.print()
    told = Text.assemble(outcome(row), f": {plain(sentence(row, trace), LONGEST_SENTENCE)}")
    paragraph(told, console, 0, hang=INDENT)
    for gap in trace.gaps:
        paragraph(Text.assemble(("incomplete: ", YELLOW), plain(gap, LONGEST_SENTENCE)), console, hang=2)
    for step in advice(row, trace):
        paragraph(f"next: {plain(step, LONGEST_SENTENCE)}", console, hang=2)


def outcome(row: Ending) -> Text:
    """Where the chain ends, in a few words."""
    if row.whole:
        return Text.assemble(("WHOLE", "bold green"), f", {row.id}")
    place = "NOT FOUND" if row.at is None else f"ENDS at the {row.at}"
    return Text.assemble((place, RED), f", {row.id}")


def heading(trace: Trace) -> str:
    """How many records there are, and of which day."""
    times = moments(trace)
    count = counted(len(times), "record")
    if not times:
        return f"{count} in the last {trace.searched_s / 3600:g} h"
    return f"{count}, from {min(times):%Y-%m-%d %H:%M:%S}Z"


def moments(trace: Trace) -> list[datetime]:
    """When its records were made, in UTC."""
    return [at.astimezone(UTC) for at in (*(call.at for call in trace.gateway), *(item.at for item in trace.items))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record as it is shown; what it says may have several parts, each on a line of its own."""

    hop: Text
    clock: Text
    code: Text
    took: Text
    says: tuple[Text, ...]

    @property
    def columns(self) -> tuple[Text, ...]:
        """What stands in columns before what it says."""
        return self.hop, self.clock, self.code, self.took


def lines(trace: Trace) -> Iterator[Line]:
    """The records: each row of the gateway, below it the requests that it led to, and below those what they did."""
    calls = list(trace.gateway)
    one_day = len({at.date() for at in moments(trace)}) == 1
    for depth, item in outline(trace.items):
        # The clocks of gateway and backend differ: only a later call tells that an earlier one is over.
        while depth == 0 and calls and (len(calls) == len(trace.gateway) or calls[0].at <= item.at):
            yield _call(calls.pop(0), one_day=one_day)
        yield _item(item, depth + bool(trace.gateway), one_day=one_day)
    for call in calls:
        yield _call(call, one_day=one_day)


def write(line: Line, margins: Sequence[int], console: Console) -> None:
    """One record: what it says stands beside the columns, or below them where there is no room."""
    gaps = [" " * (margin - cell.cell_len) for cell, margin in zip(line.columns, margins, strict=True)]
    *left, took = zip(line.columns, gaps, strict=True)
    lead = Text("  ").join([*(Text.assemble(cell, gap) for cell, gap in left), Text.assemble(took[1], took[0])])
    indent = lead.cell_len + 2
    if columns(console) - indent < FEWEST_BESIDE:
        console.print(lead, soft_wrap=True)
        lead, indent = Text(" " * INDENT), INDENT + 2
    words = [each for part in line.says for each in wrapped(part, columns(console) - indent)]
    for number, each in enumerate(words):
        start = Text(" " * indent) if number else Text.assemble(lead, "  ")
        console.print(start.append_text(each), soft_wrap=True)


def clock(at: datetime, *, one_day: bool) -> Text:
    """The time of day in UTC, with the date where there are several."""
    form = "%H:%M:%S.%f" if one_day else "%m-%d %H:%M:%S.%f"
    return Text(f"{at.astimezone(UTC):{form}}"[:-3], "dim")


def _call(call: GatewayCall, *, one_day: bool) -> Line:
    asked = Text(f"{call.method or '?'} {plain(call.url or '', LONGEST_NAME)}")
    passed_on = Text()
    if call.backend_url:
        took = f" in {duration(call.backend_ms)}" if call.backend_ms is not None else ""
        answer = call.backend_status or "no answer"
        passed_on = Text(f"backend {answer}{took}: {plain(call.backend_url, LONGEST_NAME)}")
    failed = Text(f"-- {plain(call.error_reason)}", RED) if call.error_reason else Text()
    return Line(
        hop=Text("gateway", "bold"),
        clock=clock(call.at, one_day=one_day),
        code=Text(str(call.status or "-"), RED if call.error_reason or (call.status or 0) >= FAILED else ""),
        took=_took(call.duration_ms),
        says=(asked, *(part for part in (passed_on, failed) if part)),
    )


def _item(item: Item, depth: int, *, one_day: bool) -> Line:
    words = Text(plain(item.name, LONGEST_NAME))
    if item.target:
        words.append(f" to {plain(item.target)}")
    if item.role and item.hop is Hop.REQUEST:
        words.append(f" ({plain(item.role)})", "dim")
    if not item.carries_id:
        words.append(" (without the id)", YELLOW)
    failed = item.success is False or item.hop is Hop.EXCEPTION
    return Line(
        hop=Text(f"{'  ' * min(depth, MOST_DEPTH)}{item.hop}"),
        clock=clock(item.at, one_day=one_day),
        code=Text(plain(SHORT.get(item.code or "", item.code or "-")), RED if failed else ""),
        took=_took(item.duration_ms),
        says=(words,),
    )


def _took(ms: float | None) -> Text:
    return Text(duration(ms), "dim")
