"""What a closure will do, step by step, before it does anything. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from probes.closure.plan import Plan, Step, unwatched
from probes.closure.progress import Progress
from probes.closure.resource import State
from probes.closure.words import changed, command, stands
from probes.path import Path
from probes.resources import same

NOTHING = "Nothing is to be changed."


def closing(plan: Plan, path: Path) -> Iterator[str]:
    """The steps of a new closure, what is closed already, and what stays open."""
    yield from _numbered(plan.steps, "To be closed, in this order:")
    for step in plan.steps:
        if step.resource.dependency and unwatched(path, step.resource):
            yield f"No target of the path looks at {step.resource.title}: that it is not missed is not proven."
    for state in plan.closed:
        yield f"Closed already: {stands(state)}"
    for state in plan.left:
        yield f"Stays open (--with-dependencies closes it): {stands(state)}"


def resuming(progress: Progress, states: Sequence[State]) -> Iterator[str]:
    """What is left of a closure, by what it meant to do and how things stand now."""
    found = [(step, _state(step, states)) for step in progress.steps]
    left = [step for step, state in found if state is not None and not step.done(state)]
    for step, state in found:
        if state is not None and step.done(state):
            yield f"Closed already: {stands(state)}"
    yield from _numbered(left, "To be closed, in this order:")


def undoing(progress: Progress, states: Sequence[State]) -> Iterator[str]:
    """What is opened again."""
    ours = [progress.steps[index] for index in progress.ours]
    left = [step for step in ours if (state := _state(step, states)) is not None and not step.undone(state)]
    yield from _numbered(left, "To be opened again, in this order:", back=True)


def _numbered(steps: Iterable[Step], title: str, *, back: bool = False) -> Iterator[str]:
    every = list(steps)
    yield title if every else NOTHING
    for number, step in enumerate(every, start=1):
        yield f"  {number}. {step.resource.title}: {changed(step, back=back)}"
        yield f"       {command(step.resource, step.opening if back else step.closing)}"


def _state(step: Step, states: Sequence[State]) -> State | None:
    return next((state for state in states if same(state.resource.id, step.resource.id)), None)
