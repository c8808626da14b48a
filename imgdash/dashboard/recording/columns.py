"""Which columns of a report are shown: those that count most, as far as there is room, or a person's own (H4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from imgdash.dashboard.arranging import order_field
from imgdash.dashboard.panels import Dialog
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import DataTable, kind, rows, words
from imgdash.records.declaration import Report

if TYPE_CHECKING:
    from imgdash.apparatus.reporting import Table

_PREFERENCE: Final = "report columns"


class ReportColumns:
    """The columns of every report, as who sits here wants them; kept in the records.

    `first`, of `fill` and `ask`, names the columns that count most in a view that is not the report's own; what a
    person chooses there is kept under the name of that `view`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listeners: list[Callable[[], None]] = []
        self._mine: dict[str, list[str]] = {}
        self._asked = ""
        self._known: list[str] = []
        self.dialog = Dialog(on_message=self._answered)

    def listen(self, changed: Callable[[], None]) -> None:
        """Call `changed` when other columns are to be shown."""
        self._listeners.append(changed)

    def read(self) -> None:
        """Read what this person wants."""
        apparatus, name = self._session.apparatus, self._session.actor.name
        self._session.run(lambda: apparatus.preference(name, _PREFERENCE, {}) or {}, self._take)

    def _take(self, mine: Mapping[str, Sequence[str]]) -> None:
        self._mine = {str(report): [str(name) for name in names] for report, names in mine.items()}
        for changed in self._listeners:
            changed()

    def fill(
        self, table: DataTable, report: Report, found: Table, view: str = "", first: Sequence[str] = (), **more: Any
    ) -> None:
        """Show what was found; `more` are further properties of the table."""
        shown = self._shown(view or report.name, found.table.column_names, first, report.first)
        declared = {column.name: column for column in report.columns}
        columns = []
        for name, rank in shown.items():
            column, type = declared[name], kind(found.table.schema.field(name).type)
            text = f"{name}: {column.text}" if column.text else name
            # Moments are told shortly, the whole in their tips; days and hours that are counted by stay as they are.
            short = type == "time" and name.endswith("_at")
            columns.append({"name": name, "title": words(name), "unit": column.unit, "kind": type, "text": text,
                            "short": short, "rank": rank})  # fmt: skip
        table.set(columns=columns, rows=rows(found.table.select(list(shown))), total=found.rows, waiting=False, **more)

    def _shown(self, view: str, names: Sequence[str], first: Sequence[str], weighty: Sequence[str]) -> dict[str, int]:
        """Name of a column → its rank (see `DataTable`), in the order shown; what a person chose is never left out."""
        chosen = [name for name in self._mine.get(view, ()) if name in names]
        if chosen:
            return dict.fromkeys(chosen, 0)
        names = _ordered(first, names)
        weight = _ordered(first or weighty, names)
        return {name: weight.index(name) for name in names}

    def ask(self, report: Report, view: str = "", first: Sequence[str] = ()) -> None:
        """Open the dialog."""
        self._asked = view or report.name
        self._known = _ordered(first, [column.name for column in report.columns])
        # A report may have lost a column since.
        chosen = [name for name in self._mine.get(self._asked, ()) if name in self._known] or self._known
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


def _ordered(first: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of `first` that there are, and then the others."""
    return [*(name for name in first if name in names), *(name for name in names if name not in first)]
