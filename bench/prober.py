"""One sweep of the probe in a process of its own, as the exporter has one: `python -m bench.prober`."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path as File

from bench.errors import BrokenRunError
from bench.figures import Meter, Run
from bench.fixture import SUBNET, ca_file, url
from bench.stage import Stage
from probes.observe.machine import surroundings
from probes.path import Path, from_mapping
from probes.records import Observation
from probes.sweep import Sweep, sweep

WARM_UP = 20
"""Targets of a first run that is not measured, on either side: imports, caches and first allocations are no probe's."""
RUN_S = 300.0


def measure(stage: Stage, targets: int) -> Run:
    """One sweep of so many targets by a fresh process on the prober's core.

    Raises:
        BrokenRunError: a target was not proven.
    """
    command = [
        *("taskset", "--cpu-list", str(stage.cores.prober), sys.executable, "-m", "bench.prober"),
        *(str(stage.folder), "--targets", str(targets)),
        *("--concurrency", str(stage.concurrency), "--server-core", str(stage.cores.server)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BrokenRunError(f"the probe: {(done.stderr.strip().splitlines() or ['it did not say why'])[-1]}")
    return Run(**json.loads(done.stdout))


def path_of(targets: int, folder: File, *, concurrency: int) -> Path:
    """The fixture's first targets as a path: private, verified, expected to answer 200."""
    table = {
        "name": "bench",
        "deadline_s": RUN_S,
        "concurrency": concurrency,
        "targets": [
            {
                "name": f"func-{number:04}",
                "role": "backend",
                "url": url(number),
                "private_subnets": [SUBNET],
                "ca_file": str(ca_file(folder)),
            }
            for number in range(targets)
        ],
    }
    return from_mapping(table, source="bench")


def must_be_whole(done: Sweep) -> None:
    """Refuse a sweep that saw less than all there is, or had to look twice: it would measure something else.

    A warning that a step was slow is no reason: with many targets at once they wait for each other.
    """
    failures = Counter(str(found.failure) for found in done.observations if found.failure not in {None, "no_data"})
    again = sum(found.attempt > 1 for found in done.observations)
    answered = sum(found.step == "request" and found.failure is None for found in done.observations)
    if failures or again or answered != len(done.path.targets):
        seen = ", ".join(f"{count} x {failure}" for failure, count in failures.most_common()) or "no failure"
        raise BrokenRunError(f"{answered} of {len(done.path.targets)} targets answered: {seen}, {again} second looks")


async def swept(options: argparse.Namespace) -> Run:
    """Warm up, then one sweep under the meter; what it does after its last record is the judgement."""
    recorded_s = 0.0

    def observed(_: Observation) -> None:
        nonlocal recorded_s
        recorded_s = time.process_time()

    around = surroundings()
    must_be_whole(await sweep(path_of(WARM_UP, options.folder, concurrency=options.concurrency), around))
    path = path_of(options.targets, options.folder, concurrency=options.concurrency)
    with (meter := Meter(os.getpid(), server_core=options.server_core)):
        done = await sweep(path, around, observed=observed)
        judged_s = time.process_time()
    must_be_whole(done)
    return replace(meter.run(options.targets), judgement_s=judged_s - recorded_s)


def main() -> int:
    """Print the run as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=File)
    for name in ("targets", "concurrency", "server-core"):
        parser.add_argument(f"--{name}", type=int, required=True)
    try:
        run = asyncio.run(swept(parser.parse_args()))
    except BrokenRunError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(run)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
