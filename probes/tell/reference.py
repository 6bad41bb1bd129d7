"""The findings reference: one page made from the rule table, so that it can never say anything else than the rules do.

`python -m probes.tell.reference` writes docs/findings.md; with `--check` it only says whether the page is up to date.
"""

import sys
from pathlib import Path as File

from probes.judge.rule import Rule, Stage
from probes.judge.rules import EVERY_RULE, RULES_VERSION

PAGE = File(__file__).parent.parent.parent / "docs" / "findings.md"
HEAD = f"""# Findings

Made from the rule table (version {RULES_VERSION}) by `make docs`; do not edit. An id never changes its meaning.
`python -m probes explain ID` shows the same. Words in `{{braces}}` are filled with the names of the path.
A step of a fix whose words the target at hand does not have, an app's name or a gateway's for instance, is left out.
"""
STAGES = {
    Stage.RESOLVE: "Resolving",
    Stage.CONNECT: "Connecting",
    Stage.HANDSHAKE: "TLS",
    Stage.REQUEST: "HTTP and gateway",
    Stage.IDENTITY: "Identity and correlation",
    Stage.AGENT: "The agent itself",
}


def page() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD]
    for stage, title in STAGES.items():
        rules = [rule for rule in EVERY_RULE if rule.stage is stage]
        parts += [f"\n## {title}\n", *(entry(rule) for rule in rules)]
    return "\n".join(parts)


def entry(rule: Rule) -> str:
    """One finding."""
    lines = [
        f"### {rule.id}\n",
        f"**{rule.title}.** Severity {rule.severity}, confidence {rule.confidence} by itself.\n",
        f"- Recognised by: {rule.recognised_by}",
        f"- Says: {rule.summary}",
        *(f"- Supported when {clue.says}." for clue in rule.supports),
        *(f"- Weakened when {clue.says}." for clue in rule.weakens),
        *(f"- Told from [{rival.id}](#{rival.id}): {rival.why}." for rival in rule.rivals),
        *([f"- Explains away: {explained(rule)}."] if rule.masks or rule.masks_stages else []),
        f"- Reference: {rule.reference}\n",
        "Fix:\n",
        *(f"    {step}" if step.startswith("az ") else f"{step}\n" for step in rule.fix),
        "",
    ]
    return "\n".join(lines)


def explained(rule: Rule) -> str:
    """What a rule masks, as a phrase."""
    stages = [f"everything under {STAGES[stage]}" for stage in rule.masks_stages]
    return ", ".join([*stages, *(f"[{name}](#{name})" for name in rule.masks)]) + " on the same target"


def main(file: File, text: str, complaint: str, arguments: list[str]) -> int:
    """Write or check a page that is made from a table; 1 = it is not up to date, which the complaint says."""
    if arguments == ["--check"]:
        current = file.read_text(encoding="utf-8") if file.exists() else ""
        if current == text:
            return 0
        sys.stderr.write(f"{complaint}\n")
        return 1
    file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(PAGE, page(), "docs/findings.md is not what the rules say: run `make docs`", sys.argv[1:]))
