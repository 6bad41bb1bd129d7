"""Azure that refuses, delays, loses and forgets; and somebody else at work on the same site."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.azure.knowledge import OPERATOR, Faults, Refusal
from lab.azure.writes import Wanted
from lab.world import World
from probes.closure.closing import BROKEN
from probes.closure.journal import held
from probes.closure.mark import STALE, Mark, mark
from probes.closure.progress import Event, Outcome
from probes.closure.work import Ending
from tests.closure.stage import OPEN, PACE, SITE_ID, STORAGE_ID, Closures, closed_world, secretly_public

THEIRS = "b" * 32


def refusing(action: str, scope: str = "") -> World:
    """The open world, in which the operator lacks a right."""
    return replace(OPEN, azure=replace(OPEN.azure, refusals=(Refusal(action=action, scope=scope, who=OPERATOR),)))


async def tagged(closures: Closures, age: timedelta) -> str:
    """Another closure's mark on the site, of that age."""
    value = Mark(closure_id=THEIRS, at=datetime.now(UTC) - age, who="eve@build-7").value
    await closures.management.set_tag(closures.site, value)
    return value


@pytest.mark.parametrize(
    ("action", "told", "role"),
    [
        ("Microsoft.Web/sites/write", "Microsoft.Web/sites/write", "Website Contributor"),
        ("Microsoft.Resources/tags/write", "Microsoft.Resources/tags/write", "Tag Contributor"),
        ("Microsoft.Resources/tags/read", "Microsoft.Resources/tags/read", "Reader"),
    ],
)
async def test_a_missing_right_is_named_with_the_role_that_has_it(
    closures: Closures, action: str, told: str, role: str
) -> None:
    """Nothing was changed, and no mark is left."""
    await closures.replica.become(refusing(action))
    result = await closures.close()
    assert (result.ending, closures.progress.outcome) == (Ending.WITHDRAWN, Outcome.WITHDRAWN)
    assert any(told in line for line in result.told)
    assert any(f"--role '{role}'" in line or f"--role {role}" in line for line in result.told)
    await closures.replica.become(OPEN)
    assert (await closures.access(), await closures.tag()) == ("Enabled", None)


async def test_rights_that_end_with_the_site_leave_it_closed(closures: Closures) -> None:
    """The site is closed and proven; the storage account is not, and that is said, with how to go on."""
    await closures.replica.become(refusing("Microsoft.Storage/storageAccounts/write"))
    result = await closures.close(with_dependencies=True)
    assert (result.ending, closures.progress.outcome) == (Ending.CLOSED, None)
    assert any(line.strip() == "storage account stordersprod: not changed: Azure refused" for line in result.told)
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Disabled", "Enabled/Allow")
    await closures.replica.follow(lambda world: replace(world, azure=replace(world.azure, refusals=())))
    assert (await closures.close()).ending is Ending.CLOSED
    assert await closures.access(STORAGE_ID) == "Disabled/Deny"


async def test_a_policy_is_no_matter_of_patience(closures: Closures) -> None:
    """It is named as one, and nothing is tried twice."""
    closures.replica.control_plane.faults = Faults(writes_refused=True)
    result = await closures.close()
    assert result.ending is Ending.WITHDRAWN
    assert any("A policy forbids it" in line for line in result.told)
    assert len(closures.asked("PATCH")) == 1


@pytest.mark.parametrize("faults", [{"throttled": 3}, {"unavailable": 3}])
async def test_throttling_is_waited_out(closures: Closures, faults: dict[str, Any]) -> None:
    """As long as Azure asks for."""
    closures.replica.control_plane.faults = Faults(retry_after_s=0.05, **faults)
    assert (await closures.close()).ending is Ending.CLOSED


@pytest.mark.parametrize("dropped", [1, 2, 3])
async def test_an_answer_that_never_comes_is_no_failure(closures: Closures, dropped: int) -> None:
    """Of the mark, of the change, of both: Azure is asked what it has."""
    closures.replica.control_plane.faults = Faults(dropped_writes=dropped)
    result = await closures.close()
    assert result.ending is Ending.CLOSED
    assert await closures.access() == "Disabled"
    assert any("not known" in line for line in closures.said)


async def test_a_refusal_says_nothing_of_the_write_before_it(closures: Closures) -> None:
    """The first one's answer was lost, the second is refused: the site may well be closed, and is."""
    await closures.replica.become(replace(OPEN, azure=replace(OPEN.azure, settles_s=0.5)))

    async def drop() -> None:
        closures.replica.control_plane.faults = Faults(dropped_writes=1)
        refusal = Refusal(action="Microsoft.Web/sites/write", who=OPERATOR)
        closures.after("PATCH", SITE_ID, 1, lambda: closures.replica.follow(with_refusal(refusal)))

    closures.after("GET", "tags/default", 3, drop)
    result = await closures.close()
    assert (result.ending, closures.progress.outcome) == (Ending.HALFWAY, None), result.told
    assert any("perhaps closed" in line for line in result.told)
    assert len(closures.writes(SITE_ID)) == 2
    assert await closures.access() == "Disabled"


def with_refusal(refusal: Refusal) -> Callable[[World], World]:
    """A world in which the operator lacks a right from now on."""
    return lambda world: replace(world, azure=replace(world.azure, refusals=(refusal,)))


async def test_what_is_left_closed_is_watched_until_front_ends_follow(closures: Closures) -> None:
    """Azure cannot be read after the change; at once the path still goes by the public door, and later it does not."""
    world = secretly_public()
    await closures.replica.become(replace(world, azure=replace(world.azure, propagation_s=1.5)))
    refusal = Refusal(action="Microsoft.Web/sites/read", who=OPERATOR)
    closures.after("PATCH", SITE_ID, 1, lambda: closures.replica.follow(with_refusal(refusal)))
    result = await closures.close(pace=replace(PACE, azure_s=0.1, settle_s=3.0))
    assert result.ending is Ending.HALFWAY
    assert BROKEN in result.told
    assert any(line.startswith("NOT KNOWN: site func-orders-prod") for line in result.told)
    assert closures.progress.reason is not None


async def test_what_is_perhaps_closed_is_halfway(closures: Closures) -> None:
    """The site holds; whether the storage account was closed is not known, and that is not told as closed."""
    refusal = Refusal(action="Microsoft.Storage/storageAccounts/read", who=OPERATOR)
    closures.after("PATCH", STORAGE_ID, 1, lambda: closures.replica.follow(with_refusal(refusal)))
    result = await closures.close(with_dependencies=True, pace=replace(PACE, azure_s=0.1))
    assert result.ending is Ending.HALFWAY
    assert any("stordersprod: perhaps closed" in line for line in result.told)


async def test_a_proof_before_front_ends_have_settled_is_not_the_last(closures: Closures) -> None:
    """Gone on with, the path is broken at first and holds then: it is waited for the front ends all the same."""
    with held(closures.file) as journal:
        await closures.begin(journal)
        journal.write(Event.CHANGE_INTENDED, step=0)
        journal.write(Event.AGREED, step=0)
    closed = closed_world(dependencies=False)
    await closures.replica.become(secretly_public(closed))
    closures.after("GET", "/config/web", 2, lambda: closures.replica.follow(lambda _: closed))
    assert (await closures.close()).ending is Ending.CLOSED
    proven = closures.said.index("It holds from inside.")
    assert any(line.startswith("Front ends follow") for line in closures.said[proven:])


async def test_what_azure_refused_and_somebody_else_closed_is_not_ours(closures: Closures) -> None:
    """It is found closed by whoever goes on, and an undoing leaves it so."""
    await closures.replica.become(refusing("Microsoft.Storage/storageAccounts/write"))
    await closures.close(with_dependencies=True)
    await closures.replica.follow(lambda world: replace(world, azure=replace(world.azure, refusals=())))
    await closures.replica.control_plane.change(STORAGE_ID, Wanted(public_access=False, default_action="Deny"))
    await closures.close()
    assert any("stordersprod" in line and "not by us" in line for line in closures.said)
    assert (await closures.undo()).ending is Ending.UNDONE
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Enabled", "Disabled/Deny")


async def lose_writes(closures: Closures) -> None:
    """From here on Azure takes writes and forgets them."""
    closures.replica.control_plane.faults = Faults(writes_lost=True)


async def test_a_change_that_never_shows_is_taken_back(closures: Closures) -> None:
    """It may be on its way: the old value is written again, so that the door does not close once nobody looks."""
    closures.after("GET", "tags/default", 2, lambda: lose_writes(closures))
    result = await closures.close()
    assert (result.ending, closures.progress.outcome) == (Ending.UNDONE, Outcome.UNDONE)
    assert "does not show it" in result.told[0]
    assert len(closures.writes(SITE_ID)) == 2
    assert b'"Enabled"' in closures.writes(SITE_ID)[-1].body


async def test_a_mark_that_does_not_stay_is_none(closures: Closures) -> None:
    """Without it nobody is kept away, so nothing is changed."""
    closures.replica.control_plane.faults = Faults(writes_lost=True)
    result = await closures.close()
    assert result.ending is Ending.WITHDRAWN
    assert closures.writes(SITE_ID) == []


async def test_a_front_end_that_never_follows_is_seen(closures: Closures) -> None:
    """Azure says closed, the public front end answers: the change is taken back, and said to have had no effect."""
    closures.replica.control_plane.faults = Faults(writes_ineffective=True)
    result = await closures.close()
    assert result.ending is Ending.UNDONE
    assert "the public front end still answers" in result.told[0]
    assert await closures.access() == "Enabled"


async def test_another_closure_is_left_alone(closures: Closures) -> None:
    """Its mark says whose it is; nothing is touched, its mark least of all."""
    value = await tagged(closures, timedelta(minutes=3))
    result = await closures.close(take_over=True)
    assert (result.ending, closures.progress.outcome) == (Ending.WITHDRAWN, Outcome.WITHDRAWN)
    assert "eve@build-7" in result.told[0]
    assert (await closures.access(), await closures.tag()) == ("Enabled", value)


@pytest.mark.parametrize("take_over", [False, True])
async def test_a_stale_mark_is_taken_over_only_when_asked(closures: Closures, take_over: bool) -> None:  # noqa: FBT001 - a row of the table
    """And then it is said whose it was."""
    await tagged(closures, STALE + timedelta(minutes=1))
    result = await closures.close(take_over=take_over)
    assert result.ending is (Ending.CLOSED if take_over else Ending.WITHDRAWN)
    assert any("eve@build-7" in line for line in (*closures.said, *result.told))
    assert (await closures.tag() is None) is take_over


async def test_a_mark_that_was_taken_over_is_noticed_before_the_change(closures: Closures) -> None:
    """Somebody set theirs after we had read ours back: we have it no longer, and change nothing."""
    closures.after("GET", "/config/web", 3, lambda: tagged(closures, timedelta()))
    result = await closures.close()
    assert result.ending is Ending.WITHDRAWN
    assert closures.writes(SITE_ID) == []
    found = mark(await closures.tag())
    assert found is not None
    assert found.closure_id == THEIRS


async def test_a_mark_that_was_taken_over_halfway_stops_the_work(closures: Closures) -> None:
    """What is done is said; the dependency is not touched, and the other's mark stays."""
    closures.after("PATCH", "func-orders-prod", 1, lambda: tagged(closures, timedelta()))
    result = await closures.close(with_dependencies=True)
    assert (result.ending, closures.progress.outcome) == (Ending.CLOSED, None)
    assert "eve@build-7" in result.told[0]
    assert await closures.access(STORAGE_ID) == "Enabled/Allow"
    assert mark(await closures.tag()) is not None


async def test_somebody_who_opens_it_again_is_noticed(closures: Closures) -> None:
    """Before the next change, which is not made."""
    plane = closures.replica.control_plane
    closures.after("GET", "/config/web", 4, lambda: plane.change(SITE_ID, Wanted(public_access=True)))
    result = await closures.close(with_dependencies=True)
    assert (result.ending, closures.progress.outcome) == (Ending.HALFWAY, None)
    assert any("somebody has opened it again" in line for line in result.told)
    assert any("--resume" in line for line in result.told)
    assert closures.writes(STORAGE_ID) == []


async def test_somebody_who_closes_it_meanwhile_is_noticed(closures: Closures) -> None:
    """Between the plan and the change: two are at work, and we are the one who withdraws."""
    plane = closures.replica.control_plane
    closures.after("PATCH", "tags/default", 1, lambda: plane.change(SITE_ID, Wanted(public_access=False)))
    result = await closures.close()
    assert (result.ending, closures.progress.outcome) == (Ending.WITHDRAWN, Outcome.WITHDRAWN)
    assert "closed by somebody else" in result.told[0]
    assert closures.writes(SITE_ID) == []
    assert await closures.tag() is None


async def test_a_reopening_that_is_refused_is_told_with_the_line_to_type(closures: Closures) -> None:
    """STILL CLOSED is what the operator must read first, and what to do by hand."""
    await closures.close()
    await closures.replica.follow(
        lambda world: replace(
            world, azure=replace(world.azure, refusals=(Refusal(action="Microsoft.Web/sites/write", who=OPERATOR),))
        )
    )
    result = await closures.undo()
    assert (result.ending, closures.progress.outcome) == (Ending.HALFWAY, None)
    assert any(line.startswith("STILL CLOSED: site func-orders-prod") for line in result.told)
    assert any(line.strip().startswith("az functionapp update") for line in result.told)
    await closures.replica.follow(lambda world: replace(world, azure=replace(world.azure, refusals=())))
    assert (await closures.undo()).ending is Ending.UNDONE
    assert await closures.access() == "Enabled"


async def test_a_mark_that_cannot_be_set_keeps_no_door_closed(closures: Closures) -> None:
    """To open again matters more than to say who does it."""
    await closures.close()
    await closures.replica.follow(
        lambda world: replace(
            world, azure=replace(world.azure, refusals=(Refusal(action="Microsoft.Resources/tags/*", who=OPERATOR),))
        )
    )
    assert (await closures.undo()).ending is Ending.UNDONE
    assert await closures.access() == "Enabled"


async def test_what_cannot_be_written_down_is_taken_back(closures: Closures) -> None:
    """The disk is full after the first change: nothing more is closed, and the change is undone."""

    def fill() -> None:
        assert closures.journal is not None
        closures.journal.file = Path("/dev/full")

    closures.after("PATCH", "func-orders-prod", 1, fill)
    result = await closures.close(with_dependencies=True)
    assert result.ending is Ending.UNDONE
    assert "cannot be written" in result.told[0]
    assert await closures.access() == "Enabled"
    assert closures.writes(STORAGE_ID) == []


async def test_an_undoing_leaves_another_closure_alone(closures: Closures) -> None:
    """Asked for by an operator while somebody else is at work, it is refused."""
    await closures.close()
    await tagged(closures, timedelta(minutes=1))
    result = await closures.undo()
    assert result.ending is Ending.HALFWAY
    assert "Nothing was opened" in " ".join(result.told)
    assert await closures.access() == "Disabled"


async def test_no_token_is_in_journal_or_words(closures: Closures) -> None:
    """Whatever Azure answers, and whatever is said of it."""
    closures.replica.control_plane.faults = Faults(dropped_writes=2)
    result = await closures.close(with_dependencies=True)
    said = "\n".join([*closures.said, *result.told, closures.file.read_text(encoding="utf-8")])
    assert "eyJ" not in said
    assert "Bearer" not in said
