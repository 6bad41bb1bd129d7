"""A proof as one page: whether the door may be shut, stage by stage, with the evidence of every vantage."""

from itertools import count

from probes.proof.causes import Cause, causes, lacking
from probes.proof.records import Proof, Result, StageResult, Verdict
from probes.tell.page.frame import page
from probes.tell.page.limits import footer
from probes.tell.page.looks import evidence, identity, instant, vantages
from probes.tell.page.markup import Markup, joined, tag, text
from probes.tell.page.opening import CAPITALS, title_of, to_run
from probes.tell.page.pieces import LONGEST_SENTENCE, glyph, section, step
from probes.tell.page.stages import look_of, measures, stage_id, stages
from probes.tell.proof import MEANING, PHASES
from probes.tell.verdict import has_placeholder, listed
from probes.tell.words import counted

VERDICTS = {
    Verdict.COMPLETE: ("tick", "good"),
    Verdict.DISPROVEN: ("cross", "bad"),
    Verdict.INCOMPLETE: ("ask", "unseen"),
}
LINKS = {
    "stages": "Stages",
    "causes": "Causes",
    "vantages": "Seen from",
    "evidence": "Evidence",
    "proof": "Proof",
}


def as_proof_page(proof: Proof) -> str:
    """The whole document."""
    numbers = count(1)
    found = causes(proof)
    parts = (
        _opening(proof, found, numbers),
        stages(proof, numbers),
        _causes(proof, found, numbers),
        vantages(proof),
        evidence(proof),
        identity(proof),
    )
    title = f"Proof {proof.verdict}: {proof.path.name}, {PHASES[proof.phase]}"
    links = {name: words for name, words in LINKS.items() if name != "causes" or found}
    return page(title, VERDICTS[proof.verdict], links, joined(parts), footer())


def _opening(proof: Proof, found: tuple[Cause, ...], numbers: "count[int]") -> Markup:
    symbol, tone = VERDICTS[proof.verdict]
    asked = [stage for stage in proof.stages if stage.required]
    proven = sum(stage.result is Result.PROVEN for stage in asked)
    counts = f"{proven} of {counted(len(asked), 'stage')} proven"
    line = joined((
        f"Path {proof.path.name}, {PHASES[proof.phase]}: {counts}. ",
        f"Seen from {', '.join(proof.vantages) or 'nowhere'}; oldest evidence ",
        instant(proof.oldest_at),
        ".",
    ))  # fmt: skip
    says = MEANING[proof.verdict, proof.phase]
    head = tag(
        "div",
        glyph(symbol),
        tag("div", tag("h1", tag("span", proof.verdict.capitalize()), ": ", says, "."), tag("p", line)),
        class_="verdict",
    )
    missing = lacking(proof.stages)
    first = _first(found[0], proof, numbers) if found else _missing(proof, missing, numbers) if missing else None
    return tag(
        "section",
        head,
        first,
        _rail(proof),
        id="verdict",
        class_=f"opening {tone}",
        aria_label="Verdict",
        tabindex=-1,
    )


def _first(cause: Cause, proof: Proof, numbers: "count[int]") -> Markup:
    """The first cause, and what to do about it first."""
    title = title_of(cause.finding) if cause.finding is not None else cause.stages[0].title
    run = tag("div", *to_run(cause.fix, 1, numbers), class_="run") if cause.fix else None
    told = tag(
        "div",
        tag("h2", title),
        tag("p", tag("code", cause.id), " · disproves ", *_links(proof, cause.stages), class_="meta"),
        tag("p", text(cause.summary, LONGEST_SENTENCE), class_="summary"),
    )
    return tag("div", told, run, class_="first")


def _missing(proof: Proof, missing: list[StageResult], numbers: "count[int]") -> Markup:
    """What was not proven first, and what would prove it."""
    stage = missing[0]
    more = f", and {counted(len(missing) - 1, 'more stage')}" if len(missing) > 1 else ""
    told = tag(
        "div",
        tag("h2", f"Not proven: {stage.title}"),
        tag("p", *_links(proof, (stage,)), more, class_="meta"),
        tag("p", text(stage.says, LONGEST_SENTENCE), class_="summary"),
    )
    steps = list(measures(stage, numbers))
    return tag("div", told, tag("div", tag("h3", "Run next"), *steps, class_="run") if steps else None, class_="first")


def _rail(proof: Proof) -> Markup:
    """Every stage as a symbol and a word, in the order of a call."""
    stops = []
    for number, stage in enumerate(proof.stages, start=1):
        word, symbol, tone = look_of(stage)
        link = tag("a", stage.id, href=f"#{stage_id(number)}")
        stops.append(tag("li", glyph(symbol), tag("span", link, f" {word}"), class_=tone))
    return tag("div", tag("h2", "Stage by stage"), tag("ol", *stops, class_="rail"), class_="others")


def _causes(proof: Proof, found: tuple[Cause, ...], numbers: "count[int]") -> Markup | None:
    if not found:
        return None
    return section(
        "causes", "Causes", *(_cause(proof, number, each, numbers) for number, each in enumerate(found, start=1))
    )


def _cause(proof: Proof, number: int, cause: Cause, numbers: "count[int]") -> Markup:
    finding = cause.finding
    where = f" on {listed(finding.targets)}, seen from {listed(cause.looks)}" if finding is not None else ""
    steps = [
        tag("li", step(each, f"step {place} of {cause.id}", numbers)) for place, each in enumerate(cause.fix, start=1)
    ]
    return tag(
        "article",
        tag(
            "h3",
            tag("span", str(number), class_="number"),
            " ",
            title_of(finding) if finding else cause.stages[0].title,
        ),
        tag("p", tag("code", cause.id), where, ", disproves ", *_links(proof, cause.stages), class_="meta"),
        tag("p", text(cause.summary, LONGEST_SENTENCE), class_="summary"),
        tag("h4", "What mends it") if steps else None,
        tag("p", CAPITALS, class_="hint") if has_placeholder(cause.fix) else None,
        tag("ol", *steps, class_="steps") if steps else None,
        id=f"cause-{number}",
        class_="cause bad",
    )


def _links(proof: Proof, found: tuple[StageResult, ...]) -> list[Markup | str]:
    """Stages by their ids, linked."""
    places = {id(stage): number for number, stage in enumerate(proof.stages, start=1)}
    links: list[Markup | str] = []
    for stage in found:
        links += [", " if links else "", tag("a", stage.id, href=f"#{stage_id(places[id(stage)])}")]
    return links
