"""How far a closure is, by the records of its journal. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from probes.closure.plan import Change, Step
from probes.closure.resource import resource
from probes.proof.records import Asked
from probes.records import Vantage


class Event(StrEnum):
    """What a line of the journal tells."""

    BEGAN = "began"
    """A closure: `closure_id`, `who`, `path`, `digest`, `proof`, `vantage`, `asked`, `with_dependencies`, `steps`."""
    RESUMED = "resumed"
    """By `who`, in another process."""
    MARK_INTENDED = "mark-intended"
    MARK_SET = "mark-set"
    CHANGE_INTENDED = "change-intended"
    """Of step `step`: the write may arrive from here on."""
    CHANGE_MADE = "change-made"
    """`answer`: accepted, or what came in place of an answer."""
    CHANGE_REFUSED = "change-refused"
    """Azure said no: nothing was written."""
    CHANGE_FOUND = "change-found"
    """Step `step` was done already, and not by us: it is not ours to undo."""
    AGREED = "agreed"
    """Azure shows step `step`."""
    INSIDE_HOLDS = "inside-holds"
    """The proof was replayed from inside, with what is closed so far (`steps`)."""
    UNDO_DECIDED = "undo-decided"
    """`reason`: what broke; nothing is closed from here on, only opened."""
    UNDO_INTENDED = "undo-intended"
    UNDO_MADE = "undo-made"
    UNDO_REFUSED = "undo-refused"
    UNDO_AGREED = "undo-agreed"
    REOPENED = "reopened"
    """All that was ours is open again; `holds` says whether the proof from inside does, too."""
    CLOSED = "closed"
    """All is closed and holds from inside; `outside` says whether the proof is complete, from outside as well."""
    MARK_REMOVED = "mark-removed"
    FINISHED = "finished"
    """`outcome`: nothing is left to do."""
    STOPPED = "stopped"
    """The process ended before its work did, and said so; `reason`."""


class Outcome(StrEnum):
    """How a closure ended."""

    CLOSED = "closed"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    """Before anything was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a journal is.

    Attributes:
        path, digest: name of the path, and what tells it from every other.
        proof: hash of the proof that let it begin.
        who: began it, as `user@host`.
        vantage: from which the proof is made again; `asked`: how the first one was asked for.
        intended: steps whose write may have arrived; `ours` those of them that are to be undone.
        found: steps that somebody else had done already.
        agreed: steps that Azure has shown since; `held`: with which the proof from inside was made again.
        reason: why it is being undone, `None` = it is not.
        changed_at: when Azure last showed a step; an outside must have failed after that to count.
        closed_at: when all was closed and proven from inside.
        outside: the proof after it is complete, and so the outside failed, as it must.
    """

    closure_id: str
    path: str
    digest: str
    proof: str
    who: str
    vantage: Vantage
    asked: Asked
    began_at: datetime
    steps: tuple[Step, ...]
    with_dependencies: bool
    intended: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    found: frozenset[int] = frozenset()
    undone: frozenset[int] = frozenset()
    agreed: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    marked: bool = False
    reason: str | None = None
    changed_at: datetime | None = None
    closed_at: datetime | None = None
    outside: bool = False
    outcome: Outcome | None = None

    @property
    def ours(self) -> tuple[int, ...]:
        """Steps to be undone, in the order of the undoing: the last first."""
        return tuple(sorted(self.intended - self.refused - self.undone, reverse=True))


def progress(records: Sequence[Mapping[str, Any]]) -> Progress:
    """How far the records go.

    Raises:
        ValueError: they are no journal of a closure.
    """
    try:
        return _progress(records)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no journal of a closure ({type(error).__name__}: {error})") from None


def _progress(records: Sequence[Mapping[str, Any]]) -> Progress:
    first, *rest = records
    if first["event"] != Event.BEGAN:
        raise ValueError("no journal of a closure: it does not begin with one")
    found = Progress(
        closure_id=first["closure_id"],
        path=first["path"],
        digest=first["digest"],
        proof=first["proof"],
        who=first["who"],
        vantage=Vantage(first["vantage"]),
        asked=Asked(**{**first["asked"], "require": tuple(first["asked"]["require"])}),
        began_at=datetime.fromisoformat(first["at"]),
        steps=tuple(_step(each) for each in first["steps"]),
        with_dependencies=first["with_dependencies"],
    )
    for record in rest:
        if "step" in record and record["step"] not in range(len(found.steps)):
            raise ValueError(f"no journal of a closure: it has no step {record['step']}")
        found = _after(found, Event(record["event"]), record)
    return found


def _after(so_far: Progress, event: Event, record: Mapping[str, Any]) -> Progress:
    match event:
        case Event.CHANGE_FOUND:
            return replace(so_far, found=so_far.found | {record["step"]})
        case Event.CHANGE_INTENDED | Event.CHANGE_REFUSED | Event.AGREED | Event.UNDO_AGREED:
            return _after_write(so_far, event, frozenset({record["step"]}), datetime.fromisoformat(record["at"]))
        case Event.INSIDE_HOLDS:
            return replace(so_far, held=frozenset(record["steps"]))
        case Event.MARK_INTENDED | Event.MARK_REMOVED:
            return replace(so_far, marked=event is Event.MARK_INTENDED)
        case Event.UNDO_DECIDED:
            return replace(so_far, reason=record["reason"], closed_at=None, outside=False, outcome=None)
        case Event.CLOSED:
            return replace(so_far, closed_at=datetime.fromisoformat(record["at"]), outside=record["outside"])
        case Event.FINISHED:
            return replace(so_far, outcome=Outcome(record["outcome"]))
        case _:
            return so_far


def _after_write(so_far: Progress, event: Event, step: frozenset[int], at: datetime) -> Progress:
    if event is Event.CHANGE_REFUSED:
        return replace(so_far, refused=so_far.refused | step)
    if event is Event.UNDO_AGREED:
        return replace(so_far, undone=so_far.undone | step)
    if event is Event.AGREED:
        return replace(so_far, agreed=so_far.agreed | step, changed_at=at)
    # Closed once more, by a run that went on: what was refused or undone before counts no longer.
    return replace(
        so_far,
        intended=so_far.intended | step,
        refused=so_far.refused - step,
        found=so_far.found - step,
        agreed=so_far.agreed - step,
        held=so_far.held - step,
        undone=so_far.undone - step,
    )


def asked_table(asked: Asked) -> dict[str, Any]:
    """How a proof was asked for, as the journal holds it: names, no secrets."""
    return {**asdict(asked), "require": list(asked.require)}


def step_table(step: Step) -> dict[str, Any]:
    """A step as the journal holds it."""
    changes = [{"name": each.name, "before": each.before, "after": each.after} for each in step.changes]
    return {"resource": step.resource.id, "changes": changes}


def _step(table: Mapping[str, Any]) -> Step:
    changes = tuple(Change(name=each["name"], before=each["before"], after=each["after"]) for each in table["changes"])
    return Step(resource=resource(table["resource"]), changes=changes)
