"""The command line in a process of its own, as a shell starts it."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
STATE = tempfile.mkdtemp(prefix="private-path-tests-")
atexit.register(shutil.rmtree, STATE, ignore_errors=True)


def start(*arguments: str, environment: Mapping[str, str] | None = None, **streams: Any) -> subprocess.Popen[str]:
    """The running command, in a session of its own, with a bare environment and these variables."""
    return subprocess.Popen(
        [sys.executable, "-m", "probes", *arguments],
        text=True,
        cwd=ROOT,
        start_new_session=True,
        # What `lab up` tells of itself is no business of the user's own folder.
        env={"PATH": os.environ["PATH"], "XDG_STATE_HOME": STATE, **(environment or {})},
        **streams,
    )


def finished(
    *arguments: str, environment: Mapping[str, str] | None = None, **streams: Any
) -> subprocess.CompletedProcess[str]:
    """The command, once it has ended; what it wrote is kept where no stream is given."""
    with start(
        *arguments,
        environment=environment,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    ) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
