"""Proofs made elsewhere, taken into this one: of the same path, made lately, each sweep once. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from probes.path import Path
from probes.proof.digest import path_digest
from probes.proof.records import FollowedCall, Look, Origin, Proof

WINDOW = timedelta(hours=1)
"""How far apart the sweeps of one proof may lie: a path that was private yesterday proves nothing of today."""
AHEAD = timedelta(minutes=5)
"""How far the clock of another machine may go before this one's."""


class MergeError(ValueError):
    """A proof that cannot be taken into another; the message is for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A proof that was loaded, and the name of its file."""

    file: str
    proof: Proof


def acceptable(given: Iterable[Given], path: Path, now: datetime) -> None:
    """Whether these proofs can be taken into one of this path that is made now.

    Raises:
        MergeError: one is of another path, too old, from the future, or a sweep is in two of them.
    """
    wanted = path_digest(path)
    seen: dict[str, str] = {}
    for each in given:
        proof = each.proof
        if proof.path_digest != wanted:
            names = "another path" if proof.path.name != path.name else "the path as another file describes it"
            raise MergeError(f'"{each.file}" is a proof of {names}; allowed: proofs made with the same path file')
        if not proof.looks:
            raise MergeError(f'"{each.file}" holds no sweep; allowed: a proof that has seen something')
        old = now - proof.oldest_at
        if old > WINDOW:
            allowed = f"what was seen within the last {_minutes(WINDOW)}"
            raise MergeError(f'"{each.file}" holds what was seen {_minutes(old)} ago; allowed: {allowed}')
        if old < -AHEAD:
            raise MergeError(f'"{each.file}" was made in the future; allowed: clocks at most {_minutes(AHEAD)} apart')
        for look in proof.looks:
            other = seen.setdefault(look.sweep.sweep_id, each.file)
            if other != each.file:
                raise MergeError(f'"{each.file}" and "{other}" hold the same sweep; allowed: each of them once')


def merged(
    own: Sequence[Look], calls: Sequence[FollowedCall], given: Sequence[Given]
) -> tuple[tuple[Look, ...], tuple[FollowedCall, ...]]:
    """The sweeps of all proofs under names of their own, and the calls that were followed in each."""
    looks, followed = list(own), list(calls)
    for each in given:
        renamed: dict[str, str] = {}
        for look in each.proof.looks:
            name = unused(look.vantage.value, looks)
            renamed[look.name] = name
            looks.append(replace(look, name=name, origin=Origin.MERGED, file=each.file))
        followed += [replace(call, look=renamed[call.look]) for call in each.proof.calls if call.look in renamed]
    return tuple(looks), tuple(followed)


def unused(name: str, looks: Iterable[Look]) -> str:
    """The name, or with a number where others have it."""
    taken = {look.name for look in looks}
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004 - two hours
