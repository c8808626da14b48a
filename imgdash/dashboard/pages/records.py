"""The Records page (H3): reports, the emission record with its signatures, an analyst's SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard.page import Page
from imgdash.dashboard.recording.analysis import Analysis
from imgdash.dashboard.recording.columns import ReportColumns
from imgdash.dashboard.recording.emission import Emission
from imgdash.dashboard.recording.reporting import Reports
from imgdash.dashboard.tables import Download, Head
from imgdash.model import Event

_TABS = [
    {"name": "reports", "title": "Reports"},
    {"name": "emission", "title": "Emission record"},
    {"name": "sql", "title": "SQL"},
]
_FIRST = "radiographing"


class Records(Page):
    """What was done, what radiation was used, and any question about it."""

    name, title, icon = "records", "Records", "records"

    def view(self) -> Viewable:
        """Three views under one head."""
        download = Download()
        self.head = Head(
            on_message=lambda message: self._show_tab(message),
            title="Records",
            tabs=_TABS,
            current="reports",
            sizing_mode="stretch_width",
        )
        self.columns = ReportColumns(self.session)
        self.reports = Reports(self.session, download, self.columns)
        self.emission = Emission(self.session, download, self.columns)
        self.columns.read()
        self.analysis = Analysis(self.session, download)
        self._views: dict[str, Any] = {
            "reports": self.reports.view,
            "emission": self.emission.view,
            "sql": self.analysis.view,
        }
        self._stale: set[str] = {"reports", "emission"}
        return pn.Column(
            self.head, *self._views.values(), self.columns.dialog, download, sizing_mode="stretch_both", margin=0
        )

    def update(self, events: Sequence[Event]) -> None:
        """A report does not move under the eyes of who reads it: it is only said that there is more to see."""
        if not events:
            self._refresh("reports")
            return
        self._stale |= {"reports", "emission"}
        self._tell()
        if any(event.subject == "exposure" and event.event in ("sign", "amend", "justify") for event in events):
            self._refresh("emission")

    def _refresh(self, tab: str) -> None:
        if tab != self.head.current or tab not in self._stale:
            return
        self._stale.discard(tab)
        if tab == "reports":
            if self.reports.current is None:
                self.reports.show(_FIRST)
            else:
                self.reports.refresh()
        else:
            self.emission.refresh()

    def _tell(self) -> None:
        grown = self.head.current in self._stale
        self.head.said = "The records have grown: choose the view again to read them anew." if grown else ""

    def _show_tab(self, message: Mapping[str, Any]) -> None:
        tab = str(message.get("tab"))
        if tab not in self._views:
            return
        self.head.current = tab
        for name, view in self._views.items():
            view.visible = name == tab
        if tab == "sql":
            self.analysis.begin()
        else:
            self._refresh(tab)
        self._tell()
        self.session.address()

    def place(self) -> dict[str, str]:
        """The view, and its report or patient."""
        tab = self.head.current
        chosen = {
            "reports": ("report", self.reports.list.current),
            "emission": ("patient", self.emission.patients.current),
        }
        name, value = chosen.get(tab, ("", ""))
        return {"tab": tab, **({name: value} if value else {})}

    def open(self, **query: Any) -> None:
        """``?page=records&tab=emission&patient=…`` or ``&tab=reports&report=rejects``."""
        if "report" in query:
            self.reports.show(str(query["report"]))
        if "patient" in query:
            self.emission.show(str(query["patient"]))
        self._show_tab({"tab": query.get("tab", "emission" if "patient" in query else "reports")})
