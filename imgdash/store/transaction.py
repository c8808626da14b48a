"""One transaction of the writer: what its events set is written when somebody asks, or at its end.

Each statement costs the database a millisecond and more, whatever it does. So an event of a change is remembered
first: what the next one sets in the same row goes with it, and rows of one kind go together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import duckdb

from imgdash.model import Event
from imgdash.store.columns import TABLES
from imgdash.store.database import Database
from imgdash.store.journal import Line
from imgdash.store.merged import Alike, Merged

_WORD: Final = re.compile(r"\w+")


class Transaction:
    """Used by the writer alone. It begins with the first statement: many changes need none.

    Attributes
    ----------
    impossible
        Whether the database did not let it begin: it is to be opened anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._merged = Merged(database.columns)
        self._begun = False
        self.impossible = False

    def execute(self, sql: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        """Ask inside the transaction; the tables that `sql` names have all that was applied."""
        if not self._merged.tables.isdisjoint(_WORD.findall(sql)):
            self.write()
        return self._open().execute(sql, values)

    def apply(self, event: Event) -> None:
        """Set the columns of `event.data` in the subject's row; make the row if there is none."""
        self._merged.add(event)

    def write(self) -> None:
        """Let the database have what was applied.

        Raises
        ------
        duckdb.Error
            If it does not take a value.
        """
        for alike in self._merged.take():
            if alike.begins:
                self._insert(alike.subject, alike.names, alike.values)
                continue
            for id, values in alike.values.items():
                if not self._update(alike, id, values):
                    self._insert(alike.subject, alike.names, {id: values})

    def commit(self, lines: Sequence[Line]) -> None:
        """Keep what was applied, and the journal's lines of it."""
        self.write()
        if lines:
            self._open()
            self._database.keep(lines)
        if self._begun:
            self._open().execute("commit")
        self._begun = False

    def rollback(self) -> None:
        """Take all back."""
        self._merged = Merged(self._database.columns)
        if self._begun:
            self._open().execute("rollback")
        self._begun = False

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = self._database.connection
        if not self._begun:
            self.impossible = True
            connection.execute("begin")
            self._begun, self.impossible = True, False
        return connection

    def _update(self, alike: Alike, id: str, values: Sequence[Any]) -> bool:
        table, key = TABLES[alike.subject]
        settings = ", ".join(f'"{name}" = ?' for name in alike.names)
        done = self._open().execute(f'update "{table}" set {settings} where "{key}" = ?', [*values, id]).fetchone()
        return bool(done and done[0])

    def _insert(self, subject: str, names: Sequence[str], values: dict[str, list[Any]]) -> None:
        table, key = TABLES[subject]
        listed = ", ".join(f'"{name}"' for name in (key, *names))
        marks = f"({', '.join('?' * (len(names) + 1))})"
        given = [value for id, row in values.items() for value in (id, *row)]
        rows = ", ".join([marks] * len(values))
        self._open().execute(f'insert into "{table}" ({listed}) values {rows}', given)
