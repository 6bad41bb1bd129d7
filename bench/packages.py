"""The Debian packages of the comparison: found on this machine, or unpacked below `.lab` without installing anything.

Nothing is installed on purpose: a package would start its service, and would need root. apt works on lists and a cache
of its own, so that the machine's stay as they are.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path as File

from bench.errors import UnavailableError

PACKAGES = ("nginx", "nsd", "prometheus-blackbox-exporter", "wrk")
"""Package and program have the same name."""
FOLDER = File(__file__).parent.parent / ".lab" / "bench"
UNPACKED = FOLDER / "root"
APT_TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The programs of the comparison.

    Attributes:
        environment: what they are run with: libraries that were unpacked beside them are found there.
    """

    nginx: str
    nsd: str
    exporter: str
    wrk: str
    environment: dict[str, str]


def provide() -> Tools:
    """The programs, downloaded where they are missing.

    Raises:
        UnavailableError: they are not here and cannot be downloaded.
    """
    tools = find()
    if tools is None:
        download()
        tools = find()
    if tools is None:
        raise UnavailableError(f"the packages {', '.join(PACKAGES)} hold no programs of these names")
    return tools


def find() -> Tools | None:
    """The programs that are on PATH or unpacked already, `None` where one is missing."""
    folders = [str(UNPACKED / "usr/sbin"), str(UNPACKED / "usr/bin"), os.environ.get("PATH", ""), "/usr/sbin"]
    programs = [shutil.which(name, path=os.pathsep.join(folders)) for name in PACKAGES]
    nginx, nsd, exporter, wrk = programs
    if nginx is None or nsd is None or exporter is None or wrk is None:
        return None
    libraries = [UNPACKED / "usr/lib", *UNPACKED.glob("usr/lib/*-linux-gnu*"), *UNPACKED.glob("lib/*-linux-gnu*")]
    return Tools(
        nginx=nginx,
        nsd=nsd,
        exporter=exporter,
        wrk=wrk,
        environment={**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))},
    )


def download() -> None:
    """Fetch the packages with every dependency this machine lacks, and unpack them."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise UnavailableError(f"{', '.join(PACKAGES)} are neither on PATH nor to be had: this is no Debian system")
    lists, cache = FOLDER / "apt/lists", FOLDER / "apt/cache"
    try:
        for folder in (lists, cache / "archives/partial"):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"{FOLDER} cannot be written to: {error.strerror}") from None
    options = [
        *("-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"),
        *("-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1", "-o", "APT::Update::Error-Mode=any"),
    ]
    _run("apt-get", *options, "update")
    _run("apt-get", *options, "install", "--download-only", "--yes", "--no-install-recommends", *PACKAGES)
    for archive in sorted((cache / "archives").glob("*.deb")):
        _run("dpkg", "-x", str(archive), str(UNPACKED))
    shutil.rmtree(FOLDER / "apt")


def version(program: str, flag: str, tools: Tools) -> str:
    """First line of what the program says of its version."""
    done = subprocess.run([program, flag], env=tools.environment, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=APT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{command[0]} did not end within {APT_TIMEOUT_S} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise UnavailableError(f"{', '.join(PACKAGES)} cannot be downloaded: {command[0]}: {said[-1]}")
