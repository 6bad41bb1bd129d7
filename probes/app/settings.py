"""What the probe app is to probe, read once from its app settings.

    PROBE_PATH                 the content of one path file: TOML, or JSON in braces
    PROBE_PATH_FILES           path files, separated as in PATH; relative ones are looked for in the app's folder
    PROBE_DIAGNOSE_DEADLINE_S  the longest that a diagnosis takes; keep it under API Management's time limit
    PROBE_SPREAD_S             the starts of the paths on a timer run are spread over this time
    AZURE_RESOURCE_MANAGER     Azure Resource Manager of another cloud than the public one

The schedule of the timer, PROBE_SCHEDULE, is read by the Functions host. Nothing here raises: an app that fails at its
import answers 404 on every route and says why in the host's log only, so a wrong setting becomes a fault, which the
health route names.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from probes.observe.machine import management
from probes.path import Path, PathError, Problem, load, loads
from probes.path.reader import Reader, number

PATH = "PROBE_PATH"
PATH_FILES = "PROBE_PATH_FILES"
DIAGNOSE_DEADLINE_S = "PROBE_DIAGNOSE_DEADLINE_S"
SPREAD_S = "PROBE_SPREAD_S"
LONGEST_DIAGNOSE_S = 100.0
LONGEST_SPREAD_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to probe, and how.

    Attributes:
        paths: by name, at least one, in the order of the settings.
        diagnose_deadline_s: of a sweep on demand.
        spread_s: over which the starts of a timer run are spread.
    """

    paths: Mapping[str, Path]
    diagnose_deadline_s: float
    spread_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One wrong place in the settings. What stands there is left out: it may hold a key, and health is anonymous.

    Attributes:
        key: the setting and the key in it, as `PROBE_PATH: targets[0].url`.
    """

    key: str
    allowed: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.key}: allowed: {self.allowed}"


@dataclass(frozen=True, slots=True)
class Unusable:
    """Settings with which nothing can be probed, with all that is wrong, at least one fault."""

    faults: tuple[Fault, ...]


def read(environment: Mapping[str, str]) -> Settings | Unusable:
    """The settings, or all that is wrong with them at once."""
    faults: list[Fault] = []
    paths: dict[str, Path] = {}
    for key, path in _paths(environment, faults):
        if path.name in paths:
            faults.append(Fault(key=f"{key}: name", allowed="a name that no other path has"))
        paths[path.name] = path
    if not paths and not faults:
        faults.append(Fault(key=PATH, allowed=f"a path file's content, unless {PATH_FILES} names path files"))
    problems: list[Problem] = []
    numbers = Reader({key: value for key, value in environment.items() if value.strip()}, problems)
    deadline_s = numbers.read(DIAGNOSE_DEADLINE_S, _seconds(1, LONGEST_DIAGNOSE_S), "1 to 100 seconds", default=20.0)
    spread_s = numbers.read(SPREAD_S, _seconds(0, LONGEST_SPREAD_S), "0 to 20 seconds", default=5.0)
    try:
        management(environment)
    except PathError as error:
        problems += error.problems
    faults += [Fault(key=problem.key, allowed=problem.allowed) for problem in problems]
    if faults:
        return Unusable(tuple(faults))
    return Settings(paths=paths, diagnose_deadline_s=deadline_s, spread_s=spread_s)


def _paths(environment: Mapping[str, str], faults: list[Fault]) -> Iterator[tuple[str, Path]]:
    """The paths that can be read, each with the setting it comes from; what is wrong with the others is a fault."""
    readers: list[tuple[str, Callable[[], Path]]] = []
    if text := environment.get(PATH, "").strip():
        readers.append((PATH, partial(loads, text, source=PATH)))
    files = [file.strip() for file in environment.get(PATH_FILES, "").split(os.pathsep)]
    readers += [(f"{PATH_FILES}[{place}]", partial(load, file)) for place, file in enumerate(filter(None, files))]
    for key, reader in readers:
        try:
            yield key, reader()
        except PathError as error:
            faults += [Fault(key=f"{key}: {problem.key}", allowed=problem.allowed) for problem in error.problems]
        except Exception as error:  # noqa: BLE001 - nothing that a setting holds may empty the whole app
            faults.append(Fault(key=key, allowed=f"a path file's content ({type(error).__name__})"))


def _seconds(low: float, high: float) -> Callable[[str], float]:
    return lambda text: number(low, high)(float(text))
