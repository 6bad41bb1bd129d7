"""The published form of a proof, which ships with the package."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from probes.tell.schema import sweep_schema, trace_schema


@cache
def proof_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the file that `prove -o` writes, with those of sweep and trace within it."""
    schema: dict[str, Any] = json.loads(files("probes.proof").joinpath("proof.schema.json").read_bytes())
    return {**schema, "$defs": {**schema["$defs"], "sweep": sweep_schema(), "trace_document": trace_schema()}}
