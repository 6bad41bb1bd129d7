"""Closures on the lab: Azure, front ends, name servers and the path itself are its own."""

from dataclasses import replace

from lab.azure.knowledge import Faults
from probes.closure.progress import Outcome
from probes.closure.work import Ending
from probes.records import Vantage
from tests.closure.stage import (
    OPEN,
    SITE_ID,
    STORAGE_ID,
    Closures,
    closed_world,
    secretly_public,
    without_storage_zone,
)


async def test_a_proven_path_is_closed_and_holds(closures: Closures) -> None:
    """The site alone where nothing else was asked; the mark is gone, and the path works."""
    result = await closures.close()
    assert (result.ending, closures.progress.outcome) == (Ending.CLOSED, None)
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Disabled", "Enabled/Allow")
    assert await closures.tag() is None
    assert (await closures.works()).holds


async def test_dependencies_are_closed_last(closures: Closures) -> None:
    """After the site was closed and the path proven without its public door."""
    result = await closures.close(with_dependencies=True)
    assert result.ending is Ending.CLOSED
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Disabled", "Disabled/Deny")
    order = [each.path for each in closures.asked("PATCH") if each.path in {SITE_ID, STORAGE_ID}]
    assert order == [SITE_ID, STORAGE_ID]


async def test_what_was_not_shown_is_told(closures: Closures) -> None:
    """What a client sees, what the workspace has kept, what a network outside gets; with the lines that show it."""
    result = await closures.close()
    assert any(line.startswith("not shown: outside-refused") for line in result.told)
    assert any(line.startswith("  probes prove --path path.json --vantage client") for line in result.told), result.told


async def test_the_whole_proof_finishes_it(followed: Closures) -> None:
    """With a client's file and an outside's, both made after the closure; nothing is written any more then."""
    await followed.close()
    before = len(followed.writes(SITE_ID))
    seen = [await followed.seen_from(vantage) for vantage in (Vantage.CLIENT, Vantage.OUTSIDE)]
    result = await followed.close(inside=followed.inside(*seen, workspace=followed.workspace))
    assert (result.ending, followed.progress.outcome) == (Ending.PROVEN, Outcome.CLOSED), result.told
    assert len(followed.writes(SITE_ID)) == before
    assert followed.proofs[-1].complete


async def test_an_outside_that_gets_in_is_told(closures: Closures) -> None:
    """Azure says closed, and another way in exists: the site is closed, and the path is not proven."""
    closures.replica.control_plane.faults = Faults(writes_ineffective=True)
    result = await closures.close(inside=closures.inside(surroundings=closures.walled))
    assert result.ending is Ending.CLOSED
    result = await closures.close(
        inside=closures.inside(await closures.seen_from(Vantage.OUTSIDE), surroundings=closures.walled)
    )
    assert result.ending is Ending.EXPOSED
    assert result.told[0].startswith("stage outside-refused:")
    assert closures.progress.outcome is None


async def test_an_outside_from_before_the_closure_does_not_count(closures: Closures) -> None:
    """It says nothing of a door that was closed later."""
    early = await closures.seen_from(Vantage.OUTSIDE)
    result = await closures.close(inside=closures.inside(early))
    assert result.ending is Ending.CLOSED
    assert result.told[0] == '"outside.json" was made before the closure, and so says nothing of it.'


async def test_a_closed_path_takes_no_write(closures: Closures) -> None:
    """It is proven again from inside, and that is all."""
    await closures.replica.become(closed_world(dependencies=True))
    result = await closures.close(with_dependencies=True)
    assert result.ending is Ending.CLOSED
    assert closures.asked("PATCH", "PUT") == []


async def test_what_is_left_is_closed(closures: Closures) -> None:
    """The site is closed already and stays so; the storage account is closed."""
    await closures.replica.become(closed_world(dependencies=False))
    result = await closures.close(with_dependencies=True)
    assert result.ending is Ending.CLOSED
    assert await closures.access(STORAGE_ID) == "Disabled/Deny"
    assert closures.writes(SITE_ID) == []


async def test_a_closure_that_breaks_the_path_is_undone(closures: Closures) -> None:
    """The gateway used the public door: it is open again, the path works as before, and the cause is told."""
    await closures.replica.become(secretly_public())
    result = await closures.close(with_dependencies=True)
    assert (result.ending, closures.progress.outcome) == (Ending.UNDONE, Outcome.UNDONE)
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Enabled", "Enabled/Allow")
    assert await closures.tag() is None
    assert (await closures.works()).holds
    assert any(line.startswith("public-path-refused") for line in result.told)
    assert "the path works from inside" in result.told[-1]


async def test_a_site_that_was_closed_before_stays_closed(closures: Closures) -> None:
    """An undoing opens what this closure has closed, and nothing else."""
    await closures.replica.become(closed_world(dependencies=False))
    closures.after("PATCH", STORAGE_ID, 1, lambda: closures.replica.follow(without_storage_zone))
    result = await closures.close(with_dependencies=True)
    assert result.ending is Ending.BROKEN
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Disabled", "Enabled/Allow")


async def test_dependencies_are_opened_first(closures: Closures) -> None:
    """An app that is open and cannot reach its storage answers no better. That it is broken all the same is told."""
    closures.after("PATCH", STORAGE_ID, 1, lambda: closures.replica.follow(without_storage_zone))
    result = await closures.close(with_dependencies=True)
    assert (result.ending, closures.progress.outcome) == (Ending.BROKEN, Outcome.UNDONE)
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Enabled", "Enabled/Allow")
    order = [each.path for each in closures.asked("PATCH") if each.path in {SITE_ID, STORAGE_ID}]
    assert order == [SITE_ID, STORAGE_ID, STORAGE_ID, SITE_ID]
    assert any("stage dependencies-private: " in line for line in result.told), result.told


async def test_a_closure_is_undone_when_asked(closures: Closures) -> None:
    """Finished or not, from its journal."""
    await closures.close(with_dependencies=True)
    result = await closures.undo()
    assert (result.ending, closures.progress.outcome) == (Ending.UNDONE, Outcome.UNDONE)
    assert (await closures.access(), await closures.access(STORAGE_ID)) == ("Enabled", "Enabled/Allow")
    assert (await closures.works()).holds


async def test_a_change_that_is_slow_to_show_is_waited_for(closures: Closures) -> None:
    """Azure shows the old value for a while; front ends follow later still, and the public one is knocked at."""
    await closures.replica.become(replace(OPEN, azure=replace(OPEN.azure, settles_s=0.4, propagation_s=0.8)))
    result = await closures.close()
    assert result.ending is Ending.CLOSED
    assert any("refuses" in line for line in closures.said)
