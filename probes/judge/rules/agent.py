"""What lies with the agent itself, and what no rule explains."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Protocol

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rule, Stage
from probes.judge.rules.words import CATALOGUE, words
from probes.judge.scene import NOT_SEEN, Scene, View
from probes.records import Connection, Exchange, Handshake, Observation, Resolution, Step, Vantage

CLOCK_SKEW_S = 300
"""As much as token validation forgives; more makes certificates and tokens look wrong that are right."""
WITNESSES = 2
STAGES = {
    Step.RESOLVE: Stage.RESOLVE,
    Step.CONNECT: Stage.CONNECT,
    Step.HANDSHAKE: Stage.HANDSHAKE,
    Step.REQUEST: Stage.REQUEST,
    Step.TOKEN: Stage.IDENTITY,
    Step.READ: Stage.AGENT,
}


class Case(Protocol):
    """A rule that holds in one place, as the engine keeps it."""

    @property
    def rule(self) -> Rule:
        """The row."""

    @property
    def match(self) -> Match:
        """The place."""

    @property
    def severity(self) -> Severity:
        """How much it weighs there."""


def clock_wrong(scene: Scene) -> Iterator[Match]:
    """The Date headers of several hosts agree with each other and not with the agent's clock."""
    skews: dict[str, tuple[float, Exchange]] = {}
    for view in scene.views:
        for exchange in view.of(Exchange):
            dated = http_date(exchange.headers.get("date", ""))
            if dated is not None:
                skews.setdefault(view.target.host, ((view.at(exchange) - dated).total_seconds(), exchange))
    found = [skew for skew, _ in skews.values()]
    if len(found) >= WITNESSES and abs(median(found)) > CLOCK_SKEW_S and min(map(abs, found)) > CLOCK_SKEW_S:
        yield clock(
            scene,
            tuple(exchange.id for _, exchange in skews.values()),
            f"it is {median(found):+.0f} s off from what {len(found)} hosts say",
        )
    early = [record for view in scene.views for record in view.of(Handshake) if begins_later(view, record)]
    sound = any(record.failure is None for view in scene.views for record in view.of(Handshake))
    if not skews and not sound and len({record.chain[0].sha256 for record in early}) >= WITNESSES:
        yield clock(
            scene,
            tuple(record.id for record in early),
            f"by it {len(early)} certificates are not valid yet, and none is",
        )


def clock(scene: Scene, evidence: tuple[str, ...], witness: str) -> Match:
    """The clock tells on every target."""
    names = tuple(view.target.name for view in scene.views)
    return Match(targets=names, subject="clock", evidence=evidence, words={"witness": witness})


def begins_later(view: View, record: Handshake) -> bool:
    early = record.failure is Failure.CERTIFICATE_NOT_YET_VALID and bool(record.chain)
    return early and view.at(record) < record.chain[0].not_before_at


def without_dates(scene: Scene, match: Match) -> bool:
    """Only certificates bear witness: where nobody shakes hands, nobody sends a Date."""
    return not any(isinstance(record, Exchange) and record.id in match.evidence for record in scene.observations)


def http_date(text: str) -> datetime | None:
    """The time of a Date header (RFC 9110 section 5.6.7), `None` where it is none."""
    try:
        dated = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return dated if dated.tzinfo is not None else None


def deadline_missed(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        missed = tuple(record.id for record in view.records if record.failure is Failure.DEADLINE)
        if missed or not view.records:
            found = {**words(view), "deadline": f"{scene.path.deadline_s:g}"}
            yield Match(targets=(view.target.name,), subject="deadline", evidence=missed, words=found)


def intermittent(scene: Scene) -> Iterator[Match]:
    """The first attempt failed, the second did not: not down, and not well."""
    for view in scene.views:
        failed = troubles(view, view.earlier)
        if view.works and failed and not troubles(view, view.records):
            found = {**words(view), "step": failed[0].step.value, "failure": how(failed[0])}
            evidence = tuple(record.id for record in failed)
            yield Match(targets=(view.target.name,), subject=view.target.host, evidence=evidence, words=found)


def counts_against(record: Observation, among: Collection[Observation]) -> bool:
    """A failure that means something: not about a type of address that a name does not have, or can do without."""
    if record.failure is None or record.failure in NOT_SEEN:
        return False
    if isinstance(record, Resolution) and record.question_type is not None:
        asked = (record.resolver, record.server, record.attempt)
        answers = (other for other in among if isinstance(other, Resolution) and other.addresses)
        found = any((other.resolver, other.server, other.attempt) == asked for other in answers)
        return not found and record.failure is not Failure.NO_DATA
    return True


def troubles(view: View, records: Collection[Observation]) -> list[Observation]:
    """The records of an attempt that make it one to repeat."""
    return [record for record in records if counts_against(record, records) or unwanted(view, record)]


def unwanted(view: View, record: Observation) -> bool:
    """A whole answer to the target's own request, and not the one expected."""
    match record:
        case Exchange(failure=None, credential=view.credential):
            return not view.satisfies(record)
    return False


def how(record: Observation) -> str:
    """How a step went wrong, in a word or two."""
    return f"status {record.status}" if isinstance(record, Exchange) and not record.failure else str(record.failure)


def unexplained(scene: Scene, cases: Iterable[Case]) -> Iterator[Match]:
    """What failed on a target and no case accounts for, and targets that do not work without any case at all."""
    if scene.path.vantage is Vantage.OUTSIDE:
        return  # nothing is meant to work there
    found: dict[str, list[Case]] = {}
    for case in cases:
        for name in case.match.targets:
            found.setdefault(name, []).append(case)
    for view in scene.views:
        mine = found.get(view.target.name, [])
        loose = [
            record
            for record in view.records
            if counts_against(record, view.records) and not any(accounts_for(case, record) for case in mine)
        ]
        loose += [record for record in strayed(view) if not any(case.rule.stage is Stage.RESOLVE for case in mine)]
        if not loose and not view.works and view.seen and not any(stops(case) for case in mine):
            loose = list(view.exchanges or view.records[-1:])
        if loose:
            yield Match(
                targets=(view.target.name,),
                subject=view.target.name,
                evidence=tuple(record.id for record in loose),
                words={
                    **words(view),
                    "step": loose[0].step.value,
                    "failure": str(loose[0].failure or surprise(loose[0])),
                    "detail": loose[0].detail or "no detail",
                },
            )


def strayed(view: View) -> list[Connection]:
    """Connections to public addresses of a target that must be private: never without a word, whatever came of them."""
    made = (record for record in view.of(Connection) if record.failure is None)
    return [record for record in made if view.must_be_private and view.is_public(record.address)]


def surprise(record: Observation) -> str:
    """What is wrong with a step that did not fail."""
    return "a public address" if isinstance(record, Connection) else "an answer that was not expected"


def stops(case: Case) -> bool:
    """Whether a target may fail because of a case: a warning about names or certificates stops nobody."""
    return not case.match.aside and (case.severity is Severity.ERROR or case.rule.stage is Stage.REQUEST)


def accounts_for(case: Case, record: Observation) -> bool:
    """A case stands for its evidence, for failures at its own stage, and for those that it masks."""
    if case.match.aside:
        return record.id in case.match.evidence
    stage = STAGES[record.step]
    at_stage = case.severity is Severity.ERROR and case.rule.stage is stage
    return record.id in case.match.evidence or at_stage or stage in case.rule.masks_stages


FIRST = (
    Rule(
        id="agent-clock-wrong",
        outside=None,
        stage=Stage.AGENT,
        severity=Severity.WARNING,
        title="The agent's clock is wrong",
        recognised_by="The Date headers of at least two hosts differ from the agent's clock by more than five minutes, or every certificate seen, of at least two, is not valid yet.",
        find=clock_wrong,
        summary="The agent's clock is wrong: {witness}; certificates and tokens are judged by it.",
        weakens=(
            Clue(says="no host could be asked for the time: only certificates bear witness", holds=without_dates),
        ),
        masks=("certificate-expired", "certificate-not-yet-valid", "certificate-expires-soon", "token-rejected"),
        fix=("Restart the agent on another instance; on a machine of your own, look at its time service.",),
        reference="RFC 9110 section 6.6.1",
    ),
)
LAST = (
    Rule(
        id="deadline-missed",
        outside=None,
        stage=Stage.AGENT,
        severity=Severity.WARNING,
        title="The sweep ended before everything was seen",
        recognised_by="Steps that had no time left, or targets without any observation.",
        find=deadline_missed,
        summary="The sweep's deadline of {deadline} s came before {targets} had been seen to the end: nothing is said of what is missing.",
        confidence=Confidence.HIGH,
        fix=(
            "Raise deadline_s or concurrency, or spread the targets over several paths; look first at what was slow.",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="intermittent",
        stage=Stage.AGENT,
        severity=Severity.WARNING,
        title="The first attempt failed, the second did not",
        recognised_by="A failed step in the first attempt on a target that works in the second.",
        find=intermittent,
        summary="{host} failed once ({step}: {failure}) and worked when tried again.",
        confidence=Confidence.MEDIUM,
        fix=("Watch whether it comes back; compare instances, and resolvers that take turns.",),
        reference=CATALOGUE,
    ),
)
UNEXPLAINED = Rule(
    id="unexplained",
    stage=Stage.AGENT,
    severity=Severity.ERROR,
    title="Something failed in a way that no rule explains",
    recognised_by="A failed step, or an answer that was not expected, that stands in the evidence of no finding.",
    find=lambda _scene: (),
    summary="{targets} failed at {step} ({failure}), and no rule explains it: {detail}.",
    confidence=Confidence.LOW,
    fix=("Read the evidence; if you find the cause, it deserves a rule of its own.",),
    reference=CATALOGUE,
)
