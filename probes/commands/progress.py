"""What a waiting terminal is told."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from probes.records import Observation, Reading
from probes.tell.words import counted


@contextmanager
def progress(name: str, doing: str = "looking") -> Iterator[Callable[[Observation], None] | None]:
    """What to call with every observation: a line on a terminal that says how far the sweep is, nothing elsewhere.

    The line stands on standard error and goes when the context ends; before the first observation it says `doing`.
    """
    if not sys.stderr.isatty():
        yield None
        return
    with Status(Text(f"{name}: {doing}"), console=Console(stderr=True), spinner="line") as status:
        count = 0

        def observed(record: Observation) -> None:
            nonlocal count
            count += 1
            what = "Azure" if isinstance(record, Reading) else record.target
            status.update(Text(f"{name}: {counted(count, 'observation')}, {record.step} of {what}"))

        yield observed
