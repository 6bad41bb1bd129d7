"""Rules as data, and the pure functions that read them: observations in, findings and a verdict out."""

from probes.judge.engine import judge
from probes.judge.finding import Confidence, Discarded, Finding, Judgement, Severity, Verdict

__all__ = ["Confidence", "Discarded", "Finding", "Judgement", "Severity", "Verdict", "judge"]
