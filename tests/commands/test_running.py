"""How work is ended from outside."""

import asyncio
import os
import signal

import pytest

from probes.commands.outcome import Exit, Stopped
from probes.commands.running import run


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, Exit.INTERRUPTED),
        (signal.SIGTERM, Exit.TERMINATED),
        (signal.SIGHUP, Exit.HANGUP),
    ],
)
def test_a_signal_ends_work_in_order(number: signal.Signals, code: Exit) -> None:
    """What the work has started it ends, with as many awaits as that takes; the exit code names the signal."""
    ended: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append("in order")

    with pytest.raises(Stopped) as stopped:
        run(work())
    assert (stopped.value.code, code, ended) == (code, 128 + number, ["in order"])


def test_work_that_ends_by_itself_has_a_result() -> None:
    """And the signals mean what they meant before."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert run(work()) == 7
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
