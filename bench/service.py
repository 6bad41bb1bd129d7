"""A server started for the bench: it is there when the block begins and gone when it ends."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path as File

from bench.errors import BrokenRunError

START_S = 10.0
STOP_S = 5.0
POLL_S = 0.02


@contextmanager
def service(
    command: Sequence[str], *, listens_at: tuple[str, int], environment: Mapping[str, str], log: File
) -> Iterator[int]:
    """Run a server until the block ends; its process id, once it takes TCP connections.

    Raises:
        BrokenRunError: it ended, or was not ready within START_S; with the last line of its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        _await_listener(process, listens_at, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_listener(process: subprocess.Popen[bytes], listens_at: tuple[str, int], log: File) -> None:
    end_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end_s:
        try:
            socket.create_connection(listens_at, timeout=START_S).close()
        except OSError:
            time.sleep(POLL_S)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["its log is empty"]
    raise BrokenRunError(f"{process.args!r} does not listen at {listens_at}: {said[-1]}")
