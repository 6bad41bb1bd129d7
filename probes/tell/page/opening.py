"""What a person sees first: the verdict, the one root cause, and what to run."""

from collections.abc import Sequence
from datetime import UTC
from itertools import count

from probes.judge.finding import Finding, Severity
from probes.judge.rules import EVERY_RULE
from probes.tell.page.markup import Markup, joined, tag, text
from probes.tell.page.pieces import LONGEST_SENTENCE, NOUNS, VERDICTS, Sheet, cause_link, command, glyph, subjects
from probes.tell.verdict import COMMAND, has_placeholder, sentence
from probes.tell.words import counted, duration

TITLES = {rule.id: rule.title for rule in EVERY_RULE}
CAPITALS = "Put your own names in place of those in capitals: the path file does not know them."


def title_of(finding: Finding) -> str:
    """The cause in a few words; a saved sweep may have a finding that these rules do not know."""
    title = TITLES.get(finding.id)
    return finding.id if title is None else title[:1].upper() + title[1:]


def opening(sheet: Sheet, numbers: "count[int]") -> Markup:
    """The verdict, and below it the first cause."""
    sweep = sheet.sweep
    symbol, tone = VERDICTS[sweep.judgement.verdict]
    says = sentence(sheet)
    when = sweep.started_at.astimezone(UTC)
    line = joined((
        f"Seen from {sweep.path.vantage}, ",
        tag("time", f"{when:%Y-%m-%d %H:%M:%S}Z", datetime=f"{when:%Y-%m-%dT%H:%M:%SZ}"),
        f", in {duration(sweep.duration_ms)}: {counted(len(sheet.visited), 'target')}",
        f", {counted(len(sweep.observations), 'observation')}.",
    ))  # fmt: skip
    head = tag(
        "div",
        glyph(symbol),
        tag(
            "div",
            tag("h1", tag("span", sweep.judgement.verdict.capitalize()), ": ", tag("span", says), "."),
            tag("p", line),
        ),
        class_="verdict",
    )
    roots = sweep.judgement.roots
    weighty = [root for root in roots if root.severity is not Severity.INFORMATION]
    return tag(
        "section",
        head,
        _first(weighty[0], 1 + roots.index(weighty[0]), numbers) if weighty else None,
        _others(sheet, weighty[0] if weighty else None),
        id="verdict",
        class_=f"opening {tone}",
        aria_label="Verdict",
        tabindex=-1,
    )


def _first(root: Finding, number: int, numbers: "count[int]") -> Markup:
    """The first cause: what it is, and what to do about it first."""
    return tag(
        "div",
        tag(
            "div",
            tag("h2", title_of(root)),
            tag("p", tag("code", root.id), f" · {root.confidence} confidence · ", subjects(root), class_="meta"),
            tag("p", text(root.summary, LONGEST_SENTENCE), class_="summary"),
            tag("p", cause_link(number, "Why, and what else was considered"), class_="more"),
        ),
        tag("div", *to_run(root.fix, number, numbers), class_="run") if root.fix else None,
        class_="first",
    )


def to_run(fix: Sequence[str], number: int, numbers: "count[int]") -> list[Markup]:
    """The first command, or the first step where none of them is one."""
    line = next((step for step in fix if step.startswith(COMMAND)), None)
    rest = len(fix) - 1 - (fix.index(line) if line is not None else 0)
    more = [tag("p", cause_link(number, f"Then: {counted(rest, 'more step')}"), class_="more")] if rest else []
    if line is None:
        return [tag("h3", "Do first"), tag("p", fix[0]), *more]
    before = fix[: fix.index(line)]
    capitals = [tag("p", CAPITALS, class_="hint")] if has_placeholder((line,)) else []
    return [
        tag("h3", "Run first"),
        *(tag("p", step) for step in before),
        command(line, "the first command", numbers),
        *capitals,
        *more,
    ]


def _others(sheet: Sheet, first: Finding | None) -> Markup | None:
    """The other causes, each in a line."""
    lines = [
        tag("li", cause_link(number, title_of(root)), f" ({NOUNS[root.severity].lower()}) ", subjects(root))
        for number, root in enumerate(sheet.sweep.judgement.roots, start=1)
        if root is not first
    ]
    if not lines:
        return None
    head = "Also found" if first is not None else "Found"
    return tag("div", tag("h2", head), tag("ul", *lines), class_="others")
