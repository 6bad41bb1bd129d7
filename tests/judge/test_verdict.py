"""What root causes, and targets that work or do not, come to."""

import pytest

from probes.failure import Failure
from probes.judge import Severity, Verdict, judge
from probes.records import Observation
from tests import sweeps
from tests.judge.observations import NO_ENDPOINT, NOT_LINKED, PLACES, ids, judged, judgement_on, root, visit
from tests.judge.scenes import SCENES
from tests.sweeps import STARTED_AT

CUT = {"failure": Failure.DEADLINE, "status": None}
REFUSED = {"failure": Failure.REFUSED}


@pytest.mark.parametrize(
    ("visits", "verdict"),
    [
        ([], Verdict.PROVEN),
        ([visit(request={"duration_ms": 2_500.0})], Verdict.DEGRADED),
        ([visit(anonymous={"status": 200})], Verdict.EXPOSED),
        ([visit(platform=NO_ENDPOINT, on_premises=NO_ENDPOINT)], Verdict.EXPOSED),
        ([visit(platform=NOT_LINKED)], Verdict.EXPOSED),
        ([visit(platform=NOT_LINKED, request={"status": 403, "headers": {"x-ms-forbidden-ip": "1"}})], Verdict.BROKEN),
        ([visit(anonymous={"status": 200}), visit("scm", connect=REFUSED)], Verdict.BROKEN),
        ([visit(anonymous={"status": 200}), visit("scm", request=CUT)], Verdict.EXPOSED),
        ([visit(connect=REFUSED)], Verdict.BROKEN),
        ([visit(connect=REFUSED), visit("scm", request=CUT)], Verdict.BROKEN),
        ([visit(request=CUT)], Verdict.INCONCLUSIVE),
        ([visit(request=CUT), visit("scm", request={"duration_ms": 2_500.0})], Verdict.INCONCLUSIVE),
        ([visit(request={"status": 418})], Verdict.BROKEN),
        (
            [visit(request={"status": 503, "body": "<p>Back soon</p>", "headers": {"content-type": "text/html"}})],
            Verdict.BROKEN,
        ),
    ],
)
def test_the_table(visits: list[list[Observation]], verdict: Verdict) -> None:
    """Broken outweighs exposed, exposed what was not seen, what was not seen a warning."""
    assert judged(*visits).verdict is verdict


def test_nothing_observed_is_inconclusive() -> None:
    """Without observations nothing is proven, whether targets were meant to be seen or not."""
    judgement = judge(sweeps.path(), (), started_at=STARTED_AT)
    assert (judgement.verdict, ids(judgement)) == (Verdict.INCONCLUSIVE, ["deadline-missed"])
    assert root(judgement).targets == tuple(PLACES)
    assert judge(sweeps.path(), (), started_at=STARTED_AT, among=()).verdict is Verdict.INCONCLUSIVE


def test_a_target_without_observations_is_inconclusive() -> None:
    """One target of several that was not visited keeps the path from being proven."""
    observations = [*visit("gateway"), *visit("backend")]
    judgement = judge(sweeps.path(), observations, started_at=STARTED_AT)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert root(judgement).targets == ("scm",)


def test_only_the_chosen_targets_count() -> None:
    """A sweep of some targets is judged by these alone."""
    judgement = judge(sweeps.path(), visit(), started_at=STARTED_AT, among={"backend"})
    assert (judgement.verdict, judgement.findings) == (Verdict.PROVEN, ())


def test_the_last_attempt_counts() -> None:
    """A target that fails first and works then is not down; one that works first and fails then is."""
    healed = judged([*visit(connect=REFUSED), *visit(attempt=2)])
    assert (healed.verdict, ids(healed)) == (Verdict.DEGRADED, ["intermittent"])
    fallen = judged([*visit(), *visit(attempt=2, connect=REFUSED)])
    assert (fallen.verdict, ids(fallen)) == (Verdict.BROKEN, ["connect-refused"])


def test_an_attempt_that_the_deadline_cut_off_does_not_count_beside_a_whole_one() -> None:
    """What was seen to the end stands, whatever the second look had no time for."""
    judgement = judged([*visit(connect=REFUSED), *visit(attempt=2, request=CUT)])
    assert (judgement.verdict, ids(judgement)) == (Verdict.BROKEN, ["connect-refused"])


def test_an_answer_that_is_not_repeated_is_intermittent() -> None:
    """A 500 that a second attempt does not show is told, although the exchange itself did not fail."""
    judgement = judged([*visit(request={"status": 500}), *visit(attempt=2)])
    assert (judgement.verdict, ids(judgement)) == (Verdict.DEGRADED, ["intermittent"])
    assert "request: status 500" in root(judgement).summary


def test_who_was_let_in_once_was_let_in() -> None:
    """A stranger answered in the first attempt is told of, although the second refuses him."""
    judgement = judged([*visit(request={"status": 500}, anonymous={"status": 200}), *visit(attempt=2)])
    assert (judgement.verdict, set(ids(judgement))) == (Verdict.EXPOSED, {"anonymous-accepted", "intermittent"})


def test_a_failure_that_no_rule_knows_is_said_to_be_one() -> None:
    """A step that failed in an unknown way is an error of low confidence, never silence."""
    judgement = judged(visit(connect={"failure": Failure.UNKNOWN, "detail": "OSError: Too many open files"}))
    assert (judgement.verdict, ids(judgement)) == (Verdict.BROKEN, ["unexplained"])
    assert "Too many open files" in root(judgement).summary
    assert root(judgement).confidence == "low"


def test_an_unknown_failure_beside_a_warning_is_still_told() -> None:
    """A warning on the target does not stand in for the reason why it fails."""
    steps = visit(token={"failure": Failure.UNKNOWN}, request={"duration_ms": 9_000.0})
    assert "token-unavailable" in ids(judged(steps))
    soon = visit(connect={"failure": Failure.UNKNOWN}, on_premises=PLACES["backend"].said)
    assert ids(judged(soon)) == ["unexplained"]


@pytest.mark.parametrize("name", SCENES)
def test_no_scene_with_a_cause_is_proven(name: str) -> None:
    """A sweep with a root cause is never proven, unless that is mere information."""
    judgement = judgement_on(SCENES[name]())
    informs = all(found.severity is Severity.INFORMATION for found in judgement.roots)
    assert (judgement.verdict is Verdict.PROVEN) == informs


def test_thousands_of_failing_targets_are_judged_in_time() -> None:
    """A resolver that is gone takes every target with it: one finding, without comparing each case with each other."""
    count = 2_000
    target = sweeps.TARGETS[1]
    targets = [{**target, "name": f"t{place}", "url": f"https://f{place}.azurewebsites.net/"} for place in range(count)]
    observations = [
        sweeps.wire_resolution(target=f"t{place}", failure=Failure.TIMEOUT, addresses=(), aliases=())
        for place in range(count)
    ]
    judgement = judge(sweeps.path(targets=targets), observations, started_at=STARTED_AT)
    assert len(root(judgement).targets) == count
