"""Where reports go, and what comes of it where they cannot go there."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from probes import document
from probes.cli import main
from probes.judge.finding import Severity, Verdict
from tests.commands.process import ROOT, finished
from tests.sweeps import TARGETS, certificate, finding, handshake, path, sweep, walk

BACKEND = path(targets=[{**TARGETS[1], "correlation": False}])
FULL = Path("/dev/full")


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A sweep of a healthy path, in a file."""
    file = tmp_path / "sweep.json"
    file.write_text(document.dumps(sweep(*walk("backend"), path=BACKEND)))
    return str(file)


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}])
@pytest.mark.parametrize(
    "arguments", [("explain",), ("explain", "zone-not-linked"), ("lab", "list", "--format", "json")]
)
def test_a_reader_that_goes_away_is_no_verdict(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """`| head` ends with 141 as in a shell, not with rich's own 1, which means broken; nobody is told of it."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as gone:
        done = finished(*arguments, environment=environment, stdout=gone)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("arguments", [("explain",), ("explain", "--format", "json"), ("lab", "list")])
def test_a_full_disk_is_said_in_a_line(arguments: tuple[str, ...]) -> None:
    """Exit code 2, and nothing of Python's own at exit."""
    with FULL.open("w") as full:
        done = finished(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr == "probes: standard output cannot be written (No space left on device)\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_exit_code(closed: str, saved: str) -> None:
    """What a shell has closed is as good as /dev/null."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m probes judge "$1" {closed}', sys.executable, saved],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_standard_input_holds_no_sweep() -> None:
    """`judge -` says so."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m probes judge - <&-', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, "a JSON document" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_a_pipe_gets_bare_text_of_100_columns(saved: str) -> None:
    """COLUMNS says otherwise; a width that cannot be leaves no page empty."""
    wide = finished("judge", saved).stdout
    assert "\x1b" not in wide
    assert max(map(len, wide.splitlines())) == 100
    assert max(map(len, finished("judge", saved, environment={"COLUMNS": "80"}).stdout.splitlines())) == 80
    for columns in ("0", "-1", "1", "x"):
        told = finished("judge", saved, environment={"COLUMNS": columns}).stdout
        assert " ".join(told.split()).endswith("PROVEN: the path orders works, and is private")


@pytest.mark.parametrize("columns", ["0", "1", "80"])
def test_a_terminal_of_any_width_gets_the_report(columns: str, saved: str) -> None:
    """Also one that says it has no width."""
    told = finished("judge", saved, environment={"COLUMNS": columns, "FORCE_COLOR": "1"}).stdout
    assert "\x1b[1;32mPROVEN" in told


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_file_gets_the_whole_report(
    form: str, saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And standard output nothing; no file of the work in progress is left."""
    file = tmp_path / "report"
    assert main(["judge", saved, "--format", form, "-o", str(file)]) == 0
    assert (capsys.readouterr().out, bool(file.read_text())) == ("", True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report", "sweep.json"]


def test_standard_output_by_its_name_is_a_file_too(saved: str) -> None:
    """`-o /dev/stdout` in a pipeline."""
    assert finished("judge", saved, "-o", "/dev/stdout").stdout == finished("judge", saved).stdout


@pytest.mark.parametrize("output", ["", "/", "/nowhere/report", "/dev/full", "/proc/self/report", "x" * 300])
def test_a_place_that_cannot_be_written_is_exit_code_2(
    output: str, saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the name and what is allowed."""
    assert main(["judge", saved, "-o", output]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.startswith('probes: -o "'), "allowed: " in said.err) == ("", True, True)


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_strict_lets_warnings_count(options: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """A certificate near its end is degraded."""
    file = tmp_path / "sweep.json"
    soon = handshake(chain=(certificate(days_left=5),))
    records: list[Any] = [soon if record.step == "handshake" else record for record in walk("backend")]
    warned = finding("certificate-expires-soon", severity=Severity.WARNING)
    file.write_text(document.dumps(sweep(*records, path=BACKEND, findings=(warned,), verdict=Verdict.DEGRADED)))
    assert main(["judge", str(file), *options]) == code


@pytest.mark.parametrize("where", [(), ("-o", "sweep.html")])
def test_a_page_goes_where_a_report_goes(where: tuple[str, ...], saved: str, tmp_path: Path) -> None:
    """To a file or to standard output, whole, in ASCII, and with the exit code of the sweep."""
    done = subprocess.run(
        [sys.executable, "-m", "probes", "judge", saved, "--format", "html", *where],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    page = (tmp_path / where[1]).read_text(encoding="ascii") if where else done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert page.startswith("<!DOCTYPE html>\n<html")
    assert page.endswith("</html>\n")
    assert "Proven" in page


@pytest.mark.parametrize("command", [("explain",), ("lab", "list"), ("trace", "0123456789abcdef", "--lab")])
def test_only_reports_on_a_path_are_pages(command: tuple[str, ...]) -> None:
    """Elsewhere `html` is refused, and what is allowed is named."""
    done = finished(*command, "--format", "html")
    assert done.returncode == 2
    assert "choose from text, json" in done.stderr.replace("'", "")
