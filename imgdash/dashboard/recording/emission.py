"""The view of the emission record: a patient's irradiation events, signed and justified (H3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import panel as pn

from imgdash.apparatus.reporting import Irradiated, Table
from imgdash.dashboard.recording.columns import ReportColumns
from imgdash.dashboard.recording.controls import Patients, Signing
from imgdash.dashboard.review.worklist import person
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, Download
from imgdash.model import ImgdashError
from imgdash.records.declaration import Report
from imgdash.records.export import MEDIA_TYPES

# What is looked at first, by who signs and justifies; the rest of the record stands behind.
_FIRST: Final = (
    "at body_part view laterality kap reference_level above_reference justification signature signed_at physician "
    "indication modality room operator kvp mas exposure_ms ei di status"
).split()
# Where amended rows are shown, which ones stand.
_AMENDED: Final = ["at", "status", *(name for name in _FIRST if name not in ("at", "status"))]
_REPORT: Final = "emission"
# Its columns are another choice than those of the report of all patients.
_VIEW: Final = "emission of a patient"


class Emission:
    """Drives the view of the emission record.

    Parameters
    ----------
    download
        Gives exported files to the browser.
    columns
        Which of the record are shown.
    """

    def __init__(self, session: Session, download: Download, columns: ReportColumns) -> None:
        self._session = session
        self._download = download
        self._columns = columns
        self._found: Table | None = None
        columns.listen(self._fill)
        self._search = ""
        self._superseded = False
        self._uids: list[str] = []
        self._unsigned: list[str] = []
        self.patients = Patients(on_message=self._listed, width=250, sizing_mode="stretch_height")
        self.signing = Signing(on_message=self._said, may=session.actor.may("sign"), sizing_mode="stretch_width")
        self.table = DataTable(
            on_message=self._chosen,
            label="Emission record",
            picks="many",
            sizing_mode="stretch_both",
            empty="Choose a patient.",
        )
        right = pn.Column(self.signing, self.table, sizing_mode="stretch_both", margin=0)
        self.view = pn.Row(self.patients, right, sizing_mode="stretch_both", margin=0, visible=False)

    def refresh(self) -> None:
        """Read patients, and the record of the one that is shown, again."""
        self.patients.waiting = not self.patients.patients
        self._find(self._search)
        if self.patients.current:
            self.show(self.patients.current)

    def _find(self, text: str) -> None:
        def there(found: list[Irradiated]) -> None:
            if text == self._search:
                self._patients_read(found)

        self._session.run(lambda: self._session.apparatus.reporting.patients(text), there)

    def _patients_read(self, found: list[Irradiated]) -> None:
        self.patients.set(
            waiting=False,
            patients=[
                {"id": one.patient_id, "name": person(one.name), "shots": one.shots, "unsigned": one.unsigned}
                for one in found
            ],
        )
        if not self.patients.current:
            if found:
                self.show(found[0].patient_id)
            elif not self._search:
                self.table.empty = "No irradiation event is recorded yet."

    def show(self, patient_id: str) -> None:
        """The record of a patient."""
        self.patients.current = patient_id
        self._session.address()
        self.table.waiting = True
        parameters = self._parameters()
        self._session.run(
            lambda: self._session.apparatus.reporting.run(_REPORT, parameters),
            lambda found: self._there(patient_id, found),
            self._failed,
        )

    def _parameters(self) -> dict[str, Any]:
        return {"patient_id": self.patients.current, "superseded": self._superseded}

    def _there(self, patient_id: str, found: Table) -> None:
        if patient_id != self.patients.current:
            return
        self._found, table = found, found.table
        self._uids = table.column("event_uid").to_pylist()
        status, signature = table.column("status").to_pylist(), table.column("signature").to_pylist()
        self._unsigned = [
            uid
            for uid, state, signed in zip(self._uids, status, signature, strict=True)
            if state == "current" and not signed
        ]
        self.table.chosen = []
        self._fill()
        self.signing.set(chosen=0, unsigned=len(self._unsigned), busy=False)

    def _fill(self) -> None:
        """The table, with the columns that are shown."""
        if self._found is not None:
            empty = "No irradiation event of this patient."
            self._columns.fill(self.table, self._report(), self._found, _VIEW, self._first, empty=empty)

    @property
    def _first(self) -> list[str]:
        return _AMENDED if self._superseded else _FIRST

    def _report(self) -> Report:
        return next(report for report in self._session.apparatus.reporting.all() if report.name == _REPORT)

    # -- what a person does -------------------------------------------------------------------------------

    def _listed(self, message: Mapping[str, Any]) -> None:
        if "search" in message:
            self._search = str(message["search"]).strip()
            self._find(self._search)
        elif "patient" in message:
            self.show(str(message["patient"]))

    def _chosen(self, message: Mapping[str, Any]) -> None:
        self.table.chosen = [int(row) for row in message.get("chosen", ()) if 0 <= int(row) < len(self._uids)]
        self.signing.chosen = len(self.table.chosen)

    def _said(self, message: Mapping[str, Any]) -> None:
        reporting, actor = self._session.apparatus.reporting, self._session.actor
        chosen = [self._uids[row] for row in self.table.chosen if row < len(self._uids)]
        if "sign" in message:
            uids = chosen or self._unsigned
            self._act(lambda: reporting.sign(uids, actor), f"{len(uids)} signed by {actor.name}.")
        elif "justify" in message and len(chosen) == 1:
            why = str(message["justify"])
            self._act(lambda: reporting.justify(chosen[0], actor, why), "The reason is kept.")
        elif "superseded" in message:
            self._superseded = bool(message["superseded"])
            if self.patients.current:
                self.show(self.patients.current)
        elif "columns" in message:
            self._columns.ask(self._report(), _VIEW, self._first)
        elif "export" in message and self.patients.current:
            self._export(str(message["export"]))

    def _act(self, work: Callable[[], Any], said: str) -> None:
        self.signing.busy = True

        def done(_: Any) -> None:
            self._session.tell(said, "success")
            self.refresh()

        self._session.run(work, done, self._failed)

    def _failed(self, error: ImgdashError) -> None:
        self.signing.busy = False
        self.table.waiting = False
        self._session.tell(error.cause, "error", error.remedy)

    def _export(self, format: str) -> None:
        session, parameters = self._session, self._parameters()

        def done(data: bytes) -> None:
            self._download.give(f"emission-record.{format}", MEDIA_TYPES[format], data)

        session.run(lambda: session.apparatus.reporting.export(_REPORT, parameters, format, session.actor), done)
