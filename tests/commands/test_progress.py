"""What a waiting terminal is told."""

import os
import pty
import subprocess

import pytest

from tests.commands.process import PATIENCE_S, start


def watched(**environment: str) -> tuple[int, str, str]:
    """Exit code and standard output of a sweep in the lab, and what came to the terminal at standard error."""
    terminal, end = pty.openpty()
    process = start("lab", "run", "healthy", environment=environment, stdout=subprocess.PIPE, stderr=end)
    os.close(end)
    shown = b""
    try:
        while chunk := os.read(terminal, 65_536):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    out, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, shown.decode()


def test_a_terminal_is_told_how_far_the_sweep_is() -> None:
    """On standard error: first that the lab starts, then what was seen; it leaves no trace, nor one in the report."""
    code, out, shown = watched(TERM="xterm-256color")
    assert (code, "\x1b" in out) == (0, False)
    assert shown.index("healthy: starting the lab") < shown.index(" observations, ")
    assert shown.rstrip("\r\n").endswith("\x1b[2K")


def test_a_dumb_terminal_is_told_nothing() -> None:
    """It could not take it back."""
    code, _, shown = watched(TERM="dumb")
    assert (code, shown) == (0, "")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_pipe_is_told_nothing(form: str) -> None:
    """Whoever collects standard error gets the comparison with the scenario at most."""
    with start("lab", "run", "healthy", "--format", form, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _, err = process.communicate(timeout=PATIENCE_S)
    assert err == ("" if form == "text" else "as expected of healthy: proven\n")
