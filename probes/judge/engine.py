"""From observations to findings and a verdict: reads the rows of the rule table and knows no cause by name."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.judge.finding import Confidence, Discarded, Finding, Judgement, Severity, Verdict
from probes.judge.rule import Match, Rule, Stage
from probes.judge.rules import RULES, RULES_VERSION, UNEXPLAINED, UNSEEN
from probes.judge.rules.agent import unexplained
from probes.judge.scene import Scene
from probes.path import Path, Role
from probes.records import Observation

COMMAND = "az "
"""How a fix that is a command line begins."""
UNSAFE = re.compile(r"[^\w.:/@ ,+*-]")
LEVELS = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
DEPENDENTS = {
    Role.BACKEND: frozenset({Role.GATEWAY}),
    Role.STORAGE: frozenset({Role.BACKEND, Role.GATEWAY}),
    Role.KEY_VAULT: frozenset({Role.BACKEND, Role.GATEWAY}),
}
"""Whose answers suffer when a target fails: the gateway calls the backend, the backend lives on its storage."""
DEPENDENT_STAGES = frozenset({Stage.REQUEST, Stage.IDENTITY})
"""What they suffer: they still resolve, connect and shake hands."""


@dataclass(frozen=True, slots=True)
class Case:
    """One rule that holds in one place."""

    rule: Rule
    match: Match


def judge(
    path: Path,
    observations: Iterable[Observation],
    *,
    started_at: datetime,
    among: Collection[str] | None = None,
    rules: Sequence[Rule] = RULES,
) -> Judgement:
    """The findings on what was observed, roots before their consequences, and the verdict. Pure.

    `started_at` is when the sweep began: certificates are judged by the day they were seen. `among` are the targets
    that were to be observed, all of them by default.
    """
    names = frozenset(among if among is not None else (target.name for target in path.targets))
    scene = Scene(path, tuple(observations), started_at, names)
    cases = [Case(rule, match) for rule in rules for match in rule.find(scene)]
    cases += [Case(UNEXPLAINED, match) for match in unexplained(scene, cases)]
    roots = {number: masker(case, cases, scene) for number, case in enumerate(cases)}
    findings = merged(scene, [(case, roots[number]) for number, case in enumerate(cases)])
    causes = [case for number, case in enumerate(cases) if roots[number] is None]
    return Judgement(rules_version=RULES_VERSION, verdict=verdict(scene, causes), findings=findings)


def masker(case: Case, cases: Sequence[Case], scene: Scene) -> str | None:
    """Id of the root cause whose consequence a case is, `None` = it is a root itself.

    The rule table masks in one direction only (a tested invariant), so the climb ends.
    """
    for other in cases:
        if other is not case and explains(other, case, scene):
            return masker(other, cases, scene) or other.rule.id
    return None


def explains(cause: Case, case: Case, scene: Scene) -> bool:
    """Whether a case accounts for another: on its own targets by its row, on dependents because they share its fate."""
    own = set(cause.match.targets)
    if own.issuperset(case.match.targets):
        return case.rule.id in cause.rule.masks or case.rule.stage in cause.rule.masks_stages
    suffers = cause.rule.stage <= Stage.REQUEST and case.rule.stage in DEPENDENT_STAGES and case.rule is not cause.rule
    return suffers and shares_fate(cause, case, scene)


def shares_fate(cause: Case, case: Case, scene: Scene) -> bool:
    """Whether a case lies on targets that depend on those of another, which do not work."""
    own = set(cause.match.targets)
    failing = all(not scene.view(name).works for name in own)
    return failing and (own | dependents(own, scene)).issuperset(case.match.targets)


def dependents(names: Collection[str], scene: Scene) -> set[str]:
    """The targets whose answers depend on these."""
    roles = {role for name in names for role in DEPENDENTS.get(scene.view(name).target.role, frozenset())}
    return {view.target.name for view in scene.having(*roles)}


def merged(scene: Scene, cases: Sequence[tuple[Case, str | None]]) -> tuple[Finding, ...]:
    """One finding for every cause and subject, whatever number of targets it hits."""
    groups: dict[tuple[str, str, str | None], list[Case]] = {}
    for case, root in cases:
        groups.setdefault((case.rule.id, subject(case, cases, scene), root), []).append(case)
    findings = [finding(scene, group, root) for (_, _, root), group in groups.items()]
    order = {severity: rank for rank, severity in enumerate(Severity)}
    return tuple(sorted(findings, key=lambda found: (found.masked_by is not None, order[found.severity])))


def subject(case: Case, cases: Sequence[tuple[Case, str | None]], scene: Scene) -> str:
    """What a case is about: of a dependent that shows what its backend shows, the backend's."""
    for other, _ in cases:
        if other.rule is case.rule and dependents(other.match.targets, scene).issuperset(case.match.targets):
            return other.match.subject
    return case.match.subject


def finding(scene: Scene, cases: Sequence[Case], root: str | None) -> Finding:
    """The finding of one group of cases."""
    rule = cases[0].rule
    hit = {name for case in cases for name in case.match.targets}
    targets = tuple(target.name for target in scene.path.targets if target.name in hit)
    match = Match(
        targets=targets,
        subject=cases[0].match.subject,
        evidence=tuple(dict.fromkeys(name for case in cases for name in case.match.evidence)),
        words={**cases[0].match.words, "targets": listed(targets), "subject": cases[0].match.subject},
    )
    supported = [clue.says for clue in rule.supports if clue.holds(scene, match)]
    weakened = [clue.says for clue in rule.weakens if clue.holds(scene, match)]
    level = LEVELS.index(rule.confidence) + len(supported) - len(weakened)
    ruled_out = [rival for rival in rule.rivals if rival.ruled_out(scene, match)]
    return Finding(
        id=rule.id,
        severity=rule.severity,
        confidence=LEVELS[min(max(level, 0), len(LEVELS) - 1)],
        targets=targets,
        masked_by=root,
        evidence=match.evidence,
        summary=filled(rule.summary, match.words),
        supported_by=tuple(filled(says, match.words) for says in supported),
        weakened_by=tuple(filled(says, match.words) for says in weakened),
        discarded=tuple(Discarded(id=rival.id, why=filled(rival.why, match.words)) for rival in ruled_out),
        fix=tuple(filled(step, plain(match.words) if step.startswith(COMMAND) else match.words) for step in rule.fix),
    )


def filled(template: str, words: Mapping[str, str]) -> str:
    """The template with its words; not str.format, because words come from the network and may hold braces."""
    parts = template.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        out.append(words[name] + rest if brace and name in words else "{" + part)
    return "".join(out)


def plain(words: Mapping[str, str]) -> dict[str, str]:
    """The words as a command line may hold them: what came from the network must not become shell syntax."""
    return {name: UNSAFE.sub("?", word) for name, word in words.items()}


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def verdict(scene: Scene, causes: Sequence[Case]) -> Verdict:
    """What the root causes, and the targets that work without any, come to."""
    errors = [case for case in causes if case.rule.severity is Severity.ERROR]
    failing = {view.target.name for view in scene.views if not view.works}
    unseen = {name for case in causes if case.rule.id == UNSEEN for name in case.match.targets}
    if errors:
        exposed = all(case.match.exposes and failing.isdisjoint(case.match.targets) for case in errors)
        return Verdict.EXPOSED if exposed and failing <= unseen else Verdict.BROKEN
    if failing - unseen:
        return Verdict.BROKEN
    if unseen:
        return Verdict.INCONCLUSIVE
    warned = any(case.rule.severity is Severity.WARNING for case in causes)
    return Verdict.DEGRADED if warned else Verdict.PROVEN
