"""Which tables are published, cut into which periods, and what the manifest says of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from imgdash.store.columns import TABLES

MANIFEST: Final = "manifest.json"
LOCK: Final = ".lock"
UNKNOWN: Final = "unknown"
# Preferences are nobody else's business; station is only the schema.
_MOMENTS: Final = {
    "exposure": "at",
    "image": "received_at",
    "orders": "received_at",
    "step": "started_at",
    "queue": "registered_at",
    "request": "created_at",
    "note": "created_at",
    "notice": "created_at",
    "qc": "at",
}


@dataclass(frozen=True)
class Table:
    """A published table.

    Attributes
    ----------
    subject
        Whose events in the journal change it; '' for the journal itself.
    moment
        The column whose period a row belongs to. It never changes after a row's birth; should it, the counts of
        the partitions do not sum up any more, and the table is published anew.
    layout
        Of the period, for strftime: months; days for the journal, which grows ten times as fast.
    """

    name: str
    subject: str
    key: str
    moment: str
    layout: str = "%Y-%m"

    @property
    def period(self) -> str:
        """SQL of a row's period."""
        return f"""coalesce(strftime("{self.moment}", '{self.layout}'), '{UNKNOWN}')"""

    def changed(self, cursor: duckdb.DuckDBPyConnection, after: int) -> set[str]:
        """Periods with rows that events above `after` changed."""
        events = "select id from journal where seq > ? and subject = ?"
        which, values = (f'"{self.key}" in ({events})', [after, self.subject]) if self.subject else ("seq > ?", [after])
        sql = f'select distinct {self.period} from "{self.name}" where {which}'
        return {row[0] for row in cursor.execute(sql, values).fetchall()}

    def periods(self, cursor: duckdb.DuckDBPyConnection) -> set[str]:
        """All periods; one, so that a reader finds the columns, where there are no rows."""
        rows = cursor.execute(f'select distinct {self.period} from "{self.name}"').fetchall()
        return {row[0] for row in rows} or {UNKNOWN}

    def count(self, cursor: duckdb.DuckDBPyConnection) -> int:
        """Number of rows."""
        row = cursor.execute(f'select count(*) from "{self.name}"').fetchone()
        return int(row[0]) if row else 0

    def copy(self, cursor: duckdb.DuckDBPyConnection, period: str, path: Path) -> int:
        """Write the rows of a period to `path`; returns how many. The period is our own text."""
        if period == UNKNOWN:
            where = f'"{self.moment}" is null'
        else:
            step = "month" if self.layout == "%Y-%m" else "day"
            first = f"timestamp '{period}{'-01' if step == 'month' else ''}'"
            where = f'"{self.moment}" >= {first} and "{self.moment}" < {first} + interval 1 {step}'
        target = str(path).replace("'", "''")
        sql = f'copy (select * from "{self.name}" where {where} order by "{self.key}") to \'{target}\''
        row = cursor.execute(f"{sql} (format parquet, compression zstd)").fetchone()
        return int(row[0]) if row else 0


PUBLISHED: Final = (
    Table("journal", "", "seq", "at", "%Y-%m-%d"),
    *(
        Table(TABLES[subject][0], subject, TABLES[subject][1], _MOMENTS[TABLES[subject][0]])
        for subject in TABLES
        if TABLES[subject][0] in _MOMENTS
    ),
)


@dataclass(frozen=True)
class Manifest:
    """What is published.

    Attributes
    ----------
    seq
        Last line of the journal that is contained.
    at
        When, ISO 8601.
    tables
        Table → period → number of rows; the file is ``<table>/<period>.parquet``.
    """

    schema: str
    seq: int
    at: str
    tables: dict[str, dict[str, int]]

    def files(self) -> list[str]:
        """Names of all files, relative to the folder."""
        return [f"{table}/{period}.parquet" for table, periods in self.tables.items() for period in sorted(periods)]

    def render(self) -> str:
        """As JSON."""
        return json.dumps({"schema": self.schema, "seq": self.seq, "at": self.at, "tables": self.tables}, indent=1)


def read(folder: Path) -> Manifest | None:
    """The manifest in `folder`, or None where there is none or it is damaged (then everything is published anew)."""
    try:
        raw: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Manifest(str(raw["schema"]), int(raw["seq"]), str(raw["at"]), dict(raw["tables"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
