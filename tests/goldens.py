"""The golden files of the scenarios: what a sweep observes and finds, without what differs from run to run.

`make goldens` writes them anew; whoever does so reads the difference before committing it.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from lab.replica import Replica, opened
from lab.scenarios import SCENARIOS, scenario
from lab.world import Scenario
from probes.document import to_document
from probes.sweep import Sweep, sweep

FOLDER = Path(__file__).parent / "golden"
VARYING = frozenset(
    {
        "body_bytes", "body_ms", "content-length", "date", "duration_ms", "expires_at", "first_byte_ms", "not_after_at",
        "not_before_at", "serial_number", "sha256", "source_address", "started_ms", "subject_key",
    }
)  # fmt: skip
"""Keys whose values no two runs share; what rules make of them is in the findings."""
VARYING_TEXT = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b(?:T[0-9:.]+Z)?"), "<date>"),
    (re.compile(r"\b\d+(?:\.\d+)? ms\b"), "<time>"),
    (re.compile(r"127\.0\.0\.1:\d+|port=\d+"), "<port>"),
    (re.compile(r"\[Errno \d+\]"), "<errno>"),
)


def steady(value: Any) -> Any:
    """The value without what varies."""
    match value:
        case dict():
            return {key: steady(item) for key, item in value.items() if key not in VARYING}
        case list():
            return [steady(item) for item in value]
        case str():
            for pattern, name in VARYING_TEXT:
                value = pattern.sub(name, value)
            return value
    return value


def golden(found: Sweep) -> dict[str, str]:
    """File name to content: one file a stage."""
    document = to_document(found)
    # The order of records is that of events on the network; their ids are not.
    observations = sorted(steady(document["observations"]), key=lambda record: record["id"])
    findings = {"verdict": document["verdict"], "findings": steady(document["findings"])}
    return {"observations.json": pretty(observations), "findings.json": pretty(findings)}


def pretty(value: Any) -> str:
    """JSON for reading and comparing."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


async def swept(replica: Replica, each: Scenario) -> Sweep:
    """One sweep of a scenario in a lab that runs already."""
    await replica.become(each.world)
    return await sweep(replica.path, replica.surroundings)


async def write(names: list[str]) -> None:
    """Write the golden files of the scenarios named, all of them by default."""
    chosen = [scenario(name) for name in names] or list(SCENARIOS)
    async with opened(chosen[0].world) as replica:
        for each in chosen:
            folder = FOLDER / each.name
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in golden(await swept(replica, each)).items():
                (folder / name).write_text(content, encoding="utf-8")
            sys.stdout.write(f"{each.name}\n")


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1:]))
