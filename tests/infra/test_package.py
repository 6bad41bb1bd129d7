"""The packages: the same bytes each time, nothing in them that Azure does not run, and an app that starts from them."""

import asyncio
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

import azure_functions_runtime
import croniter
import h11
import httpx
import pytest

from infra.package import APPS, IN_AZURE, SITE_PACKAGES, App, build
from tests.infra.bicep import ROOT

UNCHECKED = 0b01
"""Flags of a pyc that is bound to a hash of its source, and taken without a look at it (PEP 552)."""
HEADER_BYTES = 16
ORDERS_SETTINGS = {"ORDERS_TABLE_ENDPOINT": "https://storders.table.core.windows.net"}
PROBE_SETTINGS = {
    "PROBE_PATH": json.dumps({
        "name": "orders",
        "targets": [{"name": "backend", "role": "backend", "url": "https://func.azurewebsites.net/api/orders"}],
    }),
    "PROBE_SCHEDULE": "0 0 0 29 2 *",
}  # fmt: skip
SETTINGS: Mapping[str, Mapping[str, str]] = {"orders": ORDERS_SETTINGS, "probe": PROBE_SETTINGS}
TELEMETRY = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-1111-4222-8333-444444444444;"
    "IngestionEndpoint=http://127.0.0.1:9/",
    "PYTHON_ENABLE_OPENTELEMETRY": "true",
    "WEBSITE_SITE_NAME": "func",
}
"""With it the app imports the exporter and everything below it: nothing answers at this port, and nothing must."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both packages."""
    output = tmp_path_factory.mktemp("dist")
    return {app.name: build(app, output) for app in APPS}


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands on the import path in Azure beside an app: the worker's library, and here the host's stand-in."""
    folder = tmp_path_factory.mktemp("worker")
    (folder / "lab").mkdir()
    shutil.copytree(ROOT / "lab" / "host", folder / "lab" / "host", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "http.py"):
        shutil.copy(ROOT / "lab" / name, folder / "lab")
    # Of the lab's own needs; h11 is in neither app's way: both have it of their own, or do without.
    for module in (azure_functions_runtime, croniter, h11, *(map(__import__, ("dateutil", "six")))):
        source = Path(str(module.__file__))
        if source.name == "__init__.py":
            shutil.copytree(source.parent, folder / source.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    return folder


@pytest.fixture(params=APPS, ids=lambda app: app.name)
def app(request: pytest.FixtureRequest) -> App:
    """One app."""
    found: App = request.param
    return found


def unzipped(file: Path, target: Path) -> Path:
    """The package as Azure mounts it."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(target)
    return target


def test_the_same_sources_make_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    """Whoever builds it can say whether what runs is what the repository holds."""
    app = next(app for app in APPS if app.name == "orders")
    again = build(app, tmp_path)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(built["orders"].read_bytes()).digest()


def test_nothing_of_the_workshop_is_in_it(built: dict[str, Path], app: App) -> None:
    """No lab, no tests, no command line, no scripts with this machine's paths, and no path of this machine at all."""
    with zipfile.ZipFile(built[app.name]) as archive:
        names = archive.namelist()
        own = [name for name in names if not name.startswith(".python_packages/")]
        everything = b"".join(archive.read(name) for name in own)
    first = {name.partition("/")[0] for name in own}
    assert first - {"function_app.py", "host.json", "__pycache__", ".funcignore", "probes", "orders_api"} == set()
    assert [name for name in own if name.startswith(("probes/commands", "probes/cli", "probes/__main__"))] == []
    assert [name for name in names if f"{SITE_PACKAGES}/bin/" in name] == []
    assert str(ROOT).encode() not in everything
    assert names == sorted(names)


def test_what_the_probe_reads_at_run_time_is_in_it(built: dict[str, Path]) -> None:
    """Schemas, and style and script of the pages: whatever lies beside its sources."""
    folder = ROOT / "probes"
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    wanted = {file.relative_to(ROOT).as_posix() for file in files if file.suffix != ".py"}
    with zipfile.ZipFile(built["probe"]) as archive:
        names = set(archive.namelist())
    assert {"probes/tell/page/page.css", "probes/tell/page/page.js", "probes/tell/sweep.schema.json"} <= wanted
    assert wanted <= names


def test_every_source_has_bytecode_that_is_taken_as_it_is(built: dict[str, Path], app: App, tmp_path: Path) -> None:
    """Bound to its source by hash, unchecked; and a traceback names the file where it lies in Azure."""
    folder = unzipped(built[app.name], tmp_path)
    sources = sorted(folder.rglob("*.py"))
    assert len(sources) > 100
    for source in sources:
        data = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        assert data[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(data[4:8], "little") == UNCHECKED
        assert data[8:HEADER_BYTES] == importlib.util.source_hash(source.read_bytes()), source
    code = compiled(folder / "function_app.py")
    assert code.co_filename == f"{IN_AZURE}/function_app.py"


def compiled(source: Path) -> CodeType:
    """The code of a source's bytecode."""
    import marshal  # noqa: PLC0415 - here alone

    data = Path(importlib.util.cache_from_source(str(source))).read_bytes()
    code = marshal.loads(data[HEADER_BYTES:])  # noqa: S302 - we made it
    assert isinstance(code, CodeType)
    return code


def test_binaries_are_for_the_platform(built: dict[str, Path], app: App) -> None:
    """Whatever machine builds it."""
    with zipfile.ZipFile(built[app.name]) as archive:
        binaries = [
            name for name in archive.namelist() if ".so" in Path(name).suffixes or name.endswith((".pyd", ".dylib"))
        ]
    named = [name for name in binaries if "cpython-313-" in name]
    assert binaries
    assert [name for name in named if "x86_64-linux-gnu" not in name] == []
    assert [name for name in binaries if name.endswith((".pyd", ".dylib"))] == []


async def test_the_app_starts_from_its_package_alone(
    built: dict[str, Path], app: App, worker: Path, tmp_path: Path
) -> None:
    """The worker's library starts it without the repository and without this environment's packages on the path."""
    folder = await asyncio.to_thread(unzipped, built[app.name], tmp_path / "app")
    settings = tmp_path / "settings.json"
    wanted = {"FUNCTIONS_WORKER_RUNTIME": "python", **TELEMETRY, **SETTINGS[app.name]}
    settings.write_text(json.dumps({"settings": wanted, "keys": {}}), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-S", "-m", "lab.host", str(folder), "--settings", str(settings)),
        cwd=tmp_path,
        env={"PYTHONPATH": os.pathsep.join((str(worker), str(folder / SITE_PACKAGES)))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        assert line, (await process.stderr.read()).decode()
        said = json.loads(line)
        async with httpx.AsyncClient(base_url=said["url"], trust_env=False) as client:
            answer = await client.get("/api/health")
    finally:
        process.terminate()
        await process.communicate()
    assert said["failed"] == {}
    assert answer.status_code == httpx.codes.OK
    health = answer.json()
    assert health["status"] == "ok"
    if app.name == "probe":
        assert (health["configured"], health["telemetry"]) == (True, "app")
    else:
        assert health["store"] == "table"


def test_an_import_compiles_nothing(built: dict[str, Path], app: App, tmp_path: Path) -> None:
    """Of all modules that the app imports from its package, none is read as source."""
    folder = unzipped(built[app.name], tmp_path)
    done = subprocess.run(
        [sys.executable, "-S", "-v", "-c", "import function_app"],
        cwd=folder,
        env={
            "PYTHONPATH": os.pathsep.join((str(folder), str(folder / SITE_PACKAGES))),
            **TELEMETRY,
            **SETTINGS[app.name],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    matched = [
        line for line in done.stderr.splitlines() if line.startswith("# code object from ") and str(folder) in line
    ]
    assert len(matched) > 100
    assert [line for line in matched if not line.endswith(".pyc'") and not line.endswith(".pyc")] == []
