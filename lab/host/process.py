"""A Functions app in a process of its own, as every app in Azure has one."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.host.keys import Keys

ROOT = Path(__file__).parent.parent.parent
START_S = 60.0
STOP_S = 5.0


class HostProcess:
    """A running host; `start` makes one.

    Attributes:
        url: where it listens, without a slash at the end.
        functions: names of what it runs, as the worker indexed them.
        failed: names of what could not start, and why; `host` for the host itself.
        keys: of its functions.
    """

    def __init__(self, process: asyncio.subprocess.Process, keys: Keys) -> None:
        """Watch a process that was just started."""
        self._process = process
        self._lines: list[str] = []
        self._reader = asyncio.create_task(self._read())
        self.keys = keys
        self.url = ""
        self.functions: tuple[str, ...] = ()
        self.failed: Mapping[str, str] = {}

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return "".join(self._lines)

    async def ready(self) -> None:
        """Wait until it listens; raises RuntimeError with its log where it does not."""
        if self._process.stdout is None:
            raise RuntimeError("the host was started without a pipe")
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                while line := await self._process.stdout.readline():
                    if line.startswith(b'{"url"'):
                        said = json.loads(line)
                        self.url, self.failed = said["url"], said["failed"]
                        self.functions = tuple(said["functions"])
                        return
        raise RuntimeError(f"the host did not start:\n{self.log}")

    async def aclose(self, stop_s: float = STOP_S) -> None:
        """End it in order, so that its exporters flush; kill it where it does not end in this time."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(stop_s):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._process.wait()
        await self._reader

    async def __aenter__(self) -> Self:
        """The process itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        await self.aclose()

    async def _read(self) -> None:
        """Keep its log; a pipe that nobody reads would stop it."""
        if self._process.stderr is not None:
            while line := await self._process.stderr.readline():
                self._lines.append(line.decode("utf-8", "replace"))


async def start(folder: Path, settings: Mapping[str, str], *, keys: Keys | None = None) -> HostProcess:
    """The app of a folder, serving on a free port with these app settings and no other environment.

    Raises:
        RuntimeError: it does not listen within a minute; the message holds its log.
    """
    keys = keys or Keys()
    descriptor, file = tempfile.mkstemp(prefix="lab-host-", suffix=".json")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump({"settings": {"FUNCTIONS_WORKER_RUNTIME": "python", **settings}, "keys": asdict(keys)}, out)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "lab.host", str(folder), "--settings", file),
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the lab, which ends it in order
        )
        host = HostProcess(process, keys)
        try:
            await host.ready()
        except BaseException:
            await host.aclose()
            raise
    finally:
        os.unlink(file)  # noqa: PTH108 - at once, and no path object is around
    return host
