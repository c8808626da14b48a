"""A page that is a list, longer than a screen: views of it as tabs, filters, a table that the apparatus narrows, sorts
and pages, what can be done with the chosen rows, pictures and details of one row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import panel as pn

from imgdash.dashboard.administration.controls import TextView
from imgdash.dashboard.arranging import Arranging
from imgdash.dashboard.choosing import Choosing
from imgdash.dashboard.lists import Pictures, Row, day
from imgdash.dashboard.panels import ActionBar, Dialog, Facts
from imgdash.dashboard.reading import Reading, Step
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import PAGE, DataTable, Finder, Head, plain
from imgdash.model import Event, ImgdashError

# Events come many times a second; the list is read anew twice a second at the most.
_PAUSE_MS = 400
# The details leave the list, with what stands to the left of it, as much as it needs, however large all is drawn.
_ROOM_LEFT = "max(220px,calc(100vw/var(--scale,1) - 600px))"
_EDGE = {"border-left": "1px solid var(--line)"}
# What happened to a line has its part of a high window: most of it would be scrolled for otherwise.
_HAPPENED = {**_EDGE, "height": "max(132px,calc(22vh/var(--scale,1)))"}


class Browsing(Choosing):
    """What Orders, Image list, Queues and Requests have in common.

    A page says its `columns`, `tabs`, `fields` and `actions`, and answers `look` (rows and total of what is asked),
    `known` (filters and counts), `said`, `sections` and what `Choosing` asks for; these run in a thread.
    """

    columns: ClassVar[list[dict[str, Any]]]
    tabs: ClassVar[list[dict[str, str]]] = []
    fields: ClassVar[list[dict[str, Any]]] = []
    subjects: ClassVar[frozenset[str]] = frozenset()
    sorts: ClassVar[tuple[str, bool]] = ("number", True)
    nothing: ClassVar[str] = "Nothing here."
    shows: ClassVar[type[DataTable]] = DataTable
    # Name in the address of the row that is chosen.
    keyed: ClassVar[str] = ""
    keymap: Mapping[str, str] = {"/": "search"}
    local: Sequence[str] = ("search",)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.reading = Reading(session, self._ask, self._unread, pause_ms=_PAUSE_MS)
        self._wanted = ""
        self._told: tuple[Any, ...] = ()

    # -- what a page answers ------------------------------------------------------------------------------

    def look(self, tab: str, wanted: Mapping[str, Any]) -> tuple[list[Row], int]:
        """The rows of a page of the list, and how many there are in all.

        Parameters
        ----------
        wanted
            Values of the filters that are set, and sort, down, offset, limit: arguments of `imgdash.apparatus.search`.
        """
        raise AssertionError(f"{type(self).__name__} looks for nothing")

    def known(self) -> tuple[dict[str, list[list[str]]], dict[str, int]]:
        """Choices of the filters, name → ``[value, words]``, and how many each tab has."""
        return {}, {}

    def said(self, row: Row) -> str:
        """What is to be read about one row."""
        return ""

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """Details of a row for `imgdash.dashboard.panels.Facts`."""
        return []

    def nothing_in(self, tab: str) -> str:
        """Words where a view has no rows."""
        return self.nothing

    # -- the view -----------------------------------------------------------------------------------------

    def view(self) -> pn.viewable.Viewable:
        """Head, filters, table, actions; on the right what the chosen row is about."""
        wide = {"sizing_mode": "stretch_width"}
        name, down = self.sorts
        self.head = Head(
            title=self.title, tabs=self.tabs, current=self.tabs[0]["name"] if self.tabs else "",
            on_message=self._tab, **wide,
        )  # fmt: skip
        self.arranging = Arranging(self.session, self.name, self.columns, self._arranged)
        self.finder = Finder(on_message=self._find, fields=self.fields, tools=self.arranging.tools, **wide)
        self.table = self.shows(
            label=self.title, columns=self.columns, picks=self.picks, empty=self.nothing, waiting=True, opens=True,
            asks=True, sorting={"name": name, "down": down}, on_message=self._choose, sizing_mode="stretch_both",
        )  # fmt: skip
        self.bar = ActionBar(actions=self.actions, keys=dict(self._keys), on_message=self._action, height=48, **wide)
        self.shown = Pictures(on_message=self._open, empty="Choose a line.", **wide)
        self.facts = Facts(on_message=self._edit, **wide)
        self.text = TextView(label="About the chosen line", numbers=False, styles=_HAPPENED)
        self.text.sizing_mode = "stretch_width"
        self.dialog = Dialog(on_message=self._answer)
        details = pn.Column(
            self.facts, sizing_mode="stretch_both", margin=0, scroll="y-auto",
            styles={"background": "var(--panel)", **_EDGE},
        )  # fmt: skip
        right = pn.Column(
            self.shown, details, self.text, width=352, sizing_mode="stretch_height", margin=0,
            styles={"max-width": _ROOM_LEFT},
        )  # fmt: skip
        self.arranging.details = right
        left = pn.Column(self.finder, self.table, self.bar, sizing_mode="stretch_both", margin=0)
        self.arranging.read()
        return pn.Column(
            self.head, pn.Row(left, self.arranging.splitter, right, sizing_mode="stretch_both", margin=0),
            self.dialog, self.arranging.dialog, sizing_mode="stretch_both", margin=0,
        )  # fmt: skip

    def _arranged(self) -> None:
        """Other columns, or another order of them."""
        self.table.set(columns=self.arranging.columns, rows=self._shown_rows(), chosen=self._numbers())

    def _shown_rows(self) -> list[list[Any]]:
        return [[plain(row.cells[n]) for n in self.arranging.order] for row in self._rows]

    def _numbers(self) -> list[int]:
        return [number for number, row in enumerate(self._rows) if row.key in self._kept]

    # -- reading ------------------------------------------------------------------------------------------

    def update(self, events: Sequence[Event]) -> None:
        """Read the page again when something of its subjects happened."""
        if not events:
            self.refresh()
        elif any(event.subject in self.subjects for event in events):
            self.reading.soon()

    def rights(self) -> None:
        """Another role: other actions, another right to correct."""
        self.refresh()
        self.about()

    def refresh(self) -> None:
        """Read the page again."""
        self.reading.now()

    def _ask(self) -> Step:
        tab, values, sorting, offset = asked = self._view()

        def work() -> Any:
            return self.look(tab, self._asked_for(values, sorting, offset)), self.known()

        def there(found: Any) -> None:
            if asked != self._view():
                self.refresh()
                return
            (rows, total), (choices, counts) = found
            self._found(rows, total, choices, counts)

        return work, there

    def _view(self) -> tuple[str, dict[str, str], dict[str, Any], int]:
        return self.head.current, dict(self.finder.values), dict(self.table.sorting), self.finder.offset

    def _asked_for(self, values: Mapping[str, str], sorting: Mapping[str, Any], offset: int) -> dict[str, Any]:
        wanted: dict[str, Any] = {name: value for name, value in values.items() if value}
        for name in ("begin", "end"):
            if name in wanted:
                wanted[name] = day(wanted[name])
        name, down = (sorting["name"], sorting["down"]) if sorting else self.sorts
        return {**wanted, "sort": name, "down": down, "offset": offset, "limit": PAGE}

    def _unread(self, error: ImgdashError) -> None:
        self.table.set(waiting=False, empty=f"This could not be read: {error.cause} {error.remedy}".strip())
        self.session.tell(error.cause, "error", error.remedy)

    def _found(
        self, rows: list[Row], total: int, choices: Mapping[str, list[list[str]]], counts: Mapping[str, int]
    ) -> None:
        if not rows and total and self.finder.offset:
            # The last page went away while it was shown.
            self._turn({"offset": 0})
            return
        with pn.io.hold():
            self.finder.set(
                total=total, fields=[{**field, "options": choices.get(field["name"], [])} for field in self.fields]
            )
            self.head.tabs = [{**tab, "count": counts.get(tab["name"], 0)} for tab in self.tabs]
            self._there(rows)
            empty = (
                "Nothing fits these filters."
                if any(self.finder.values.values())
                else self.nothing_in(self.head.current)
            )
            self.table.set(total=total, waiting=False, empty=empty)
        wanted, self._wanted = self._wanted, ""
        if wanted:
            self._choose_key(wanted)
            return
        if self.picks == "one" and rows and not self.chosen:
            self._choose_key(rows[0].key)
            return
        chosen = self.chosen
        if self._told and (not chosen or self._cells(chosen) != self._told):
            self.about()

    def _there(self, rows: list[Row]) -> None:
        self._rows = rows
        self.table.set(rows=self._shown_rows(), chosen=self._numbers())
        self._possible()

    # -- what a person does -------------------------------------------------------------------------------

    def _find(self, message: Mapping[str, Any]) -> None:
        if "tool" in message:
            self.arranging.use(str(message["tool"]))
        elif "offset" in message:
            self._turn(message)
        else:
            told = message.get("find", {})
            self.find(**{field["name"]: str(told.get(field["name"], "")) for field in self.fields})

    def find(self, **values: str) -> None:
        """Narrow the list; what is not named is not narrowed."""
        self.finder.values = values
        self._turn({"offset": 0})

    def _turn(self, message: Mapping[str, Any]) -> None:
        self.finder.offset = max(int(message["offset"]), 0)
        self._kept = ()
        self.table.waiting = True
        self.kept()
        self.refresh()

    def _tab(self, message: Mapping[str, Any]) -> None:
        if any(tab["name"] == message.get("tab") for tab in self.tabs):
            self.head.current = str(message["tab"])
            self._turn({"offset": 0})
            self.about()

    def _choose(self, message: Mapping[str, Any]) -> None:
        if "sort" in message:
            name = str(message["sort"])
            first, down = self.sorts
            self.table.sorting = {"name": name or first, "down": bool(message.get("down")) if name else down}
            self._turn({"offset": 0})
        else:
            super()._choose(message)

    def about(self) -> None:
        """Pictures, details and journal of the chosen row."""
        rows = self.chosen
        told = self._told = self._cells(rows)
        if not rows:
            self.shown.items, self.text.text, self.facts.sections = [], "", []
            return

        def there(found: tuple[list[dict[str, Any]], str, list[dict[str, Any]]]) -> None:
            # Another row may have been chosen while this one was read.
            if told == self._told:
                self.shown.items, self.text.text, sections = found
                self.facts.set(image=row.key, sections=sections)

        row = rows[-1]
        self.session.run(lambda: (self.several(rows), self.said(row), self.sections(row)), there)

    def _edit(self, message: Mapping[str, Any]) -> None:
        """A corrected value in the details; lists that allow none ignore it."""

    # -- the address --------------------------------------------------------------------------------------

    def place(self) -> dict[str, str]:
        """View, filters, page and the chosen row."""
        if not hasattr(self, "head"):
            return {}
        found = {"view": self.head.current, **{name: value for name, value in self.finder.values.items() if value}}
        if self.finder.offset:
            found["offset"] = str(self.finder.offset)
        if self.keyed and len(self._kept) == 1:
            found[self.keyed] = self._kept[0]
        return found

    def open(self, **query: Any) -> None:
        """Bring back a `place`; with the row alone, look for just that one."""
        names = {tab["name"] for tab in self.tabs}
        wanted, view = str(query.get(self.keyed, "")) if self.keyed else "", str(query.get("view", ""))
        values = {
            field["name"]: str(query[field["name"]]) for field in self.fields if str(query.get(field["name"], ""))
        }
        with pn.io.hold():
            if view in names or wanted:
                self.head.current = view if view in names else "all"
            if wanted and view not in names and not values:
                values = {"text": wanted}
            self.finder.values = values
            offset = str(query.get("offset", "0"))
            self._turn({"offset": int(offset) if offset.isdecimal() else 0})
            self._wanted = wanted
