"""`explain`: what a finding means, how it is recognised, how it is mended."""

import json
from argparse import Namespace
from functools import partial

from rich.console import Console
from rich.text import Text

from probes.commands.outcome import Exit, one_of
from probes.commands.output import entry, printed, say
from probes.judge.rule import Rule
from probes.judge.rules import EVERY_RULE, RULES_VERSION
from probes.tell.explanation import rule_table, stage_name
from probes.tell.reference import STAGES
from probes.tell.text import SEVERITY_STYLES, fix, paragraph


def explain(arguments: Namespace) -> Exit:
    """One finding, or the list of all."""
    rules = {rule.id: rule for rule in EVERY_RULE}
    chosen = rules[one_of(arguments.id, rules, "finding", "probes explain")] if arguments.id is not None else None
    if arguments.format == "json":
        table = rule_table(chosen) if chosen is not None else catalogue()
        say(json.dumps(table, indent=2) + "\n")
    elif chosen is not None:
        printed(partial(show_rule, chosen))
    else:
        printed(show_catalogue)
    return Exit.FINE


def catalogue() -> dict[str, object]:
    """Every finding in one line, in the order of the walk."""
    rows = [
        {"id": rule.id, "stage": stage_name(rule.stage), "severity": rule.severity.value, "title": rule.title}
        for stage in STAGES
        for rule in EVERY_RULE
        if rule.stage is stage
    ]
    return {"rules_version": RULES_VERSION, "findings": rows}


def show_catalogue(console: Console) -> None:
    """The ids under the stages of the walk."""
    width = max(len(rule.id) for rule in EVERY_RULE)
    for stage, title in STAGES.items():
        console.print(Text(title, "bold"))
        for rule in EVERY_RULE:
            if rule.stage is stage:
                severity = Text(f"{rule.severity.value:<12}", SEVERITY_STYLES[rule.severity])
                entry(Text(f"  {rule.id:<{width}}  ").append(severity), rule.title, console)
        console.print()
    paragraph("`probes explain ID` tells how one is recognised and mended.", console, 0)


def show_rule(rule: Rule, console: Console) -> None:
    """One finding, from what it is to what mends it."""
    paragraph(Text.assemble((rule.id, "bold"), f": {rule.title}"), console, 0)
    severity = (rule.severity.value, SEVERITY_STYLES[rule.severity])
    where = f" in stage {stage_name(rule.stage)}, confidence {rule.confidence} by itself"
    paragraph(Text.assemble(severity, where), console, 0)
    masked = [*(f"every finding of stage {stage_name(stage)}" for stage in rule.masks_stages), *rule.masks]
    for title, clauses in (
        ("recognised by", (rule.recognised_by,)),
        ("says", (rule.summary,)),
        ("more certain when", tuple(clue.says for clue in rule.supports)),
        ("less certain when", tuple(clue.says for clue in rule.weakens)),
        ("not to be taken for", tuple(f"{rival.id}: {rival.why}" for rival in rule.rivals)),
        ("explains, on the same targets", masked),
    ):
        if clauses:
            console.print()
            console.print(Text(title, "bold"))
        for clause in clauses:
            paragraph(clause, console, hang=2)
    console.print()
    console.print(Text("fix", "bold"))
    for step in rule.fix:
        fix(step, console)
    console.print()
    console.print(Text("reference", "bold"))
    paragraph(rule.reference, console)
