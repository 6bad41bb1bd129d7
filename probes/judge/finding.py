"""What the judge says: findings and a verdict, on observations that it has not made."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The path is broken or exposed."""
    WARNING = "warning"
    """It works, and will not for long, or not well."""
    INFORMATION = "information"


class Confidence(StrEnum):
    """How far the evidence carries the cause."""

    HIGH = "high"
    """The evidence fits no other cause known to the rules."""
    MEDIUM = "medium"
    """It fits another cause as well, which is named in `weakened_by` or `discarded`."""
    LOW = "low"
    """A symptom with a name, whose cause lies where this vantage cannot see."""


class Verdict(StrEnum):
    """What a sweep says of its path."""

    PROVEN = "proven"
    DEGRADED = "degraded"
    """It works, with a warning."""
    EXPOSED = "exposed"
    """It works, but it is not private, or answers strangers."""
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    """The agent could not see enough to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """A cause that was considered and does not hold, or is another's consequence."""

    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause.

    Attributes:
        id: the rule's; its meaning never changes.
        targets: every target it hits, in the order of the path.
        masked_by: id of the finding whose consequence this one is; `None` = a root cause.
        evidence: ids of the observations that carry it, at least one.
        summary: one sentence with the real names in it.
        supported_by: what speaks for it beyond the evidence; `weakened_by`: what speaks against it.
        fix: steps that mend it, commands where there are any.
    """

    id: str
    severity: Severity
    confidence: Confidence
    targets: tuple[str, ...]
    masked_by: str | None
    evidence: tuple[str, ...]
    summary: str
    supported_by: tuple[str, ...]
    weakened_by: tuple[str, ...]
    discarded: tuple[Discarded, ...]
    fix: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The findings of one sweep, roots first, and the verdict on its path."""

    rules_version: int
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def roots(self) -> tuple[Finding, ...]:
        """The causes, without their consequences."""
        return tuple(finding for finding in self.findings if finding.masked_by is None)
