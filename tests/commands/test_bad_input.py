"""What cannot be used is said in a few lines, with exit code 2, and never with a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest

from probes import document
from probes.cli import DEBUG, ended, main
from probes.commands.outcome import Exit
from tests.sweeps import sweep, walk

HOSTILE = "\x1b[2J\u202e\x9b31m\r\nprobes: PROVEN"
CONTENTS = {
    "binary": b"\x7fELF\x00\xff\xfe",
    "empty": b"",
    "half": b'{"name": "x", ',
    "list": b"[1, 2]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "number": b'{"schema_version": 1' + b"0" * 6_000 + b"}",
}


@pytest.mark.parametrize("command", [("check", "--path"), ("judge",)], ids=" ".join)
@pytest.mark.parametrize("content", [*CONTENTS, "missing", "folder", "loop"])
def test_a_file_of_another_kind(
    command: tuple[str, ...], content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message begins with the file's name."""
    file = tmp_path / "file"
    if content in CONTENTS:
        file.write_bytes(CONTENTS[content])
    elif content == "folder":
        file.mkdir()
    elif content == "loop":
        file.symlink_to(file)
    assert main([*command, str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.removeprefix("probes: ").lstrip('"').startswith(str(file))
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b'{"endpoints": [], "name_servers": [], "hosts": {}}', b"\xff", None]
)
def test_surroundings_that_are_none(content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--surroundings` takes the file of a lab that is up, and nothing else."""
    path, file = tmp_path / "path.toml", tmp_path / "surroundings.json"
    path.write_text('name = "x"\n[[targets]]\nname = "t"\nrole = "backend"\nurl = "https://x.example"\n')
    if content is not None:
        file.write_bytes(content)
    assert main(["check", "--path", str(path), "--surroundings", str(file)]) == 2
    said = capsys.readouterr().err
    assert (said.startswith(f'probes: --surroundings "{file}": cannot be used'), "`lab up`" in said) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "listing"),
    [(["explain", "zzzz"], "probes explain"), (["lab", "run", "zzzz"], "probes lab list")],
)
def test_an_unknown_name_far_from_all(arguments: list[str], listing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the command that lists them, and not all of them."""
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert (f"`{listing}` lists them all" in said, len(said) < 120) == (True, True)


def test_an_unknown_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There are few: they are named."""
    path = tmp_path / "path.toml"
    path.write_text('name = "x"\n[[targets]]\nname = "backend"\nrole = "backend"\nurl = "https://x.example"\n')
    assert main(["check", "--path", str(path), "--target", "zzzz"]) == 2
    assert capsys.readouterr().err == 'probes: there is no target "zzzz"; there are: backend\n'


@pytest.mark.parametrize(
    "place",
    [("path_definition", "name"), ("sweep_id",), ("observations", 0, "failure"), ("findings", HOSTILE), (HOSTILE,)],
)
def test_a_strangers_sweep_cannot_move_the_cursor(
    place: tuple[Any, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values and keys that are wrong are shown with what does not print written out, each problem on its own line."""
    table: Any = json.loads(document.dumps(sweep(*walk())))
    spoiled = table
    for key in place[:-1]:
        spoiled = spoiled[key] if key != "findings" else spoiled.setdefault("findings", {}) or spoiled
    spoiled[place[-1]] = HOSTILE
    file = tmp_path / "sweep.json"
    file.write_text(json.dumps(table))
    assert main(["judge", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.replace("\n", "").isprintable()
    assert r"\x1b[2J" in said
    assert not [line for line in said.splitlines()[1:] if line.startswith("probes:")]


def test_a_defect_is_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception that nobody expected is 70, where Python would end with 1 as if the path were broken."""
    assert ended(lambda: Exit(1 // 0)) == 70
    said = capsys.readouterr().err
    assert said.startswith("probes: a defect of this program, not of the path: ZeroDivisionError: ")
    assert "Traceback" not in said


def test_a_defect_can_be_looked_at(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With PROBES_DEBUG the traceback comes along."""
    monkeypatch.setenv(DEBUG, "1")
    assert ended(lambda: Exit(1 // 0)) == 70
    assert "Traceback" in capsys.readouterr().err
