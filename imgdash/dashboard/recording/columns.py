"""Which columns of a report are shown: those that count most, as far as there is room, or a person's own (H4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from imgdash.dashboard.arranging import order_field
from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import words
from imgdash.records.declaration import Report

_PREFERENCE: Final = "report columns"


class ReportColumns:
    """The columns of every report, as who sits here wants them; kept in the records.

    Parameters
    ----------
    changed
        Called when other columns are to be shown.
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session = session
        self._changed = changed
        self._mine: dict[str, list[str]] = {}
        self._asked = ""
        self._known: list[str] = []
        self.dialog = Dialog(on_message=self._answered)

    def read(self) -> None:
        """Read what this person wants."""
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.preference(name, _PREFERENCE, {}) or {}, self._take)

    def _take(self, mine: Mapping[str, Sequence[str]]) -> None:
        self._mine = {str(report): [str(name) for name in names] for report, names in mine.items()}
        self._changed()

    def shown(self, report: Report, names: Sequence[str]) -> dict[str, int]:
        """Name of a column → its rank (see `DataTable`), in the order shown; what a person chose is never left out."""
        chosen = [name for name in self._mine.get(report.name, ()) if name in names]
        if chosen:
            return dict.fromkeys(chosen, 0)
        weight = [*report.first, *(name for name in names if name not in report.first)]
        return {name: weight.index(name) for name in names}

    def ask(self, report: Report) -> None:
        """Open the dialog."""
        self._asked, self._known = report.name, [column.name for column in report.columns]
        # A report may have lost a column since.
        chosen = [name for name in self._mine.get(report.name, ()) if name in self._known] or self._known
        titles = {name: words(name) for name in self._known}
        self.dialog.set(
            kind="columns", title=f"Columns of '{report.title}'", submit="Show these", other="As shipped", error="",
            subtitle="As shipped: those that count most, as far as there is room. An export has all.",
            fields=[order_field(chosen, titles)],
        )  # fmt: skip
        self.dialog.open = True

    def _answered(self, message: Mapping[str, Any]) -> None:
        if "submit" in message:
            chosen = [name for name in (message.get("values") or {}).get("columns", ()) if name in self._known]
            if not chosen:
                self.dialog.error = "Choose at least one column."
                return
            self._keep(chosen)
        elif "other" in message:
            self._keep([])
        self.dialog.open = False

    def _keep(self, chosen: list[str]) -> None:
        """Show these of the report that was asked about, or what it is shipped with; other reports stay as kept."""
        apparatus, name, report = self._session.apparatus, self._session.actor.name, self._asked
        self._take({**self._mine, report: chosen})
        self._session.run(lambda: apparatus.prefer_part(name, _PREFERENCE, report, chosen or None))
