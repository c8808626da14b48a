"""Which SQL a person may run: one statement that looks at the records and changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import duckdb

from imgdash.model import ImgdashError

# DESCRIBE, SHOW, SUMMARIZE, VALUES, FROM, TABLE, UNPIVOT and PIVOT with IN-lists are SELECT to DuckDB's parser.
_LOOKING: Final = "Use SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, PIVOT … ON … IN (…), or EXPLAIN."
_EXPLAIN: Final = re.compile(r"\s*explain(\s+analyze)?(\s*\([\w\s,]*\))?\s+", re.IGNORECASE)

# Others read files, or change settings of the whole database from inside a SELECT: enable_logging, checkpoint, ….
_TABLE_FUNCTIONS: Final = frozenset(
    """
    range generate_series unnest repeat repeat_row json_each json_tree query_table summary pragma_table_info
    duckdb_tables duckdb_views duckdb_columns duckdb_constraints duckdb_indexes duckdb_functions duckdb_types
    duckdb_keywords duckdb_settings pg_timezone_names
    """.split()
)


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The one statement in `sql`, if it only looks.

    Raises
    ------
    ImgdashError
        If it is none, more than one, or could do more than look; says what is in the way.
    """
    kinds = _kinds(connection, sql)
    looked_at = sql
    if kinds == ["EXPLAIN"] and (found := _EXPLAIN.match(sql)):
        # EXPLAIN ANALYZE runs what it explains.
        looked_at = sql[found.end() :]
        kinds = _kinds(connection, looked_at)
    if kinds == ["CREATE", "SELECT"]:
        raise ImgdashError("PIVOT without a list of values makes a type first, which is not allowed here.", _LOOKING)
    if len(kinds) != 1:
        raise ImgdashError(f"{len(kinds)} SQL statements were given.", "Give exactly one; WITH joins several SELECTs.")
    if kinds != ["SELECT"]:
        raise ImgdashError(f"{kinds[0]} is not allowed: the records are only looked at here.", _LOOKING)
    for name in _functions(_tree(connection, looked_at)):
        if name.lower() not in _TABLE_FUNCTIONS:
            raise ImgdashError(f"The table function {name} is not allowed here.", "Read the tables: 'show tables'.")
    return sql.strip().rstrip(";")


def _kinds(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    try:
        return [str(statement.type.name) for statement in connection.extract_statements(sql)]
    except duckdb.Error as error:
        raise ImgdashError(f"The SQL was not understood: {error}.", "Correct it at the place shown.") from None


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The parsed statement; DuckDB gives it for a true SELECT only, not for a PRAGMA that looks like one."""
    try:
        row = connection.execute("select json_serialize_sql(?)", [sql]).fetchone()
        tree = json.loads(row[0]) if row else {"error": True}
    except (duckdb.Error, RecursionError) as error:
        raise ImgdashError(f"The SQL was not understood: {error}.", "Write it simpler.") from None
    if tree.get("error"):
        raise ImgdashError(f"This is not allowed: {tree.get('error_message', 'no SELECT')}", _LOOKING)
    return tree


def _functions(tree: Any) -> Iterator[str]:
    """Names of all table functions, however deep."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            if node.get("type") == "TABLE_FUNCTION":
                yield str(node["function"].get("function_name", ""))
