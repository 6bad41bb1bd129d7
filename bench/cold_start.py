"""Cold start of the probe's Function app: what a fresh interpreter pays before the first function can run."""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path as File
from statistics import median

from bench.errors import UnavailableError

TIMES = 7
MODULE = "function_app"
IMPORT = f"import time; began = time.perf_counter(); import {MODULE}; print(time.perf_counter() - began)"
SHOWN = 5
"""Packages named, of those whose own code costs most."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import under `-X importtime`.

    Attributes:
        sum_ms: the own time of all modules it brought in, itself included.
        packages_ms: the same by top-level package, the most expensive first.
    """

    sum_ms: float
    packages_ms: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class ColdStart:
    """Medians of TIMES fresh interpreters each, plain and traced in turn, with the bytecode cached.

    Attributes:
        import_ms: wall time of the import, the interpreter's own start not counted.
        traced: the median import of those traced.
    """

    import_ms: float
    traced: Import


def measure(root: File) -> ColdStart:
    """Import the app of that folder again and again.

    Raises:
        UnavailableError: it cannot be imported.
    """
    if not (root / f"{MODULE}.py").is_file():
        raise UnavailableError(f"there is no {MODULE}.py in {root}")
    _python(root, "-c", IMPORT)  # writes the bytecode, which a deployed package has as well
    seconds: list[float] = []
    traced: list[Import] = []
    for _ in range(TIMES):
        seconds.append(float(_python(root, "-c", IMPORT).stdout.splitlines()[-1]))
        traced.append(traced_import(_python(root, "-X", "importtime", "-c", f"import {MODULE}").stderr))
    return ColdStart(
        import_ms=median(seconds) * 1e3,
        traced=sorted(traced, key=lambda one: one.sum_ms)[TIMES // 2],
    )


def traced_import(text: str) -> Import:
    """The app's import from a trace of all imports, in which a module follows those that it imports, less indented.

    Lines read `import time: self [us] | cumulative | imported package`; deeper imports are indented by two more.
    """
    own_us: Counter[str] = Counter()
    for line in text.splitlines():
        head, _, rest = line.partition("import time:")
        columns = rest.split("|")
        if head or len(columns) != len(("self", "cumulative", "module")) or not columns[0].strip().isdigit():
            continue
        name = columns[2].strip()
        own_us[name.partition(".")[0]] += int(columns[0])
        if name == MODULE:
            break
        if not columns[2].startswith("  "):
            own_us.clear()  # a whole tree that the interpreter needed for itself
    packages = tuple((name, us / 1e3) for name, us in own_us.most_common())
    return Import(sum_ms=own_us.total() / 1e3, packages_ms=packages)


def _python(root: File, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise UnavailableError(f"{MODULE} cannot be imported: {said[-1]}")
    return done
