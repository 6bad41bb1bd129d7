"""A sweep as text: what was seen, target by target, then the causes, then the verdict.

The layout is plain ASCII and says everything in words; colour only repeats it. So the same text serves a terminal, a
log and a pager. Whatever came from the network passes `probes.tell.words.plain`, and never through rich's markup.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import cached_property
from io import StringIO
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from probes.failure import Failure
from probes.judge.finding import Finding, Severity, Verdict
from probes.path import Target
from probes.records import Exchange, Handshake, Observation, Resolution, Token
from probes.sweep import Sweep
from probes.tell.words import counted, duration, excerpt, failed, plain, says

MEANING = {
    Verdict.PROVEN: "works, and is private",
    Verdict.DEGRADED: "works, with a warning",
    Verdict.EXPOSED: "works, but is not private or answers strangers",
    Verdict.BROKEN: "does not work",
    Verdict.INCONCLUSIVE: "could not be seen well enough to say",
}
VERDICT_STYLES = {
    Verdict.PROVEN: "bold green",
    Verdict.DEGRADED: "bold yellow",
    Verdict.EXPOSED: "bold red",
    Verdict.BROKEN: "bold red",
    Verdict.INCONCLUSIVE: "bold magenta",
}
SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFORMATION: "bold cyan"}
MARKS = {None: ("ok", "green"), Failure.SKIPPED: ("skipped", "dim"), Failure.DEADLINE: ("unseen", "magenta")}
"""By failure; any other is FAIL, but that a name has no address of one type is no failing: most have no AAAA."""
COMMAND = "az "
"""How a fix that is a command begins, by the contract of the rules."""
INDENT = 4
LONGEST_SENTENCE = 1_000
LONGEST_COMMAND = 10_000


def as_text(sweep: Sweep, width: int = 100) -> str:
    """The text without colour, whatever the environment says about colours: for a file, a log, an HTTP answer."""
    page = StringIO()
    render(sweep, Console(file=page, width=width, color_system=None, force_terminal=False, _environ={}))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def render(sweep: Sweep, console: Console) -> None:
    """Write the text to a console, in its width and colours."""
    report = Report(sweep)
    _header(sweep, console)
    for target, records in report.by_target():
        _target(report, target, records, console)
    for number, root in enumerate(sweep.judgement.roots, start=1):
        _finding(report, number, root, console)
    _verdict(sweep, console)


@dataclass(frozen=True)
class Report:
    """The sweep, arranged for reading."""

    sweep: Sweep

    @cached_property
    def records(self) -> dict[str, Observation]:
        """By id."""
        return {record.id: record for record in self.sweep.observations}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Observation id to the number of the first cause that rests on it, be it through a consequence."""
        roots = self.sweep.judgement.roots
        numbers: dict[str, int] = {}
        for number, root in enumerate(roots, start=1):
            for finding in (root, *self.consequences(root)):
                for name in finding.evidence:
                    numbers.setdefault(name, number)
        return numbers

    def by_target(self) -> Iterator[tuple[Target, list[Observation]]]:
        """The targets that were visited, with their records, in the order of the path."""
        for target in self.sweep.path.targets:
            records = [record for record in self.sweep.observations if record.target == target.name]
            if records:
                yield target, records

    def consequences(self, root: Finding) -> list[Finding]:
        """The findings that a cause explains; of two causes with one id, the one that shares most targets counts."""
        roots = self.sweep.judgement.roots

        def owner(finding: Finding) -> Finding | None:
            own = set(finding.targets)
            named = [other for other in roots if other.id == finding.masked_by]
            return max(named, key=lambda other: len(own.intersection(other.targets)), default=None)

        masked = (finding for finding in self.sweep.judgement.findings if finding.masked_by is not None)
        return [finding for finding in masked if owner(finding) is root]

    def says(self, record: Observation) -> str:
        """The record in words, with its vantage where that is another than the sweep's."""
        words = says(record, self.sweep.started_at + timedelta(milliseconds=record.started_ms))
        return words if record.vantage is self.sweep.path.vantage else f"seen by {record.vantage}: {words}"

    def mark(self, record: Observation) -> Text:
        """Success or failure in one word, and the number of the cause that it is evidence of."""
        word, style = MARKS.get(record.failure, ("FAIL", "bold red"))
        if isinstance(record, Resolution) and record.failure is Failure.NO_DATA:
            word, style = "none", "dim"
        number = self.numbers.get(record.id)
        if number is None:
            return Text(word, style)
        # A step can succeed and still show what is wrong, as an answer of 503 does: it is not called ok then.
        return Text(f"[{number}]", "bold yellow") if record.failure is None else Text(f"{word} [{number}]", style)


def _header(sweep: Sweep, console: Console) -> None:
    verdict = sweep.judgement.verdict
    line = Text(f"{sweep.path.name} from {sweep.path.vantage}: ", "bold")
    line.append(verdict.value.upper(), VERDICT_STYLES[verdict])
    line.append(f" in {duration(sweep.duration_ms)}")
    console.print(line)
    console.print(Text(f"sweep {sweep.sweep_id}, {sweep.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z", "dim"))


def _target(report: Report, target: Target, records: list[Observation], console: Console) -> None:
    console.print()
    title = Text(target.name, "bold")
    title.append(f" ({target.role}) ", "not bold").append(plain(target.url), "not bold")
    console.print(title, overflow="fold")
    attempts = [(number, list(found)) for number, found in groupby(records, key=lambda record: record.attempt)]
    for number, found in attempts:
        if len(attempts) > 1:
            console.print(Text(f"  attempt {number}", "dim"))
        console.print(_steps(report, found))


def _steps(report: Report, records: list[Observation]) -> Padding:
    """One line a step: mark, step, what was seen, time. What happened on a connection stands below it."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(min_width=8, no_wrap=True)
    table.add_column(min_width=11, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(min_width=8, justify="right", no_wrap=True)
    for record in _in_order(records):
        on_connection = isinstance(record, Handshake | Exchange) and record.address is not None
        words = Text(report.says(record))
        if record.failure is not None:
            words.append(f" -- {failed(record)}", "red" if report.mark(record).plain.startswith("FAIL") else "dim")
        step = f"{'  ' if on_connection else ''}{record.step}"
        table.add_row(report.mark(record), step, words, Text(duration(record.duration_ms), "dim"))
    return Padding(table, (0, 0, 0, 2))


def _in_order(records: list[Observation]) -> list[Observation]:
    """By walk, tokens after names: walks to several addresses run at the same time, their steps interleaved."""
    began: dict[str, float] = {}
    for record in records:
        began[record.transaction] = min(record.started_ms, began.get(record.transaction, record.started_ms))

    def place(record: Observation) -> tuple[float, str, bool, float]:
        return began[record.transaction], record.transaction, isinstance(record, Token), record.started_ms

    return sorted(records, key=place)


def _finding(report: Report, number: int, root: Finding, console: Console) -> None:
    console.print()
    title = Text(f"[{number}] ", "bold")
    title.append(root.severity.value.upper(), SEVERITY_STYLES[root.severity])
    title.append(f" {root.id}", "bold").append(f" on {', '.join(root.targets)} (confidence: {root.confidence})")
    console.print(title)
    paragraph(plain(root.summary, LONGEST_SENTENCE), console)
    paragraph("evidence:", console)
    for name in root.evidence:
        paragraph(plain(name), console, INDENT + 2, "dim")
        record = report.records.get(name)
        if record is not None:
            parts = (report.says(record), failed(record), excerpt(record))
            paragraph("; ".join(part for part in parts if part), console, INDENT + 4)
    for label, clauses in (
        ("supported by", root.supported_by),
        ("weakened by", root.weakened_by),
        ("discarded", [f"{other.id}: {other.why}" for other in root.discarded]),
    ):
        for clause in clauses:
            paragraph(f"{label}: {plain(clause, LONGEST_SENTENCE)}", console)
    if root.fix:
        paragraph("fix:", console)
    for step in root.fix:
        fix(step, console, INDENT + 2)
    masked = report.consequences(root)
    if masked:
        explained = "; ".join(f"{finding.id} on {', '.join(finding.targets)}" for finding in masked)
        paragraph(f"explains: {explained}", console)


def fix(step: str, console: Console, indent: int = INDENT) -> None:
    """One step of a fix; a command is never wrapped or cut, whatever the width: it is there to be copied."""
    if step.startswith(COMMAND):
        console.print(Text(" " * indent).append(plain(step, LONGEST_COMMAND), "bold"), soft_wrap=True)
    else:
        paragraph(plain(step, LONGEST_SENTENCE), console, indent)


def paragraph(words: str, console: Console, indent: int = INDENT, style: str = "") -> None:
    """Text wrapped between the indent and the right margin."""
    console.print(Padding(Text(words, style, overflow="fold"), (0, 0, 0, indent)))


def _verdict(sweep: Sweep, console: Console) -> None:
    verdict, findings = sweep.judgement.verdict, sweep.judgement.findings
    roots = len(sweep.judgement.roots)
    line = Text(verdict.value.upper(), VERDICT_STYLES[verdict])
    line.append(f": the path {sweep.path.name} {MEANING[verdict]}")
    if findings:
        line.append(f"; {counted(roots, 'cause')}")
    if len(findings) > roots:
        line.append(f", {counted(len(findings) - roots, 'consequence')}")
    console.print()
    console.print(line)
