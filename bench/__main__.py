"""`python -m bench`: measure, print, and with --readme write it down."""

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path as File

from rich.console import Console

from bench import cold_start, load, namespace, packages, readme
from bench.errors import BrokenRunError, UnavailableError
from bench.fixture import NAME_SERVER
from bench.machine import Machine, this_machine
from bench.report import Sheet, cold_start_sheet, load_sheet, markdown, show, sweep_sheet
from bench.stage import Cores
from bench.sweeps import compare

ROOT = File(__file__).parent.parent
README = ROOT / "README.md"
SIZES = [200, 2000]
ROUNDS = 5
SWEEPS, COLD_START, LOAD = "sweeps", "cold-start", "load"
WIDTH = 120
"""Columns of the output where it goes to no terminal."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """One run of the bench: what has been measured so far, and what could not be."""

    machine: Machine
    progress: Console
    sheets: list[Sheet] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        """Say what is under way."""
        self.progress.print(sentence, style="dim", highlight=False, markup=False)

    def cold_start(self) -> None:
        """Measure the import of the Function app."""
        self.tell("cold start of the Function app")
        try:
            self.sheets.append(cold_start_sheet(cold_start.measure(ROOT)))
        except UnavailableError as error:
            self.missing.append(f"The cold start was not measured: {str(error).rstrip('.')}.")

    def load(self) -> None:
        """Measure the orders app under load."""
        self.tell(f"Debian packages: {', '.join(packages.PACKAGES)}")
        try:
            tools = packages.provide()
        except UnavailableError as error:
            self.missing.append(f"The orders app was not measured: {str(error).rstrip('.')}.")
        else:
            cores = Cores.of_this_machine()
            self.sheets.append(load_sheet(load.measure(tools.wrk, tools.environment, cores, self.tell), cores))

    def sweeps(self, sizes: list[int], rounds: int) -> None:
        """Measure probe and exporter; this process is in a namespace of its own from then on."""
        try:
            tools = packages.provide()
            self.machine, cores = this_machine(tools), Cores.of_this_machine()
            packages.FOLDER.mkdir(parents=True, exist_ok=True)
            namespace.enter(NAME_SERVER, packages.FOLDER)
        except UnavailableError as error:
            self.missing.append(f"The sweeps were not measured: {str(error).rstrip('.')}.")
        else:
            compared = compare(tools, sizes, rounds=rounds, folder=packages.FOLDER, told=self.tell)
            self.sheets.append(sweep_sheet(compared, cores))


def at_least_one(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed: a whole number from 1 on")
    return int(text)


def options() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--targets", type=at_least_one, nargs="+", default=SIZES, metavar="N", help="sizes of a sweep")
    parser.add_argument("--rounds", type=at_least_one, default=ROUNDS, metavar="N", help="rounds of every size")
    parser.add_argument("--quick", action="store_true", help=f"one round of {SIZES[0]} targets")
    parser.add_argument("--only", choices=(COLD_START, LOAD, SWEEPS), help="measure that alone")
    parser.add_argument("--readme", action="store_true", help=f"write the figures to {README.name} as well")
    chosen = parser.parse_args()
    if chosen.readme and chosen.only:
        parser.error("--readme writes all the figures: leave out --only")
    if chosen.quick:
        chosen.targets, chosen.rounds = SIZES[:1], 1
    return chosen


def main() -> int:
    """0 = measured, or said what could not be; 1 = a run broke; 2 = the README has no place for the figures."""
    chosen = options()
    progress = Console(stderr=True)
    bench = Bench(machine=this_machine(None), progress=progress)
    try:
        if chosen.readme:
            readme.around(README)  # before minutes are spent
        if chosen.only in {None, COLD_START}:
            bench.cold_start()
        if chosen.only in {None, LOAD}:
            bench.load()
        if chosen.only in {None, SWEEPS}:  # last: this process is in a namespace of its own from then on
            bench.sweeps(chosen.targets, chosen.rounds)
        show(bench.sheets, bench.machine, bench.missing, Console(width=None if sys.stdout.isatty() else WIDTH))
        if chosen.readme and bench.missing:
            bench.tell(f"{README} was left as it is: half the figures are no replacement for all of them")
        elif chosen.readme:
            readme.write(README, markdown(bench.sheets, bench.machine))
            bench.tell(f"written to {README}")
    except (BrokenRunError, readme.MarkerError) as error:
        progress.print(f"bench: {error}", style="red", highlight=False, markup=False)
        return 1 if isinstance(error, BrokenRunError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
