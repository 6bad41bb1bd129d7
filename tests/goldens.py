"""The golden files of the scenarios: what a sweep observes, finds and tells, without what differs from run to run.

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
from probes.tell.text import as_text

FOLDER = Path(__file__).parent / "golden"
TEXT_FOLDER = Path(__file__).parent / "golden_text"
TOLD = (
    "healthy",
    "zone-not-linked",
    "hosts-file-override",
    "some-addresses-fail",
    "certificate-untrusted",
    "anonymous-accepted",
    "gateway-cannot-reach-backend",
    "deadline-missed",
)
"""Scenarios whose text is kept: every verdict, one and two attempts, a step that fails and one that only shows."""
WIDTH = 100
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
STEP_TIME = re.compile(r" +\d+\.\d+ m?s$", re.MULTILINE)
TEXT_TIMES = (
    (re.compile(r"(?<= in )\d+\.\d+ m?s$", re.MULTILINE), "<time>"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "yyyy-mm-dd"),
    (re.compile(r"\b\d\d:\d\d:\d\dZ"), "hh:mm:ssZ"),
    (re.compile(r"\b\d\d:\d\dZ"), "hh:mmZ"),
)
"""As long as what they stand for: where a line ends is part of the layout."""


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


def golden_text(found: Sweep) -> str:
    """The text of a sweep."""
    text = as_text(found, WIDTH)
    for pattern, name in TEXT_TIMES:
        text = pattern.sub(name, text)
    text = STEP_TIME.sub(lambda time: "<time>".rjust(len(time[0])), text)
    for pattern, name in VARYING_TEXT:
        text = pattern.sub(name, text)
    return text


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
            found = await swept(replica, each)
            for name, content in golden(found).items():
                (folder / name).write_text(content, encoding="utf-8")
            if each.name in TOLD:
                TEXT_FOLDER.mkdir(exist_ok=True)
                (TEXT_FOLDER / f"{each.name}.txt").write_text(golden_text(found), encoding="utf-8")
            sys.stdout.write(f"{each.name}\n")


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1:]))
