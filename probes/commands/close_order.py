"""What `close` is asked to do, whether it may be done, and what it will come to: before anything is changed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from shlex import join
from typing import Any
from uuid import uuid4

from probes.azure.answer import ReadError
from probes.closure import preview
from probes.closure.guard import RefusedError, proof_of
from probes.closure.inside import Inside
from probes.closure.plan import plan
from probes.closure.progress import Outcome, Progress, asked_table, progress, step_table
from probes.closure.resource import CLOSED, Resource, State
from probes.closure.words import command, look, refused
from probes.commands.close_setting import Setting
from probes.proof.records import Proof
from probes.resources import same

BROKEN_NOW = "the proof does not hold any more: this is how the path is now, before anything was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done.

    Attributes:
        lines: what it will do, for the operator.
        begin: first record of a new closure's journal; `None` = it goes on in the one that there is.
        inside: the view from here.
    """

    lines: tuple[str, ...]
    begin: Mapping[str, Any] | None
    inside: Inside


def so_far(records: Sequence[Mapping[str, Any]], made: Setting) -> Progress | None:
    """How far the journal is, `None` where it is empty.

    Raises:
        RefusedError: it does not go with what is asked for.
    """
    try:
        found = progress(records) if records else None
    except ValueError as error:
        raise RefusedError(f"{made.journal}: {error}") from None
    if made.arguments.resume:
        _may_go_on(found, made)
    elif made.arguments.undo:
        _may_go_back(found, made)
    elif found is not None and found.outcome is None:
        state = "is closed, and not fully proven" if found.closed_at is not None else "is not finished"
        raise RefusedError(
            f"the closure that {found.who} began at {found.began_at:%Y-%m-%d %H:%M}Z {state} ({made.journal})",
            *(("Go on with it:", f"  {again(made, '--resume')}") if found.reason is None else ()),
            "Or back:",
            f"  {again(made, '--undo')}",
        )
    return found


def _may_go_on(found: Progress | None, made: Setting) -> None:
    if found is None:
        raise RefusedError(f"there is nothing to go on with: no journal of this path ({made.journal})")
    if found.outcome is not None:
        raise RefusedError(f"there is nothing to go on with: the last closure ended {found.outcome}")
    if found.digest != made.digest:
        raise RefusedError(
            "the path file is not what it was when the closure began: put it back, or go back:",
            f"  {again(made, '--undo')}",
        )


def _may_go_back(found: Progress | None, made: Setting) -> None:
    if found is None:
        raise RefusedError(f"there is nothing to undo: no journal of this path ({made.journal})", *by_hand(made))
    if found.outcome in {Outcome.UNDONE, Outcome.WITHDRAWN}:
        raise RefusedError(f"there is nothing to undo: the last closure ended {found.outcome}", *by_hand(made))


async def ordered(made: Setting, found: Progress | None) -> Order:
    """What will be done.

    Raises:
        RefusedError: it must not be done; says why, and what to run.
        UsageError: the first proof was made with something that is not here.
    """
    arguments = made.arguments
    if found is None or not (arguments.resume or arguments.undo):
        return await _new(made)
    back = arguments.undo or found.reason is not None
    # The way back only looks at the path: that a key or a workspace is not at hand keeps no door closed.
    asked = replace(found.asked, diagnose=None, key_setting=None, workspace=None) if back else found.asked
    inside = made.inside(found.vantage, asked, with_dependencies=found.with_dependencies)
    states = await states_of(made, [step.resource for step in found.steps])
    if back:
        return Order(lines=tuple(preview.undoing(found, states)), begin=None, inside=inside)
    steps = list(zip(found.steps, states, strict=True))
    left = any(not step.done(state) for step, state in steps)
    if left and (not found.intended or all(step.untouched(state) for step, state in steps)):
        # Nothing was changed yet, so nothing is lost by asking once more: the first proof may be of weeks ago.
        _proof(made)
        await works(inside)
    return Order(lines=tuple(preview.resuming(found, states)), begin=None, inside=inside)


async def _new(made: Setting) -> Order:
    proof = _proof(made)
    inside = made.inside(proof.path.vantage, proof.asked, with_dependencies=made.arguments.with_dependencies)
    wanted = made.asked_for
    planned = plan([*await states_of(made, wanted), *await _others(made, wanted)], wanted)
    await works(inside)
    begin = {
        "closure_id": uuid4().hex,
        "path": made.path.name,
        "digest": made.digest,
        "proof": proof.proof_id,
        "vantage": proof.path.vantage.value,
        "asked": asked_table(proof.asked),
        "with_dependencies": made.arguments.with_dependencies,
        "steps": [step_table(step) for step in planned.steps],
    }
    return Order(lines=tuple(preview.closing(planned, made.path)), begin=begin, inside=inside)


def _proof(made: Setting) -> Proof:
    arguments = made.arguments
    max_age = timedelta(minutes=arguments.max_age)
    return proof_of(arguments.proof, made.path, arguments.path, made.here.now(), max_age)


async def works(inside: Inside) -> None:
    """The last look before anything is changed; raises RefusedError where it contradicts the proof."""
    seen = await inside.confirm()
    if not seen.holds:
        raise RefusedError(BROKEN_NOW, *seen.told)


async def states_of(made: Setting, resources: Sequence[Resource]) -> list[State]:
    """How the resources stand; raises RefusedError where one cannot be read."""
    found: list[State] = []
    for each in resources:
        try:
            found.append(await made.management.state(each))
        except ReadError as error:
            raise RefusedError(*refused(error, each, reading=True)) from None
    return found


async def _others(made: Setting, wanted: Sequence[Resource]) -> list[State]:
    """How the dependencies stand that nobody asked to close, as far as they can be read: they are only mentioned."""
    found: list[State] = []
    for each in made.dependencies:
        if not any(same(each.id, other.id) for other in wanted):
            with suppress(ReadError):
                found.append(await made.management.state(each))
    return found


def again(made: Setting, *more: str, journal: bool = True) -> str:
    """This command with other options; `journal` = with its own journal and workspace, for `close` and not `prove`."""
    arguments = made.arguments
    words = ["probes", "close", "--path", str(arguments.path)]
    if arguments.surroundings is not None:
        words += ["--surroundings", str(arguments.surroundings)]
    if journal and arguments.journal is not None:
        words += ["--journal", str(arguments.journal)]
    if journal and arguments.workspace is not None:
        words += ["--workspace", arguments.workspace]
    if journal and arguments.lab:
        words += ["--lab"]
    return join([*words, *more])


def by_hand(made: Setting) -> tuple[str, ...]:
    """How to look and to open without a journal: what was open before is not known here."""
    lines = ["By hand: look first, and open what you know was open."]
    for each in made.sites:
        lines += [f"  {look(each)}", f"  {command(each, dict.fromkeys(list(CLOSED)[:1], 'Enabled'))}"]
    return tuple(lines)
