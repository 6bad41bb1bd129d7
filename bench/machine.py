"""The machine and the versions that a figure holds for."""

import os
import platform
import ssl
from dataclasses import dataclass
from pathlib import Path as File

from bench.packages import Tools, version


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where it was measured.

    Attributes:
        servers: what the other side runs, empty where it was not to be had.
    """

    cores: int
    processor: str
    system: str
    python: str
    openssl: str
    servers: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for people."""
        words = f"{self.cores} cores of {self.processor}, {self.system}, Python {self.python}, {self.openssl}"
        return ", ".join((words, *self.servers))


def this_machine(tools: Tools | None) -> Machine:
    """This machine, with the versions of the tools where there are any."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=processor(),
        system=f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        python=platform.python_version(),
        openssl=ssl.OPENSSL_VERSION,
        servers=versions(tools) if tools else (),
    )


def versions(tools: Tools) -> tuple[str, ...]:
    """Exporter, nginx and NSD, each by name and version."""
    exporter = version(tools.exporter, "--version", tools).split(" (")[0].replace(", version", "")
    nginx = version(tools.nginx, "-v", tools).rpartition(": ")[2]
    nsd = version(tools.nsd, "-v", tools)
    return exporter, nginx, nsd


def processor() -> str:
    """Model name of proc_cpuinfo(5), or the architecture where it has none."""
    for line in File("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()
