"""What the parts of a page have in common: symbols, chips, links to records and causes, commands with their button."""

from dataclasses import dataclass
from itertools import count
from urllib.parse import quote

from probes.failure import Failure
from probes.judge.finding import Finding, Severity, Verdict
from probes.records import Observation, Reading
from probes.tell.page.markup import Markup, tag
from probes.tell.page.walk import State
from probes.tell.report import FAIL, NONE, OK, Report
from probes.tell.verdict import COMMAND

LONGEST_SENTENCE = 1_000
SHAPES = {
    "tick": "M4 8.4 7 11.2 12 5.2",
    "cross": "M5 5l6 6M11 5l-6 6",
    "bang": "M8 4.4v4.4M8 11.4v.2",
    "ask": "M6.2 6.2a1.9 1.9 0 1 1 2.6 1.9c-.6.3-.8.6-.8 1.2M8 11.6v.2",
    "dash": "M5 8h6",
    "dot": "M8 7.9v.2",
}
"""Strokes in a field of 16 by 16; a circle is around each, and a triangle around the second last that warns."""
STATES = {
    State.WORKS: ("tick", "good"),
    State.FAILS: ("cross", "bad"),
    State.SHOWS: ("bang", "bad"),
    State.SEEN: ("dot", "plain"),
    State.UNSEEN: ("ask", "unseen"),
    State.NOT_REACHED: ("dash", "faint"),
    State.NOT_ASKED: ("dot", "faint"),
}
"""Symbol and tone of each."""
VERDICTS = {
    Verdict.PROVEN: ("tick", "good"),
    Verdict.DEGRADED: ("bang", "warn"),
    Verdict.EXPOSED: ("bang", "bad"),
    Verdict.BROKEN: ("cross", "bad"),
    Verdict.INCONCLUSIVE: ("ask", "unseen"),
}
TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFORMATION: "plain"}
NOUNS = {Severity.ERROR: "Cause", Severity.WARNING: "Warning", Severity.INFORMATION: "Note"}
WORDS = {OK: ("tick", "good"), FAIL: ("cross", "bad"), NONE: ("dash", "faint"), "unseen": ("ask", "unseen")}
"""Symbol and tone of a record's word; of any other, nothing is said by either."""
READ = {None: "read", Failure.NOT_FOUND: NONE, Failure.DENIED: "denied"}
"""Word of a read, by its failure."""


@dataclass(frozen=True)
class Sheet(Report):
    """A report on a page.

    Attributes:
        prefix: of the ids of its records, where records of several sweeps stand on one page.
    """

    prefix: str = ""

    def place(self, name: str) -> str:
        """Id of a record on the page."""
        return anchor(self.prefix + name)

    def rests(self, record: Observation) -> Markup | None:
        """What rests on the record."""
        number = self.numbers.get(record.id)
        return None if number is None else cause_link(number)


def word_of(sheet: Sheet, record: Observation) -> str:
    """What came of a record, in a word. That a read of Azure succeeds says nothing of what it brought."""
    word = sheet.word(record)
    return READ.get(record.failure, word) if isinstance(record, Reading) else word


def mark(sheet: Sheet, record: Observation) -> Markup:
    """The word with its symbol."""
    word = word_of(sheet, record)
    return chip(word, *WORDS.get(word, ("dot", "plain")))


def symbols() -> Markup:
    """The symbols, once a page; `glyph` refers to them."""
    made = [
        tag(
            "symbol",
            tag("circle", cx=8, cy=8, r=7),
            tag("path", d=strokes, fill="none"),
            id=f"g-{name}",
            viewBox="0 0 16 16",
        )
        for name, strokes in SHAPES.items()
    ]
    return tag("svg", *made, class_="symbols", aria_hidden="true", focusable="false")


def glyph(name: str) -> Markup:
    """A symbol beside a word that says the same."""
    return tag("svg", tag("use", href=f"#g-{name}"), class_="glyph", aria_hidden="true", focusable="false")


def chip(words: str, symbol: str, tone: str) -> Markup:
    """A word with its symbol, in its tone."""
    return tag("span", glyph(symbol), tag("span", words), class_=f"chip {tone}")


def anchor(name: str) -> str:
    """Id of a record on the page: its own, percent-encoded where an id of HTML could not hold it."""
    return "o/" + quote(name, safe="/:", errors="backslashreplace")


def record_link(sheet: Sheet, name: str) -> Markup:
    """The id of a record, linked to it where the sweep has it."""
    code = tag("code", name)
    return tag("a", code, href=f"#{sheet.place(name)}") if name in sheet.records else code


def cause_id(number: int) -> str:
    """Id of a cause on the page."""
    return f"cause-{number}"


def cause_link(number: int, words: str | None = None) -> Markup:
    """A cause by its number."""
    return tag("a", words or f"cause {number}", href=f"#{cause_id(number)}")


def section(name: str, title: str, *children: Markup | None, class_: str = "") -> Markup:
    """A part of the page under a heading of its own."""
    head = tag("h2", title, id=f"{name}-title")
    return tag("section", head, children, id=name, class_=class_ or None, aria_labelledby=f"{name}-title")


def command(line: str, what: str, numbers: "count[int]") -> Markup:
    """A command line and the button that copies it, which the script shows: without script there is nothing to press.

    Options stay together with their values where the line is folded; copied, it is the line as it was.
    """
    name = f"command-{next(numbers)}"
    first, *options = line.split(" --")
    parts = [tag("span", first), *((" ", tag("span", f"--{option}")) for option in options)]
    words = (tag("span", "Copy", aria_live="polite"), tag("span", f" {what}", class_="away"))
    button = tag("button", *words, type="button", data_copy=name, hidden=True)
    return tag("div", tag("code", *parts, id=name), button, class_="command")


def step(words: str, what: str, numbers: "count[int]") -> Markup:
    """One step of a fix."""
    return command(words, what, numbers) if words.startswith(COMMAND) else tag("p", words)


def subjects(finding: Finding) -> Markup:
    """The targets that it hits."""
    return tag("span", "on ", tag("b", ", ".join(finding.targets)))
