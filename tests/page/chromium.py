"""Chromium, spoken to over a pipe by its own protocol (https://chromedevtools.github.io/devtools-protocol/).

The browser is the system's. A library that drives it would bring a runtime of its own of 160 MB; what the tests ask of
a page is a dozen calls.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fcntl import F_DUPFD_CLOEXEC, fcntl
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-sandbox", "--hide-scrollbars", "--force-color-profile=srgb"),
    # Whatever it may want of the network on its own, it does not get: no name leads anywhere but to this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""No sandbox: root, which CI often is, cannot have one; the pages are our own."""
BECOME = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""It reads commands from descriptor 3 and answers on 4."""
END = b"\0"
PATIENCE_S = 30.0
LARGEST = 64 * 1024 * 1024


def find() -> str | None:
    """The browser on the path."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Browser:
    """One browser process."""

    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    out: int
    waiting: dict[Any, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Session id to what it has told."""
    listening: asyncio.Task[None] | None = None
    last: int = 0

    async def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One command; RuntimeError where the browser refuses it."""
        self.last += 1
        message: dict[str, Any] = {"id": self.last, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.waiting[self.last] = answer
        await asyncio.to_thread(os.write, self.out, json.dumps(message).encode() + END)
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def listen(self) -> None:
        """Answers to whoever waits for them, events to their session."""
        while True:
            message = json.loads((await self.reader.readuntil(END))[:-1])
            waiting = self.waiting.pop(message.get("id"), None)
            if waiting is None:
                self.events[message.get("sessionId", "")].append(message)
            elif "error" in message:
                waiting.set_exception(RuntimeError(f"{message['error']}"))
            else:
                waiting.set_result(message["result"])

    @asynccontextmanager
    async def tab(self, *, script: bool = True, width: int = 1280, height: int = 900) -> AsyncIterator["Tab"]:
        """A tab with no cookies, cache or permissions of another; `script` = pages may run theirs."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = (await self.call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        found = Tab(browser=self, session=session, context=context)
        try:
            for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
                await found.call(f"{domain}.enable")
            await found.call("Emulation.setScriptExecutionDisabled", value=not script)
            await found.resize(width, height)
            await found.emulate()
            yield found
        finally:
            await self.call("Target.disposeBrowserContext", browserContextId=context)


@dataclass
class Tab:
    """One page."""

    browser: Browser
    session: str
    context: str

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command to this page."""
        return await self.browser.call(method, self.session, **params)

    async def open(self, url: str) -> Self:
        """Go there, and wait until all of it is there."""
        before = len(self.told("Page.loadEventFired"))
        await self.call("Page.navigate", url=url)
        async with asyncio.timeout(PATIENCE_S):
            while len(self.told("Page.loadEventFired")) == before:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.01)
        return self

    async def value(self, expression: str) -> Any:
        """What an expression comes to, as JSON has it; a promise is awaited."""
        came = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in came:
            raise RuntimeError(str(came["exceptionDetails"]))
        return came["result"].get("value")

    async def resize(self, width: int, height: int = 900) -> None:
        """The window, in CSS pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def emulate(self, *, scheme: str = "light", media: str = "screen", motion: str = "reduce") -> None:
        """What the style asks for."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        await self.call("Emulation.setEmulatedMedia", media=media, features=features)

    async def key(self, name: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **text
            )

    async def picture(self) -> str:
        """The whole page as PNG, base64."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = await self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return str(shot["data"])

    def told(self, method: str) -> list[dict[str, Any]]:
        """Parameters of the events of this kind."""
        return [each["params"] for each in self.browser.events[self.session] if each["method"] == method]


def _raised(descriptor: int) -> int:
    """The same under a higher number, out of the way of the two that the browser uses."""
    higher = fcntl(descriptor, F_DUPFD_CLOEXEC, 16)
    os.close(descriptor)
    return higher


@asynccontextmanager
async def running() -> AsyncIterator[Browser]:
    """A browser with a profile of its own, gone at the end with all that it started."""
    program = find()
    if program is None:
        raise FileNotFoundError("chromium")
    low_in, out = os.pipe()
    came, low_out = os.pipe()
    theirs_in, theirs_out = (_raised(low) for low in (low_in, low_out))
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-c", BECOME, str(theirs_in), str(theirs_out), program),
            *(*FLAGS, f"--user-data-dir={profile}"),
            pass_fds=(theirs_in, theirs_out),
            env={**os.environ, "HOME": profile},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            cwd=Path(profile),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        reader = asyncio.StreamReader(limit=LARGEST)
        pipe = os.fdopen(came, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        browser = Browser(process=process, reader=reader, out=out)
        browser.listening = asyncio.create_task(browser.listen())
        try:
            yield browser
        finally:
            browser.listening.cancel()
            with suppress(asyncio.CancelledError, asyncio.IncompleteReadError):
                await browser.listening
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            transport.close()
            os.close(out)
