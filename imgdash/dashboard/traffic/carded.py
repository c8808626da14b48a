"""A list that shows its rows as cards."""

from __future__ import annotations

from typing import ClassVar

from imgdash.dashboard.browsing import Browsing
from imgdash.dashboard.lists import Row
from imgdash.dashboard.traffic.cards import Cards


class Carded(Browsing):
    """A `Browsing` whose `table` is a `Cards`; a row's `face` is its item."""

    shows: ClassVar[type[Cards]]
    columns: ClassVar = []

    def _there(self, rows: list[Row]) -> None:
        self.table.items = [dict(row.face) for row in rows]
        super()._there(rows)
