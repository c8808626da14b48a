"""Bringing the database to what the journal holds, many events at a time.

One statement for each event costs milliseconds, which makes a rebuild of a year take hours. Here the events
of one row are put together first, and rows that set the same columns are written by one statement.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from imgdash.store.columns import TABLES, Columns
from imgdash.store.journal import Line
from imgdash.store.merged import Merged

_CHUNK = 20_000
_ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
    "DOUBLE[]": pa.list_(pa.float64()),
}
_JOURNAL = ("seq", "at", "subject", "id", "event", "by", "why", "data", "hash")


def replay(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Columns], lines: Iterable[Line]) -> None:
    """Apply `lines` and keep them; one transaction for each chunk, so that a crash goes on where it was.

    Parameters
    ----------
    columns
        Subject → column → type, as the tables have them.
    """
    remaining = iter(lines)
    while chunk := list(itertools.islice(remaining, _CHUNK)):
        connection.execute("begin")
        _apply(connection, columns, chunk)
        keep(connection, chunk)
        connection.execute("commit")


def keep(connection: duckdb.DuckDBPyConnection, lines: Sequence[Line]) -> None:
    """The journal's lines, where SQL can see them."""
    rows = [
        (e.seq, e.at, e.subject, e.id, e.event, e.by, e.why, json.dumps(e.data, ensure_ascii=False), line.hash)
        for line in lines
        for e in (line.event,)
    ]
    if len(rows) < 100:
        marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
        connection.execute(f"insert into journal values {marks}", [value for row in rows for value in row])
        return
    types = {"seq": "BIGINT", "at": "TIMESTAMP"}
    staged = [_array([row[at] for row in rows], types.get(name, "")) for at, name in enumerate(_JOURNAL)]
    connection.register("replayed", pa.table(staged, names=list(_JOURNAL)))
    connection.execute("insert into journal select * from replayed")
    connection.unregister("replayed")


def _apply(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Columns], lines: Sequence[Line]) -> None:
    merged = Merged(columns)
    for line in lines:
        merged.add(line.event)
    for alike in merged.take():
        # Whatever a journal of former days says, the row may be there.
        values = dict(zip(alike.names, map(list, zip(*alike.values.values(), strict=True)), strict=True))
        _write(connection, alike.subject, list(alike.values), values, columns[alike.subject])


def _write(
    connection: duckdb.DuckDBPyConnection,
    subject: str,
    ids: list[str],
    values: dict[str, list[Any]],
    types: Columns,
) -> None:
    table, key = TABLES[subject]
    staged = {key: pa.array(ids, pa.string())}
    staged.update({name: _array(column, types[name]) for name, column in values.items()})
    connection.register("replayed", pa.table(staged))
    cast = {name: f'cast(replayed."{name}" as {types[name]})' for name in values}
    settings = ", ".join(f'"{name}" = {cast[name]}' for name in values)
    connection.execute(f'update "{table}" set {settings} from replayed where "{table}"."{key}" = replayed."{key}"')
    listed = ", ".join(f'"{name}"' for name in staged)
    chosen = ", ".join([f'replayed."{key}"', *cast.values()])
    connection.execute(
        f'insert into "{table}" ({listed}) select {chosen} from replayed anti join "{table}" using ("{key}")'
    )
    connection.unregister("replayed")


def _array(values: Sequence[Any], column: str) -> pa.Array:
    """A column for DuckDB; what does not have its type goes over as text, and DuckDB casts it as it always does."""
    try:
        return pa.array(values, _ARROW.get(column, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
