"""A sweep as text: what was seen, target by target, then the causes, then the verdict.

The layout is plain ASCII and says everything in words; colour only repeats it. So the same text serves a terminal, a
log and a pager. The verdict stands at both ends: a log is read from the top, a terminal from the bottom. Whatever came
from the network passes `probes.tell.words.plain`, and never through rich's markup.

Lines break between words only: a name or a command that is broken in two cannot be copied.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from functools import partial
from io import StringIO

from rich.console import Console
from rich.text import Text

from probes.judge.finding import Finding, Severity, Verdict
from probes.path import Target
from probes.records import Exchange, Handshake, Observation, Reading, Step
from probes.sweep import Sweep
from probes.tell.readings import kinds
from probes.tell.report import FAIL, NONE, OK, Group, Report
from probes.tell.verdict import COMMAND, has_placeholder, listed, sentence
from probes.tell.words import counted, duration, excerpt, failed, plain

VERDICT_STYLES = {
    Verdict.PROVEN: "bold green",
    Verdict.DEGRADED: "bold yellow",
    Verdict.EXPOSED: "bold red",
    Verdict.BROKEN: "bold red",
    Verdict.INCONCLUSIVE: "bold magenta",
}
SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFORMATION: "bold cyan"}
MARK_STYLES = {"ok": "green", "none": "dim", "skipped": "dim", "unseen": "magenta", "FAIL": "bold red"}
"""By first word; a number alone is bold yellow, what is seen from outside is plain."""
INDENT = 4
FEWEST_COLUMNS, MOST_COLUMNS = 40, 120
"""A narrower terminal folds the lines itself; on a wider one the times would stand too far from their steps."""
STEP_COLUMNS, TIME_COLUMNS = 11, 9
FEWEST_BESIDE = 40
"""Columns that what was seen needs to stand beside its step; with fewer it stands below."""
SIGNS = {"->", "--"}
LONGEST_SENTENCE = 1_000
LONGEST_DETAIL = 600
LONGEST_COMMAND = 10_000
MOST_EVIDENCE = 8
"""Told of one cause: one that hits every target of a large path has hundreds."""


def as_text(sweep: Sweep, width: int = 100) -> str:
    """The text without colour, whatever the environment says about colours: for a file, a log, an HTTP answer."""
    return unstyled(partial(render, sweep), width)


def unstyled(write: Callable[[Console], None], width: int) -> str:
    """What is written to a console that knows no colours."""
    page = StringIO()
    write(Console(file=page, width=width, color_system=None, force_terminal=False))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def render(sweep: Sweep, console: Console) -> None:
    """Write the text to a console, in its width and colours."""
    report = Report(sweep)
    _header(report, console)
    margin = max((len(report.mark(record)) for record in sweep.observations), default=0)
    for target, groups in report.by_target():
        _target(report, target, groups, margin, console)
    for number, root in enumerate(sweep.judgement.roots, start=1):
        _finding(report, number, root, console)
    _verdict(report, console)


def fix(step: str, console: Console, indent: int = INDENT) -> None:
    """One step of a fix; a command is never wrapped or cut, whatever the width: it is there to be copied."""
    if step.startswith(COMMAND):
        _line(Text(" " * (indent + 2)).append(plain(step, LONGEST_COMMAND), "bold"), console)
    else:
        paragraph(plain(step, LONGEST_SENTENCE), console, indent)


def paragraph(words: str | Text, console: Console, indent: int = INDENT, style: str = "", *, hang: int = 0) -> None:
    """Text wrapped between the indent and the right margin; lines after the first hang by so many columns more."""
    text, width = Text(words, style) if isinstance(words, str) else words, columns(console)
    for number, line in enumerate(wrapped(text, width - indent - hang)):
        _line(_indented(line, indent + (hang if number else 0), width), console)


def wrapped(text: Text, room: int) -> list[Text]:
    """The text in lines of so many columns; a longer word has its own, and a sign stands before what it leads to."""
    lines: list[Text] = []
    sign: Text | None = None
    for each in text.split(" ", allow_blank=True):
        word = each if sign is None else sign.append(" ").append_text(each)
        sign = word if each.plain in SIGNS else None
        if sign is not None:
            continue
        if lines and lines[-1].cell_len + 1 + word.cell_len <= room:
            lines[-1].append(" ").append_text(word)
        else:
            lines.append(word)
    return lines if sign is None else [*lines, sign]


def columns(console: Console) -> int:
    """Columns that lines are made for."""
    return min(max(console.width, FEWEST_COLUMNS), MOST_COLUMNS)


def _indented(line: Text, indent: int, width: int) -> Text:
    """The line behind its indent; what is too long for that moves to the left as far as it must."""
    return Text(" " * min(indent, max(INDENT, width - line.cell_len))).append_text(line)


def _line(text: Text, console: Console) -> None:
    """One line as it is; where it is too long the terminal folds it, and gives it back whole when it is copied."""
    console.print(text, soft_wrap=True)


def _header(report: Report, console: Console) -> None:
    sweep = report.sweep
    verdict = sweep.judgement.verdict
    title = (f"{sweep.path.name} from {sweep.path.vantage}: ", "bold")
    told = (verdict.value.upper(), VERDICT_STYLES[verdict])
    paragraph(Text.assemble(title, told, f" in {duration(sweep.duration_ms)}"), console, 0, hang=INDENT)
    when = f"{sweep.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    paragraph(f"sweep {sweep.sweep_id}, {when}", console, 0, "dim", hang=INDENT)
    for cause in _causes(report):
        paragraph(cause, console, 0, hang=INDENT)


def _target(report: Report, target: Target, groups: Sequence[Group], margin: int, console: Console) -> None:
    console.print()
    paragraph(Text.assemble((target.name, "bold"), f" ({target.role}) {plain(target.url)}"), console, 0, hang=INDENT)
    for group in groups:
        if group.title is not None:
            _line(Text(f"  {group.title}", "dim"), console)
        before: Observation | None = None
        for record in group.records:
            for line in _step(report, record, before, margin, columns(console)):
                _line(line, console)
            before = record
        if group.quiet:
            for line in _quiet(group.quiet, margin, columns(console)):
                _line(line, console)


def _quiet(records: Sequence[Reading], margin: int, width: int) -> Iterator[Text]:
    """One line, or what it takes, for all reads that say nothing of a cause."""
    lead = Text.assemble("  ", (f"{OK:<{margin}}", MARK_STYLES[OK]), f" {Step.READ:<{STEP_COLUMNS}} ")
    room = max(width - lead.cell_len, FEWEST_BESIDE)
    lines = wrapped(Text(plain(f"{counted(len(records), 'read')}: {kinds(records)}", LONGEST_SENTENCE)), room)
    for number, line in enumerate(lines):
        yield lead.copy().append_text(line) if number == 0 else _indented(line, lead.cell_len, width)


def _step(report: Report, record: Observation, before: Observation | None, margin: int, width: int) -> Iterator[Text]:
    """One step: mark, what was done, what was seen, time. What happened on a connection is indented below it."""
    mark = report.mark(record)
    on_connection = isinstance(record, Handshake | Exchange) and record.address is not None
    words = Text(report.says(record, after=before))
    if record.failure is not None and not mark.startswith(NONE):
        words.append(f" -- {failed(record)}", "bold red" if mark.startswith(FAIL) else "dim")
    step = f"{'  ' if on_connection else ''}{record.step}"
    style = "bold yellow" if mark.startswith("[") else MARK_STYLES.get(mark.split()[0], "")
    line = Text.assemble("  ", (f"{mark:<{margin}}", style), f" {step:<{STEP_COLUMNS}} ")
    indent, room = line.cell_len, width - line.cell_len - TIME_COLUMNS
    if room < FEWEST_BESIDE:
        indent, room = INDENT + 2, width - INDENT - 2
        lines = [Text(), *wrapped(words, room)]
    else:
        lines = wrapped(words, room)
        if lines[0].cell_len > room:
            lines.insert(0, Text())
    line.append_text(lines[0])
    time = duration(record.duration_ms)
    gap = " " * (width - line.cell_len - len(time))
    yield line.append(gap).append(time, "dim") if time else line
    for rest in lines[1:]:
        yield _indented(rest, indent, width)


def _finding(report: Report, number: int, root: Finding, console: Console) -> None:
    console.print()
    title = Text.assemble(
        (f"[{number}] ", "bold"),
        (root.severity.value.upper(), SEVERITY_STYLES[root.severity]),
        (f" {root.id}", "bold"),
        f" on {listed(root.targets)} (confidence: {root.confidence})",
    )
    paragraph(title, console, 0, hang=INDENT)
    paragraph(plain(root.summary, LONGEST_SENTENCE), console)
    paragraph("evidence:", console)
    for name in root.evidence[:MOST_EVIDENCE]:
        paragraph(plain(name), console, INDENT + 2, "dim")
        record = report.records.get(name)
        if record is not None:
            parts = (report.says(record), failed(record, LONGEST_DETAIL), excerpt(record))
            paragraph("; ".join(part for part in parts if part), console, INDENT + 4)
    if len(root.evidence) > MOST_EVIDENCE:
        paragraph(f"and {len(root.evidence) - MOST_EVIDENCE} more, which --format json has", console, INDENT + 2)
    for label, clauses in (
        ("supported by", root.supported_by),
        ("weakened by", root.weakened_by),
        ("ruled out", [f"{other.id}: {other.why}" for other in root.discarded]),
        ("explains", [f"{other.id} on {listed(other.targets)}" for other in report.consequences(root)]),
    ):
        for clause in clauses:
            paragraph(f"{label}: {plain(clause, LONGEST_SENTENCE)}", console, hang=2)
    if root.fix:
        paragraph(f"fix{', with your names for those in capitals' if has_placeholder(root.fix) else ''}:", console)
    for step in root.fix:
        fix(step, console, INDENT + 2)


def _verdict(report: Report, console: Console) -> None:
    sweep = report.sweep
    verdict = sweep.judgement.verdict
    console.print()
    told = Text.assemble((verdict.value.upper(), VERDICT_STYLES[verdict]), f": {sentence(report)}")
    paragraph(told, console, 0, hang=INDENT)
    for cause in _causes(report):
        paragraph(cause, console, 0, hang=INDENT)


def _causes(report: Report) -> Iterator[Text]:
    """A line for each cause, by the number under which it is told."""
    for number, root in enumerate(report.sweep.judgement.roots, start=1):
        warning = "" if root.severity is Severity.ERROR else f" ({root.severity})"
        yield Text.assemble((f"[{number}] {root.id}", "bold"), f"{warning} on {listed(root.targets)}")
