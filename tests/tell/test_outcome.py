from probes.failure import Failure
from probes.judge.finding import Severity
from probes.records import Vantage
from probes.tell.outcome import Outcome, results
from tests.sweeps import connection, exchange, finding, reading, resolution, site, sweep, walk


def test_the_last_attempt_counts() -> None:
    """Its records, and its time from the first start to the last end."""
    told = sweep(*walk(attempt=1), resolution(attempt=2, started_ms=300.0), connection(attempt=2, started_ms=303.0))
    (result,) = results(told)
    assert {record.attempt for record in result.records} == {2}
    assert result.duration_ms == 4.25
    assert result.step_ms() == {"resolve_ms": 2.125, "connect_ms": 1.25}


def test_the_gravest_finding_decides() -> None:
    """An error outweighs what was not seen, and a warning; the cause told is the error's."""
    warning = finding("request-slow", severity=Severity.WARNING)
    unseen = finding("deadline-missed", severity=Severity.WARNING)
    error = finding("app-error")
    outcomes = [results(sweep(*walk(), findings=found))[0] for found in ((), (warning,), (unseen,), (unseen, error))]
    assert [result.outcome for result in outcomes] == [Outcome.WORKS, Outcome.WORKS, Outcome.UNSEEN, Outcome.FAILS]
    assert [result.cause for result in outcomes] == [None, warning, unseen, error]


def test_what_another_vantage_saw_is_not_the_probes_own() -> None:
    """The gateway's word about the backend makes no result of a target that was not asked for."""
    seen = exchange(None, vantage=Vantage.GATEWAY)
    assert [result.target.name for result in results(sweep(*walk("scm"), seen))] == ["scm"]


def test_a_target_without_records_has_no_duration() -> None:
    """Nothing was begun before the deadline."""
    (result,) = results(sweep(findings=(finding("deadline-missed", severity=Severity.WARNING),)))
    assert (result.duration_ms, result.step_ms(), result.records) == (0, {}, ())


def test_what_azure_says_is_no_step_of_a_target() -> None:
    """Its records, its time and its steps are those of the walk, whatever a read came to and however long it took."""
    (plain,) = results(sweep(*walk()))
    late = reading(site(), failure=Failure.TIMEOUT, duration_ms=10_000.0)
    assert results(sweep(*walk(), reading(site()), late)) == (plain,)
    assert results(sweep(reading(site()))) == ()


def test_information_is_the_cause_of_nothing() -> None:
    """A read that was refused hits no target: it works, and its cause is the warning beside it, or none."""
    told = finding("control-plane-denied", severity=Severity.INFORMATION)
    warning = finding("request-slow", severity=Severity.WARNING)
    (alone,) = results(sweep(*walk(), findings=(told,)))
    (beside,) = results(sweep(*walk(), findings=(told, warning)))
    assert (alone.outcome, alone.cause) == (Outcome.WORKS, None)
    assert beside.cause == warning
