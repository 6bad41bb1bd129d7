"""The text of a sweep: what a platform engineer reads at 3 a.m."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from lab.replica import Replica, opened
from lab.scenarios import scenario
from probes.failure import Failure
from probes.judge.finding import Confidence, Discarded, Severity, Verdict
from probes.records import Credential, Vantage
from probes.sweep import Sweep
from probes.tell.text import as_text
from tests.goldens import TEXT_FOLDER, TOLD, golden_text, swept
from tests.sweeps import (
    PRIVATE,
    PRIVATELINK,
    PUBLIC,
    STARTED_AT,
    certificate,
    connection,
    exchange,
    finding,
    handshake,
    path,
    resolution,
    sweep,
    walk,
    wire_resolution,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica() -> AsyncIterator[Replica]:
    """One lab that becomes each scenario in turn."""
    async with opened(scenario("healthy").world) as lab:
        yield lab


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", TOLD)
async def test_the_text_of_a_scenario_is_the_golden_one(replica: Replica, name: str) -> None:
    """Word for word and column for column, but for times and ids."""
    found = await swept(replica, scenario(name))
    assert golden_text(found) == (TEXT_FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_text_is_told() -> None:
    """No file is left of a scenario that is told no more."""
    assert {file.stem for file in TEXT_FOLDER.iterdir()} == set(TOLD)


def test_names_to_be_filled_in_are_announced() -> None:
    """Capitals in a command stand for what the path file does not know; a command that knows all needs no such word."""
    unknown = finding(fix=("az webapp show --resource-group APP_RESOURCE_GROUP --name func",))
    known = finding(fix=("az webapp show --resource-group RG-1 --name func --query Properties",))
    assert "fix, with your names for those in capitals:" in as_text(sweep(*walk(), findings=(unknown,)))
    assert "    fix:\n" in as_text(sweep(*walk(), findings=(known,)))


def test_the_verdict_and_the_cause_stand_at_both_ends() -> None:
    """A log is read from the top, a terminal from the bottom."""
    told = sweep(wire_resolution(), findings=(finding(),), verdict=Verdict.BROKEN)
    lines = as_text(told).splitlines()
    assert lines[0] == "orders from probe: BROKEN in 41.5 ms"
    assert lines[2] == lines[-1] == "[1] zone-not-linked on backend"
    assert lines[-2].startswith("BROKEN: ")


def test_nothing_is_said_of_targets_that_were_not_looked_at() -> None:
    """A sweep over one target proves that one, and names the others."""
    last = as_text(sweep(*walk("backend"))).splitlines()[-1]
    assert last == "PROVEN: backend of the path orders works, and is private; not looked at: gateway, scm"
    whole = as_text(sweep(*walk("gateway"), *walk("backend"), *walk("scm"))).splitlines()[-1]
    assert whole == "PROVEN: the path orders works, and is private"


def test_a_number_leads_from_the_step_to_its_cause() -> None:
    """What a cause or its consequence rests on has the cause's number, in place of ok where the step succeeded."""
    cause = finding(evidence=("backend/1/resolve/platform/A",))
    masked = finding("connect-refused", masked_by=cause.id, evidence=(f"backend/1/connect/{PRIVATE}",))
    other = finding("request-slow", severity=Severity.WARNING, evidence=(f"backend/1/request/{PRIVATE}/token",))
    steps = (resolution(), wire_resolution(), connection(failure=Failure.REFUSED), exchange())
    told = marks(sweep(*steps, findings=(cause, other, masked)))
    assert told == ["ok resolve", "[1] resolve", "FAIL [1] connect", "[2] request"]


def test_an_answer_that_was_not_asked_for_is_not_called_ok() -> None:
    """Of an expected caller by its status, of a stranger by a success; a refusal that is asked for is ok."""
    told = marks(
        sweep(
            exchange(status=503),
            exchange(credential=Credential.NONE, status=401, started_ms=20.0),
            exchange(credential=Credential.NONE, status=200, started_ms=21.0),
            exchange(status=200, started_ms=22.0),
        )
    )
    assert told == ["FAIL request", "ok request", "FAIL request", "ok request"]


def test_what_was_not_done_is_no_failure() -> None:
    """A name without IPv6, a step not begun and one not ended each have a word of their own."""
    told = marks(
        sweep(
            wire_resolution(question_type="AAAA", addresses=(), failure=Failure.NO_DATA),
            connection(failure=Failure.SKIPPED, started_ms=5.0),
            connection(failure=Failure.DEADLINE, started_ms=6.0),
            connection(failure=Failure.TIMEOUT, started_ms=7.0),
        )
    )
    assert told == ["none resolve", "skipped connect", "unseen connect", "FAIL connect"]


def test_an_address_that_lies_elsewhere_is_marked() -> None:
    """Public, or private and outside the subnets of the path; an expected one stands bare."""
    words = as_text(sweep(resolution(PUBLIC, "10.99.0.1", PRIVATE)))
    assert f"system: {PUBLIC} (not private), 10.99.0.1 (unexpected), {PRIVATE} " in words


def test_a_chain_is_told_once_for_each_server() -> None:
    """The AAAA answer of the same server refers to it; another server's is evidence of its own."""
    aaaa: dict[str, Any] = {"question_type": "AAAA", "addresses": (), "failure": Failure.NO_DATA, "started_ms": 0.3}
    other = wire_resolution("on-premises", started_ms=0.4)
    told = as_text(sweep(wire_resolution(), wire_resolution(**aaaa), other))
    assert told.count(PRIVATELINK) == 2
    assert "platform AAAA at 168.63.129.16: same CNAME" in told


def test_an_attempt_that_went_alike_is_not_told_twice() -> None:
    """It is said that there was one."""
    once, twice = sweep(*walk()), sweep(*walk(attempt=1), *walk(attempt=2))
    assert "attempt 2; attempt 1 went alike" in as_text(twice)
    assert marks(twice) == marks(once)


@pytest.mark.parametrize(
    "first",
    [
        {"failure": Failure.TIMEOUT},
        {"address": "10.80.20.5"},
    ],
)
def test_an_attempt_that_differs_is_told(first: dict[str, Any]) -> None:
    """A path that fails now and then shows both faces."""
    told = as_text(sweep(connection(**first), connection(attempt=2)))
    assert told.index("attempt 1") < told.index("attempt 2")
    assert "alike" not in told


def test_an_attempt_that_is_evidence_is_told() -> None:
    """Even where the next one went alike."""
    cause = finding(evidence=(f"backend/1/connect/{PRIVATE}",))
    assert marks(sweep(connection(), connection(attempt=2), findings=(cause,))) == ["[1] connect", "ok connect"]


def test_what_the_gateway_saw_stands_apart() -> None:
    """It is no attempt of the probe."""
    seen = exchange(None, vantage=Vantage.GATEWAY, status=502, reason="Bad Gateway")
    told = as_text(sweep(*walk(), seen))
    assert told.index("  seen by gateway\n") < told.index("GET 502 Bad Gateway")
    assert "attempt" not in told


def test_from_outside_the_words_turn_round() -> None:
    """Nothing is meant to work there: a proof says so, and a step that fails is no alarm."""
    place: dict[str, Any] = {"vantage": Vantage.OUTSIDE}
    told = sweep(
        resolution(PUBLIC, **place), connection(PUBLIC, failure=Failure.TIMEOUT, **place), path=path(vantage="outside")
    )
    assert marks(told) == ["done resolve", "fails connect"]
    assert as_text(told).splitlines()[-1].startswith("PROVEN: backend of the path orders cannot be used from outside")


def test_a_finding_has_what_speaks_for_and_against_it() -> None:
    """Sentence, evidence, support, what was ruled out and what it explains, in this order, the fix last."""
    cause = finding(
        confidence=Confidence.MEDIUM,
        supported_by=("it is so",),
        weakened_by=("it may not be",),
        discarded=(Discarded(id="record-missing", why="there is one"),),
        fix=("Mend it.",),
    )
    masked = finding("public-path-refused", masked_by=cause.id, targets=("gateway",))
    told = as_text(sweep(wire_resolution(), findings=(cause, masked)))
    parts = [
        "[1] ERROR zone-not-linked on backend (confidence: medium)",
        "The cause of backend is zone-not-linked.",
        "backend/1/resolve/platform/A",
        "supported by: it is so",
        "weakened by: it may not be",
        "ruled out: record-missing: there is one",
        "explains: public-path-refused on gateway",
        "fix:",
        "Mend it.",
    ]
    places = [told.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=11, hours=23), "12 days left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(hours=5), "5 hours left"),
        (timedelta(hours=-2), "expired 2 hours ago"),
        (timedelta(days=-3), "expired 3 days ago"),
    ],
)
def test_a_certificate_says_what_is_left(left: timedelta, words: str) -> None:
    """Rounded as the findings round it."""
    sent = certificate(not_after_at=STARTED_AT + left)
    assert words in as_text(sweep(handshake(chain=(sent,), started_ms=0.0)))


def test_a_certificate_cannot_borrow_a_name() -> None:
    """`CN=` within another part of the subject is not the common name."""
    told = as_text(sweep(handshake(chain=(certificate(subject=r"O=x\,CN=good.example,CN=bad.example"),))))
    assert "certificate CN=bad.example," in told


def marks(told: Sweep) -> list[str]:
    """Mark and step of every step, as the text has them."""
    found = re.findall(
        r"^  (\S+(?: \[\d+\])?) +(resolve|connect|handshake|request|token) ", as_text(told), re.MULTILINE
    )
    return [f"{mark} {step}" for mark, step in found]
