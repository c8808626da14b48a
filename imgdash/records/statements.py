"""Which SQL a person may run: one statement that looks at the records and changes nothing."""

from __future__ import annotations

import re

import duckdb

from imgdash.model import ImgdashError

# DESCRIBE, SHOW, SUMMARIZE, VALUES, FROM, TABLE and UNPIVOT are SELECT to DuckDB's parser.
_SELECT = duckdb.StatementType.SELECT
_EXPLAIN = re.compile(r"\s*explain(\s+analyze)?(\s*\([\w\s,]*\))?\s+", re.IGNORECASE)


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The one statement in `sql`, if it only looks.

    Raises
    ------
    ImgdashError
        If it is none, more than one, or of another kind; says which.
    """
    statements = _parse(connection, sql)
    # A PIVOT without IN-list becomes two statements, of which neither has a text of its own.
    pivot = len(statements) == 2 and not any(statement.query for statement in statements)
    if len(statements) != 1 and not pivot:
        raise ImgdashError(
            f"{len(statements)} SQL statements were given.", "Give exactly one; WITH … AS (…) joins several SELECTs."
        )
    kind = statements[-1].type
    if kind == duckdb.StatementType.EXPLAIN and (found := _EXPLAIN.match(sql)):
        # EXPLAIN ANALYZE runs what it explains.
        kind = _parse(connection, sql[found.end() :])[-1].type
    if kind != _SELECT:
        raise ImgdashError(
            f"{kind.name} is not allowed: the records are only looked at here.",
            "Use SELECT, WITH, FROM, VALUES, PIVOT, DESCRIBE, SHOW, SUMMARIZE, or EXPLAIN with one of them.",
        )
    return sql.strip().rstrip(";")


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    try:
        return connection.extract_statements(sql)
    except duckdb.Error as error:
        raise ImgdashError(f"The SQL was not understood: {error}.", "Correct it at the place shown.") from None
