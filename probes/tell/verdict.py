"""What a verdict means, in one sentence; and which steps of a fix are commands, with what stands in for names."""

from collections.abc import Sequence
from re import compile as pattern

from probes.judge.finding import Verdict
from probes.records import Vantage
from probes.tell.report import Report

MEANING = {
    Verdict.PROVEN: "works, and is private",
    Verdict.DEGRADED: "works, with a warning",
    Verdict.EXPOSED: "works, but in public or for strangers",
    Verdict.BROKEN: "does not work",
    Verdict.INCONCLUSIVE: "could not be seen well enough to say",
}
FROM_OUTSIDE = {
    Verdict.PROVEN: "cannot be used from outside",
    Verdict.DEGRADED: "cannot be used from outside, with a warning",
    Verdict.EXPOSED: "can be used from outside",
    Verdict.BROKEN: "is not in order, seen from outside",
    Verdict.INCONCLUSIVE: MEANING[Verdict.INCONCLUSIVE],
}
"""There nothing is meant to work."""
COMMAND = "az "
"""How a fix that is a command begins, by the contract of the rules."""
PLACEHOLDER = pattern(r"(?<=[ /])[A-Z][A-Z_]{2,}(?=[ /]|$)")
"""A name that the path file's resources would give, by the same contract."""
MOST_NAMES = 6


def sentence(report: Report) -> str:
    """The verdict in words, without the word itself; nothing is said of a target that was not looked at."""
    sweep = report.sweep
    subject = f"{listed(report.visited)} of the path" if report.left_out else "the path"
    meaning = FROM_OUTSIDE if sweep.path.vantage is Vantage.OUTSIDE else MEANING
    left_out = f"; not looked at: {listed(report.left_out)}" if report.left_out else ""
    return f"{subject} {sweep.path.name} {meaning[sweep.judgement.verdict]}{left_out}"


def has_placeholder(fix: Sequence[str]) -> bool:
    """Whether a command holds capitals in place of a name that only the reader knows."""
    return any(PLACEHOLDER.search(step) for step in fix if step.startswith(COMMAND))


def listed(names: Sequence[str]) -> str:
    """The names, or the first of many."""
    more = len(names) - MOST_NAMES
    return f"{', '.join(names[:MOST_NAMES])} and {more} more" if more > 0 else ", ".join(names)
