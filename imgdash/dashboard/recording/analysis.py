"""The view of SQL: one SELECT over the records, in a process of its own, as a table and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import panel as pn

from imgdash.apparatus.reporting import Table
from imgdash.dashboard.recording.controls import SqlBox
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, Download, kind, rows
from imgdash.model import ImgdashError
from imgdash.records.export import MEDIA_TYPES

_HISTORY: Final = 50
_EXAMPLES: Final = [
    {
        "title": "Images of each state and modality",
        "sql": "select modality, state, count(*) as images\nfrom image\ngroup by all\norder by all",
    },
    {
        "title": "Exposure index and its spread per region and view",
        "sql": "select body_part, view, count(ei) as shots, median(ei) as ei, stddev(di) as di_sd\n"
        "from exposure\nwhere ei is not null\ngroup by all\norder by shots desc",
    },
    {
        "title": "Who confirmed how many, and how long it took",
        "sql": "select confirmed_by, count(*) as images, median(confirmed_at - received_at) as waited\n"
        "from image\nwhere confirmed_by <> ''\ngroup by all\norder by images desc",
    },
    {
        "title": "Requests by reason and how they ended",
        "sql": "select reason_text(reason) as reason, ask, state, count(*) as requests\nfrom request\n"
        "group by all\norder by requests desc",
    },
    {
        "title": "The last hour of the journal",
        "sql": 'select "at", subject, event, "by", why\nfrom journal\n'
        'where "at" > localtimestamp - interval 1 hour\norder by seq desc',
    },
]
_FORMER = "of the query before the one above"


class Analysis:
    """Drives the view of SQL.

    Parameters
    ----------
    download
        Gives exported files to the browser.
    """

    def __init__(self, session: Session, download: Download) -> None:
        self._session = session
        self._download = download
        self._sql = ""
        self.box = SqlBox(on_message=self._said, examples=_EXAMPLES, sizing_mode="stretch_width")
        self.table = DataTable(
            label="Result",
            sizing_mode="stretch_both",
            empty="One SELECT over the records: it cannot change anything,\nand runs beside the station with limits of "
            "time and memory.",
        )
        self.view = pn.Column(self.box, self.table, sizing_mode="stretch_both", margin=0, visible=False)

    def begin(self) -> None:
        """Show which tables there are."""
        if not self.box.tables:
            self._session.run(self._session.apparatus.reporting.tables, self._tables_read)

    def _tables_read(self, tables: dict[str, list[str]]) -> None:
        self.box.tables = tables

    def _said(self, message: Mapping[str, Any]) -> None:
        if "run" in message:
            self.run(str(message["run"]))
        elif "export" in message and self._sql:
            self._export(str(message["export"]))

    def run(self, sql: str) -> None:
        """Ask."""
        history = [*(old for old in self.box.history if old != sql), sql][-_HISTORY:]
        self.box.set(busy=True, error="", history=history)
        self.table.waiting = True
        session = self._session
        session.run(
            lambda: session.apparatus.reporting.query(sql, session.actor),
            lambda found: self._there(sql, found),
            self._refused,
        )

    def _there(self, sql: str, found: Table) -> None:
        self._sql = sql
        counted = f"{found.rows} row{'' if found.rows == 1 else 's'}"
        self.table.set(
            columns=[
                {"name": field.name, "title": field.name, "unit": "", "kind": kind(field.type), "text": str(field.type)}
                for field in found.table.schema
            ],
            rows=rows(found.table),
            total=found.rows,
            waiting=False,
            empty="The result has no rows.",
            said="",
        )
        self.box.set(
            busy=False,
            ran=True,
            said=f"{counted} in {found.seconds:.1f} s, as of line {found.seq} of the journal",
        )

    def _refused(self, error: ImgdashError) -> None:
        """What the query before gave stays, to be read and exported, but not as if it were of this one."""
        if self._sql:
            self.table.said = _FORMER
        self._failed(error)

    def _failed(self, error: ImgdashError) -> None:
        self.table.waiting = False
        self.box.set(busy=False, error=f"{error.cause} {error.remedy}".strip())

    def _export(self, format: str) -> None:
        session, sql = self._session, self._sql
        self.box.busy = True

        def done(data: bytes) -> None:
            self.box.busy = False
            self._download.give(f"result.{format}", MEDIA_TYPES[format], data)

        session.run(lambda: session.apparatus.reporting.export_query(sql, format, session.actor), done, self._failed)
