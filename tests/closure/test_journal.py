"""The journal: written before the deed, for one process alone, and read again after a crash."""

import json
import os
import resource as resource_limits
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from probes.closure.journal import Journal, JournalError, default_file, held, read
from probes.closure.plan import Change, Step
from probes.closure.progress import Event, Outcome, Progress, asked_table, progress, step_table
from probes.closure.resource import ACCESS, resource
from probes.proof.records import Asked
from probes.records import Vantage

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-api-prod/providers"
STEPS = tuple(
    Step(resource=resource(f"{GROUP}/{tail}"), changes=(Change(name=ACCESS, before="Enabled", after="Disabled"),))
    for tail in ("Microsoft.Web/sites/func", "Microsoft.Storage/storageAccounts/st", "Microsoft.KeyVault/vaults/kv")
)


ASKED = Asked(path_file="orders.toml", workspace="lab", wait_s=5, require=("dependencies-closed",))


def begin(journal: Journal) -> None:
    """Its first line."""
    journal.write(
        Event.BEGAN,
        closure_id="a" * 32,
        path="orders",
        digest="d" * 64,
        proof="p" * 64,
        who="me@here",
        vantage="client",
        asked=asked_table(ASKED),
        with_dependencies=True,
        steps=[step_table(each) for each in STEPS],
    )


def after(file: Path, *records: tuple[Event, dict[str, Any]]) -> Progress:
    """How far a journal is with these records."""
    with held(file) as journal:
        begin(journal)
        for event, more in records:
            journal.write(event, **more)
    return progress(read(file))


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Steps, values and all."""
    found = after(tmp_path / "a.jsonl")
    assert (found.path, found.digest, found.who, found.steps) == ("orders", "d" * 64, "me@here", STEPS)
    assert (found.vantage, found.asked) == (Vantage.CLIENT, ASKED)
    assert (found.ours, found.outcome, found.reason) == ((), None, None)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """Mode 0600, whatever the umask; the folder is made where there is none, 0700."""
    file = tmp_path / "new" / "a.jsonl"
    before = os.umask(0)
    try:
        after(file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_an_intention_may_have_arrived(tmp_path: Path) -> None:
    """Whoever died after it does not know, so it is to be undone; a refusal is known to have changed nothing."""
    found = after(
        tmp_path / "a.jsonl",
        (Event.CHANGE_INTENDED, {"step": 0}),
        (Event.CHANGE_INTENDED, {"step": 1}),
        (Event.CHANGE_INTENDED, {"step": 2}),
        (Event.CHANGE_REFUSED, {"step": 1}),
    )
    assert found.ours == (2, 0)


def test_what_others_had_closed_is_not_ours(tmp_path: Path) -> None:
    """It was found done, and never intended."""
    assert after(tmp_path / "a.jsonl", (Event.CHANGE_FOUND, {"step": 0})).ours == ()


def test_an_undoing_takes_steps_away_and_a_new_closing_brings_them_back(tmp_path: Path) -> None:
    """The last record of a step decides."""
    undone: list[tuple[Event, dict[str, Any]]] = [
        (Event.CHANGE_INTENDED, {"step": 0}),
        (Event.UNDO_DECIDED, {"reason": "it broke"}),
        (Event.UNDO_AGREED, {"step": 0}),
    ]
    found = after(tmp_path / "a.jsonl", *undone)
    assert (found.ours, found.reason) == ((), "it broke")
    assert after(tmp_path / "b.jsonl", *undone, (Event.CHANGE_INTENDED, {"step": 0})).ours == (0,)


def test_an_undoing_of_a_finished_closure_is_unfinished(tmp_path: Path) -> None:
    """Until it is finished itself."""
    records: list[tuple[Event, dict[str, Any]]] = [
        (Event.CHANGE_INTENDED, {"step": 0}),
        (Event.CLOSED, {"outside": True}),
        (Event.FINISHED, {"outcome": "closed"}),
    ]
    assert after(tmp_path / "a.jsonl", *records).outcome is Outcome.CLOSED
    records.append((Event.UNDO_DECIDED, {"reason": "asked"}))
    assert after(tmp_path / "b.jsonl", *records).outcome is None


@pytest.mark.parametrize("torn", ['{"event": "chan', '{"event": "change-made"', "\x00\x00\x00"])
def test_a_torn_last_line_has_not_happened(tmp_path: Path, torn: str) -> None:
    """The process, or the power, went while it was written; the next line is not joined to it."""
    file = tmp_path / "a.jsonl"
    after(file, (Event.CHANGE_INTENDED, {"step": 0}))
    with file.open("a", encoding="utf-8") as out:
        out.write(torn)
    assert progress(read(file)).ours == (0,)
    with held(file) as journal:
        journal.write(Event.CHANGE_REFUSED, step=0)
    assert progress(read(file)).ours == ()


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}"])
def test_a_damaged_line_in_the_middle_is_told(tmp_path: Path, line: str) -> None:
    """Nobody knows what stood there, so nothing is done by it."""
    file = tmp_path / "a.jsonl"
    after(file)
    file.write_text(f"{line}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(JournalError, match="is damaged"):
        read(file)


@pytest.mark.parametrize("step", [3, -1, "a", None])
def test_a_step_that_there_is_not_is_told(tmp_path: Path, step: object) -> None:
    """A journal that somebody has edited is refused, and ends in no traceback halfway."""
    with pytest.raises(ValueError, match="it has no step"):
        after(tmp_path / "a.jsonl", (Event.CHANGE_INTENDED, {"step": step}))


def test_what_is_closed_once_more_is_to_be_proven_once_more(tmp_path: Path) -> None:
    """Somebody had opened it since: that the path held without it before says nothing of now."""
    closed: list[tuple[Event, dict[str, Any]]] = [
        (Event.CHANGE_INTENDED, {"step": 0}),
        (Event.AGREED, {"step": 0}),
        (Event.INSIDE_HOLDS, {"steps": [0]}),
    ]
    assert after(tmp_path / "a.jsonl", *closed).held == {0}
    assert after(tmp_path / "b.jsonl", *closed, (Event.CHANGE_INTENDED, {"step": 0})).held == frozenset()


def test_half_a_line_is_taken_back(tmp_path: Path) -> None:
    """The disk was full in the middle of it, and later has room again: the next line is whole, and is read."""
    file = tmp_path / "a.jsonl"
    limits = resource_limits.getrlimit(resource_limits.RLIMIT_FSIZE)
    with held(file) as journal:
        begin(journal)
        resource_limits.setrlimit(resource_limits.RLIMIT_FSIZE, (file.stat().st_size + 20, limits[1]))
        try:
            with pytest.raises(JournalError, match="cannot be written"):
                journal.write(Event.CHANGE_INTENDED, step=0)
        finally:
            resource_limits.setrlimit(resource_limits.RLIMIT_FSIZE, limits)
        journal.write(Event.CHANGE_INTENDED, step=1)
    assert progress(read(file)).ours == (1,)


@pytest.mark.parametrize("records", [[{"event": "closed"}], [{"event": "began"}], [{"event": "began", "steps": 1}]])
def test_records_of_another_form_are_no_journal(records: list[dict[str, Any]]) -> None:
    """A file of somebody else's is refused, not guessed at."""
    with pytest.raises(ValueError, match="no journal of a closure"):
        progress(records)


def test_two_processes_do_not_share_a_journal(tmp_path: Path) -> None:
    """The second is told which process has it; once that one dies, however it dies, the lock is free."""
    file = tmp_path / "a.jsonl"
    script = f"""
import sys
from pathlib import Path
from probes.closure.journal import held
with held(Path({str(file)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(JournalError, match=f"process {other.pid}"), held(file):
            pass
        other.kill()
        other.wait()
    with held(file) as journal:
        begin(journal)


def test_a_journal_that_cannot_be_written_stops_the_work(tmp_path: Path) -> None:
    """What is not written down must not be done: here on a disk that is full."""
    with held(tmp_path / "a.jsonl") as journal:
        begin(journal)
        journal.file = Path("/dev/full")
        with pytest.raises(JournalError, match="cannot be written"):
            journal.write(Event.CHANGE_INTENDED, step=0)
        assert len(journal.records) == 1


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Somebody who may write the folder cannot make us append to another file."""
    other = tmp_path / "other"
    other.write_text("theirs", encoding="utf-8")
    (tmp_path / "a.jsonl").symlink_to(other)
    with pytest.raises(JournalError), held(tmp_path / "a.jsonl") as journal:
        begin(journal)
    assert other.read_text(encoding="utf-8") == "theirs"


def test_a_finished_journal_is_put_aside(tmp_path: Path) -> None:
    """Under the name of its closure, and a new one begins."""
    file = tmp_path / "a.jsonl"
    with held(file) as journal:
        begin(journal)
        journal.put_aside()
        assert journal.progress is None
        begin(journal)
    assert len(read(file)) == len(read(tmp_path / f"a-{'a' * 32}.jsonl")) == 1


def test_the_default_place_is_the_users_own(tmp_path: Path) -> None:
    """One file a path, told apart by what the path is and not only by its name."""
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    files = [default_file("orders", digest * 64, environment) for digest in "ab"]
    assert files[0] == tmp_path / "private-path-probe" / "closures" / f"orders-{'a' * 12}.jsonl"
    assert files[0] != files[1]


def test_every_line_says_when_and_who(tmp_path: Path) -> None:
    """For whoever reads the file by eye."""
    file = tmp_path / "a.jsonl"
    after(file)
    (line,) = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    assert line["pid"] == os.getpid()
    assert line["at"].endswith("+00:00")
