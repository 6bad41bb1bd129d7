"""One row of the rule table as a JSON object: what `explain --format json` prints and the HTTP API answers."""

from typing import Any

from probes.judge.rule import Rule, Stage
from probes.judge.rules import RULES_VERSION


def rule_table(rule: Rule) -> dict[str, Any]:
    """Everything that the rule says, for people and programs; `{words}` are those that a finding fills in."""
    return {
        "id": rule.id,
        "title": rule.title,
        "stage": stage_name(rule.stage),
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "recognised_by": rule.recognised_by,
        "summary": rule.summary,
        "supports": [clue.says for clue in rule.supports],
        "weakens": [clue.says for clue in rule.weakens],
        "rivals": [{"id": rival.id, "why": rival.why} for rival in rule.rivals],
        "masks": list(rule.masks),
        "masks_stages": [stage_name(stage) for stage in rule.masks_stages],
        "fix": list(rule.fix),
        "reference": rule.reference,
        "rules_version": RULES_VERSION,
    }


def stage_name(stage: Stage) -> str:
    """The stage as a value: `resolve`, `connect`, ..."""
    return stage.name.lower()
