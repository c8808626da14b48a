"""The view of the station: how it is, who is there, who was turned away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import panel as pn

from imgdash.apparatus import PeerState
from imgdash.apparatus.peers import LOOKED_AT
from imgdash.apparatus.station import Running
from imgdash.config import OutputApparatus, Peer
from imgdash.dashboard.administration.controls import Connections, StationState
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, plain
from imgdash.model import ImgdashError

_ICONS: Final = {
    "modality": "review",
    "ris": "orders",
    "viewer": "eye",
    "storage": "storage",
    "printer": "film",
    "folder": "storage",
    "web": "storage",
}
_REFUSED: Final = (
    ("at", "time", "time"),
    # AE title, or what an HL7 message calls its sender; who is turned away by its address alone had not said it yet.
    ("caller", "caller", "text"),
    ("host", "from host", "text"),
    ("called", "called", "text"),
    ("why", "why", "text"),
)
# A disk with less than this part free, or twice the least, is worth a word before images are refused.
_LITTLE: Final = 0.05


class StationView:
    """Drives the view of the station."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._machines: list[dict[str, Any]] = []
        self.state = StationState(width=330, sizing_mode="stretch_height")
        self.connections = Connections(on_message=self._said, sizing_mode="stretch_width")
        self.refused = DataTable(
            label="Callers that were refused",
            columns=[{"name": name, "title": title, "kind": kind, "most": 90} for name, title, kind in _REFUSED],
            sizing_mode="stretch_both",
            empty="No caller was refused.",
            heading="Refused: DICOM and HL7",
        )
        right = pn.Column(self.connections, self.refused, sizing_mode="stretch_both", margin=0)
        self.view = pn.Row(self.state, right, sizing_mode="stretch_both", margin=0)

    def refresh(self) -> None:
        """Look at the station; ask the machines where that was not done yet."""
        station = self._session.apparatus.station
        self._session.run(station.running, self._seen)
        self.read_refused()
        if not self._machines:
            self.check()

    def read_refused(self) -> None:
        """Who was turned away."""
        self._session.run(self._session.apparatus.station.refused, self._refused_read)

    def _seen(self, running: Running) -> None:
        self.state.set(ready=True, alerts=_alerts(running), sections=_sections(running), bars=_bars(running))

    def _refused_read(self, found: Sequence[Mapping[str, Any]]) -> None:
        self.refused.set(rows=[[plain(row[name]) for name, _, _ in _REFUSED] for row in found], total=len(found))

    def _said(self, message: Mapping[str, Any]) -> None:
        if "check" in message:
            self.check()
            self._session.run(self._session.apparatus.station.running, self._seen)

    def check(self) -> None:
        """Ask every machine; takes as long as the slowest of them."""
        if self.connections.checking:
            return
        self._machines = [entry for machine in self._session.apparatus.peers() for entry in _entries(machine)]
        self.connections.set(machines=self._machines, checking=True)
        self._session.run(self._session.apparatus.check_peers, self._asked, self._failed)

    def _asked(self, states: Sequence[PeerState]) -> None:
        answers = {(state.name, state.service): state for state in states}
        self._machines = [_answered(entry, answers.get((entry["name"], entry["service"]))) for entry in self._machines]
        self.connections.set(machines=self._machines, checking=False, at=datetime.now().strftime("%H:%M:%S"))

    def _failed(self, error: ImgdashError) -> None:
        self.connections.checking = False
        self._session.tell(error.cause, "error", error.remedy)


def _entries(machine: Peer | OutputApparatus) -> list[dict[str, Any]]:
    """What will be asked of a machine: as `imgdash.apparatus.peers.check` does it."""
    base = {"name": machine.name, "kind": machine.kind, "icon": _ICONS.get(machine.kind, "system"), "state": "asking"}
    found = []
    if isinstance(machine, OutputApparatus) and machine.kind in LOOKED_AT:
        found.append({**base, "service": LOOKED_AT[machine.kind][0], "address": machine.address})
    elif machine.ae_title and machine.port:
        found.append({**base, "service": "DICOM", "address": f"{machine.ae_title}@{machine.host}:{machine.port}"})
    if isinstance(machine, Peer) and machine.hl7_port:
        found.append({**base, "service": "HL7", "address": f"{machine.host}:{machine.hl7_port}"})
    return found


def _answered(entry: dict[str, Any], state: PeerState | None) -> dict[str, Any]:
    if state is None:
        return entry
    told = {"state": "ok" if state.ok else "away", "trouble": state.trouble, "remedy": state.remedy}
    return {**entry, **told, "ms": round(state.milliseconds) if state.milliseconds is not None else None}


def _alerts(running: Running) -> list[dict[str, str]]:
    found = []
    if running.receivers < running.receivers_wanted:
        text = f"{running.receivers} of {running.receivers_wanted} receiver processes run."
        found.append({"text": text, "remedy": "They are started again by themselves; see the log.", "level": "bad"})
    for part in running.ended:
        text = f"The {part} of the apparatus {'have' if part == 'workers' else 'has'} ended by a fault."
        found.append({"text": text, "remedy": "Start imgdash again; the log says why.", "level": "bad"})
    if running.disk_free < running.disk_minimum:
        text = f"{_size(running.disk_free)} free: images are refused below {_size(running.disk_minimum)}."
        found.append({"text": text, "remedy": "Make room on the disk of the site.", "level": "bad"})
    elif running.disk_free < 2 * running.disk_minimum or running.disk_free < _LITTLE * running.disk_total:
        text = f"Only {_size(running.disk_free)} free on the disk of the site."
        found.append({"text": text, "remedy": "Make room before images are refused.", "level": "warn"})
    if running.publishing_trouble:
        text = f"The records are not published: {running.publishing_trouble}."
        found.append({"text": text, "remedy": "Queries see the former publication until then.", "level": "warn"})
    for file, problem in sorted(running.problems.items()):
        found.append({"text": f"{file} is passed over.", "remedy": problem, "level": "bad"})
    return found


def _sections(running: Running) -> list[dict[str, Any]]:
    started = running.started_at.strftime("%Y-%m-%d %H:%M:%S") if running.started_at else "–"
    whole = running.receivers == running.receivers_wanted
    return [
        {
            "title": "Station",
            "rows": [
                {"label": "imgdash", "value": running.version},
                {"label": "Since", "value": started},
                *(
                    {"label": name.upper(), "value": f"{host}:{port}"}
                    for name, (host, port) in sorted(running.addresses.items())
                ),
                {"label": "Site folder", "value": running.folder},
            ],
        },
        {
            "title": "At work",
            "rows": [
                {
                    "label": "Receivers",
                    "value": f"{running.receivers} of {running.receivers_wanted} run",
                    "level": "good" if whole else "bad",
                },
                {
                    "label": "Workers",
                    "value": f"{running.workers}, {running.workers_died} died since the start",
                    "level": "warn" if running.workers_died else "good",
                    "text": "A worker dies of a file that cannot be decoded; it takes nothing else with it",
                },
                {"label": "Being registered", "value": str(running.arriving)},
                {"label": "Journal", "value": _size(running.journal_bytes)},
            ],
        },
    ]


def _bars(running: Running) -> list[dict[str, Any]]:
    used = running.disk_total - running.disk_free
    part = used / max(running.disk_total, 1)
    disk = {
        "label": "Disk of the site",
        "value": f"{_size(running.disk_free)} free of {_size(running.disk_total)}",
        "part": part,
        "level": "bad" if running.disk_free < running.disk_minimum else "warn" if part > 1 - _LITTLE else "",
    }
    memory = max(running.memory, 1)
    processes = [
        {
            "label": f"{process.what} ({process.pid})",
            "value": _size(process.memory),
            "part": process.memory / memory,
            "text": "resident memory, of all processes together",
        }
        for process in running.processes
    ]
    return [disk, {"label": "All processes", "value": _size(running.memory), "part": 1.0}, *processes]


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("bytes", "kB", "MB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
