"""Where every run of one comparison takes place."""

import os
from dataclasses import dataclass
from pathlib import Path as File
from typing import Self

from bench.packages import Tools


@dataclass(frozen=True, kw_only=True)
class Cores:
    """Who runs where, so that nobody's work is taken for another's."""

    prober: int
    server: int

    @classmethod
    def of_this_machine(cls) -> Self:
        """The first usable core for the prober, the last for the servers and whoever drives the prober."""
        usable = sorted(os.sched_getaffinity(0))
        return cls(prober=usable[0], server=usable[-1])


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The same for either side.

    Attributes:
        folder: where the fixture's files are, the CA among them.
        concurrency: targets under way at the same time.
    """

    tools: Tools
    folder: File
    cores: Cores
    concurrency: int
