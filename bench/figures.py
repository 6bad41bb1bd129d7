"""What one run cost, and where the kernel says so."""

import time
from dataclasses import dataclass, fields
from pathlib import Path as File
from statistics import median
from typing import Self

CPUCLOCK_SCHED = 2


@dataclass(frozen=True, kw_only=True)
class Run:
    """One prober over one set of targets.

    Attributes:
        cpu_s: user and system time of the prober's process, all threads.
        judgement_s: the part of `cpu_s` that judged what was seen; 0 where nothing judges.
        peak_memory_mb: its largest resident set so far, warm-up included (VmHWM), in MiB.
        server_busy: share of the time that the servers' core was not idle, counted in steps of 10 ms; near 1 it is the
            servers that are measured.
    """

    targets: int
    cpu_s: float
    wall_s: float
    peak_memory_mb: float
    server_busy: float
    judgement_s: float = 0.0

    def then(self, other: Self) -> "Run":
        """Both runs, one after the other, as one over the same targets."""
        wall_s = self.wall_s + other.wall_s
        return Run(
            targets=self.targets,
            cpu_s=self.cpu_s + other.cpu_s,
            wall_s=wall_s,
            peak_memory_mb=max(self.peak_memory_mb, other.peak_memory_mb),
            server_busy=(self.server_busy * self.wall_s + other.server_busy * other.wall_s) / wall_s,
            judgement_s=self.judgement_s + other.judgement_s,
        )

    @property
    def per_cpu_s(self) -> float:
        """Targets per second of CPU."""
        return self.targets / self.cpu_s


def middle(runs: list[Run]) -> Run:
    """The median of every figure by itself; of an odd number of runs over the same targets."""
    return Run(**{field.name: median(getattr(run, field.name) for run in runs) for field in fields(Run)})


class Meter:
    """Measures a process while the block runs."""

    def __init__(self, pid: int, *, server_core: int) -> None:
        """Look at that process and that core."""
        self._pid = pid
        self._server_core = server_core

    def __enter__(self) -> Self:
        """Start."""
        self._idle, self._all = core_ticks(self._server_core)
        self._cpu_s, self._began_s = cpu_s(self._pid), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._wall_s, self._cpu_s = time.perf_counter() - self._began_s, cpu_s(self._pid) - self._cpu_s
        idle, everything = core_ticks(self._server_core)
        self._busy = 1 - (idle - self._idle) / max(everything - self._all, 1)

    def run(self, targets: int) -> Run:
        """The figures of the block, once it has ended."""
        return Run(
            targets=targets,
            cpu_s=self._cpu_s,
            wall_s=self._wall_s,
            peak_memory_mb=peak_memory_mb(self._pid),
            server_busy=self._busy,
        )


def cpu_s(pid: int) -> float:
    """CPU time of a process, threads that have ended included, to the nanosecond.

    It is the clock of clock_getcpuclockid(3); `/proc/PID/stat` counts the same in steps of 10 ms.
    """
    return time.clock_gettime(((~pid) << 3) | CPUCLOCK_SCHED)


def peak_memory_mb(pid: int) -> float:
    """VmHWM of proc_pid_status(5) in MiB."""
    for line in File(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def core_ticks(core: int) -> tuple[int, int]:
    """Idle time and all time of one core since boot (proc_stat(5))."""
    for line in File("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, idle, iowait, irq, softirq, steal = map(int, ticks[:8])
            return idle + iowait, user + nice + system + idle + iowait + irq + softirq + steal
    raise ProcessLookupError(f"cpu{core}")
