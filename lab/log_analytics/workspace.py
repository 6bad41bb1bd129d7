"""A workspace: rows in an embedded database, asked in KQL.

The engine is duckdb-kql, which refuses what it cannot do: no query gets a wrong answer for want of a function.
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import duckdb
import duckdb_kql
from duckdb_kql.errors import KqlError

from lab.log_analytics.rows import Row, Rows
from lab.log_analytics.schema import DUCKDB_TYPES, tables

NO_TABLE = re.compile(r"Catalog Error: Table with name (\w+) does not exist")
KQL_TYPES = {
    **{kind: name for name, kind in DUCKDB_TYPES.items()},
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "HUGEINT": "long",  # sums
    "UBIGINT": "long",
    "FLOAT": "real",
    "INTERVAL": "timespan",
    "UUID": "guid",
}
"""Types of the embedded database's columns; lists and structures are dynamic."""


class QueryError(ValueError):
    """A query that the workspace cannot answer; the message says why."""


class NoTableError(QueryError):
    """A query of a table that the workspace does not have."""

    def __init__(self, table: str) -> None:
        """Say it as Log Analytics does."""
        super().__init__(f"Failed to resolve table or column expression named '{table}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A result: name and KQL type of each column, and the rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]

    def records(self) -> list[Row]:
        """Each row by column name."""
        return [dict(zip((name for name, _ in self.columns), row, strict=True)) for row in self.rows]


class Workspace:
    """The tables and what is in them."""

    def __init__(self, content: Rows, *, without: Collection[str] = ()) -> None:
        """Make every table but those it is to be without, and put the rows there."""
        self._connection = duckdb_kql.connect()
        # A query is the caller's text: it reaches these tables and nothing of the machine.
        self._connection.execute("SET enable_external_access = false")
        for table, columns in tables().items():
            if table not in without:
                described = ", ".join(f'"{name}" {DUCKDB_TYPES[kind]}' for name, kind in columns.items())
                self._connection.execute(f"CREATE TABLE {table}({described})")
                self._insert(table, content.get(table) or [])

    def __enter__(self) -> Self:
        """The workspace itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def query(self, kql: str, *, now: datetime | None = None) -> Table:
        """The result of a query; `now` is what `now()` and `ago()` go by.

        Raises:
            QueryError: it has an error, or is beyond the engine.
        """
        at = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
        try:
            result = duckdb_kql.query(self._connection, kql, query_now=at)
            kinds = [KQL_TYPES.get(str(kind), "dynamic") for kind in result.types]
            found = result.fetchall()
        except RecursionError:
            raise QueryError("the query is too deep") from None
        except (KqlError, duckdb.Error) as error:
            missing = NO_TABLE.match(str(error))
            raise (
                NoTableError(missing[1]) if missing else QueryError(str(error).partition("\n")[0] or "no query")
            ) from None
        return Table(columns=tuple(zip(result.columns, kinds, strict=True)), rows=tuple(found))

    def _insert(self, table: str, found: Sequence[Row]) -> None:
        """All at once, as one JSON value: parameters of each row would take ten times as long."""
        if not found:
            return
        columns = tables()[table]
        given = [{name: stored(row.get(name)) for name in columns} for row in found]
        # A lone surrogate, which JSON can escape and no text can hold, becomes a question mark.
        text = json.dumps(given, ensure_ascii=False).encode("utf-8", "replace").decode()
        form = json.dumps([{name: DUCKDB_TYPES[kind] for name, kind in columns.items()}])
        self._connection.execute(
            f"INSERT INTO {table} SELECT unnest(from_json(?::JSON, '{form}'), recursive := true)",
            [text],
        )


def since(content: Rows, timespan: timedelta, now: datetime) -> Rows:
    """The rows of that time, as the API's `timespan` has it."""
    return {table: [row for row in found if row["TimeGenerated"] >= now - timespan] for table, found in content.items()}


def stored(value: Any) -> Any:
    """A value as the database reads it from JSON: times in UTC, without saying so."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() if isinstance(value, datetime) else value
