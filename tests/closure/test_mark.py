"""The mark on a site, as a tag holds it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.closure.mark import STALE, Mark, in_the_way, mark, whose

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
OURS, THEIRS = "a" * 32, "b" * 32


def theirs(age: timedelta) -> str:
    """The tag of another closure."""
    return Mark(closure_id=THEIRS, at=NOW - age, who="eve@build-7").value


@given(user=st.text(max_size=300), host=st.text(max_size=300))
def test_a_mark_is_read_as_it_was_written(user: str, host: str) -> None:
    """Whatever a user or a machine is called; and it fits a tag, which takes 256 characters."""
    made = Mark(closure_id=OURS, at=NOW, who=whose(user, host))
    assert mark(made.value) == made
    assert len(made.value) <= 256


@pytest.mark.parametrize("value", [None, "", "yes", f"{OURS} yesterday me@here", f"{OURS[:-1]} {NOW.isoformat()} a@b"])
def test_a_tag_that_no_closure_has_written_is_no_mark(value: str | None) -> None:
    """It is nobody's, and in nobody's way."""
    assert mark(value) is None
    assert in_the_way(value, OURS, NOW, take_over=False) is None


def test_a_closure_is_not_in_its_own_way() -> None:
    """After a crash it goes on under its old mark."""
    assert in_the_way(Mark(closure_id=OURS, at=NOW, who="me@here").value, OURS, NOW, take_over=False) is None


@pytest.mark.parametrize(
    ("age", "take_over", "free"),
    [
        (timedelta(minutes=1), False, False),
        (timedelta(minutes=1), True, False),
        (STALE + timedelta(seconds=1), False, False),
        (STALE + timedelta(seconds=1), True, True),
    ],
)
def test_only_a_stale_mark_gives_way_and_only_when_asked(age: timedelta, take_over: bool, free: bool) -> None:  # noqa: FBT001 - a row of the table
    """A closure that is under way is never pushed aside."""
    found = in_the_way(theirs(age), OURS, NOW, take_over=take_over)
    assert (found is None) is free
    if found is not None:
        assert found.who == "eve@build-7"
