"""The System page (H1): station and connections, users, audit, site file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
from panel.viewable import Viewable

from imgdash.dashboard.administration.audit import Audit
from imgdash.dashboard.administration.controls import TextView
from imgdash.dashboard.administration.people import People
from imgdash.dashboard.administration.station import StationView
from imgdash.dashboard.page import Page
from imgdash.dashboard.tables import Head
from imgdash.model import Event

_TABS = [
    {"name": "station", "title": "Station"},
    {"name": "users", "title": "Users"},
    {"name": "audit", "title": "Audit"},
    {"name": "site", "title": "Site file"},
]


class System(Page):
    """How the station is, who may use it, what happened."""

    name, title, icon = "system", "System", "system"

    def view(self) -> Viewable:
        """Four views under one head."""
        session = self.session
        station = session.apparatus.site.station
        self.head = Head(
            on_message=self._tab_chosen,
            title="System",
            subtitle=" · ".join(part for part in (station.institution, station.ae_title) if part),
            tabs=_TABS,
            current="station",
            sizing_mode="stretch_width",
        )
        self.station, self.people, self.audit = StationView(session), People(session), Audit(session)
        self.site_file = TextView(label="Site file", empty="One moment …", sizing_mode="stretch_both", visible=False)
        self._views: dict[str, Any] = {
            "station": self.station.view,
            "users": self.people.view,
            "audit": self.audit.view,
            "site": self.site_file,
        }
        return pn.Column(self.head, *self._views.values(), sizing_mode="stretch_both", margin=0)

    def update(self, events: Sequence[Event]) -> None:
        """Refused peers and other users appear by themselves; the journal says that it has grown."""
        if not events:
            self.station.refresh()
            return
        self.audit.grown()
        if any(event.subject == "peer" for event in events):
            self.station.read_refused()
        if self.head.current == "users" and any(event.subject == "user" for event in events):
            self.people.refresh()

    def _tab_chosen(self, message: Mapping[str, Any]) -> None:
        self._show(str(message.get("tab")))

    def _show(self, tab: str) -> None:
        if tab not in self._views:
            return
        self.head.current = tab
        for name, view in self._views.items():
            view.visible = name == tab
        if tab == "site":
            self._read_site_file()
        else:
            refresh = {"station": self.station.refresh, "users": self.people.refresh, "audit": self.audit.refresh}
            refresh[tab]()
        self.head.said = "read only: it is changed in the file, and counts from the next start" if tab == "site" else ""
        self.session.address()

    def _read_site_file(self) -> None:
        station, actor = self.session.apparatus.station, self.session.actor

        def there(text: str) -> None:
            self.site_file.text = text

        self.session.run(lambda: station.site_text(actor), there)

    def place(self) -> dict[str, str]:
        """The view."""
        return {"tab": self.head.current}

    def open(self, **query: Any) -> None:
        """``?page=system&tab=audit``."""
        if "tab" in query:
            self._show(str(query["tab"]))

    def badge(self) -> tuple[int, str] | None:
        """What is wrong with the station and its condition files."""
        apparatus = self.session.apparatus
        wrong = list(apparatus.alive.values()).count(False) + len(apparatus.conditions.problems)
        return (wrong, "bad") if wrong else None
