"""A list that is longer than a screen: narrowed, sorted and paged by the apparatus; details of the chosen row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

import panel as pn

from imgdash.dashboard.listing import Listing, Row
from imgdash.dashboard.panels import Dialog, Facts
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import PAGE, Finder, plain
from imgdash.model import Event, ImgdashError

_TOLD = 24
_EDGE = {"border-left": "1px solid var(--line)"}


class Browsing(Listing):
    """What Orders and Image list have in common.

    A page answers `look` (rows and total of what is asked), `known` (filters and counts), `sections`, and what a
    `Listing` asks for; these run in a thread.
    """

    fields: ClassVar[list[dict[str, Any]]] = []
    sorts: ClassVar[tuple[str, bool]] = ("number", True)
    keymap: Mapping[str, str] = {"/": "search"}
    local: Sequence[str] = ("search",)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._reading = self._again = False
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

    def sections(self, row: Row) -> list[dict[str, Any]]:
        """Details of a row for `imgdash.dashboard.panels.Facts`."""
        return []

    def nothing_in(self, tab: str) -> str:
        """Words where a view has no rows."""
        return self.nothing

    # -- the view -----------------------------------------------------------------------------------------

    def view(self) -> pn.viewable.Viewable:
        """As any list, with filters above the table and details in sections."""
        page = super().view()
        self.finder = Finder(on_message=self._find, fields=self.fields, sizing_mode="stretch_width")
        self.facts = Facts(on_message=self._edit, sizing_mode="stretch_width")
        self.dialog = Dialog(on_message=self._answer)
        name, down = self.sorts
        self.table.param.update(opens=True, asks=True, sorting={"name": name, "down": down})
        self.bar.keys = {action: key for key, action in self.keymap.items()}
        self.text.param.update(sizing_mode="stretch_width", height=132, styles=_EDGE)
        left, right = page[1]
        left.insert(0, self.finder)
        details = pn.Column(
            self.facts, sizing_mode="stretch_both", margin=0, scroll="y-auto",
            styles={"background": "var(--panel)", **_EDGE},
        )  # fmt: skip
        right.insert(1, details)
        right.width = 352
        page.append(self.dialog)
        return page

    def refresh(self) -> None:
        """Read the page again; while it is read, one more wish is remembered."""
        if self._reading:
            self._again = True
            return
        self._reading, self._again = True, False
        tab = self.head.current
        asked = (tab, dict(self.finder.values), dict(self.table.sorting), self.finder.offset)

        def work() -> Any:
            return self.look(tab, self._asked_for(asked[1], asked[2], asked[3])), self.known()

        def there(found: Any) -> None:
            self._reading = False
            now = (self.head.current, dict(self.finder.values), dict(self.table.sorting), self.finder.offset)
            if asked == now:
                (rows, total), (choices, counts) = found
                self._found(rows, total, choices, counts)
            if self._again or asked != now:
                self.refresh()

        self.session.run(work, there, self._unread)

    def _asked_for(self, values: Mapping[str, str], sorting: Mapping[str, Any], offset: int) -> dict[str, Any]:
        wanted: dict[str, Any] = {name: value for name, value in values.items() if value}
        for name in ("begin", "end"):
            if name in wanted:
                wanted[name] = _day(wanted[name])
        name, down = (sorting["name"], sorting["down"]) if sorting else self.sorts
        return {**wanted, "sort": name, "down": down, "offset": offset, "limit": PAGE}

    def _unread(self, error: ImgdashError) -> None:
        self._reading = False
        self.table.waiting = False
        self.session.tell(error.cause, "error", error.remedy)

    def _found(
        self, rows: list[Row], total: int, choices: Mapping[str, list[list[str]]], counts: Mapping[str, int]
    ) -> None:
        if not rows and total and self.finder.offset:
            # The last page went away while it was shown.
            self._turn({"offset": 0})
            return
        with pn.io.hold():
            self.finder.param.update(
                total=total, fields=[{**field, "options": choices.get(field["name"], [])} for field in self.fields]
            )
            self.head.tabs = [{**tab, "count": counts.get(tab["name"], 0)} for tab in self.all_tabs()]
            self._there(rows, "")
            empty = (
                "Nothing fits these filters."
                if any(self.finder.values.values())
                else self.nothing_in(self.head.current)
            )
            self.table.param.update(total=total, waiting=False, empty=empty)
        if self._wanted:
            self._choose_key(self._wanted)
            self._wanted = ""
        else:
            chosen = self.chosen
            if self._told and (not chosen or self._cells(chosen) != self._told):
                self._about()

    # -- what a person does -------------------------------------------------------------------------------

    def _find(self, message: Mapping[str, Any]) -> None:
        if "offset" in message:
            self._turn(message)
            return
        told = message.get("find", {})
        self.find(**{field["name"]: str(told.get(field["name"], "")) for field in self.fields})

    def find(self, **values: str) -> None:
        """Narrow the list; what is not named is not narrowed."""
        self.finder.param.update(values=values, offset=0)
        self._kept = ()
        self.table.waiting = True
        self.refresh()

    def _turn(self, message: Mapping[str, Any]) -> None:
        self.finder.offset = max(int(message["offset"]), 0)
        self._kept = ()
        self.table.waiting = True
        self.refresh()

    def _tab(self, message: Mapping[str, Any]) -> None:
        if any(tab["name"] == message.get("tab") for tab in self.head.tabs):
            self.finder.offset = 0
            self.table.waiting = True
        super()._tab(message)
        self._about()

    @property
    def chosen(self) -> list[Row]:
        """The rows that are chosen, the latest last."""
        known = {row.key: row for row in self._rows}
        return [known[key] for key in self._kept if key in known]

    def _choose(self, message: Mapping[str, Any]) -> None:
        if "sort" in message:
            name = str(message["sort"])
            first, down = self.sorts
            self.table.sorting = {"name": name or first, "down": bool(message.get("down")) if name else down}
            self._turn({"offset": 0})
        elif "opened" in message:
            number = int(message["opened"])
            if 0 <= number < len(self._rows):
                self._choose_key(self._rows[number].key)
                self._action({"action": "open"})
        else:
            super()._choose(message)

    def _choose_key(self, key: str) -> None:
        numbers = [number for number, row in enumerate(self._rows) if row.key == key]
        self.table.chosen = numbers
        super()._choose({"chosen": numbers})

    def _about(self) -> None:
        rows = self.chosen
        told = self._told = self._cells(rows)
        if not rows:
            self.shown.items, self.text.text, self.facts.sections = [], "", []
            return

        def there(found: tuple[list[dict[str, Any]], str, list[dict[str, Any]]]) -> None:
            # Another row may have been chosen while this one was read.
            if told == self._told:
                self.shown.items, self.text.text, self.facts.sections = found

        row = rows[-1]
        several = rows if len(rows) > 1 else None
        self.session.run(lambda: (self.pictured(several or [row]), self.said(row), self.sections(row)), there)

    def pictured(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Pictures of the chosen rows: all of one, the first of each of several."""
        if len(rows) == 1:
            return self.pictures(rows[0])
        firsts = [Row(row.key, row.cells, row.possible, row.images[:1]) for row in rows[-_TOLD:]]
        return [picture for row in firsts for picture in Listing.pictures(self, row)]

    def _cells(self, rows: Sequence[Row]) -> tuple[Any, ...]:
        return tuple((row.key, *map(plain, row.cells)) for row in rows)

    def _action(self, message: Mapping[str, Any]) -> None:
        """Take an action on each chosen row; where some refuse it, the others are done all the same."""
        action = str(message.get("action", ""))
        self.carry_out(action, [row for row in self.chosen if action in row.possible])

    def carry_out(self, action: str, rows: Sequence[Row], *more: Any) -> None:
        """`act` on rows in a thread, and say what refused."""

        def work() -> None:
            errors = []
            for row in rows:
                try:
                    self.act(action, row, *more)
                except ImgdashError as error:
                    errors.append(error)
            if errors:
                done = f"{len(rows) - len(errors)} of {len(rows)} done. " if len(rows) > 1 else ""
                raise ImgdashError(done + errors[0].cause, errors[0].remedy)

        if rows:
            self.session.run(work)

    def ask(self, kind: str, title: str, subtitle: str, fields: list[dict[str, Any]], submit: str) -> None:
        """Ask before an action; the answer comes to `answered`."""
        self.session.typing(True)
        self.dialog.param.update(kind=kind, title=title, subtitle=subtitle, fields=fields, submit=submit, error="")
        self.dialog.open = True

    def _answer(self, message: Mapping[str, Any]) -> None:
        if message.get("closed"):
            self.dialog.open = False
            self.session.typing(False)
        elif "submit" in message:
            kind = str(message["submit"])
            self.dialog.open = False
            self.session.typing(False)
            self.answered(kind, message.get("values") or {})

    def answered(self, kind: str, values: Mapping[str, Any]) -> None:
        """The answer to a question of `ask`."""

    def key(self, action: str) -> None:
        """A key of an action of the bar."""
        if action in self.bar.enabled:
            self._action({"action": action})

    def _edit(self, message: Mapping[str, Any]) -> None:
        """A corrected value in the details; lists that allow none ignore it."""

    def update(self, events: Sequence[Event]) -> None:
        """Read the page again when something of its subjects happened."""
        if not events or any(event.subject in self.subjects for event in events):
            self.refresh()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ImgdashError(f"{text!r} is no day.", "Write it as 2026-05-31.") from None


def fact(label: str, value: Any, **more: Any) -> dict[str, Any]:
    """A row of a section of details."""
    text = "" if value is None else str(plain(value))
    return {"keyword": "", "label": label, "value": text, "missing": False, "edited": False, "editable": False, **more}


def happened(lines: Sequence[Mapping[str, Any]]) -> str:
    """Lines of the journal, first to last, to be read."""
    told = []
    for line in reversed(lines):
        why = f" · {line['why']}" if line["why"] else ""
        told.append(f"{line['at']:%m-%d %H:%M:%S}  {line['event']} by {line['by']}{why}")
    return "\n".join(told)
