"""DuckDB as a projection of the journal: events become columns, nothing else writes."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from imgdash.model import Event, ImgdashError
from imgdash.store.journal import Journal, Line

SCHEMA_VERSION = "1"

# Subject in the journal → (table, its key). A subject that is not here has only its journal rows.
TABLES = {
    "image": ("image", "image_id"),
    "order": ("orders", "order_id"),
    "step": ("step", "step_uid"),
    "queue": ("queue", "entry_id"),
    "request": ("request", "request_id"),
    "note": ("note", "note_id"),
    "exposure": ("exposure", "event_uid"),
    "preference": ("preference", "id"),
}


class Database:
    """One connection for writing, a cursor for each reading thread.

    Parameters
    ----------
    path
        The database file. A file that DuckDB cannot open is put aside as ``.corrupt-<n>``.
    journal
        What the database must hold; whatever it lacks is replayed.
    """

    def __init__(self, path: Path, journal: Journal) -> None:
        self.path = path
        self.journal = journal
        self._local = threading.local()
        self._generation = 0
        self.put_aside: Path | None = None
        self._open()

    def _open(self) -> None:
        try:
            self.connection = self._connect()
        except (
            duckdb.IOException,
            duckdb.SerializationException,
            duckdb.FatalException,
            duckdb.InternalException,
        ) as error:
            if "lock" in str(error).lower():
                raise ImgdashError(
                    f"{self.path} is in use by another process.", "Stop the other 'imgdash serve' of this site first."
                ) from error
            self.put_aside = _put_aside(self.path)
            self.connection = self._connect()
        self._generation += 1
        self._replay()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            str(self.path),
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "threads": "2",
                "memory_limit": "512MB",
            },
        )
        tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        version = None
        if "station" in tables:
            row = connection.execute("select value from station where key = 'schema'").fetchone()
            version = row[0] if row else None
        if version != SCHEMA_VERSION:
            connection.execute("begin")
            for table in tables:
                connection.execute(f'drop table "{table}"')
            connection.execute(files("imgdash.store").joinpath("schema.sql").read_text(encoding="utf-8"))
            connection.execute("insert into station values ('schema', ?)", [SCHEMA_VERSION])
            connection.execute("commit")
        self.columns = {
            subject: {
                row[0]: row[1]
                for row in connection.execute(
                    "select column_name, data_type from duckdb_columns() where table_name = ?", [table]
                ).fetchall()
            }
            for subject, (table, _) in TABLES.items()
        }
        return connection

    def _replay(self) -> None:
        row = self.connection.execute("select coalesce(max(seq), 0) from journal").fetchone()
        seq = row[0] if row else 0
        if seq > self.journal.seq:
            raise ImgdashError(
                f"The database is ahead of the journal ({seq} > {self.journal.seq}).",
                "The journal was cut or replaced: restore it, or move imgdash.duckdb away to rebuild from the rest.",
            )
        if seq == self.journal.seq:
            return
        self.connection.execute("begin")
        for line in self.journal.read(after=seq):
            self.apply(line.event)
            self.keep(line)
        self.connection.execute("commit")

    def reopen(self) -> None:
        """After DuckDB declared itself invalid (a full disk does that): open again and replay."""
        self.connection.close()
        self._open()

    def apply(self, event: Event) -> None:
        """Set the columns of `event.data` in the subject's row; make the row if there is none."""
        if event.subject not in TABLES or not event.data:
            return
        table, key = TABLES[event.subject]
        known = self.columns[event.subject]
        data = {name: _value(value, known[name]) for name, value in event.data.items() if name in known and name != key}
        names = list(data)
        if names:
            settings = ", ".join(f'"{name}" = ?' for name in names)
            changed = self.connection.execute(
                f'update "{table}" set {settings} where "{key}" = ?', [*data.values(), event.id]
            ).fetchone()
            if changed and changed[0]:
                return
        listed = ", ".join(f'"{name}"' for name in [key, *names])
        marks = ", ".join("?" for _ in range(len(names) + 1))
        self.connection.execute(f'insert into "{table}" ({listed}) values ({marks})', [event.id, *data.values()])

    def keep(self, line: Line) -> None:
        """The journal's line, where SQL can see it."""
        event = line.event
        self.connection.execute(
            "insert into journal values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                event.seq,
                event.at,
                event.subject,
                event.id,
                event.event,
                event.by,
                event.why,
                json.dumps(event.data, ensure_ascii=False),
                line.hash,
            ],
        )

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's own cursor for reading."""
        local = self._local
        if getattr(local, "generation", None) != self._generation:
            local.cursor, local.generation = self.connection.cursor(), self._generation
        cursor: duckdb.DuckDBPyConnection = local.cursor
        return cursor

    def close(self) -> None:
        """Write everything back and close."""
        self.connection.execute("checkpoint")
        self.connection.close()


def _value(value: Any, column: str) -> Any:
    if value is None:
        return None
    if column == "JSON":
        return json.dumps(value, ensure_ascii=False)
    if column == "TIMESTAMP" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _put_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        wal.rename(aside.with_name(aside.name + ".wal"))
    return aside
