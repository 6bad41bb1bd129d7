"""The stages of a proof, in the order of a call: what each comes to, from where, by what, and what is lacking."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import count

from probes.proof.commands import PROBES
from probes.proof.evidence import record as record_of
from probes.proof.records import Look, Proof, Result, StageResult
from probes.records import Observation
from probes.tell.page.markup import Markup, joined, tag, text
from probes.tell.page.opening import CAPITALS
from probes.tell.page.pieces import LONGEST_SENTENCE, Sheet, anchor, chip, command, section
from probes.tell.verdict import COMMAND, PLACEHOLDER
from probes.tell.words import excerpt, failed, says
from probes.trace.records import GatewayCall, Item

RESULTS = {
    Result.PROVEN: ("proven", "tick", "good"),
    Result.DISPROVEN: ("disproven", "cross", "bad"),
    Result.NOT_PROVEN: ("not proven", "ask", "unseen"),
}
"""Word, symbol and tone."""
LEFT = ("not asked for", "dash", "faint")
"""What is not required, and is not so: no failing."""
MOST_EVIDENCE = 4
COMMANDS = (f"{PROBES} ", COMMAND)
"""How a step that is a command begins."""


def stage_id(number: int) -> str:
    """Id of a stage on the page; its own may be anything in a file that another version wrote."""
    return f"stage-{number}"


@dataclass(frozen=True)
class ProofSheet(Sheet):
    """A sweep of a proof on its page: stages rest on its records."""

    proof: Proof | None = None

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Observation id to the number of the first stage that rests on it."""
        numbers: dict[str, int] = {}
        for number, stage in enumerate(self.proof.stages if self.proof else (), start=1):
            for name in stage.evidence:
                if name.startswith(self.prefix):
                    numbers.setdefault(name.removeprefix(self.prefix), number)
        return numbers

    def rests(self, record: Observation) -> Markup | None:
        """The stage that rests on the record."""
        number = self.numbers.get(record.id)
        if number is None or self.proof is None:
            return None
        return tag("a", self.proof.stages[number - 1].id, href=f"#{stage_id(number)}")


def sheet_of(proof: Proof, look: Look) -> ProofSheet:
    """One sweep of the proof."""
    return ProofSheet(look.sweep, prefix=f"{look.name}:", proof=proof)


def stages(proof: Proof, numbers: "count[int]") -> Markup:
    """The section."""
    measured: dict[tuple[str, ...], int] = {}
    for number, stage in enumerate(proof.stages, start=1):
        if stage.required:
            measured.setdefault(stage.measure, number)
    told = [
        _stage(proof, number, stage, _measure(proof, measured.get(stage.measure, number), number, numbers))
        for number, stage in enumerate(proof.stages, start=1)
    ]
    return section("stages", "Stages", tag("ol", *told, class_="stages"))


def look_of(stage: StageResult) -> tuple[str, str, str]:
    """Word, symbol and tone of a stage."""
    return RESULTS[stage.result] if stage.required or stage.result is Result.PROVEN else LEFT


def _stage(proof: Proof, number: int, stage: StageResult, measures: Iterable[Markup]) -> Markup:
    word, symbol, tone = look_of(stage)
    meta = tag(
        "p",
        chip(word, symbol, tone),
        tag("code", stage.id),
        tag("span", f"seen from {', '.join(stage.seen_from)}") if stage.seen_from else None,
        None if stage.required else tag("span", "not required"),
        class_="meta",
    )
    return tag(
        "li",
        tag("h3", stage.title),
        meta,
        _said(stage),
        *_evidence(proof, stage),
        *measures,
        id=stage_id(number),
        class_=f"stage {tone}",
    )


def _said(stage: StageResult) -> Markup:
    """What was shown; else every reason why it is not proven."""
    reasons = stage.why_not or (stage.says,)
    if len(reasons) == 1:
        return tag("p", text(reasons[0], LONGEST_SENTENCE))
    return tag("ul", *(tag("li", text(reason, LONGEST_SENTENCE)) for reason in reasons), class_="reasons")


def _evidence(proof: Proof, stage: StageResult) -> Iterator[Markup]:
    lines = [tag("li", *_line(proof, name)) for name in stage.evidence]
    if not lines:
        return
    listed = tag("ul", *lines, class_="evidence")
    folds = stage.result is Result.PROVEN or len(lines) > MOST_EVIDENCE
    many = "1 record" if len(lines) == 1 else f"{len(lines)} records"
    yield tag("details", tag("summary", f"Evidence: {many}"), listed) if folds else listed


def _line(proof: Proof, name: str) -> Iterator[Markup | str]:
    found = record_of(proof, name)
    code = tag("code", name)
    yield tag("a", code, href=f"#{anchor(name)}") if found is not None else code
    yield tag("span", words_of(proof, name, found))


def words_of(proof: Proof, name: str, found: Observation | GatewayCall | Item | None) -> str:
    """What a record says, in a line."""
    match found:
        case GatewayCall(method=method, url=url, status=status, backend_status=backend):
            return f"{method or '?'} {url or ''}: answered {status or 'nothing'}, backend {backend or 'not called'}"
        case Item(name=said, code=code, role=role):
            return " ".join(each for each in (said, code, f"({role})" if role else None) if each)
        case Observation():
            look = proof.look(name.partition(":")[0])
            target = proof.path.target(found.target)
            if look is None or target is None:
                return ""
            at = look.sweep.started_at + timedelta(milliseconds=found.started_ms)
            return "; ".join(part for part in (says(found, target, at), failed(found), excerpt(found)) if part)
    return "not in this proof"


def _measure(proof: Proof, first: int, number: int, numbers: "count[int]") -> Iterator[Markup]:
    """What would measure what is lacking; where that is told of a stage before, where."""
    stage = proof.stages[number - 1]
    if not stage.measure or not stage.required:
        return
    yield tag("h4", "What would prove it")
    if first < number:
        yield tag("p", "The same as for ", tag("a", proof.stages[first - 1].id, href=f"#{stage_id(first)}"), ".")
        return
    yield joined(measures(stage, numbers))


def measures(stage: StageResult, numbers: "count[int]") -> Iterator[Markup]:
    """The steps that would measure what is lacking, and a word on names that only the reader knows."""
    for step in stage.measure:
        yield _step(step, stage.id, numbers)
    if any(PLACEHOLDER.search(step) for step in stage.measure if step.startswith(COMMANDS)):
        yield tag("p", CAPITALS, class_="hint")


def _step(step: str, name: str, numbers: "count[int]") -> Markup:
    """One step: a command of this program or of Azure's, or a sentence."""
    if step.startswith(COMMANDS):
        return command(step, f"what would prove {name}", numbers)
    return tag("p", step, class_="before")
