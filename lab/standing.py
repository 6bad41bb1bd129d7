"""Where a lab that was left running can be asked, in a file of the user's own: for commands in another terminal."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path as File

FOLDER = "private-path-probe"
NAME = "lab.json"
URL = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}(?:/[a-z/]*)?")
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TEXT = re.compile(r"[0-9a-z-]+")
VARIABLES = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLab:
    """A running lab.

    Attributes:
        scenario: that it shows.
        log_analytics: base URL of its query API.
        workspace_id: of the workspace there.
        management: base URL of its Azure Resource Manager.
        identity: environment in which a managed identity of the lab's tenant gets tokens.
    """

    scenario: str
    log_analytics: str
    workspace_id: str
    management: str
    identity: Mapping[str, str]


def state_file(environment: Mapping[str, str] = os.environ) -> File:
    """In the user's run-time folder, else in the state folder (XDG base directory specification).

    Raises:
        RuntimeError: the user has no home.
    """
    runtime, state = (File(environment.get(name, "")) for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"))
    # A run-time folder that is another user's (su), or was never made (a container), is of no use.
    if runtime.is_absolute() and runtime.is_dir() and os.access(runtime, os.W_OK):
        base = runtime
    else:
        base = state if state.is_absolute() else File.home() / ".local" / "state"
    return base / FOLDER / NAME


@contextmanager
def told(standing: StandingLab, file: File) -> Iterator[None]:
    """The file, readable by its owner only, for as long as the lab stands; the last lab started is the one told.

    Raises:
        OSError: it cannot be written.
    """
    table = {each.name: getattr(standing, each.name) for each in fields(standing)}
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        # A draft that a process of this number left behind has an owner and a mode of its own.
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump({**table, "identity": dict(standing.identity)}, out)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    try:
        yield
    finally:
        # The lab ends in any case; a file that cannot be removed tells of a lab that does not answer.
        with suppress(OSError):
            if found(file) == standing:
                file.unlink(missing_ok=True)


def found(file: File) -> StandingLab | None:
    """The lab that the file tells of, `None` where there is none: a lab stands on loopback, or it is none."""
    try:
        lab = StandingLab(**json.loads(file.read_text(encoding="utf-8")))
        forms = [
            (lab.scenario, TEXT),
            (lab.log_analytics, URL),
            (lab.workspace_id, GUID),
            (lab.management, URL),
            (lab.identity["IDENTITY_ENDPOINT"], URL),
            (lab.identity["IDENTITY_HEADER"], TEXT),
        ]
        return lab if all(form.fullmatch(value) for value, form in forms) and set(lab.identity) == VARIABLES else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
