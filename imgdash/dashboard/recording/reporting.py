"""The view of reports: choose one and its period, see it drawn and as a table, export it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import panel as pn

from imgdash.apparatus.reporting import Table
from imgdash.dashboard.recording import drawing
from imgdash.dashboard.recording.columns import ReportColumns
from imgdash.dashboard.recording.controls import ReportForm, ReportList
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, Download, words
from imgdash.model import ImgdashError
from imgdash.records.declaration import Parameter, Report
from imgdash.records.export import MEDIA_TYPES

_FIGURE_HEIGHT = 290


class Reports:
    """Drives the view of reports.

    Parameters
    ----------
    download
        Gives exported files to the browser.
    columns
        Which of each report are shown.
    """

    def __init__(self, session: Session, download: Download, columns: ReportColumns) -> None:
        self._session = session
        self._download = download
        self._columns = columns
        self._reports = {report.name: report for report in session.apparatus.reporting.all()}
        self._values: dict[str, Any] = {}
        self._found: Table | None = None
        self._asked = 0
        self.list = ReportList(
            on_message=lambda message: self.show(str(message.get("report"))),
            reports=[
                {"name": report.name, "number": report.number, "title": report.title, "what": report.what}
                for report in self._reports.values()
            ],
            width=236,
            sizing_mode="stretch_height",
        )
        columns.listen(self._fill)
        self.form = ReportForm(on_message=self._said, sizing_mode="stretch_width")
        self.figure = pn.pane.HoloViews(
            sizing_mode="stretch_width", height=_FIGURE_HEIGHT, margin=0, linked_axes=False, visible=False
        )
        self.table = DataTable(label="Report", sizing_mode="stretch_both", empty="Nothing in this period.")
        self.view = pn.Row(
            self.list,
            pn.Column(self.form, self.figure, self.table, sizing_mode="stretch_both", margin=0),
            sizing_mode="stretch_both",
            margin=0,
        )

    @property
    def current(self) -> Report | None:
        """The report that is shown."""
        return self._reports.get(self.list.current)

    def show(self, name: str, values: Mapping[str, Any] | None = None) -> None:
        """Another report; the period stays as it is."""
        report = self._reports.get(name)
        if report is None:
            self._session.tell(f"There is no report {name!r}.", "warning")
            return
        given: dict[str, Any] = {key: self._values[key] for key in ("begin", "end") if key in self._values}
        given.update(values or {})
        self._values = {parameter.name: given.get(parameter.name, parameter.default) for parameter in report.parameters}
        self.list.current = name
        self._found = None
        self.form.set(
            report={
                "what": report.what,
                "source": report.source,
                "parameters": [_field(parameter) for parameter in report.parameters],
            },
            values=self._values,
            series=[],
            one="",
            error="",
        )
        self._session.address()
        self.refresh()

    def refresh(self) -> None:
        """Ask the records again."""
        report = self.current
        if report is None:
            return
        self._asked += 1
        asked = self._asked
        begin, end = (str(self._values.get(name) or "")[:10] for name in ("begin", "end"))
        if begin and end and end < begin:
            self._failed(asked, ImgdashError("The period ends before it begins.", "Change one of its days."))
            return
        self.table.waiting = True
        self.form.busy = True

        def work() -> Table:
            return self._session.apparatus.reporting.run(report.name, self._parameters())

        self._session.run(
            work, lambda found: self._there(asked, report, found), lambda error: self._failed(asked, error)
        )

    def _there(self, asked: int, report: Report, found: Table) -> None:
        if asked != self._asked:
            return
        self._found = found
        self._fill()
        possible = drawing.series(report, found.table)
        one = self.form.one if self.form.one in possible else (possible or [""])[0]
        self.form.set(series=possible, one=one, busy=False, error="")
        self._draw(report)

    def _fill(self) -> None:
        """The table, with the columns that are shown."""
        report, found = self.current, self._found
        if report is None or found is None:
            return
        self._columns.fill(self.table, report, found, said=f"{1000 * found.seconds:.0f} ms")

    def _draw(self, report: Report) -> None:
        drawn = drawing.draw(report, self._found.table, self.form.one) if self._found else None
        self.figure.visible = drawn is not None
        if drawn is not None:
            self.figure.object = drawn

    def _failed(self, asked: int, error: ImgdashError) -> None:
        if asked == self._asked:
            self.table.set(waiting=False, rows=[], total=0)
            self.figure.visible = False
            self.form.set(busy=False, error=f"{error.cause} {error.remedy}")

    def _said(self, message: Mapping[str, Any]) -> None:
        report = self.current
        if report is None:
            return
        if "values" in message:
            known = {parameter.name for parameter in report.parameters}
            told = {name: value for name, value in message["values"].items() if name in known}
            self._values.update(told)
            self.refresh()
        elif "one" in message:
            self.form.one = str(message["one"])
            self._draw(report)
        elif "columns" in message:
            self._columns.ask(report)
        elif "export" in message:
            self._export(report, str(message["export"]))

    def _export(self, report: Report, format: str) -> None:
        parameters = self._parameters()
        self.form.busy = True

        def done(data: bytes) -> None:
            self.form.busy = False
            self._download.give(f"{report.name}.{format}", MEDIA_TYPES[format], data)

        def failed(error: ImgdashError) -> None:
            self.form.set(busy=False, error=f"{error.cause} {error.remedy}")

        session = self._session
        session.run(
            lambda: session.apparatus.reporting.export(report.name, parameters, format, session.actor), done, failed
        )

    def _parameters(self) -> dict[str, Any]:
        """As the report takes them: a day named as the end belongs to the period."""
        found = {name: value for name, value in self._values.items() if value not in (None, "")}
        if "end" in found:
            try:
                found["end"] = (date.fromisoformat(str(found["end"])[:10]) + timedelta(days=1)).isoformat()
            except ValueError:
                found.pop("end")
        return found


def _field(parameter: Parameter) -> dict[str, Any]:
    labels = {"begin": "from", "end": "to, with that day", "by": "by"}
    text = "the last day that counts" if parameter.name == "end" else parameter.text
    return {
        "name": parameter.name,
        "type": parameter.type,
        "choices": list(parameter.choices),
        "label": labels.get(parameter.name, words(parameter.name)),
        "text": text,
    }
