"""What is asked of the records (H3): reports, exports, an analyst's SQL, signatures of the emission record."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from imgdash.model import Actor, ImgdashError
from imgdash.records import analyst, emission, export, reports
from imgdash.records.declaration import Report
from imgdash.store.store import Change, Store

FORMATS: Final = tuple(export.MEDIA_TYPES)
_SECONDS: Final = 20.0
_MEMORY_MB: Final = 768


@dataclass(frozen=True)
class Table:
    """The beginning of a result.

    Attributes
    ----------
    rows
        How many the whole result has; `table` may hold fewer.
    seconds
        What it took.
    source, seq
        Of an analyst's query: ``database`` or ``published``, and the last line of the journal it knows of.
    """

    table: pa.Table
    rows: int
    seconds: float
    source: str = ""
    seq: int | None = None

    @property
    def whole(self) -> bool:
        """Whether every row is in `table`."""
        return self.table.num_rows == self.rows


@dataclass(frozen=True)
class Irradiated:
    """A patient of the emission record."""

    patient_id: str
    name: str
    shots: int
    unsigned: int
    last: datetime


class Reporting:
    """What the Records page calls.

    Parameters
    ----------
    publish
        Publishes the records now, so that a query beside this server knows of everything.
    """

    def __init__(self, store: Store, folder: Path, publish: Callable[[], None]) -> None:
        self._store = store
        self._folder = folder
        self._publish = publish

    # -- reports ------------------------------------------------------------------------------------------

    def all(self) -> list[Report]:
        """Every report with its parameters, columns and how to draw it."""
        return [reports.get(name) for name in reports.names()]

    def run(self, name: str, parameters: Mapping[str, Any], most: int = 5000) -> Table:
        """A report; at most so many of its rows.

        Raises
        ------
        ImgdashError
            If a parameter does not fit.
        """
        began = time.perf_counter()
        found = reports.run(self._store, name, **parameters)
        return Table(found.slice(0, most), found.num_rows, time.perf_counter() - began)

    def export(self, name: str, parameters: Mapping[str, Any], format: str, by: Actor) -> bytes:
        """A whole report as a file: csv, parquet or xlsx."""
        by.require("export")
        buffer = BytesIO()
        export.write(reports.stream(self._store, name, **parameters), buffer, format)
        return buffer.getvalue()

    # -- SQL ----------------------------------------------------------------------------------------------

    def query(self, sql: str, by: Actor, most: int = 5000) -> Table:
        """One SELECT of an analyst, in a process of its own with limits of time and memory.

        Raises
        ------
        ImgdashError
            If it is not one SELECT, fails, or comes to a limit.
        """
        by.require("query")
        began = time.perf_counter()
        self._publish()
        with tempfile.TemporaryDirectory(prefix="imgdash-query-") as scratch:
            path = Path(scratch) / "result.parquet"
            answer = self._ask(sql, "parquet", path)
            table = _beginning(path, most)
        return Table(table, answer.rows, time.perf_counter() - began, answer.source, answer.seq)

    def export_query(self, sql: str, format: str, by: Actor) -> bytes:
        """The whole result of a query as a file."""
        by.require("query")
        by.require("export")
        self._publish()
        with tempfile.TemporaryDirectory(prefix="imgdash-query-") as scratch:
            path = Path(scratch) / "result"
            self._ask(sql, format, path)
            return path.read_bytes()

    def tables(self) -> dict[str, list[str]]:
        """The tables of the records with their columns, for whoever writes SQL."""
        found: dict[str, list[str]] = {}
        rows = self._store.query(
            "select table_name, column_name from information_schema.columns where table_schema = 'main' "
            "and table_catalog = current_database() order by table_name, ordinal_position"
        )
        for row in rows:
            found.setdefault(row["table_name"], []).append(row["column_name"])
        return found

    def _ask(self, sql: str, format: str, path: Path) -> analyst.Answer:
        return analyst.query(self._folder, sql, format=format, output=path, seconds=_SECONDS, memory_mb=_MEMORY_MB)

    # -- emission record ----------------------------------------------------------------------------------

    def patients(self, text: str = "", most: int = 200) -> list[Irradiated]:
        """Patients with irradiation events, latest first; by a part of their ID or name."""
        rows = self._store.query(
            'select patient_id, arg_max(patient_name, "at") as name, count(*) as shots, '
            "count(*) filter (where coalesce(signature, '') = '') as unsigned, max(\"at\") as last from exposure "
            "where not exists (select 1 from exposure later where later.amends = exposure.event_uid) "
            "and coalesce(patient_id, '') <> '' "
            "and (? = '' or contains(lower(patient_id), lower(?)) or contains(lower(patient_name), lower(?))) "
            "group by patient_id order by last desc, patient_id limit ?",
            [text, text, text, most],
        )
        return [Irradiated(**row) for row in rows]

    def sign(self, event_uids: Sequence[str], by: Actor) -> int:
        """Sign irradiation events as they stand, all of them or none.

        Raises
        ------
        ImgdashError
            If one of them is signed already.
        """
        by.require("sign")
        if not event_uids:
            raise ImgdashError("Nothing is chosen.", "Choose the rows to sign.")

        def change(change: Change) -> int:
            for event_uid in event_uids:
                emission.sign(change, event_uid, by.name)
            return len(event_uids)

        return self._store.write(change)

    def justify(self, event_uid: str, by: Actor, why: str) -> None:
        """Say why an exposure is above its reference level."""
        by.require("sign")
        self._store.write(lambda change: emission.justify(change, event_uid, by.name, why.strip()))


def _beginning(path: Path, most: int) -> pa.Table:
    """The first rows of a Parquet file; no more of it comes into memory."""
    with pq.ParquetFile(path) as file:
        batches = []
        left = most
        for batch in file.iter_batches(min(most, 5000)):
            batches.append(batch.slice(0, left))
            left -= batches[-1].num_rows
            if left <= 0:
                break
        return pa.Table.from_batches(batches, file.schema_arrow)
