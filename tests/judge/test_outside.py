"""From a network that must not reach the path, what fails is right, and what answers is the finding."""

from collections.abc import Mapping
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Judgement, Verdict
from probes.records import Observation
from tests.judge.observations import NOT_LINKED, Said, ids, judgement_on, root, visit
from tests.judge.scenes import HTML, UNREACHABLE, outside

FORBIDDEN = {"status": 403, "headers": {"x-ms-forbidden-ip": "198.51.100.7"}}
PUBLIC: Mapping[str, Any] = {"platform": NOT_LINKED, "on_premises": NOT_LINKED}


def seen(**steps: Any) -> Judgement:
    """The judgement on one visit from outside."""
    return judgement_on(outside(*visit(**steps)))


@pytest.mark.parametrize(
    "steps",
    [
        {**PUBLIC, "request": FORBIDDEN, "anonymous": FORBIDDEN},
        {"platform": Said(), "on_premises": Said()},
        {"connect": {"failure": Failure.TIMEOUT}},
        {"connect": {"failure": Failure.UNREACHABLE}},
    ],
)
def test_closed(steps: Mapping[str, Any]) -> None:
    """Turned away by network, unknown by name, or private and out of reach: that is what is wanted there."""
    judgement = seen(**steps)
    assert (judgement.verdict, judgement.findings) == (Verdict.PROVEN, ())


@pytest.mark.parametrize("status", [200, 401, 404, 500])
def test_open(status: int) -> None:
    """Any answer from behind the door shows that the door is open, be it a refusal of the caller."""
    judgement = seen(**PUBLIC, request={"status": status}, anonymous={"status": 401})
    assert (judgement.verdict, ids(judgement)) == (Verdict.EXPOSED, ["public-path-open"])


def test_open_to_strangers_only() -> None:
    """An answer to the request without a token is enough, where no token could be had."""
    judgement = seen(**PUBLIC, token={"failure": Failure.TOKEN_UNAVAILABLE}, anonymous={"status": 401})
    assert ids(judgement) == ["public-path-open"]
    assert root(judgement).targets == ("backend",)


@pytest.mark.parametrize(
    "steps",
    [
        {**PUBLIC, "connect": {"failure": Failure.TIMEOUT}},
        {**PUBLIC, "handshake": {"failure": Failure.RESET, "chain": ()}},
        {"system": Said(failure=Failure.UNRESOLVABLE), "platform": UNREACHABLE, "on_premises": UNREACHABLE},
        {**PUBLIC, "request": {"status": 407, "headers": HTML}, "anonymous": {"status": 407, "headers": HTML}},
    ],
)
def test_not_seen(steps: Mapping[str, Any]) -> None:
    """A fault on the agent's own way proves nothing about the door."""
    judgement = seen(**steps)
    assert (judgement.verdict, ids(judgement)) == (Verdict.INCONCLUSIVE, ["closure-not-seen"])


def test_cut_off_by_the_deadline() -> None:
    """What the deadline cut off is not taken for closed."""
    records: list[Observation] = visit(**PUBLIC, connect={"failure": Failure.DEADLINE})
    assert judgement_on(outside(*records)).verdict is Verdict.INCONCLUSIVE
