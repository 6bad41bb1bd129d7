"""Microsoft's parser of KQL, asked about many queries in one run of Node.js."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.log_analytics.schema import tables

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
PACKAGES = ROOT / ".lab" / "kql"
PROGRAM = ROOT / "tests" / "kql" / "check.cjs"


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What the parser says of a query.

    Attributes:
        diagnostics: of every severity, each with code and line.
        columns: of the result, each with its type.
    """

    diagnostics: tuple[str, ...]
    columns: Mapping[str, str]


def parsed(queries: Mapping[str, str]) -> dict[str, Parsed]:
    """Each query by its name, against the tables of the workspace."""
    assert (PACKAGES / "ready").exists(), "the parser is needed: `make .lab/kql/ready`"
    asked = json.dumps({"tables": tables(), "queries": queries})
    ended = subprocess.run(
        ["node", str(PROGRAM), str(PACKAGES)],  # noqa: S607 - whichever Node.js the machine has
        input=asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return {
        name: Parsed(diagnostics=tuple(found["diagnostics"]), columns=found["columns"])
        for name, found in json.loads(ended.stdout).items()
    }
