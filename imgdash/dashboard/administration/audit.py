"""The view of the journal: who did what to what, when and why; and whether anybody changed it afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import panel as pn

from imgdash.apparatus.station import Verified
from imgdash.dashboard.administration.controls import AuditBar, TextView
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, plain
from imgdash.model import ImgdashError

_PAGE: Final = 500
_MOST: Final = 20_000
_COLUMNS: Final = [
    {"name": "seq", "title": "line", "kind": "number"},
    {"name": "at", "title": "time", "kind": "time"},
    {"name": "subject", "title": "what", "kind": "text"},
    {"name": "event", "title": "event", "kind": "text"},
    {"name": "by", "title": "by", "kind": "text", "most": 20},
    {"name": "why", "title": "why", "kind": "text", "most": 36},
    {"name": "id", "title": "id", "kind": "code", "most": 26},
    {"name": "set", "title": "set", "kind": "text", "most": 36, "text": "names of the columns that were set"},
]


class Audit:
    """Drives the view of the journal."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._filter = {"subject": "", "by": "", "text": ""}
        self._lines: list[dict[str, Any]] = []
        self._asked = 0
        self._verified = False
        self.bar = AuditBar(on_message=self._said, sizing_mode="stretch_width")
        self.table = DataTable(
            on_message=self._chosen,
            label="Journal",
            picks="one",
            columns=_COLUMNS,
            sizing_mode="stretch_both",
            empty="No line of the journal fits.",
        )
        self.detail = TextView(
            label="Line of the journal",
            empty="Choose a line: what it set, and its hash.",
            numbers=False,
            sizing_mode="stretch_width",
            height=170,
            styles={"border-top": "1px solid var(--line)"},
        )
        self.view = pn.Column(self.bar, self.table, self.detail, sizing_mode="stretch_both", margin=0, visible=False)

    def refresh(self) -> None:
        """Read the latest lines that fit; the first time, the chain is verified too."""
        self._session.run(self._session.apparatus.station.audited, self._known)
        self._read()
        if not self._verified:
            self._verified = True
            self.verify()

    def grown(self) -> None:
        """There are newer lines; what somebody reads does not move away under his eyes."""
        self.bar.grown = True

    def _known(self, found: Mapping[str, list[str]]) -> None:
        self.bar.set(subjects=list(found["subjects"]), people=list(found["by"]))

    def _read(self, before: int | None = None) -> None:
        self._asked += 1
        asked, wanted = self._asked, dict(self._filter)
        self.table.waiting = True
        station = self._session.apparatus.station

        def there(found: Sequence[dict[str, Any]]) -> None:
            if asked == self._asked:
                self._there(found, before)

        self._session.run(lambda: station.audit(**wanted, before=before, limit=_PAGE), there, self._failed)

    def _there(self, found: Sequence[dict[str, Any]], before: int | None) -> None:
        self._lines = [*(self._lines if before is not None else []), *found]
        self.table.set(
            rows=[_row(line) for line in self._lines],
            total=len(self._lines),
            waiting=False,
            **({} if before is not None else {"chosen": []}),
        )
        self.bar.more = len(found) == _PAGE and len(self._lines) < _MOST
        if before is None:
            self.bar.grown = False
            self.detail.text = ""

    def _failed(self, error: ImgdashError) -> None:
        self.table.waiting = False
        self._session.tell(error.cause, "error", error.remedy)

    def verify(self) -> None:
        """Check the chain of hashes from the first line to the last."""
        self.bar.set(chain="checking", chain_said="The chain is being checked …")

        def checked(found: Verified) -> None:
            said = f"{found.lines} lines, chain whole" if found.whole else f"{found.trouble} {found.remedy}"
            self.bar.set(chain="whole" if found.whole else "broken", chain_said=said)

        self._session.run(self._session.apparatus.station.verify, checked)

    # -- what a person does -------------------------------------------------------------------------------

    def _said(self, message: Mapping[str, Any]) -> None:
        if "filter" in message:
            told = message["filter"]
            self._filter = {name: str(told.get(name, "")).strip() for name in self._filter}
            self._read()
        elif "older" in message and self._lines:
            self._read(self._lines[-1]["seq"])
        elif "verify" in message:
            self.verify()

    def _chosen(self, message: Mapping[str, Any]) -> None:
        chosen = [int(row) for row in message.get("chosen", ()) if 0 <= int(row) < len(self._lines)]
        self.detail.text = _detail(self._lines[chosen[0]]) if chosen else ""


def _row(line: Mapping[str, Any]) -> list[Any]:
    names = ", ".join(_data(line))
    return [
        *(plain(line[name]) for name in ("seq", "at", "subject", "event", "by", "why", "id")),
        names,
    ]


def _data(line: Mapping[str, Any]) -> dict[str, Any]:
    found = json.loads(line["data"]) if isinstance(line["data"], str) else line["data"]
    return found if isinstance(found, dict) else {}


def _detail(line: Mapping[str, Any]) -> str:
    said = f" · {line['why']}" if line["why"] else ""
    head = (
        f"line {line['seq']} · {plain(line['at'])} · {line['by']}: {line['event']} {line['subject']} {line['id']}{said}"
    )
    return "\n".join([head, json.dumps(_data(line), indent=1, ensure_ascii=False), f"hash {line['hash']}"])
