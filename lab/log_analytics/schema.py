"""The tables of a workspace that this project writes or reads, with the columns of Azure Monitor's table reference.

https://learn.microsoft.com/azure/azure-monitor/reference/tables-index; `tables.json` has name and type of each.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "bool": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "dynamic": "JSON",
}
"""KQL's scalar types as the columns of the embedded database."""


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """Table to column to KQL type."""
    found: dict[str, dict[str, str]] = json.loads(files(__package__).joinpath("tables.json").read_bytes())
    return found
