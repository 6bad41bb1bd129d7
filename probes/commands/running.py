"""How long work runs: until it is done, or until a signal asks for its end."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from probes.commands.outcome import Exit, Stopped


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """The result of the work; SIGTERM and SIGHUP end it in order, as Ctrl-C does: what it has started, it ends.

    Raises:
        Stopped: a signal came.
    """
    try:
        return asyncio.run(_until_signalled(work))
    except KeyboardInterrupt:
        raise Stopped(Exit.INTERRUPTED) from None


async def _until_signalled[T](work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    codes: list[Exit] = []

    def stop(code: Exit) -> None:
        codes.append(code)
        task.cancel()

    if sys.platform != "win32":
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop, Exit.TERMINATED)
        loop.add_signal_handler(signal.SIGHUP, stop, Exit.HANGUP)
    try:
        return await task
    except asyncio.CancelledError:
        if codes:
            raise Stopped(codes[0]) from None
        raise
