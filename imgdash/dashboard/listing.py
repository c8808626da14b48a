"""A page that is a list: views of it as tabs, a table, what can be done with the chosen rows, pictures of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import panel as pn
import param

from imgdash.dashboard.administration.controls import TextView
from imgdash.dashboard.component import Component, script
from imgdash.dashboard.pages import Page
from imgdash.dashboard.panels import ActionBar
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, Head, plain
from imgdash.model import Event, ImageHeader


class Pictures(Component):
    """Thumbnails beside each other with a few words under each; sends ``{"image": image_id}``."""

    items = param.List(default=[], doc="``{id, version, title, state, lines: [text]}``, in the order shown.")
    empty = param.String(default="")

    _esm = script("pictures.js")


@dataclass(frozen=True)
class Row:
    """One line of a list.

    Attributes
    ----------
    key
        What actions are about: an image id, an entry id, a request id.
    cells
        Values in the order of the page's columns.
    possible
        Names of actions that this row allows now.
    face
        What is shown of it where the list has cards instead of a table.
    """

    key: str
    cells: Sequence[Any]
    possible: frozenset[str] = frozenset()
    images: Sequence[str] = field(default=())
    face: Mapping[str, Any] = field(default_factory=dict)


class Listing(Page):
    """What the pages Queues, Requests, Orders and Image list have in common.

    A page says its `columns`, `tabs` and `actions`, and answers `read`, `act`, `said` and `pictures`; all of these
    run in a thread.
    """

    columns: ClassVar[list[dict[str, Any]]]
    tabs: ClassVar[list[dict[str, str]]] = []
    actions: ClassVar[list[dict[str, Any]]] = []
    subjects: ClassVar[frozenset[str]] = frozenset()
    picks: ClassVar[str] = "many"
    nothing: ClassVar[str] = "Nothing here."
    shows: ClassVar[type[DataTable]] = DataTable

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._rows: list[Row] = []
        self._kept: tuple[str, ...] = ()
        self._asked = 0

    # -- what a page answers ------------------------------------------------------------------------------

    def all_tabs(self) -> list[dict[str, str]]:
        """Views of the list."""
        return self.tabs

    def read(self, tab: str) -> list[Row]:
        """The rows of a view."""
        raise AssertionError(f"{type(self).__name__} reads nothing")

    def act(self, action: str, row: Row) -> None:
        """Take an action on one row."""
        raise AssertionError(f"{type(self).__name__} has no action {action}")

    def summary(self, tab: str) -> str:
        """A line at the right of the head."""
        return ""

    def said(self, row: Row) -> str:
        """What is to be read about one row."""
        return ""

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """Thumbnails of one row."""
        return [picture(self.session.apparatus.image(image_id), self.session) for image_id in row.images]

    # -- the view -----------------------------------------------------------------------------------------

    def view(self) -> pn.viewable.Viewable:
        """Head, table, actions; on the right what the chosen row is about."""
        tabs = self.all_tabs()
        self.head = Head(
            title=self.title, tabs=tabs, current=tabs[0]["name"] if tabs else "", on_message=self._tab,
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.table = self.shows(
            label=self.title, columns=self.columns, picks=self.picks, empty=self.nothing,
            on_message=self._choose, sizing_mode="stretch_both",
        )  # fmt: skip
        self.bar = ActionBar(actions=self.actions, on_message=self._action, sizing_mode="stretch_width", height=48)
        self.shown = Pictures(on_message=self._open, sizing_mode="stretch_width", empty="Choose a line.")
        self.text = TextView(label="About the chosen line", numbers=False, sizing_mode="stretch_both")
        right = pn.Column(self.shown, self.text, width=420, sizing_mode="stretch_height", margin=0)
        left = pn.Column(self.table, self.bar, sizing_mode="stretch_both", margin=0)
        return pn.Column(
            self.head, pn.Row(left, right, sizing_mode="stretch_both", margin=0), sizing_mode="stretch_both", margin=0
        )

    def update(self, events: Sequence[Event]) -> None:
        """Read anew when something of its subjects happened."""
        if not events or any(event.subject in self.subjects for event in events):
            self.refresh()

    def refresh(self) -> None:
        """Read the rows; what is chosen stays chosen."""
        self._asked += 1
        asked, tab = self._asked, self.head.current

        def there(found: tuple[list[Row], str]) -> None:
            if asked == self._asked:
                self._there(*found)

        self.session.run(lambda: (self.read(tab), self.summary(tab)), there)

    def _there(self, rows: list[Row], summary: str) -> None:
        self._rows = rows
        if self.picks == "one" and rows and not self.chosen:
            self._kept = (rows[0].key,)
            self._about()
        numbers = [number for number, row in enumerate(rows) if row.key in self._kept]
        self.table.param.update(
            rows=[[plain(cell) for cell in row.cells] for row in rows], total=len(rows), chosen=numbers
        )
        self.head.said = summary
        self._possible()

    def _tab(self, message: Mapping[str, Any]) -> None:
        names = {tab["name"] for tab in self.head.tabs}
        if message.get("tab") in names:
            self.head.current = str(message["tab"])
            self._kept = ()
            self.refresh()

    @property
    def chosen(self) -> list[Row]:
        """The rows that are chosen."""
        return [row for row in self._rows if row.key in self._kept]

    def _choose(self, message: Mapping[str, Any]) -> None:
        numbers = [int(number) for number in message.get("chosen", ())]
        self._kept = tuple(self._rows[number].key for number in numbers if 0 <= number < len(self._rows))
        self._possible()
        self._about()

    def _possible(self) -> None:
        rows = self.chosen
        allowed = [set(row.possible) for row in rows]
        self.bar.enabled = sorted(set.intersection(*allowed)) if allowed else []

    def _about(self) -> None:
        rows = self.chosen
        if not rows:
            self.shown.items, self.text.text = [], ""
            return
        row = rows[-1]

        def there(found: tuple[list[dict[str, Any]], str]) -> None:
            self.shown.items, self.text.text = found

        self.session.run(lambda: (self.pictures(row), self.said(row)), there)

    def _action(self, message: Mapping[str, Any]) -> None:
        action = str(message.get("action", ""))
        rows = [row for row in self.chosen if action in row.possible]

        def work() -> None:
            for row in rows:
                self.act(action, row)

        if rows:
            self.session.run(work, lambda _: self._about())

    def _open(self, message: Mapping[str, Any]) -> None:
        if image_id := str(message.get("image", "")):
            self.session.go("review", image=image_id)


def picture(image: ImageHeader, session: Session, *lines: str) -> dict[str, Any]:
    """One thumbnail for `Pictures`."""
    return {
        "id": image.image_id,
        "version": session.apparatus.look(image.image_id),
        "title": f"{image.number} · {image.title}",
        "state": image.state,
        "lines": list(lines),
    }


def columns(*described: tuple[str, str, str, int] | tuple[str, str, str]) -> list[dict[str, Any]]:
    """Columns of a table: name, title, kind, and how many characters are shown at the most."""
    found = []
    for name, title, kind, *most in described:
        found.append({"name": name, "title": title, "kind": kind, **({"most": most[0]} if most else {})})
    return found
