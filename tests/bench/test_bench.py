"""The bench: what it writes where, what it reads out of a trace, and one small run of all of it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import packages
from bench.cold_start import traced_import
from bench.errors import BrokenRunError
from bench.figures import Meter, Run, middle
from bench.fixture import write_certificates
from bench.prober import must_be_whole, path_of
from bench.readme import BEGIN, END, MarkerError, write
from probes.observe.surroundings import Surroundings, TokenSource
from probes.sweep import sweep

ROOT = Path(__file__).parents[2]
TRACE = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   encodings.utf_8
import time:       200 |        300 | site
import time:        10 |         10 |     json.decoder
import time:        20 |         30 |   json
import time:        40 |         40 |   probes
a line of the app itself
import time:         5 |         75 | function_app
import time:       999 |        999 | atexit
"""


def run_of(cpu_s: float) -> Run:
    return Run(targets=10, cpu_s=cpu_s, wall_s=2 * cpu_s, peak_memory_mb=30, server_busy=0.5)


def test_only_the_block_between_the_markers_is_replaced(tmp_path: Path) -> None:
    """Every byte outside the markers stays, line ends included, and writing twice leaves one block."""
    readme = tmp_path / "README.md"
    readme.write_bytes(f"# Näme\r\n\r\n{BEGIN}\nold | figures\n{END}\r\n\n## After  \n".encode())
    write(readme, "| new |\n")
    write(readme, "| newer |\n")
    assert readme.read_bytes().decode() == f"# Näme\r\n\r\n{BEGIN}\n| newer |\n{END}\r\n\n## After  \n"


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN, BEGIN + END + END, BEGIN + BEGIN + END])
def test_a_readme_without_one_place_is_left_alone(tmp_path: Path, text: str) -> None:
    """Markers that are missing, doubled or the wrong way round are an error that names them, and nothing is written."""
    readme = tmp_path / "README.md"
    readme.write_text(text)
    with pytest.raises(MarkerError, match="bench:begin"):
        write(readme, "figures")
    assert readme.read_text() == text


def test_a_trace_counts_what_the_app_imports_and_nothing_else() -> None:
    """The interpreter's own imports, before and after, are no part of the cold start."""
    found = traced_import(TRACE)
    assert found.sum_ms == pytest.approx(0.075)
    assert dict(found.packages_ms) == pytest.approx({"probes": 0.040, "json": 0.030, "function_app": 0.005})
    assert [name for name, _ in found.packages_ms] == ["probes", "json", "function_app"]


def test_the_middle_run_is_the_median_and_no_mean() -> None:
    """One round that a neighbour disturbed does not move the figure."""
    assert middle([run_of(1), run_of(90), run_of(2)]).per_cpu_s == 5


def test_two_runs_add_up_to_one_over_the_same_targets() -> None:
    """The exporter's two modules cost their sum, in the memory of the larger."""
    both = run_of(1).then(Run(targets=10, cpu_s=3, wall_s=2, peak_memory_mb=70, server_busy=0.25))
    assert both == Run(targets=10, cpu_s=4, wall_s=4, peak_memory_mb=70, server_busy=0.375)


def test_the_meter_counts_the_cpu_time_of_that_process() -> None:
    """Work is counted, sleep is not, and the figures agree with the interpreter's own clock."""
    began_s = time.process_time()
    with (meter := Meter(os.getpid(), server_core=min(os.sched_getaffinity(0)))):
        while time.process_time() - began_s < 0.05:
            pass
        time.sleep(0.1)
    run = meter.run(1)
    assert run.cpu_s == pytest.approx(time.process_time() - began_s, abs=0.04)
    assert run.wall_s > run.cpu_s + 0.09
    assert run.peak_memory_mb > 1
    assert 0 <= run.server_busy <= 1


def nowhere() -> Surroundings:
    """A machine that knows no name and asks no name server."""

    async def getaddrinfo(_: str) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def credential(client_id: str | None) -> TokenSource:
        raise NotImplementedError

    return Surroundings(getaddrinfo=getaddrinfo, hosts={}, name_servers=(), credential=credential)


async def test_a_sweep_that_saw_less_than_all_is_not_measured(tmp_path: Path) -> None:
    """A fast failure would look like a fast probe."""
    write_certificates(tmp_path)
    done = await sweep(path_of(2, tmp_path, concurrency=2), nowhere())
    with pytest.raises(BrokenRunError, match=r"0 of 2 targets answered: 4 x nxdomain, 2 second looks"):
        must_be_whole(done)


def test_the_bench_measures_both_sides_of_three_targets() -> None:
    """The probe and the exporter each see all three targets on the fixture, and each gets its row."""
    if packages.find() is None:
        pytest.skip(f"{', '.join(packages.PACKAGES)} are not here: `make bench` unpacks them below .lab")
    command = [sys.executable, "-m", "bench", "--only", "sweeps", "--targets", "3", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    if "no namespaces for this user" in done.stdout:
        pytest.skip("this user may not make namespaces, in which the fixture runs")
    for side in ("probe", "exporter dns + http", "exporter http", "exporter dns"):
        assert f"│ 3       │ {side} " in done.stdout
