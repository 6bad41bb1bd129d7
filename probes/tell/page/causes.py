"""The causes, one after the other: what mends each, what carries it, what was ruled out, what it explains."""

from collections.abc import Iterable, Iterator
from itertools import count

from probes.judge.finding import Finding
from probes.judge.rules import EVERY_RULE
from probes.tell.page.markup import Markup, tag, text
from probes.tell.page.opening import CAPITALS, title_of
from probes.tell.page.pieces import (
    LONGEST_SENTENCE,
    NOUNS,
    TONES,
    Sheet,
    cause_id,
    chip,
    record_link,
    section,
    step,
    subjects,
)
from probes.tell.verdict import has_placeholder
from probes.tell.words import counted, excerpt, failed

MOST_EVIDENCE = 8
"""Shown at once of one cause; the rest folds."""
LONGEST_DETAIL = 600
SYMBOLS = {"bad": "cross", "warn": "bang", "plain": "dot"}
REFERENCES = {rule.id: rule.reference for rule in EVERY_RULE}


def causes(sheet: Sheet, numbers: "count[int]") -> Markup:
    """The section."""
    roots = sheet.sweep.judgement.roots
    if not roots:
        return section("causes", "Causes", tag("p", "None found: no rule holds for what was observed."))
    told = [_cause(sheet, number, root, numbers) for number, root in enumerate(roots, start=1)]
    return section("causes", "Cause" if len(roots) == 1 else "Causes", *told)


def _cause(sheet: Sheet, number: int, root: Finding, numbers: "count[int]") -> Markup:
    tone = TONES[root.severity]
    meta = tag(
        "p",
        chip(NOUNS[root.severity], SYMBOLS[tone], tone),
        tag("span", tag("code", root.id)),
        tag("span", f"{root.confidence} confidence"),
        subjects(root),
        class_="meta",
    )
    return tag(
        "article",
        tag("h3", tag("span", str(number), class_="number"), " ", title_of(root)),
        meta,
        tag("p", text(root.summary, LONGEST_SENTENCE), class_="summary"),
        tag("div", _fix(root, number, numbers), tag("div", *_why(sheet, root), class_="why"), class_="sides"),
        id=cause_id(number),
        class_=f"cause {tone}",
    )


def _fix(root: Finding, number: int, numbers: "count[int]") -> Markup | None:
    if not root.fix:
        return None
    steps = [
        tag("li", step(words, f"step {place} of cause {number}", numbers))
        for place, words in enumerate(root.fix, start=1)
    ]
    capitals = tag("p", CAPITALS, class_="hint") if has_placeholder(root.fix) else None
    return tag(
        "div", tag("h4", "What mends it"), capitals, tag("ol", *steps, class_="steps"), *_reference(root), class_="fix"
    )


def _reference(root: Finding) -> Iterator[Markup]:
    """Where the platform's own words on it stand: from our table of rules, never from a saved sweep."""
    reference = REFERENCES.get(root.id)
    if reference is None:
        return
    told: list[Markup | str] = []
    for each in reference.split("; "):
        link = each.startswith("https://") and " " not in each
        told += ["; " if told else "", tag("a", each, href=each, rel="noreferrer noopener") if link else each]
    yield tag("p", "Read more: ", *told, class_="hint")


def _why(sheet: Sheet, root: Finding) -> Iterator[Markup]:
    evidence = [tag("li", *_evidence(sheet, name)) for name in root.evidence]
    yield tag("h4", "Evidence")
    yield tag("ul", *evidence[:MOST_EVIDENCE], class_="evidence")
    if rest := evidence[MOST_EVIDENCE:]:
        yield tag("details", tag("summary", f"{len(rest)} more"), tag("ul", *rest, class_="evidence"))
    yield from _clauses("Supported by", root.supported_by)
    yield from _clauses("Weakened by", root.weakened_by)
    if root.discarded:
        terms = [(tag("dt", tag("code", other.id)), tag("dd", other.why)) for other in root.discarded]
        yield tag("h4", "Ruled out")
        yield tag("dl", *terms)
    if followed := sheet.consequences(root):
        terms = [(tag("dt", tag("code", each.id), " ", subjects(each)), tag("dd", each.summary)) for each in followed]
        yield tag("h4", f"Explains {counted(len(followed), 'other finding')}")
        yield tag("dl", *terms)


def _evidence(sheet: Sheet, name: str) -> Iterator[Markup | str]:
    yield record_link(sheet, name)
    record = sheet.records.get(name)
    if record is None:
        return
    parts = (sheet.says(record), failed(record, LONGEST_DETAIL), excerpt(record))
    yield tag("span", "; ".join(part for part in parts if part))


def _clauses(title: str, clauses: Iterable[str]) -> Iterator[Markup]:
    lines = [tag("li", text(clause, LONGEST_SENTENCE)) for clause in clauses]
    if lines:
        yield tag("h4", title)
        yield tag("ul", *lines)
