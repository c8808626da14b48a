"""Rows that are chosen, and what can be done with them: the part of a list page that acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from imgdash.dashboard.lists import Pictures, Row, picture
from imgdash.dashboard.page import Page
from imgdash.dashboard.panels import ActionBar, Dialog
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, plain
from imgdash.model import ImgdashError

_TOLD = 24


class Choosing(Page):
    """Base of `imgdash.dashboard.browsing.Browsing`.

    A page says its `actions` and answers `act`; that runs in a thread, in the name of who sits here.
    """

    actions: ClassVar[list[dict[str, Any]]] = []
    picks: ClassVar[str] = "many"
    table: DataTable
    bar: ActionBar
    shown: Pictures
    dialog: Dialog

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._rows: list[Row] = []
        self._kept: tuple[str, ...] = ()
        self._keys: Mapping[str, str] = {}
        described = {action["name"]: action for action in self.actions if "label" in action}
        labels = {name: f"{told['label']}: {told['title'].lower()}" for name, told in described.items()}
        self.words = {"search": "Search", **labels, **self.words}

    # -- what a page answers ------------------------------------------------------------------------------

    def act(self, action: str, row: Row, *more: Any) -> None:
        """Take an action on one row."""
        raise AssertionError(f"{type(self).__name__} has no action {action}")

    def answered(self, kind: str, values: Mapping[str, Any]) -> None:
        """The answer to a question of `ask`."""

    def pictures(self, row: Row) -> list[dict[str, Any]]:
        """Thumbnails of one row."""
        return [picture(self.session.apparatus.image(image_id), self.session) for image_id in row.images]

    def about(self) -> None:
        """Show what the chosen row is about."""

    def kept(self) -> None:
        """What is shown has changed, and with it the address that brings it back."""
        self.session.address(**self.place())

    # -- what is chosen -----------------------------------------------------------------------------------

    @property
    def chosen(self) -> list[Row]:
        """The rows that are chosen, the latest last."""
        known = {row.key: row for row in self._rows}
        return [known[key] for key in self._kept if key in known]

    def _choose(self, message: Mapping[str, Any]) -> None:
        if "opened" in message:
            number = int(message["opened"])
            if 0 <= number < len(self._rows):
                self._choose_key(self._rows[number].key)
                self._action({"action": "open"})
            return
        numbers = [int(number) for number in message.get("chosen", ())]
        self._kept = tuple(self._rows[number].key for number in numbers if 0 <= number < len(self._rows))
        self._possible()
        self.about()
        self.kept()

    def _choose_key(self, key: str) -> None:
        numbers = [number for number, row in enumerate(self._rows) if row.key == key]
        self.table.chosen = numbers
        self._choose({"chosen": numbers})

    def _possible(self) -> None:
        rows = self.chosen
        allowed = [set(row.possible) for row in rows]
        self.bar.enabled = sorted(set.intersection(*allowed)) if allowed else []

    def several(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Pictures of the chosen rows: all of one, the first of each of several."""
        if len(rows) == 1:
            return self.pictures(rows[0])
        firsts = [Row(row.key, row.cells, row.possible, row.images[:1]) for row in rows[-_TOLD:]]
        return [shown for row in firsts for shown in Choosing.pictures(self, row)]

    def _cells(self, rows: Sequence[Row]) -> tuple[Any, ...]:
        return tuple((row.key, *map(plain, row.cells)) for row in rows)

    def _open(self, message: Mapping[str, Any]) -> None:
        if image_id := str(message.get("image", "")):
            self.session.go("review", image=image_id)

    # -- what is done -------------------------------------------------------------------------------------

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
            self.session.run(work, lambda _: self.done(action, rows))

    def done(self, action: str, rows: Sequence[Row]) -> None:
        """An action was taken on every one of these rows."""

    def ask(self, kind: str, title: str, subtitle: str, fields: list[dict[str, Any]], submit: str) -> None:
        """Ask before an action; the answer comes to `answered`."""
        taken = kind in {action["name"] for action in self.actions if action.get("style") == "danger"}
        self.dialog.set(kind=kind, title=title, subtitle=subtitle, fields=fields, submit=submit, error="", danger=taken)
        self.dialog.open = True

    def _answer(self, message: Mapping[str, Any]) -> None:
        if not message.get("closed") and "submit" not in message:
            return
        self.dialog.open = False
        if "submit" in message:
            self.answered(str(message["submit"]), message.get("values") or {})

    def key(self, action: str) -> None:
        """A key of an action of the bar."""
        if action in self.bar.enabled:
            self._action({"action": action})

    def rekeyed(self, keys: Mapping[str, str]) -> None:
        """Keys in force are shown on the buttons."""
        self._keys = keys
        if hasattr(self, "bar"):
            self.bar.keys = dict(keys)
