"""A lab that is left running, and what ends it."""

import asyncio
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from lab.replica import opened
from lab.scenarios import scenario
from probes.commands.hints import hints
from probes.commands.lab_files import Files
from tests.commands.process import PATIENCE_S, finished, start

UP = "Ctrl-C ends it.\n"
NAME = "zone-not-linked"


@contextmanager
def standing(folder: Path, name: str = NAME) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A lab that is up, with its temporary files in the folder, and the lines it has printed."""
    environment = {"TMPDIR": str(folder), "XDG_STATE_HOME": f"{folder}-state"}
    with start("lab", "up", name, environment=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process, list(iter(lambda: process.stdout.readline() if process.stdout else "", UP))
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What a lab in which the zone is not linked prints while it is up."""
    with standing(tmp_path_factory.mktemp("lab")) as (_, printed):
        yield printed


def commands(lines: list[str], word: str) -> list[str]:
    """The command lines that begin with a word."""
    return [line.strip() for line in lines if line.startswith(f"  {word}")]


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a copied line comes to in another terminal, wherever that stands."""
    return subprocess.run(
        ["/bin/sh", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=PATIENCE_S,
        env={**os.environ, "XDG_RUNTIME_DIR": "", **variables},
    )


def test_every_name_server_answers_where_it_is_said_to_stand(lines: list[str]) -> None:
    """The dig lines show the scenario: only the platform's chain goes on to a public address."""
    ends: dict[str, list[str]] = {}
    for line in commands(lines, "dig "):
        _, at, _, port, name = shlex.split(line)
        answer = dns.query.udp(dns.message.make_query(name, "A"), at.removeprefix("@"), port=int(port), timeout=5)
        ends.setdefault(name, []).append(answer.answer[-1][0].to_text())
    assert ends == {
        "api.internal.example.com": ["10.80.10.4", "10.80.10.4"],
        "func-orders-prod.azurewebsites.net": ["203.0.113.10", "10.80.20.4"],
        "func-orders-prod.scm.azurewebsites.net": ["203.0.113.10", "10.80.20.4"],
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_every_curl_line_gets_the_answer_of_the_scenario(lines: list[str]) -> None:
    """Each is refused as public access is closed, with a verified certificate, with and without a token."""
    (token,) = commands(lines, "TOKEN=")
    found = [shell(f"{token}; {line}") for line in commands(lines, "curl ")]
    assert [(done.returncode, done.stdout.splitlines()[0]) for done in found] == [(0, "HTTP/1.1 403 Ip Forbidden")] * 4


def test_the_check_line_finds_the_cause(lines: list[str]) -> None:
    """The command line of the product, in a process of its own, on the lab that is up; its exit code is the sweep's."""
    line, reading, *_ = (line for line in commands(lines, "env ") if " check " in line)
    done = shell(line)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, f"[1] {NAME} on backend, scm")
    some = shell(f"{line} --target gateway --format json")
    assert (some.returncode, '"verdict": "broken"' in some.stdout) == (1, True)
    read = shell(f"{reading} --target backend --format json")
    assert (read.returncode, '"kind": "zone-links"' in read.stdout) == (1, True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_a_token_from_the_lab_opens_the_orders(tmp_path: Path) -> None:
    """The two lines of the backend differ by it: 401 and 200."""
    with standing(tmp_path, "healthy") as (_, printed):
        (token,) = commands(printed, "TOKEN=")
        backend = [line for line in commands(printed, "curl ") if line.endswith("/api/orders") or "Bearer" in line]
        answers = [shell(f"{token}; {line}").stdout.splitlines()[0] for line in backend]
    assert answers == ["HTTP/1.1 401 Unauthorized", "HTTP/1.1 200 OK"]


def test_any_scenario_can_be_read_in_azure() -> None:
    """What is expected then may say more than what the network shows."""
    done = finished("lab", "run", "zone-falls-back-to-internet", "--azure")
    expected = "as expected of zone-falls-back-to-internet: broken, zone-falls-back-to-internet"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, expected)


@pytest.mark.timeout(240)
def test_the_lines_prove_a_path_close_it_and_finish_the_closure(tmp_path: Path) -> None:
    """Copied one after the other, with --yes for the dry run: complete, closed, and proven from inside and outside."""
    with standing(tmp_path, "azure-before-closure") as (_, printed):
        here = {"XDG_STATE_HOME": f"{tmp_path}-state"}
        steps = [line for line in commands(printed, "env ") if " prove " in line or " close " in line]
        client, proof, close, *after, finish = steps
        assert shell(client, **here).returncode == 3  # a client alone proves nothing but its own part
        complete = shell(proof, **here)
        assert (complete.returncode, complete.stdout.splitlines()[-1].partition(":")[0]) == (0, "COMPLETE")
        dry = shell(close, **here)
        assert (dry.returncode, dry.stderr.splitlines()[-1]) == (0, "a dry run: nothing was changed")
        closed = shell(close.replace("--dry-run", "--yes"), **here)
        assert (closed.returncode, "CLOSED, NOT FULLY PROVEN" in closed.stdout) == (3, True)
        for line in after:
            shell(line, **here)
        finished = shell(f"{finish} --yes", **here)
    assert (finished.returncode, "CLOSED AND PROVEN" in finished.stdout) == (0, True)


async def test_what_does_not_stand_is_said(tmp_path: Path) -> None:
    """A name without an address and an address without a server get no command that could not work."""
    async with opened(scenario("record-missing").world) as replica:
        told = await hints(replica, Files.within(tmp_path))
        assert any(line.startswith("backend: ") and line.endswith("its name does not resolve") for line in told)
    async with opened(scenario("no-route").world) as replica:
        told = await hints(replica, Files.within(tmp_path))
        assert any(line.startswith("backend: ") and "nothing stands there" in line for line in told)


async def test_a_silent_resolver_is_not_waited_for(tmp_path: Path) -> None:
    """All names are looked up at once, and for no longer than one takes."""
    async with opened(scenario("platform-resolver-unreachable").world) as replica:
        async with asyncio.timeout(5):
            told = await hints(replica, Files.within(tmp_path))
    assert sum("its name does not resolve" in line for line in told) == len(replica.path.targets)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 129)], ids=str)
def test_a_signal_takes_the_lab_down(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """To the whole group, as a terminal sends it: no file is left, no process, no traceback."""
    with standing(tmp_path) as (process, printed):
        assert printed[0] == f"{NAME}: {scenario(NAME).breaks}\n"
        os.killpg(process.pid, number)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (code, f"probes: {NAME} is taken down\n")
    assert list(tmp_path.iterdir()) == []
    assert not left_over(tmp_path)


@pytest.mark.parametrize("command", ["run", "up"])
def test_ctrl_c_while_the_lab_starts(command: str, tmp_path: Path) -> None:
    """It ends at once, with 130 and a word; the app that was just starting ends as well."""
    terminal, end = pty.openpty()
    environment = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": f"{tmp_path}-state", "TERM": "xterm"}
    process = start("lab", command, NAME, environment=environment, stdout=subprocess.PIPE, stderr=end)
    os.close(end)
    while not list(tmp_path.glob("lab-host-*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_S)
    shown = read(terminal)
    assert (process.returncode, out) == (130, "")
    assert ("probes: interrupted" in shown, "Traceback" in shown) == (True, False)
    assert list(tmp_path.iterdir()) == []
    assert not left_over(tmp_path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_a_check(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """It ends the sweep at once, without a report and without a traceback, and shows the cursor again."""
    with standing(tmp_path, "connect-blocked") as (_, printed):
        line, *_ = (line for line in commands(printed, "env ") if " check " in line)
        terminal, end = pty.openpty()
        check = subprocess.Popen(
            [*shlex.split(line)], stdout=subprocess.PIPE, stderr=end, start_new_session=True, env={"TERM": "xterm"}
        )
        os.close(end)
        shown = ""
        while "connect of backend" not in shown:
            shown += os.read(terminal, 65_536).decode()
        check.send_signal(number)
        out, _ = check.communicate(timeout=PATIENCE_S)
        shown += read(terminal)
    assert (check.returncode, out) == (code, b"")
    assert re.search(r"\x1b\[\?25h.*probes: (interrupted|terminated)", shown, re.DOTALL)
    assert "Traceback" not in shown


def read(terminal: int) -> str:
    """What is left to read of a terminal whose other end is closed."""
    shown = b""
    try:
        while chunk := os.read(terminal, 65_536):
            shown += chunk
    except OSError:  # which is how its end shows
        pass
    os.close(terminal)
    return shown.decode()


def left_over(folder: Path) -> list[str]:
    """Processes that were started with a file of the folder."""
    running = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            running.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in running if str(folder) in line]
