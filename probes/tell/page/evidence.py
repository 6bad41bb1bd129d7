"""Every observation, target by target: what was seen, when, how long it took; folded below each, all its fields."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probes.fields import encoded
from probes.path import Target
from probes.records import Exchange, Observation, Reading
from probes.tell.page.markup import Markup, tag, text
from probes.tell.page.pieces import Sheet, mark, section, word_of
from probes.tell.page.walk import target_word
from probes.tell.report import NONE, in_order
from probes.tell.words import counted, duration, failed

TOLD = frozenset({"id", "target", "vantage", "attempt", "failure", "detail", "duration_ms", "transaction", "body"})
"""Fields that stand elsewhere in the row."""
MOST_DETAILED = 1_000
"""Records whose fields are shown; of a larger sweep, those that a cause rests on."""
LONGEST_DETAIL = 2_000


def evidence(sheet: Sheet) -> Markup:
    """The section. What Azure says has a section of its own."""
    tables = list(observed(sheet))
    if not tables:
        return section("evidence", "Evidence", tag("p", "Nothing was observed."))
    return section("evidence", "Evidence", _hint(sheet), *tables)


def _hint(sheet: Sheet) -> Markup:
    number = sum(not isinstance(record, Reading) for record in sheet.sweep.observations)
    all_of_it = detailed(sheet) is None
    more = (
        "each with all its fields folded below it" if all_of_it else "those that a cause rests on with all their fields"
    )
    return tag("p", f"{counted(number, 'observation')}, {more}.", class_="hint")


def detailed(sheet: Sheet) -> frozenset[str] | None:
    """Ids of the records whose fields are shown; `None` = all."""
    return None if len(sheet.sweep.observations) <= MOST_DETAILED else frozenset(sheet.numbers)


def observed(sheet: Sheet, level: int = 3) -> Iterator[Markup]:
    """A table for each target, under a heading of that level."""
    for target in sheet.sweep.path.targets:
        yield from _tables(sheet, target, level)


def _tables(sheet: Sheet, target: Target, level: int) -> Iterator[Markup]:
    records = [
        each for each in sheet.sweep.observations if each.target == target.name and not isinstance(each, Reading)
    ]
    if not records:
        return
    role = target_word(target)
    caption = tag(
        "caption", tag(f"h{level}", target.name), tag("span", f"{role} " if role else "", tag("code", target.url))
    )
    groups = list(_groups(sheet, records))
    folded = [group for group in groups[:-1] if not any(record.id in sheet.numbers for record in group[1])]
    bodies = [_body(sheet, title, group) for title, group in groups if (title, group) not in folded]
    yield tag("table", caption, head("Step", "What was seen", "Took"), *bodies)
    for title, group in folded:
        table = tag(
            "table",
            tag("caption", f"{target.name}, {title}", class_="away"),
            head("Step", "What was seen", "Took"),
            _body(sheet, None, group),
        )
        words = f"{title} on {target.name}: {counted(len(group), 'observation')}, on which nothing rests"
        yield tag("details", tag("summary", words), table, class_="folded")


def head(*titles: str) -> Markup:
    """Titles of the columns."""
    return tag("thead", tag("tr", *(tag("th", title, scope="col") for title in titles)))


def _groups(sheet: Sheet, records: Sequence[Observation]) -> Iterator[tuple[str | None, tuple[Observation, ...]]]:
    """Every attempt, and after them what was seen from elsewhere."""
    own = sheet.sweep.path.vantage
    attempts = sorted({record.attempt for record in records if record.vantage is own})
    for attempt in attempts:
        found = [record for record in records if record.vantage is own and record.attempt == attempt]
        yield (f"Attempt {attempt}" if len(attempts) > 1 else None), in_order(found)
    for vantage in sorted({record.vantage for record in records} - {own}):
        yield f"Seen from {vantage}", in_order([record for record in records if record.vantage is vantage])


def _body(sheet: Sheet, title: str | None, records: Sequence[Observation]) -> Markup:
    rows = [row(sheet, record, record.step.value) for record in records]
    over = tag("tr", tag("th", title, scope="rowgroup", colspan=3), class_="group") if title is not None else None
    return tag("tbody", over, *rows)


def row(sheet: Sheet, record: Observation, title: str) -> Markup:
    """One record."""
    marks = [mark(sheet, record)]
    if (rests := sheet.rests(record)) is not None:
        marks.append(tag("span", rests, class_="shows"))
    failure = failed(record, LONGEST_DETAIL)
    # Of two records with one id, which only a forged sweep has, one can be linked to.
    own = sheet.records.get(record.id) is record
    return tag(
        "tr",
        tag("th", tag("span", title, class_="step"), *marks, scope="row"),
        tag(
            "td",
            tag("p", sheet.says(record)),
            tag("p", failure, class_="hint" if word_of(sheet, record) == NONE else "failure") if failure else None,
            _fold(sheet, record),
        ),
        tag("td", duration(record.duration_ms), class_="took"),
        id=sheet.place(record.id) if own else None,
    )


def _fold(sheet: Sheet, record: Observation) -> Markup:
    shown = detailed(sheet)
    name = tag("code", record.id)
    if shown is not None and record.id not in shown:
        return tag("p", name, class_="hint")
    kept = {key: value for key, value in encoded(record).items() if key not in TOLD}
    return tag("details", tag("summary", name), fields(kept), *_answer(record))


def _answer(record: Observation) -> Iterator[Markup]:
    """The start of the body, line by line."""
    if isinstance(record, Exchange) and record.body:
        yield tag("pre", Markup("\n").join(text(line) for line in record.body.splitlines()), tabindex=0)


def fields(table: Mapping[str, Any]) -> Markup:
    """Fields with their values; what was not measured is left out."""
    return tag(
        "dl", *((tag("dt", key), tag("dd", value_of(value))) for key, value in table.items() if value is not None)
    )


def value_of(value: Any) -> Markup | str:
    """A value of a record as it is in the document, for people."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return fields(value) if value else "none"
        case list():
            if any(isinstance(each, Mapping) for each in value):
                return tag("ol", *(tag("li", value_of(each)) for each in value))
            return ", ".join(map(str, value)) or "none"
    return str(value)
