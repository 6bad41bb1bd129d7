"""The form of a rule: a row that turns observations into a finding.

Everything about a cause stands in its row: how it is recognised, what speaks for and against it, what it explains
away, how it is mended. The engine reads rows and knows no cause by name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from probes.judge.finding import Confidence, Severity
from probes.judge.scene import Scene
from probes.path import Role


class Stage(IntEnum):
    """Where on the walk a cause lies; a later stage can be the consequence of an earlier one."""

    RESOLVE = 1
    CONNECT = 2
    HANDSHAKE = 3
    REQUEST = 4
    IDENTITY = 5
    AGENT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One place where a rule holds.

    Attributes:
        targets: names of the targets hit.
        subject: what the cause is about (a zone, a resolver, an address, a host name); matches of one rule on one
            subject are one finding with several targets.
        evidence: ids of the observations that carry it.
        words: values for the sentence and the fix.
        exposes: where the target works all the same, it works in public or for strangers.
        aside: it lies off the way that was walked (a resolver that nobody here asks), and so explains nothing else.
        latent: only the configuration says so, and nothing on the walk shows it: a warning at most, and aside as well.
    """

    targets: tuple[str, ...]
    subject: str
    evidence: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    exposes: bool = False
    aside: bool = False
    latent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """Something beyond the evidence that speaks for or against a cause.

    Attributes:
        says: a clause for people, which may use the words of the match.
        holds: whether it is so in this scene, for this match.
    """

    says: str
    holds: Callable[[Scene, Match], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another cause that shows alike, and why it is not this time.

    Attributes:
        id: of the other finding.
        why: a clause for people, which may use the words of the match.
        ruled_out: whether the scene says so.
    """

    id: str
    why: str
    ruled_out: Callable[[Scene, Match], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One cause.

    Attributes:
        id: never changes its meaning; a new meaning gets a new id.
        title: the cause in a few words.
        recognised_by: the predicate in words, for the reference page.
        find: the predicate; pure, one match for every place where it holds.
        summary: the sentence of the finding, with `{words}` of the match; `{targets}` is always there.
        confidence: how far the predicate alone carries the cause; each supporting clue that holds raises it by one
            step, each weakening one lowers it.
        rivals: causes that show alike; those ruled out are told as discarded.
        masks: ids of findings on the same targets, or on targets that depend on them, which are its consequences.
        masks_stages: the same for every finding of these stages.
        follows: roles of dependencies whose failure can look like this on the target that depends on them.
        intrinsic: it is the application's own, by whatever way it is reached: a public address in place of the private
            one does not explain it.
        local: it lies on this machine, and strikes nobody who calls from another.
        outside: it holds from a network that must not reach the path, `None` = from there and from elsewhere.
        fix: what mends it, in order, with `{words}`; command lines start with `az `. A step is left out where a match
            does not have all its words: they say what kind of target it is for.
        reference: where it is documented.
    """

    id: str
    stage: Stage
    severity: Severity
    title: str
    recognised_by: str
    find: Callable[[Scene], Iterable[Match]]
    summary: str
    confidence: Confidence = Confidence.HIGH
    supports: tuple[Clue, ...] = ()
    weakens: tuple[Clue, ...] = ()
    rivals: tuple[Rival, ...] = ()
    masks: tuple[str, ...] = ()
    masks_stages: tuple[Stage, ...] = ()
    follows: tuple[Role, ...] = ()
    intrinsic: bool = False
    local: bool = False
    outside: bool | None = False
    fix: tuple[str, ...]
    reference: str
