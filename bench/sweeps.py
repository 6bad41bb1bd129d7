"""The probe and the exporter over the same targets, in turn, round after round; the medians are compared.

What each does for one target:
    the probe            getaddrinfo (the C library asks A and AAAA), A and AAAA on the wire with the CNAME chain,
                         connect, handshake with the chain as sent, request with headers and body; then the judgement
    the exporter, http   its own A lookup, connect, handshake, request; its page of metrics
    the exporter, dns    one A question; its page of metrics
    the exporter, full   dns and http, which together carry the evidence of one target
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as File

from bench import exporter, prober
from bench.figures import Run, middle
from bench.fixture import fixture
from bench.packages import Tools
from bench.stage import Cores, Stage

CONCURRENCY = 50
"""Targets under way at the same time, on either side: the default of a path file."""
PROBE, FULL, HTTP, DNS = "probe", "exporter dns + http", "exporter http", "exporter dns"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The runs over one number of targets, by who made them, one a round."""

    targets: int
    runs: dict[str, list[Run]]

    def median(self, who: str) -> Run:
        """The median run."""
        return middle(self.runs[who])

    def ratio(self, who: str, to: str) -> float:
        """How many targets one does with a second of CPU, for one that the other does."""
        return self.median(who).per_cpu_s / self.median(to).per_cpu_s

    def evidence_ratio(self, to: str) -> float:
        """The probe's ratio with its judgement left out: the other side has none."""
        probe = self.median(PROBE)
        return self.ratio(PROBE, to) * probe.cpu_s / (probe.cpu_s - probe.judgement_s)


def compare(
    tools: Tools, sizes: list[int], *, rounds: int, folder: File, told: Callable[[str], None]
) -> list[Comparison]:
    """Measure every size; `told` hears what is under way. This process stays on the servers' core from now on.

    Raises:
        BrokenRunError: a run would not have measured what it is for.
    """
    cores = Cores.of_this_machine()
    os.sched_setaffinity(0, {cores.server})
    with tempfile.TemporaryDirectory(dir=folder) as scratch, fixture(tools, File(scratch), targets=largest(sizes)):
        stage = Stage(tools=tools, folder=File(scratch), cores=cores, concurrency=CONCURRENCY)
        return [_compare(stage, size, rounds, told) for size in sizes]


def largest(sizes: list[int]) -> int:
    """How many targets the fixture has: all that are measured, and enough to warm up on."""
    return max(*sizes, prober.WARM_UP)


def _compare(stage: Stage, targets: int, rounds: int, told: Callable[[str], None]) -> Comparison:
    contestants: list[tuple[str, Callable[[], Run]]] = [
        (PROBE, lambda: prober.measure(stage, targets)),
        (HTTP, lambda: exporter.measure_http(stage, targets)),
        (DNS, lambda: exporter.measure_dns(stage, targets)),
    ]
    runs: dict[str, list[Run]] = {who: [] for who in (PROBE, FULL, HTTP, DNS)}
    for place in range(rounds):
        for who, measure in contestants if place % 2 == 0 else reversed(contestants):
            told(f"{targets} targets, round {place + 1} of {rounds}: {who}")
            runs[who].append(measure())
        runs[FULL].append(runs[DNS][-1].then(runs[HTTP][-1]))
    return Comparison(targets=targets, runs=runs)
