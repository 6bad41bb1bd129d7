"""A proof as text: the stages in order, then the causes of what is disproven, then what was not measured and would be.

The layout is that of a sweep (`probes.tell.text`): plain ASCII, everything in words, the outcome and its causes at both
ends, lines broken between words only and commands never. What came from a network passes `probes.tell.words.plain`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC

from rich.console import Console
from rich.text import Text

from probes.proof.causes import Cause, causes, lacking
from probes.proof.commands import PROBES
from probes.proof.records import FollowedCall, Look, Origin, Phase, Proof, Result, StageResult, Verdict
from probes.tell.text import INDENT, LONGEST_COMMAND, LONGEST_SENTENCE, SEVERITY_STYLES, fix, paragraph, unstyled
from probes.tell.verdict import has_placeholder, listed
from probes.tell.words import counted, plain

MEANING = {
    (Verdict.COMPLETE, Phase.BEFORE_CLOSURE): "every stage is proven; public access may be turned off",
    (Verdict.COMPLETE, Phase.AFTER_CLOSURE): "every stage is proven, and the door is shut",
    (Verdict.DISPROVEN, Phase.BEFORE_CLOSURE): "the path is not what it should be; leave public access as it is",
    (Verdict.DISPROVEN, Phase.AFTER_CLOSURE): "the path is not what it should be, with public access off",
    (Verdict.INCOMPLETE, Phase.BEFORE_CLOSURE): "nothing contradicts, and not everything was seen",
    (Verdict.INCOMPLETE, Phase.AFTER_CLOSURE): "nothing contradicts, and not everything was seen",
}
PHASES = {Phase.BEFORE_CLOSURE: "before closure", Phase.AFTER_CLOSURE: "after closure"}
VERDICT_STYLES = {
    Verdict.COMPLETE: "bold green",
    Verdict.DISPROVEN: "bold red",
    Verdict.INCOMPLETE: "bold magenta",
}
MARKS = {Result.PROVEN: "ok", Result.DISPROVEN: "FAIL", Result.NOT_PROVEN: "unseen"}
STYLES = {Result.PROVEN: "green", Result.DISPROVEN: "bold red", Result.NOT_PROVEN: "magenta"}
LEFT = "-"
"""What is not asked for, and is not so: no failing."""
MARK_COLUMNS = max(map(len, MARKS.values()))
SIDE = MARK_COLUMNS + 3
"""Where what a stage says begins."""
MOST_REASONS = 6


def as_text(proof: Proof, width: int = 100) -> str:
    """The text without colour."""
    return unstyled(lambda console: render(proof, console), width)


def render(proof: Proof, console: Console) -> None:
    """Write the proof to a console."""
    found = causes(proof)
    _header(proof, found, console)
    for stage in proof.stages:
        _stage(stage, console)
    for number, cause in enumerate(found, start=1):
        _cause(number, cause, console)
    _lacking(proof, console)
    _verdict(proof, found, console)


def _header(proof: Proof, found: Sequence[Cause], console: Console) -> None:
    title = (f"{proof.path.name}: ", "bold")
    told = (proof.verdict.value.upper(), VERDICT_STYLES[proof.verdict])
    counts = f", {_counts(proof)}, {PHASES[proof.phase]}"
    paragraph(Text.assemble(title, told, counts), console, 0, hang=INDENT)
    when = f"{proof.made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    paragraph(f"proof {proof.proof_id}, {when}", console, 0, "dim", hang=INDENT)
    for seen in _seen(proof):
        paragraph(seen, console, 0, "dim", hang=INDENT)
    for line in _lines(found):
        paragraph(line, console, 0, hang=INDENT)
    console.print()


def _counts(proof: Proof) -> str:
    asked = [stage for stage in proof.stages if stage.required]
    proven = sum(stage.result is Result.PROVEN for stage in asked)
    return f"{proven} of {counted(len(asked), 'stage')} proven"


def _seen(proof: Proof) -> Iterator[str]:
    """From where, and which file it came from."""
    yield f"seen from {', '.join(map(_look, proof.looks)) or 'nowhere'}"
    for missed in proof.missed:
        more = f": {plain(missed.detail)}" if missed.detail else ""
        yield f"the {missed.source} was asked in vain ({missed.failure}{more})"
    for call in proof.calls:
        yield f"call {plain(call.correlation_id)} of {plain(call.look)}: {_followed(call)}"


def _look(look: Look) -> str:
    match look.origin:
        case Origin.HERE:
            return f"{look.name} (here)"
        case Origin.DIAGNOSE:
            return f"{look.name} (by way of the gateway)"
        case Origin.MERGED:
            return f"{look.name} ({plain(look.file or 'a file')})"


def _followed(call: FollowedCall) -> str:
    if call.trace is None:
        return f"the workspace did not answer ({call.failure})"
    rows, items = len(call.trace.gateway), len(call.trace.items)
    return f"{counted(rows, 'row')} of the gateway's log, {counted(items, 'record')} of Application Insights"


def _stage(stage: StageResult, console: Console) -> None:
    counts = stage.required or stage.result is Result.PROVEN
    mark = f"  {MARKS[stage.result] if counts else LEFT:<{MARK_COLUMNS}} "
    sources = f" ({', '.join(stage.seen_from)})" if stage.seen_from else ""
    title = Text.assemble((mark, STYLES[stage.result] if counts else "dim"), (stage.id, "bold"), sources)
    paragraph(title.append("" if stage.required else ", not asked for"), console, 0, hang=SIDE)
    reasons = stage.why_not or (stage.says,)
    for reason in reasons[:MOST_REASONS]:
        paragraph(plain(reason, LONGEST_SENTENCE), console, SIDE, hang=2)
    if len(reasons) > MOST_REASONS:
        paragraph(f"and {len(reasons) - MOST_REASONS} more, which the JSON has", console, SIDE)


def _cause(number: int, cause: Cause, console: Console) -> None:
    console.print()
    stages = listed([stage.id for stage in cause.stages])
    if cause.finding is None:
        paragraph(Text.assemble((f"[{number}] ", "bold"), (cause.id, "bold")), console, 0, hang=INDENT)
    else:
        severity = (cause.finding.severity.value.upper(), SEVERITY_STYLES[cause.finding.severity])
        where = f" on {listed(cause.finding.targets)}, seen from {listed(cause.looks)}"
        paragraph(
            Text.assemble((f"[{number}] ", "bold"), severity, (f" {cause.id}", "bold"), where), console, 0, hang=INDENT
        )
    paragraph(plain(cause.summary, LONGEST_SENTENCE), console)
    if cause.finding is not None:
        paragraph(f"disproves: {stages}", console, hang=2)
    if cause.fix:
        paragraph(f"fix{', with your names for those in capitals' if has_placeholder(cause.fix) else ''}:", console)
    for step in cause.fix:
        fix(step, console, INDENT + 2)


def _lacking(proof: Proof, console: Console) -> None:
    """Each command once, with the stages that it would help."""
    helped: dict[tuple[str, ...], list[str]] = {}
    for stage in lacking(proof.stages):
        if stage.measure:
            helped.setdefault(stage.measure, []).append(stage.id)
    if not helped:
        return
    console.print()
    paragraph(Text("not proven, and what would measure it:", "bold"), console, 0)
    for steps, stages in helped.items():
        paragraph(f"{listed(stages)}:", console, hang=2)
        for step in steps:
            if step.startswith(f"{PROBES} "):
                line = Text(" " * (INDENT + 4)).append(plain(step, LONGEST_COMMAND), "bold")
                console.print(line, soft_wrap=True)
            else:
                paragraph(plain(step, LONGEST_SENTENCE), console, INDENT + 2)


def _verdict(proof: Proof, found: Sequence[Cause], console: Console) -> None:
    console.print()
    told = (proof.verdict.value.upper(), VERDICT_STYLES[proof.verdict])
    says = f": {proof.path.name}, {PHASES[proof.phase]}: {MEANING[proof.verdict, proof.phase]}"
    paragraph(Text.assemble(told, says), console, 0, hang=INDENT)
    for line in _lines(found):
        paragraph(line, console, 0, hang=INDENT)
    unseen = [stage.id for stage in lacking(proof.stages)]
    if unseen:
        paragraph(f"not proven: {', '.join(unseen)}", console, 0, hang=INDENT)


def _lines(found: Sequence[Cause]) -> Iterator[Text]:
    for number, cause in enumerate(found, start=1):
        where = f" on {listed(cause.finding.targets)}" if cause.finding is not None else ""
        yield Text.assemble((f"[{number}] {cause.id}", "bold"), where)
