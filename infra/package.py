"""`python -m infra.package [--output DIR] [--include FILE]`: the packages of both apps, as Azure runs them.

Each is made here and not by a build in Azure: dependencies as wheels for the platform, with the hashes of the lock, and
bytecode for all of it, without which an app starts three times as slowly. A package is a folder, which azd deploys, and
a zip of it. The same sources and locks give the same zip, byte for byte: names sorted, times fixed, bytecode bound to
the content of its source and not to its time.
"""

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "dist"
PYTHON_VERSION = "3.13"
PLATFORM = "x86_64-manylinux2014"
SITE_PACKAGES = ".python_packages/lib/site-packages"
"""Where the Functions worker looks for an app's dependencies."""
IN_AZURE = "/home/site/wwwroot"
"""What tracebacks name; a path of the machine that builds would make every package another."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A zip knows no time before it."""
SUFFIXES = frozenset({".py", ".json", ".css", ".js"})
"""Of an app's own files that go in."""
LEFT_OUT = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""Of the metadata of a distribution, what an installer notes down for itself; entry points are needed."""
IGNORE_FILE = "# This file is here so that azd leaves nothing out: without one it drops __pycache__ from Python apps.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What is in a package.

    Attributes:
        folder: of the app in this repository.
        content: files and folders below it.
        left_out: of these, what Azure does not run.
        requirements: its lock.
    """

    name: str
    folder: Path
    content: tuple[str, ...]
    left_out: tuple[str, ...]
    requirements: Path


APPS = (
    App(
        name="probe",
        folder=ROOT,
        content=("function_app.py", "host.json", "probes"),
        left_out=("probes/cli.py", "probes/__main__.py", "probes/commands"),
        requirements=ROOT / "requirements.txt",
    ),
    App(
        name="orders",
        folder=ROOT / "orders",
        content=("function_app.py", "host.json", "orders_api"),
        left_out=(),
        requirements=ROOT / "orders" / "requirements.txt",
    ),
)


def build(app: App, output: Path, *, include: Sequence[Path] = (), bytecode: bool = True) -> Path:
    """The zip of an app, with the folder it was made from beside it; what stood there before is replaced.

    Args:
        app: what goes in.
        output: folder for both.
        include: further files at the root of the package, as a `ca_file` of the path.
        bytecode: compiled; without it for comparison only.

    Raises:
        RuntimeError: a tool failed; the message holds what it said.
    """
    folder = output / app.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in sources(app):
        target = folder / source.relative_to(app.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    for file in include:
        shutil.copyfile(file, folder / file.name)
    install(app.requirements, folder / SITE_PACKAGES)
    if bytecode:
        compile_all(folder)
    (folder / ".funcignore").write_text(IGNORE_FILE, encoding="utf-8")
    return zipped(folder)


def sources(app: App) -> Iterator[Path]:
    """The app's own files, in the order of their names."""
    left_out = tuple(app.folder / name for name in app.left_out)
    for name in app.content:
        start = app.folder / name
        for file in sorted(start.rglob("*")) if start.is_dir() else (start,):
            if file.suffix in SUFFIXES and not any(file.is_relative_to(each) for each in left_out):
                yield file


def install(requirements: Path, target: Path) -> None:
    """The locked dependencies for Azure's platform, whatever this machine is."""
    run(
        uv(),
        *("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *("--link-mode", "copy", "--python-version", PYTHON_VERSION, "--python-platform", PLATFORM),
        *("--target", str(target), "--requirement", str(requirements)),
    )
    # Scripts begin with the path of this machine's Python, and nobody calls them there.
    shutil.rmtree(target / "bin", ignore_errors=True)
    for file in (*target.glob(".*"), *(info / name for info in target.glob("*.dist-info") for name in LEFT_OUT)):
        file.unlink(missing_ok=True)


def compile_all(folder: Path) -> None:
    """Bytecode beside every source. `unchecked-hash`: a mounted package has times of its own, and it never changes."""
    if sys.version_info[:2] != tuple(map(int, PYTHON_VERSION.split("."))):
        raise RuntimeError(f"bytecode is for one version of Python: run this with {PYTHON_VERSION}")
    # Sets among the constants are written in the order of their hashes.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    stripped = ("-s", str(folder), "-p", IN_AZURE)
    options = ("--invalidation-mode", "unchecked-hash", "-f", "-q", "-j", "1", *stripped)
    run(sys.executable, "-m", "compileall", *options, str(folder), environment=environment)


def zipped(folder: Path) -> Path:
    """The zip of a folder: the same files make the same bytes."""
    file = folder.with_suffix(".zip")
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for name, path in sorted(paths.items()):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, also where it is made on Windows
            entry.external_attr = 0o100644 << 16
            out.writestr(entry, path.read_bytes())
    return file


def uv() -> str:
    """The uv of this environment, or the one on the path."""
    own = Path(sys.executable).with_name("uv")
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        raise RuntimeError("uv is missing: make test installs it into .venv")
    return found


def run(*command: str, environment: dict[str, str] | None = None) -> None:
    """Run a tool; raises RuntimeError with what it said where it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def main() -> None:
    """Read the arguments and build."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--include", type=Path, action="append", default=[], help="a file for the probe's package")
    arguments = parser.parse_args()
    for app in APPS:
        file = build(app, arguments.output, include=arguments.include if app.name == "probe" else ())
        sys.stdout.write(f"{file}: {file.stat().st_size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
