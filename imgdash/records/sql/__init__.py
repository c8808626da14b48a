"""The SQL of the reports (one file each), and SQL of our own process that may only look."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import duckdb

from imgdash.model import ImgdashError
from imgdash.model.codes import REASONS
from imgdash.model.quality import QUANTITIES
from imgdash.records.statements import check
from imgdash.store.store import Store


@cache
def text(name: str) -> str:
    """The file `name`.sql of this folder."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def prelude() -> str:
    """Statements that give a cursor the words the reports share."""
    cases = " ".join(f"when {_quoted(value)} then {_quoted(code.meaning)}" for value, code in REASONS.items())
    reasons = f"create or replace temp macro reason_text(code) as case code {cases} else code end;"
    labels = " ".join(f"when {_quoted(name)} then {_quoted(known.label)}" for name, known in QUANTITIES.items())
    quantities = f"create or replace temp macro quantity_text(name) as case name {labels} else name end;"
    return f"{reasons}\n{quantities}\n{text('prelude')}"


def relation(store: Store, sql: str) -> duckdb.DuckDBPyRelation:
    """A statement that only looks, as a DuckDB relation on a cursor of its own: ``.df()``, ``.arrow()``.

    For notebooks and tests inside the apparatus' own process; what comes from outside goes through
    `imgdash.records.analyst`, which has limits and a process of its own.

    Raises
    ------
    ImgdashError
        If it is not one SELECT, or DuckDB does not understand it.
    """
    cursor = store.database.connection.cursor()
    statement = check(cursor, sql)
    try:
        cursor.execute(prelude())
        found = cursor.sql(statement)
    except duckdb.Error as error:
        raise ImgdashError(
            f"The SQL was not understood: {error}.", "Correct it; 'show tables' lists the tables."
        ) from None
    if found is None:
        raise ImgdashError("The SQL has no result.", "Write a SELECT.")
    return found


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
