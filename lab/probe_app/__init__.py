"""The probe app in a host process of its own, looking at a replica."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from lab import surroundings_file
from lab.host.process import HostProcess, start
from lab.replica import Replica, filled

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
    """The app, configured to probe the replica's path, until the context ends; `settings` go before its own."""
    folder = await asyncio.to_thread(app_folder, replica.folder)
    file = folder / "surroundings.json"
    await asyncio.to_thread(surroundings_file.write, file, replica)
    own = {
        "LAB_SURROUNDINGS": str(file),
        "PROBE_PATH": path_setting(replica),
        "PROBE_SCHEDULE": NEVER,
        "PROBE_SPREAD_S": "0",
        "TMPDIR": str(folder),
    }
    async with await start(folder, {**own, **settings}) as process:
        yield ProbeApp(process, replica, file)


def path_setting(replica: Replica) -> str:
    """The replica's path as the app setting has it."""
    files = {f"{{{name}_file}}": str(replica.folder / f"{name}.pem") for name in ("ca", "intermediates")}
    return json.dumps(filled(replica.world.path, files))


def app_folder(within: Path) -> Path:
    """A new folder of the app below another; it goes when that one does."""
    folder = Path(tempfile.mkdtemp(prefix="probe-app-", dir=within))
    shutil.copy(HERE / "function_app.py", folder)
    shutil.copy(HOST_JSON, folder)
    return folder
