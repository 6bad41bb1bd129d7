"""The Bicep CLI: found, asked, and its evaluated deployments read."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
BESIDE = ROOT.parent / "shared" / "tools" / "bicep" / "bicep"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PLACE = (
    *("--subscription-id", SUBSCRIPTION, "--tenant-id", SUBSCRIPTION),
    *("--location", "westeurope", "--deployment-name", "main"),
)
"""Of the deployment that is evaluated: names with a hash in them depend on it."""

type Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One evaluated deployment: what would be there, with ids and properties; what only Azure knows is `[...]` text."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> list[Resource]:
        """All resources of a type."""
        return [resource for resource in self.resources if resource["type"] == kind]

    def one(self, kind: str, name: str = "") -> Resource:
        """The only resource of a type whose own name begins so; raises LookupError where there are none or several."""
        found = [resource for resource in self.of(kind) if resource["name"].rpartition("/")[2].startswith(name)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} of {kind} {name}")
        return found[0]

    def by_id(self, resource_id: str) -> Resource | None:
        """The resource of an id; ids do not tell letter cases apart."""
        return next((each for each in self.resources if each["id"].lower() == resource_id.lower()), None)


def find() -> str | None:
    """The CLI on the path, or the one that lies beside the repository."""
    return shutil.which("bicep") or (str(BESIDE) if BESIDE.exists() else None)


def cli() -> str:
    """The CLI; without it the test is skipped, or fails where REQUIRE_BICEP asks for it."""
    found = find()
    if found is None:
        reason = "the Bicep CLI is not on the path: https://aka.ms/bicep-install"
        if os.environ.get("REQUIRE_BICEP"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One call. An exit code of 0 does not mean clean: whatever is printed is a diagnostic."""
    # The image may have no ICU; nothing here sorts by a culture.
    environment = os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    return subprocess.run([cli(), *arguments], env=environment, capture_output=True, text=True, check=False)


def evaluate(parameters_file: Path) -> Plan:
    """The deployment of a .bicepparam file; raises AssertionError with the diagnostics where it does not compile."""
    done = run("snapshot", str(parameters_file), "--mode", "overwrite", *PLACE)
    assert done.returncode == 0, done.stdout + done.stderr
    return read(parameters_file.with_name(f"{parameters_file.stem}.snapshot.json"))


def read(snapshot: Path) -> Plan:
    """A snapshot as the CLI wrote it."""
    table = json.loads(snapshot.read_text(encoding="utf-8"))
    return Plan(resources=tuple(table["predictedResources"]), outputs=table["outputs"])


def sources(folder: Path = INFRA) -> Iterator[Path]:
    """Every file of the language."""
    yield from sorted(folder.rglob("*.bicep"))


def copied(target: Path) -> Path:
    """A copy of `infra/` that may be changed, without what no compiler reads, and without the linter."""
    copy = target / "infra"
    shutil.copytree(INFRA, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.sh", "*.snapshot.json"))
    (copy / "bicepconfig.json").write_text('{"analyzers": {"core": {"enabled": false}}}', encoding="utf-8")
    return copy
