"""Publishing the records as Parquet, so that notebooks and other engines read them while the server runs.

``records/<table>/<period>.parquet``, read with ``read_parquet('records/exposure/*.parquet')``. Only periods that
changed are written again. A file appears under its name only when it is whole and synced; a reader that takes the
shared lock while it opens or links the files (`imgdash.records.snapshot`) also gets all tables of one moment.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from imgdash.model import Event
from imgdash.records.partitions import LOCK, MANIFEST, PUBLISHED, Manifest, Table, read
from imgdash.store.database import SCHEMA_VERSION
from imgdash.store.files import sync_folder
from imgdash.store.store import Store

_LOG = logging.getLogger(__name__)
# Publishing takes at most this part of the time.
_SHARE = 0.05
_NEW = ".new"
# Seconds after which a query's scratch folder belongs to nobody.
_ABANDONED = 86_400


class Publisher:
    """Publishes after changes, at bounded intervals, in a thread of its own.

    Parameters
    ----------
    folder
        The site's ``records`` folder.
    every
        Seconds between two publications at least; more where one takes long.

    Attributes
    ----------
    trouble
        Why the last publication failed, or ''.
    seconds
        What the last one took.
    """

    def __init__(self, store: Store, folder: Path, every: float = 10.0) -> None:
        self.store = store
        self.folder = folder
        self.every = every
        self.trouble = ""
        self.seconds = 0.0
        self._changed = threading.Event()
        self._changed.set()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._unsubscribe = store.subscribe(self._hear)

    def start(self) -> None:
        """Publish what changed since the last time, then whenever something changes."""
        self._tidy()
        self._thread.start()

    def stop(self) -> None:
        """Publish what is left, and stop."""
        self._unsubscribe()
        self._stopping.set()
        self._changed.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._try()

    def _tidy(self) -> None:
        """Remove what processes left behind that were killed."""
        for path in (*self.folder.glob(f"*/*{_NEW}"), *self.folder.glob(f"*{_NEW}")):
            path.unlink(missing_ok=True)
        for path in self.folder.glob(".query-*"):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)

    def _hear(self, events: Sequence[Event]) -> None:
        self._changed.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            if self._stopping.is_set():
                return
            self._changed.clear()
            self._try()
            self._stopping.wait(max(self.every, self.seconds / _SHARE))

    def _try(self) -> None:
        try:
            self.publish()
            self.trouble = ""
        except Exception as error:
            # The next change tries again; meanwhile readers have the former publication.
            self.trouble = str(error)
            _LOG.warning("the records could not be published: %s", type(error).__name__)
            self._changed.set()

    def publish(self) -> Manifest:
        """Publish now what changed since the last time."""
        with self._lock:
            began = time.perf_counter()
            self.folder.mkdir(parents=True, exist_ok=True)
            cursor = self.store.database.connection.cursor()
            # One transaction, so that all tables are of the same moment.
            cursor.execute("begin transaction read only")
            try:
                manifest, written = self._write(cursor)
            finally:
                cursor.execute("rollback")
                cursor.close()
            if manifest is not None:
                self._put_in_place(manifest, written)
            self.seconds = time.perf_counter() - began
            return manifest or read(self.folder) or Manifest(SCHEMA_VERSION, 0, "", {})

    def _write(self, cursor: duckdb.DuckDBPyConnection) -> tuple[Manifest | None, list[Path]]:
        """Write changed partitions under temporary names; None where nothing changed."""
        former = read(self.folder)
        row = cursor.execute("select coalesce(max(seq), 0) from journal").fetchone()
        seq = int(row[0]) if row else 0
        if former and (former.schema != SCHEMA_VERSION or former.seq > seq):
            former = None
        if former and former.seq == seq:
            return None, []
        tables: dict[str, dict[str, int]] = {}
        written: list[Path] = []
        for table in PUBLISHED:
            known = dict(former.tables.get(table.name, {})) if former else {}
            known = {period: rows for period, rows in known.items() if (self.folder / _name(table, period)).exists()}
            changed = table.changed(cursor, former.seq) if former else table.periods(cursor)
            tables[table.name] = self._copy(cursor, table, known, changed, written)
            if sum(tables[table.name].values()) != table.count(cursor):
                tables[table.name] = self._copy(cursor, table, {}, table.periods(cursor), written)
        return Manifest(SCHEMA_VERSION, seq, datetime.now().isoformat(timespec="seconds"), tables), written

    def _copy(
        self,
        cursor: duckdb.DuckDBPyConnection,
        table: Table,
        known: dict[str, int],
        periods: set[str],
        written: list[Path],
    ) -> dict[str, int]:
        (self.folder / table.name).mkdir(exist_ok=True)
        for period in sorted(periods):
            path = self.folder / (_name(table, period) + _NEW)
            known[period] = table.copy(cursor, period, path)
            with open(path, "rb") as file:
                os.fsync(file.fileno())
            if path not in written:
                written.append(path)
        # A partition without rows stands only where there is no other.
        filled = {period: rows for period, rows in known.items() if rows}
        return filled or known

    def _put_in_place(self, manifest: Manifest, written: list[Path]) -> None:
        said = self.folder / (MANIFEST + _NEW)
        with open(said, "w", encoding="utf-8") as file:
            file.write(manifest.render())
            file.flush()
            os.fsync(file.fileno())
        keep = {self.folder / name for name in manifest.files()}
        with exclusive(self.folder):
            for path in written:
                os.replace(path, path.with_name(path.name.removesuffix(_NEW)))
            for path in self.folder.glob("*/*.parquet"):
                if path not in keep and not path.parent.name.startswith("."):
                    path.unlink()
            os.replace(said, self.folder / MANIFEST)
        for folder in {path.parent for path in written} | {self.folder}:
            sync_folder(folder)


def _name(table: Table, period: str) -> str:
    return f"{table.name}/{period}.parquet"


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold readers back while files change their names: milliseconds."""
    fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
