"""What a proof is made of: sweeps from several vantages, the calls that were followed, and what each stage came to.

Evidence is named by where it lies: `client:gateway/1/handshake/10.80.10.4` is an observation of the sweep named client,
`client:gateway/log/1` a row of the gateway's log that the call of that sweep left, and `client:gateway/request/1` a
request record of the backend's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.failure import Failure
from probes.path import Path
from probes.proof.digest import path_digest
from probes.records import Vantage
from probes.sweep import Sweep
from probes.trace.records import Trace


class Phase(StrEnum):
    """Whether the door is meant to be open still; it decides which stages a proof has to have."""

    BEFORE_CLOSURE = "before-closure"
    AFTER_CLOSURE = "after-closure"


class Source(StrEnum):
    """Where evidence comes from: the four vantages, and the two that know of all of them."""

    CLIENT = "client"
    PROBE = "probe"
    GATEWAY = "gateway"
    OUTSIDE = "outside"
    AZURE = "azure"
    """Azure Resource Manager."""
    WORKSPACE = "workspace"
    """Log Analytics: the gateway's log and Application Insights."""


class Result(StrEnum):
    """What a stage comes to."""

    PROVEN = "proven"
    """Every record that it takes is there, and none contradicts."""
    DISPROVEN = "disproven"
    """A record contradicts."""
    NOT_PROVEN = "not-proven"
    """Something that it takes was not measured. Nothing is ever proven by absence."""


class Verdict(StrEnum):
    """What a proof comes to."""

    COMPLETE = "complete"
    """Every stage that has to be is proven."""
    DISPROVEN = "disproven"
    """One of them is disproven."""
    INCOMPLETE = "incomplete"
    """One of them is not proven, for want of evidence."""


class Origin(StrEnum):
    """How a sweep came into the proof."""

    HERE = "here"
    DIAGNOSE = "diagnose"
    """The probe app's own, by way of API Management."""
    MERGED = "merged"
    """Out of the file of another proof of the same path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One sweep of the proof.

    Attributes:
        name: unique in the proof, begins the names of its evidence: `client`, `probe`, `client-2`.
        file: of the proof that it was taken from here, as it was given; `None` where it was not.
    """

    name: str
    origin: Origin
    file: str | None
    sweep: Sweep

    @property
    def vantage(self) -> Vantage:
        """Where it was made."""
        return self.sweep.path.vantage


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedCall:
    """A call through the gateway, and what the workspace has kept of it.

    Attributes:
        look: name of the sweep that made the call.
        target: of role gateway.
        request: id of the observation in that sweep.
        correlation_id: the gateway's own id of the call where its answer tells it, else the one that was sent.
        asked_at: when the workspace was asked last.
        failure: why it did not answer; `None` where it did.
        trace: `None` where there is a failure.
    """

    look: str
    target: str
    request: str
    correlation_id: str
    asked_at: datetime
    failure: Failure | None
    detail: str | None
    trace: Trace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A source that was asked and gave nothing."""

    source: Source
    failure: Failure
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the command was called, so that it can say which call would measure what is missing. Names, no secrets.

    Attributes:
        path_file: as it was given, `None` where the proof was not made by the command.
        surroundings_file: of a lab that is up.
        workspace: GUID of the Log Analytics workspace; `lab` = the lab's own.
        diagnose: URL of the probe app's diagnosis.
        key_setting: name of the environment variable that holds the subscription key.
        require: stages that had to be proven beyond those of the phase.
    """

    path_file: str | None = None
    surroundings_file: str | None = None
    workspace: str | None = None
    diagnose: str | None = None
    key_setting: str | None = None
    wait_s: float = 0.0
    require: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """What one stage came to.

    Attributes:
        id: of the stage (`probes.proof.stages.STAGES`); its meaning never changes.
        title: what it proves, in one line.
        required: a proof of this phase is not complete without it.
        seen_from: where its evidence comes from; empty where there is none.
        evidence: names of records as above: at least one where the stage is proven or disproven, and not one that a
            proven stage could do without.
        says: one sentence: what was shown, what contradicts, or what is missing.
        why_not: every reason why it is not proven, what contradicts first; empty where it is.
        causes: findings of the proof's sweeps that explain it, as `client:zone-not-linked`.
        measure: what would measure what is missing, commands as they can be typed where there are any.
    """

    id: str
    title: str
    result: Result
    required: bool
    seen_from: tuple[Source, ...]
    evidence: tuple[str, ...]
    says: str
    why_not: tuple[str, ...]
    causes: tuple[str, ...]
    measure: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The final test of one path, as it was made once.

    Attributes:
        proof_id: 32 hexadecimal digits.
        path: its definition, with the vantage of the sweep that was made here.
        made_at: when it was begun.
        looks: the sweep made here first, if one was made.
        calls: one for each call through the gateway from a client that was followed.
        stages: in the order of the path.
        rules_version: of the judge's rules, stages_version of these stages.
    """

    proof_id: str
    path: Path
    phase: Phase
    made_at: datetime
    finished_at: datetime
    asked: Asked
    looks: tuple[Look, ...]
    calls: tuple[FollowedCall, ...]
    missed: tuple[Missed, ...]
    stages: tuple[StageResult, ...]
    agent_version: str
    rules_version: int
    stages_version: int

    @property
    def path_digest(self) -> str:
        """Of what the path should be: equal for two proofs of one path, wherever they were made."""
        return path_digest(self.path)

    @property
    def complete(self) -> bool:
        """Whether every stage that its phase asks for is proven."""
        return self.verdict is Verdict.COMPLETE

    @property
    def verdict(self) -> Verdict:
        """What its required stages come to; a proof without any is none."""
        results = {stage.result for stage in self.stages if stage.required}
        if Result.DISPROVEN in results:
            return Verdict.DISPROVEN
        return Verdict.COMPLETE if results == {Result.PROVEN} else Verdict.INCOMPLETE

    @property
    def oldest_at(self) -> datetime:
        """When its oldest evidence was seen: a file that was merged may be older than the proof."""
        return min([self.made_at, *(look.sweep.started_at for look in self.looks)])

    def age(self, now: datetime) -> timedelta:
        """How old its oldest evidence is."""
        return now - self.oldest_at

    def stage(self, name: str) -> StageResult | None:
        """The stage of that id."""
        return next((stage for stage in self.stages if stage.id == name), None)

    def look(self, name: str) -> Look | None:
        """The sweep of that name."""
        return next((look for look in self.looks if look.name == name), None)

    @property
    def vantages(self) -> Mapping[Vantage, tuple[Look, ...]]:
        """The sweeps by vantage, each with the file that it came from."""
        found: dict[Vantage, tuple[Look, ...]] = {}
        for look in self.looks:
            found[look.vantage] = (*found.get(look.vantage, ()), look)
        return found
