"""The published form of a sweep document, which ships with the package."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def sweep_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `--format json` prints and the HTTP API answers."""
    schema: dict[str, Any] = json.loads(files("probes.tell").joinpath("sweep.schema.json").read_bytes())
    return schema
