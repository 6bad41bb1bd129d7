"""The probe app in a host process of its own, looking at a replica."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore

from lab import pages, surroundings_file
from lab.forward import forward
from lab.host.keys import Keys
from lab.host.process import HostProcess, start
from lab.http import Request, Response
from lab.replica import Replica, filled
from lab.world import Gateway, World

HERE = Path(__file__).parent
HOST_JSON = HERE.parent.parent / "host.json"
"""The product's own: what is tried out here is what runs in Azure."""
NEVER = "0 0 0 29 2 *"
"""A schedule as good as none: the timer runs when it is asked to."""


class ProbeApp:
    """The running app; `opened` makes one.

    Attributes:
        process: its host.
        replica: what it looks at.
        surroundings: the file that tells it where everything stands.
    """

    def __init__(self, process: HostProcess, replica: Replica, surroundings: Path) -> None:
        """Point at what runs already."""
        self.process = process
        self.replica = replica
        self.surroundings = surroundings

    async def follow(self) -> None:
        """Look at the world that the replica has become."""
        await asyncio.to_thread(surroundings_file.write, self.surroundings, self.replica)


@asynccontextmanager
async def opened(replica: Replica, settings: Mapping[str, str]) -> AsyncIterator[ProbeApp]:
    """The app, configured to probe the replica's path, until the context ends; `settings` go before its own.

    Meanwhile it stands behind the replica's front end as well, where API Management calls it.
    """
    folder = await asyncio.to_thread(app_folder, replica.folder)
    file = folder / "surroundings.json"
    await asyncio.to_thread(surroundings_file.write, file, replica)
    own = {
        "LAB_SURROUNDINGS": str(file),
        "PROBE_PATH": path_setting(replica),
        "PROBE_SCHEDULE": NEVER,
        "PROBE_SPREAD_S": "0",
        "TMPDIR": str(folder),
        **replica.world.settings,
    }
    keys = Keys(function=function_key(replica.world))
    async with (
        await start(folder, {**own, **settings}, keys=keys) as process,
        httpcore.AsyncConnectionPool() as pool,
    ):

        async def answer(request: Request) -> Response:
            try:
                return await forward(pool, request, f"{process.url}{request.target}", request.headers)
            except (OSError, httpcore.NetworkError, httpcore.ProtocolError):
                return pages.bad_gateway()

        before, replica.services.probe = replica.services.probe, answer
        try:
            yield ProbeApp(process, replica, file)
        finally:
            replica.services.probe = before


def function_key(world: World) -> str:
    """The key that the gateway shows the app: a named value of its policies."""
    gateways = (listener.serves for listener in world.listeners if isinstance(listener.serves, Gateway))
    return next(gateway.named_values["probe-function-key"] for gateway in gateways)


def path_setting(replica: Replica, world: World | None = None) -> str:
    """The replica's path, or another world's with the replica's files, as the app setting has it."""
    files = {f"{{{name}_file}}": str(replica.folder / f"{name}.pem") for name in ("ca", "intermediates")}
    return json.dumps(filled((world or replica.world).path, files))


def app_folder(within: Path) -> Path:
    """A new folder of the app below another; it goes when that one does."""
    folder = Path(tempfile.mkdtemp(prefix="probe-app-", dir=within))
    shutil.copy(HERE / "function_app.py", folder)
    shutil.copy(HOST_JSON, folder)
    return folder
