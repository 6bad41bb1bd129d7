"""What a closure meant to do, what was before, and what came of it: a file that outlives the process.

JSON lines, appended and flushed to the disk one by one, readable by their owner only. The intention of a change is
written before the change, the result after it; so whatever kills the process, the file says which writes may have
arrived. It never says how things are: that is Azure's to say, and is asked anew.

A second file beside it is locked for as long as a closure runs, so that two of one machine do not get in each other's
way. The kernel lets go of it when the process dies.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path as File
from typing import Any

from probes.closure.progress import Event, Progress, progress

FOLDER = File("private-path-probe") / "closures"
OWNER_ONLY = 0o600


class JournalError(Exception):
    """A journal that cannot be read or written, or that another process holds; the message is for the user."""


@dataclass(slots=True, kw_only=True)
class Journal:
    """One journal, held by this process; `held` makes one.

    Attributes:
        records: as they are in the file.
    """

    file: File
    records: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def progress(self) -> Progress | None:
        """How far it is, `None` where nothing has begun; raises ValueError as `progress`."""
        return progress(self.records) if self.records else None

    def write(self, event: Event, **more: Any) -> None:
        """Append a line, and return once it is on the disk.

        Raises:
            JournalError: it is not; what was to follow must not happen.
        """
        record = {"event": event.value, "at": datetime.now(UTC).isoformat(), "pid": os.getpid(), **more}
        line = json.dumps(record, ensure_ascii=True) + "\n"
        try:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, OWNER_ONLY)
            try:
                written = os.write(descriptor, line.encode())
                if written != len(line):
                    # What got there would be joined to the next line, once there is room for one.
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                    raise OSError(None, "the disk is full")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if not self.records:
                _sync(self.file.parent)
        except OSError as error:
            raise JournalError(f"the journal {self.file} cannot be written ({error.strerror})") from None
        self.records.append(record)

    def put_aside(self) -> None:
        """Keep a finished journal under the name of its closure, and begin an empty one.

        Raises:
            JournalError: it cannot be renamed.
        """
        done = self.progress
        if done is None:
            return
        try:
            self.file.rename(self.file.with_name(f"{self.file.stem}-{done.closure_id}{self.file.suffix}"))
        except OSError as error:
            raise JournalError(f"the journal {self.file} cannot be put aside ({error.strerror})") from None
        self.records.clear()


def default_file(path: str, digest: str, environment: Mapping[str, str] = os.environ) -> File:
    """Where the journal of a path is unless told otherwise: the user's state folder (XDG base directories).

    Raises:
        JournalError: the user has no home.
    """
    state = File(environment.get("XDG_STATE_HOME", ""))
    try:
        base = state if state.is_absolute() else File.home() / ".local" / "state"
    except RuntimeError as error:
        raise JournalError(f"no place for a journal ({error}); name one with --journal") from None
    return base / FOLDER / f"{path}-{digest[:12]}.jsonl"


def read(file: File) -> list[Mapping[str, Any]]:
    """The whole lines of a journal, none where there is no file.

    A last line without an end was being written when the process died: what it was to announce has not happened.

    Raises:
        JournalError: it cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"the journal {file} cannot be read ({error})") from None
    lines = text.split("\n")[:-1]
    try:
        return [_record(line) for line in lines if line]
    except ValueError as error:
        raise JournalError(f"the journal {file} is damaged ({error}); look at it before anything else") from None


def _record(line: str) -> Mapping[str, Any]:
    found = json.loads(line)
    if not isinstance(found, dict) or "event" not in found:
        raise ValueError("a line of it is no record")
    return found


@contextmanager
def held(file: File) -> Iterator[Journal]:
    """The journal at that place, for this process alone.

    Raises:
        JournalError: another process has it, or it cannot be used.
    """
    try:
        import fcntl  # noqa: PLC0415 - not everywhere, and only a closure needs it
    except ModuleNotFoundError:
        raise JournalError("a closure needs a POSIX system, for its locks: Linux, macOS, or WSL") from None
    if file.is_symlink():
        raise JournalError(f"the journal {file} is a link; allowed: a file of its own")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, OWNER_ONLY)
    except OSError as error:
        raise JournalError(f"the journal {file} cannot be used ({error.strerror})") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
            raise JournalError(f"another closure of this path runs on this machine (process {holder})") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        journal = Journal(file=file, records=read(file))
        _mend(file)
        yield journal
    finally:
        os.close(lock)


def _mend(file: File) -> None:
    """Cut off a last line that was never finished, or the next one would be joined to it."""
    try:
        with file.open("r+b") as whole:
            content = whole.read()
            end = content.rfind(b"\n") + 1
            if end != len(content):
                whole.truncate(end)
                os.fsync(whole.fileno())
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalError(f"the journal {file} cannot be used ({error.strerror})") from None


def _sync(folder: File) -> None:
    """Let a new name survive a power cut as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
