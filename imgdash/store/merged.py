"""What several events set in the same rows, put together: each row is written once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from imgdash.model import Event
from imgdash.store.columns import TABLES, Columns, convert


@dataclass
class Alike:
    """Rows of one table for which the same columns are set.

    Attributes
    ----------
    begins
        Whether nothing of these ids is in the table.
    values
        id → values of `names`.
    """

    subject: str
    begins: bool
    names: tuple[str, ...]
    values: dict[str, list[Any]] = field(default_factory=dict)


class Merged:
    """Columns that events set, not written yet.

    Parameters
    ----------
    columns
        Subject → column → type, as the tables have them.
    """

    def __init__(self, columns: Mapping[str, Columns]) -> None:
        self._columns = columns
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._begun: set[tuple[str, str]] = set()

    @property
    def tables(self) -> set[str]:
        """Tables that are to be written."""
        return {TABLES[subject][0] for subject, _ in self._rows}

    def add(self, event: Event) -> None:
        """Set the columns of `event.data` in the subject's row; it has none where the journal alone holds it."""
        if event.subject not in TABLES or not (data := convert(event, self._columns[event.subject])):
            return
        row = event.subject, event.id
        if row in self._rows:
            self._rows[row].update(data)
            return
        self._rows[row] = data
        # Who registers something has looked that there is none of this id, in the same transaction.
        if event.event == "register":
            self._begun.add(row)

    def take(self) -> Iterator[Alike]:
        """What there is to write, which is forgotten with it."""
        groups: dict[tuple[str, bool, tuple[str, ...]], dict[str, list[Any]]] = defaultdict(dict)
        for (subject, id), data in self._rows.items():
            names = tuple(sorted(data))
            group = subject, (subject, id) in self._begun, names
            groups[group][id] = [data[name] for name in names]
        self._rows, self._begun = {}, set()
        for (subject, begins, names), values in groups.items():
            yield Alike(subject, begins, names, values)
