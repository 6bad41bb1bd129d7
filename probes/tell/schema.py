"""The published forms of the documents, which ship with the package."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def sweep_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `--format json` prints and the HTTP API answers."""
    return _read("sweep.schema.json")


@cache
def trace_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `trace --format json` prints."""
    return _read("trace.schema.json")


def _read(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(files("probes.tell").joinpath(name).read_bytes())
    return schema
