"""The file that tells of a lab that was left running."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lab.standing import StandingLab, found, state_file, told

LAB = StandingLab(
    scenario="healthy",
    log_analytics="http://127.0.0.1:40001",
    workspace_id="3d4e5f60-7182-4934-a5b6-c7d8e9f0a1b2",
    management="http://127.0.0.1:40004",
    identity=MappingProxyType({"IDENTITY_ENDPOINT": "http://127.0.0.1:40002/msi/token", "IDENTITY_HEADER": "ab" * 32}),
)
OTHER = replace(LAB, scenario="zone-not-linked", log_analytics="http://127.0.0.1:40003")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it is to be; its folder is not there yet."""
    return tmp_path / "state" / "lab.json"


def test_a_lab_is_found_for_as_long_as_it_stands(file: Path) -> None:
    """And not before, nor after, and nothing else is left in the folder."""
    assert found(file) is None
    with told(LAB, file):
        assert found(file) == LAB
    assert (found(file), list(file.parent.iterdir())) == (None, [])


def test_a_lab_that_fails_is_not_told_of_any_more(file: Path) -> None:
    """However it ends."""
    with pytest.raises(RuntimeError, match="broken"), told(LAB, file):
        raise RuntimeError("broken")
    assert not file.exists()


def test_only_its_owner_may_read_it(file: Path) -> None:
    """What is in it gets tokens of the lab's tenant; so with any umask, and over a draft that somebody left behind."""
    file.parent.mkdir()
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text("left behind")
    draft.chmod(0o666)
    before = os.umask(0)
    try:
        with told(LAB, file):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_the_folder_is_made_for_its_owner_only(file: Path) -> None:
    """Where it is not there yet."""
    with told(LAB, file):
        assert stat.S_IMODE(file.parent.stat().st_mode) & 0o077 == 0


def test_a_draft_that_is_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    """What it pointed to stays as it was."""
    file.parent.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    file.with_suffix(f".{os.getpid()}").symlink_to(victim)
    with told(LAB, file):
        assert (victim.read_text(), found(file)) == ("mine", LAB)


def test_the_last_lab_started_is_the_one_told(file: Path) -> None:
    """An earlier one that ends meanwhile leaves its file alone."""
    first, second = told(LAB, file), told(OTHER, file)
    first.__enter__()
    second.__enter__()
    assert found(file) == OTHER
    first.__exit__(None, None, None)
    assert found(file) == OTHER
    second.__exit__(None, None, None)
    assert found(file) is None


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """Of the operating system, for the caller to tell."""
    (tmp_path / "state").write_text("a file")
    with pytest.raises(OSError, match="exists"), told(LAB, tmp_path / "state" / "lab.json"):
        pass


def table(**changes: Any) -> str:
    """The content of a file with some of it changed; `None` leaves a key out."""
    content = {
        "scenario": LAB.scenario,
        "log_analytics": LAB.log_analytics,
        "workspace_id": LAB.workspace_id,
        "management": LAB.management,
        "identity": dict(LAB.identity),
    }
    return json.dumps({key: value for key, value in (content | changes).items() if value is not None})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 100_000,
        table(scenario=None),
        table(more="than there is"),
        table(scenario=7),
        table(scenario="\x1b[2J"),
        table(log_analytics="https://api.example.com"),
        table(log_analytics="http://127.0.0.1.example.com:80"),
        table(log_analytics="http://127.0.0.1"),
        table(log_analytics="x"),
        table(workspace_id="../../subscriptions"),
        table(management="https://management.azure.com"),
        table(identity=[]),
        table(identity={}),
        table(identity={"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi/token", "IDENTITY_HEADER": "a\nb"}),
        table(identity={**LAB.identity, "LD_PRELOAD": "/tmp/x.so"}),
        table(identity={**LAB.identity, "IDENTITY_ENDPOINT": "http://example.com/msi/token"}),
    ],
)
def test_a_file_of_another_form_tells_of_no_lab(content: str | bytes, file: Path) -> None:
    """A lab is on loopback, and its identity is two variables: nothing else is taken from a file."""
    file.parent.mkdir()
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert found(file) is None


def test_the_file_that_is_written_is_the_one_that_is_read(file: Path) -> None:
    """The table of the tests above is a good one."""
    file.parent.mkdir()
    file.write_text(table())
    assert found(file) == LAB


def test_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the run-time folder, else the state folder, else below the home; a folder that is of no use is not used."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    runtime, state = tmp_path / "run", tmp_path / "state"
    home = tmp_path / "home" / ".local" / "state"
    runtime.mkdir()
    for given, base in (
        ({"XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(state)}, runtime),
        ({"XDG_RUNTIME_DIR": str(tmp_path / "gone"), "XDG_STATE_HOME": str(state)}, state),
        ({"XDG_RUNTIME_DIR": "relative", "XDG_STATE_HOME": "relative"}, home),
        ({"XDG_RUNTIME_DIR": "", "XDG_STATE_HOME": ""}, home),
        ({}, home),
    ):
        assert state_file(given) == base / "private-path-probe" / "lab.json"
