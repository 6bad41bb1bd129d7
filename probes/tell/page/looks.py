"""What a proof was made of: its sweeps, the calls that were followed, what was asked in vain; and which proof it is."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from probes.fields import encoded
from probes.proof.document import to_document
from probes.proof.records import FollowedCall, Look, Missed, Origin, Proof
from probes.records import Vantage
from probes.tell.page.azure import read
from probes.tell.page.evidence import fields, head, observed
from probes.tell.page.markup import Markup, tag
from probes.tell.page.pieces import VERDICTS, anchor, chip, section
from probes.tell.page.stages import sheet_of, words_of
from probes.tell.words import duration

LOG = "log"


def vantages(proof: Proof) -> Markup:
    """The section on who looked, and on who did not."""
    rows = [_row(look) for look in proof.looks]
    caption = tag("caption", "Sweeps of this proof")
    table = tag("table", caption, head("Seen from", "Which sweep", "Verdict"), tag("tbody", *rows))
    absent = [vantage.value for vantage in Vantage if vantage not in proof.vantages and vantage is not Vantage.GATEWAY]
    lines = [f"Nobody looked from {' or '.join(absent)}."] if absent else []
    lines += [f"The {each.source} was asked in vain: {_why(each)}." for each in proof.missed]
    notes = tag("ul", *(tag("li", line) for line in lines)) if lines else None
    return section("vantages", "Seen from", table if rows else None, notes)


def _why(one: Missed | FollowedCall) -> str:
    return f"{one.failure}, {one.detail}" if one.detail else str(one.failure)


def _row(look: Look) -> Markup:
    verdict, seen = look.sweep.judgement.verdict, look.vantage.value
    roots = ", ".join(root.id for root in look.sweep.judgement.roots)
    return tag(
        "tr",
        tag("th", tag("span", look.name, class_="step"), seen if seen != look.name else None, scope="row"),
        tag(
            "td",
            tag("p", origin(look), ", ", instant(look.sweep.started_at)),
            tag("p", f"found {roots}") if roots else None,
            tag("p", tag("code", look.sweep.sweep_id), class_="hint"),
        ),
        tag("td", chip(verdict, *VERDICTS[verdict])),
    )


def origin(look: Look) -> str:
    """How it came into the proof."""
    match look.origin:
        case Origin.HERE:
            return "made here"
        case Origin.DIAGNOSE:
            return "by way of the gateway"
        case Origin.MERGED:
            return f"out of {look.file or 'a file'}"


def instant(at: datetime) -> Markup:
    """A moment in UTC."""
    utc = at.astimezone(UTC)
    return tag("time", f"{utc:%Y-%m-%d %H:%M:%S}Z", datetime=f"{utc:%Y-%m-%dT%H:%M:%SZ}")


def evidence(proof: Proof) -> Markup:
    """The section with every record: calls followed, then each sweep."""
    parts: list[Markup | None] = [*(part for call in proof.calls for part in _call(proof, call))]
    for look in proof.looks:
        sheet = sheet_of(proof, look)
        tables = [*observed(sheet, 4), read(sheet)]
        parts += [tag("h3", f"{look.name}: ", origin(look)), *tables]
    return section("evidence", "Evidence", *parts or [tag("p", "Nothing was observed.")])


def _call(proof: Proof, call: FollowedCall) -> Iterator[Markup]:
    """What the workspace has kept of one call."""
    yield tag("h3", "The call ", tag("code", call.correlation_id), f" from {call.look}")
    if call.trace is None:
        yield tag("p", f"The workspace did not answer: {_why(call)}.")
        return
    rows = [_kept(proof, call, f"{LOG}/{number}", row) for number, row in enumerate(call.trace.gateway, start=1)]
    seen: dict[str, int] = {}
    for item in call.trace.items:
        seen[item.hop] = seen.get(item.hop, 0) + 1
        rows.append(_kept(proof, call, f"{item.hop}/{seen[item.hop]}", item))
    if not rows:
        yield tag("p", "The workspace has nothing of it.")
        return
    caption = tag("caption", "What the workspace has kept of it, asked ", instant(call.asked_at))
    yield tag("table", caption, head("Record", "What it says", "Took"), tag("tbody", *rows))


def _kept(proof: Proof, call: FollowedCall, what: str, record: object) -> Markup:
    name = f"{call.look}:{call.target}/{what}"
    table: Mapping[str, object] = encoded(record)
    ms = table.get("duration_ms")
    return tag(
        "tr",
        tag("th", tag("span", what.partition("/")[0], class_="step"), scope="row"),
        tag(
            "td",
            tag("p", words_of(proof, name, record)),  # type: ignore[arg-type] # a row of the log or an item
            tag("details", tag("summary", tag("code", name)), fields(table)),
        ),
        tag("td", duration(ms if isinstance(ms, float) else None), class_="took"),
        id=anchor(name),
    )


def identity(proof: Proof) -> Markup:
    """The section that says which proof this is, and how to tell whether it was altered."""
    versions = f"stages {proof.stages_version}, rules {proof.rules_version}"
    names: list[tuple[str, Markup | str]] = [
        ("Proof", tag("code", proof.proof_id)),
        ("SHA-256", tag("code", to_document(proof)["sha256"])),
        ("Path", proof.path.name),
        ("Path's digest", tag("code", proof.path_digest)),
        ("Phase", proof.phase.value.replace("-", " ")),
        ("Made", tag("span", instant(proof.made_at), " to ", instant(proof.finished_at))),
        ("Oldest evidence", instant(proof.oldest_at)),
        ("Versions", versions),
        ("Made by", f"probes {proof.agent_version}"),
    ]
    hint = (
        "The digest is of the proof's JSON file, over everything in it. It shows that the file was altered; it is no "
        "signature. How long the proof is good for counts from its oldest evidence, and only for a path of this digest."
    )
    terms = [(tag("dt", name), tag("dd", value)) for name, value in names]
    return section("proof", "This proof", tag("dl", *terms, class_="keys"), tag("p", hint, class_="hint"))
