"""The form of a stage: a row that says what it proves, from where that can be seen, and by which records.

A stage looks at what was observed and yields parts: what is shown, what contradicts, what is lacking. It is proven
where something is shown, nothing contradicts and nothing is lacking. Everything is pure; the engine
(`probes.proof.judging`) knows no stage by name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from probes.proof.records import Phase, Source
from probes.proof.seen import Seen


class Want(StrEnum):
    """What would measure what is lacking; `probes.proof.commands` makes a command of it."""

    CLIENT = "client"
    """The same command in a client's network."""
    PROBE = "probe"
    """The probe app's sweep by way of API Management, or the same command in its subnet."""
    OUTSIDE = "outside"
    """The same command in a network that must not reach the path."""
    WORKSPACE = "workspace"
    """The workspace, which was not asked."""
    LATER = "later"
    """The workspace again, some minutes later."""
    AZURE = "azure"
    """Azure Resource Manager, by somebody who may read there."""
    PATH_FILE = "path-file"
    """A key of the path file; the part says which."""
    MEND = "mend"
    """Nothing is lacking but that the finding be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Records that the stage needs, and that show what it is about.

    Attributes:
        evidence: none that the stage could do without.
        says: a clause for people; the clauses of all parts make the sentence.
    """

    source: Source
    evidence: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Records that contradict the stage, and the sentence that says so."""

    source: Source
    evidence: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """What was not measured.

    Attributes:
        says: a sentence: what, and why.
        want: what would measure it.
        hint: of the call or key that would, where the want alone does not say it.
    """

    says: str
    want: Want
    hint: str | None = None


type Part = Shown | Against | Lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the final test.

    Attributes:
        id: never changes its meaning; a new meaning gets a new id.
        title: what it proves, in one line.
        needs: sources without any of which it cannot be proven.
        helps: sources that it takes where they are, in place of others or against the stage.
        required: phases whose proofs must have it.
        proven_by, disproven_by: in words, for the reference page.
        limits: what it does not say even where it is proven.
        find: the parts; pure.
    """

    id: str
    title: str
    needs: tuple[Source, ...]
    helps: tuple[Source, ...] = ()
    required: tuple[Phase, ...]
    proven_by: str
    disproven_by: str
    limits: str
    find: Callable[[Seen], Iterator[Part]]


ALWAYS = tuple(Phase)
