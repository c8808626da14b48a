"""DuckDB as a projection of the journal: events become columns, nothing else writes."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import duckdb

from imgdash.model import ImgdashError, RecordsFailed
from imgdash.store import replay
from imgdash.store.columns import TABLES
from imgdash.store.journal import Journal, Line

SCHEMA = files("imgdash.store").joinpath("schema.sql").read_text(encoding="utf-8")
# A changed schema is a new version: the tables are dropped and made anew from the journal.
SCHEMA_VERSION = hashlib.sha256(SCHEMA.encode()).hexdigest()[:16]

# What DuckDB says where the file is sound but cannot be used: those are no reason to rebuild.
_IN_USE = re.compile(r"could not set lock|conflicting lock", re.IGNORECASE)
_UNUSABLE = re.compile(r"permission denied|no space|too large|read-only|quota|too many open|not enough", re.IGNORECASE)


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
        self._connection: duckdb.DuckDBPyConnection | None = None
        self.put_aside: Path | None = None
        self._open()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The writer's connection.

        Raises
        ------
        ImgdashError
            While the database cannot be opened; what happens meanwhile fails, nothing that happened is lost.
        """
        if self._connection is None:
            raise RecordsFailed(f"{self.path} is not open.", "See 'imgdash doctor'; the disk may be full.")
        return self._connection

    def _open(self) -> None:
        try:
            try:
                self._connect()
                self._replay()
            except duckdb.Error as error:
                self._explain(error)
                self._shut()
                self.put_aside = _put_aside(self.path)
                self._connect()
                self._replay()
        except BaseException:
            self._shut()
            raise
        self._generation += 1

    def _explain(self, error: duckdb.Error) -> None:
        """Raise where rebuilding would not help."""
        if isinstance(error, duckdb.IOException) and _IN_USE.search(str(error)):
            raise ImgdashError(
                f"{self.path} is in use by another process.",
                "Stop the other 'imgdash serve' of this site, or the program that reads its database.",
            ) from error
        if _UNUSABLE.search(str(error)):
            line = str(error).splitlines()[0]
            raise RecordsFailed(f"{self.path} cannot be used: {line}.", "Check the disk and the rights.") from error

    def _shut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> None:
        connection = self._connection = duckdb.connect(
            str(self.path),
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "threads": "2",
                "memory_limit": "512MB",
            },
        )
        _lock_down(connection, self.path.resolve().parent / "records")
        tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        version = None
        if "station" in tables:
            row = connection.execute("select value from station where key = 'schema'").fetchone()
            version = row[0] if row else None
        if version != SCHEMA_VERSION:
            connection.execute("begin")
            for table in tables:
                connection.execute(f'drop table "{table}"')
            connection.execute(SCHEMA)
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
        replay.replay(self.connection, self.columns, self.journal.read(after=seq))

    def reopen(self) -> None:
        """After DuckDB declared itself invalid (a full disk does that): open again and replay."""
        self._shut()
        self._open()

    def keep(self, lines: Sequence[Line]) -> None:
        """The journal's lines, where SQL can see them."""
        if lines:
            replay.keep(self.connection, lines)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's own cursor for reading."""
        local = self._local
        if getattr(local, "generation", None) != self._generation:
            local.cursor, local.generation = self.connection.cursor(), self._generation
        cursor: duckdb.DuckDBPyConnection = local.cursor
        return cursor

    def close(self) -> None:
        """Write everything back and close."""
        if self._connection is not None:
            self._connection.execute("checkpoint")
        self._shut()


def _lock_down(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """SQL reads and writes no files but those in `folder`; this cannot be undone while the database is open."""
    # Already false where a cursor of ours kept the database open.
    row = connection.execute("select current_setting('enable_external_access')").fetchone()
    if row and row[0]:
        quoted = f"{folder}/".replace("'", "''")
        connection.execute(f"set allowed_directories = ['{quoted}']")
        connection.execute("set enable_external_access = false")


def _put_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    wal = path.with_name(path.name + ".wal")
    if wal.exists():
        wal.rename(aside.with_name(aside.name + ".wal"))
    return aside
