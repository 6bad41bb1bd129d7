"""From observations to findings and a verdict: reads the rows of the rule table and knows no cause by name."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from probes.judge.finding import Confidence, Discarded, Finding, Judgement, Severity, Verdict
from probes.judge.rule import Match, Rule, Stage
from probes.judge.rules import RULES, RULES_VERSION, UNEXPLAINED, UNSEEN
from probes.judge.rules.agent import stops, unexplained
from probes.judge.scene import Scene
from probes.path import Path, Role
from probes.records import Observation, Vantage

COMMAND = "az "
"""How a fix that is a command line begins."""
UNSAFE = re.compile(r"^-+|[^\w.:/@,+-]")
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends, and marks that turn the direction of writing."""
LEVELS = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
WORD = re.compile(r"\{(\w+)\}")
DEPENDENCIES = {
    Role.GATEWAY: (Role.BACKEND, Role.STORAGE, Role.KEY_VAULT),
    Role.BACKEND: (Role.STORAGE, Role.KEY_VAULT),
    Role.SCM: (Role.STORAGE,),
}
"""Whose failure a target suffers from: the gateway calls the backend, app and deployment site live on their storage."""
DEPENDENT_STAGES = frozenset({Stage.REQUEST, Stage.IDENTITY})
"""Where it suffers: it still resolves, connects and shakes hands."""


@dataclass(frozen=True, slots=True)
class Case:
    """One rule that holds in one place."""

    rule: Rule
    match: Match

    @property
    def severity(self) -> Severity:
        """How much it weighs here: a fault that only the configuration shows is a warning at most."""
        lesser = self.match.latent and self.rule.severity is Severity.ERROR
        return Severity.WARNING if lesser else self.rule.severity


class Cases:
    """Every case of a scene in the order of the rules, found by target and role: thousands may fail at once."""

    def __init__(self, scene: Scene, cases: Iterable[Case]) -> None:
        """Arrange the cases."""
        self.every = tuple(cases)
        self._scene = scene
        self._on_target: dict[str, list[int]] = {}
        self._on_role: dict[Role, list[int]] = {}
        self._roots: dict[int, str | None] = {}
        for number, case in enumerate(self.every):
            for name in case.match.targets:
                self._on_target.setdefault(name, []).append(number)
            for role in {scene.view(name).target.role for name in case.match.targets}:
                self._on_role.setdefault(role, []).append(number)

    def root(self, number: int) -> str | None:
        """Id of the root cause whose consequence a case is, `None` = it is a root itself.

        The rule table masks in one direction only (a tested invariant), so the climb ends.
        """
        if number not in self._roots:
            case = self.every[number]
            near = sorted({*self._on_target[case.match.targets[0]], *self._before(case)})
            causes = (other for other in near if other != number and explains(self.every[other], case, self._scene))
            cause = next(causes, None)
            self._roots[number] = None if cause is None else self.root(cause) or self.every[cause].rule.id
        return self._roots[number]

    def subject(self, case: Case) -> str:
        """What a case is about: of a target that shows what its dependency shows, the dependency's."""
        before = self._before(case) if case.rule.stage in DEPENDENT_STAGES else ()
        for number in before:
            other = self.every[number]
            if other.rule is case.rule and depends(case, other, self._scene):
                return other.match.subject
        return case.match.subject

    def _before(self, case: Case) -> list[int]:
        """Cases on targets of the roles that this one's target depends on."""
        role = self._scene.view(case.match.targets[0]).target.role
        return [number for before in DEPENDENCIES.get(role, ()) for number in self._on_role.get(before, ())]


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
    outside = path.vantage is Vantage.OUTSIDE
    cases = [Case(rule, match) for rule in rules if rule.outside in {outside, None} for match in rule.find(scene)]
    cases += [Case(UNEXPLAINED, match) for match in unexplained(scene, cases)]
    arranged = Cases(scene, cases)
    roots = [arranged.root(number) for number in range(len(cases))]
    findings = merged(scene, arranged, roots)
    causes = [case for case, root in zip(cases, roots, strict=True) if root is None]
    return Judgement(rules_version=RULES_VERSION, verdict=verdict(scene, causes), findings=findings)


def explains(cause: Case, case: Case, scene: Scene) -> bool:
    """Whether a case accounts for another: on its own targets by its row, on dependents because they share its fate.

    What works in public or for strangers is not explained by another way in, nor by something else that fails; what
    the application does by itself is not explained by the way to it. What lies aside explains by name only, and only
    what lies aside as well.
    """
    named = case.rule.id in cause.rule.masks
    if cause.match.aside:
        return named and case.match.aside and set(cause.match.targets).issuperset(case.match.targets)
    if set(cause.match.targets).issuperset(case.match.targets):
        another = cause.match.exposes and case.match.exposes and cause.rule.stage is not case.rule.stage
        elsewhere = case.rule.stage in cause.rule.masks_stages and not (cause.match.exposes and case.rule.intrinsic)
        elsewhere = elsewhere and not case.match.latent  # what is configured does not follow from what happens
        return (named or elsewhere) and not another
    if case.rule.stage not in DEPENDENT_STAGES or case.match.exposes or case.rule is cause.rule:
        return False
    roles = {scene.view(name).target.role for name in cause.match.targets}
    strikes = cause.rule.stage <= Stage.REQUEST and stops(cause) and not cause.rule.local
    follows = strikes and not roles.isdisjoint(case.rule.follows)
    return (named or follows) and shares_fate(cause, case, scene)


def shares_fate(cause: Case, case: Case, scene: Scene) -> bool:
    """Whether a case lies on targets that depend on those of another, which work for nobody but this machine."""
    views = [scene.view(name) for name in cause.match.targets]
    return depends(case, cause, scene) and not any(view.works and not view.hosts_entry for view in views)


def depends(case: Case, other: Case, scene: Scene) -> bool:
    """Whether each target of a case depends on, or is, one of another's."""
    own = set(other.match.targets)
    roles = {scene.view(name).target.role for name in own}
    views = [scene.view(name) for name in case.match.targets if name not in own]
    return bool(views) and all(not roles.isdisjoint(DEPENDENCIES.get(view.target.role, ())) for view in views)


def merged(scene: Scene, cases: Cases, roots: Sequence[str | None]) -> tuple[Finding, ...]:
    """One finding for every cause and subject, whatever number of targets it hits."""
    groups: dict[tuple[str, str, str | None], list[Case]] = {}
    for case, root in zip(cases.every, roots, strict=True):
        groups.setdefault((case.rule.id, cases.subject(case), root), []).append(case)
    for (_, subject, _), group in groups.items():
        group.sort(key=speaking_order(scene, subject, group))
    findings = [finding(scene, group, root) for (_, _, root), group in groups.items()]
    order = {severity: rank for rank, severity in enumerate(Severity)}
    return tuple(sorted(findings, key=lambda found: (found.masked_by is not None, order[found.severity])))


def speaking_order(scene: Scene, subject: str, group: Sequence[Case]) -> Callable[[Case], tuple[bool, bool]]:
    """What a finding is about speaks before what only shows it: an answer may have come from behind its target."""
    roles = {scene.view(name).target.role for case in group for name in case.match.targets}

    def key(case: Case) -> tuple[bool, bool]:
        role = scene.view(case.match.targets[0]).target.role
        passes_on = case.rule.stage in DEPENDENT_STAGES and not roles.isdisjoint(DEPENDENCIES.get(role, ()))
        return case.match.subject != subject, passes_on

    return key


def finding(scene: Scene, cases: Sequence[Case], root: str | None) -> Finding:
    """The finding of one group of cases."""
    rule = cases[0].rule
    hit = {name for case in cases for name in case.match.targets}
    targets = tuple(view.target.name for view in scene.views if view.target.name in hit)
    match = replace(
        cases[0].match,
        targets=targets,
        evidence=tuple(dict.fromkeys(name for case in cases for name in case.match.evidence)),
        words=printable({**cases[0].match.words, "targets": listed(targets), "subject": cases[0].match.subject}),
    )
    supported = [clue.says for clue in rule.supports if clue.holds(scene, match)]
    weakened = [clue.says for clue in rule.weakens if clue.holds(scene, match)]
    level = LEVELS.index(rule.confidence) + len(supported) - len(weakened)
    ruled_out = [rival for rival in rule.rivals if rival.ruled_out(scene, match)]
    return Finding(
        id=rule.id,
        severity=min((case.severity for case in cases), key=list(Severity).index),
        confidence=LEVELS[min(max(level, 0), len(LEVELS) - 1)],
        targets=targets,
        masked_by=root,
        evidence=match.evidence,
        summary=filled(rule.summary, match.words),
        supported_by=tuple(filled(says, match.words) for says in supported),
        weakened_by=tuple(filled(says, match.words) for says in weakened),
        discarded=tuple(Discarded(id=rival.id, why=filled(rival.why, match.words)) for rival in ruled_out),
        fix=tuple(
            filled(step, plain(match.words) if step.startswith(COMMAND) else match.words)
            for step in rule.fix
            if match.words.keys() >= set(WORD.findall(step))
        ),
    )


def filled(template: str, words: Mapping[str, str]) -> str:
    """The template with its words; not str.format, because words come from the network and may hold braces."""
    parts = template.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        out.append(words[name] + rest if brace and name in words else "{" + part)
    return "".join(out)


def printable(words: Mapping[str, str]) -> dict[str, str]:
    """The words as a sentence may hold them: what came from the network must not move a terminal's cursor."""
    return {name: UNPRINTABLE.sub("?", word) for name, word in words.items()}


def plain(words: Mapping[str, str]) -> dict[str, str]:
    """The words as a command line may hold them: what came from the network must not become an option or syntax."""
    return {name: UNSAFE.sub("_", word) for name, word in words.items()}


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def verdict(scene: Scene, causes: Sequence[Case]) -> Verdict:
    """What the root causes, and the targets that work without any, come to; of nothing, nothing can be said.

    From outside nothing is meant to work, and what does is a cause.
    """
    if not scene.views:
        return Verdict.INCONCLUSIVE
    errors = [case for case in causes if case.severity is Severity.ERROR]
    meant = [view for view in scene.views if scene.path.vantage is not Vantage.OUTSIDE]
    failing = {view.target.name for view in meant if not view.works}
    unseen = {name for case in causes if case.rule.id in UNSEEN for name in case.match.targets}
    if errors:
        exposed = all(case.match.exposes and failing.isdisjoint(case.match.targets) for case in errors)
        return Verdict.EXPOSED if exposed and failing <= unseen else Verdict.BROKEN
    if failing - unseen:
        return Verdict.BROKEN
    if unseen:
        return Verdict.INCONCLUSIVE
    warned = any(case.severity is Severity.WARNING for case in causes)
    return Verdict.DEGRADED if warned else Verdict.PROVEN
