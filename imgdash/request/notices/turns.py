"""Which notice a machine is sent next: in order, but one that it never answers does not stand before all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from imgdash.store.rows import read_json

Row = Mapping[str, Any]
# So often others must have been answered past a notice before it is given up.
_PASSES: Final = 2


class Turns:
    """Silences of machines that are there.

    Who takes a connection and then says nothing may be hanging, or may not know this one kind of message: which, the
    next message shows. So a notice that was not answered `enough` times lets those of other images and steps pass
    until one of them is answered; then it has its turn again. Where none is answered, all are waited for.

    Known in memory only: after a restart each is tried anew.
    """

    def __init__(self, enough: int) -> None:
        self._enough = enough
        # Notice → how often it was not answered in this turn; how often others were answered after that.
        self._silences: dict[str, int] = {}
        self._passed: dict[str, int] = {}

    def next(self, rows: Sequence[Row]) -> Row:
        """Of the notices that wait for one machine, in order, the one to send."""
        if not any(self._aside(row) for row in rows):
            return rows[0]
        kept_back: set[str] = set()
        silent: list[Row] = []
        for row in rows:
            about = _about(row)
            if kept_back.isdisjoint(about):
                if not self._aside(row):
                    return row
                silent.append(row)
            # What is about the same must not overtake.
            kept_back |= about
        return min(silent, key=lambda row: self._silences[row["notice_id"]])

    def unanswered(self, row: Row) -> bool:
        """The machine was there and said nothing to this one; whether it is to be given up."""
        notice_id = row["notice_id"]
        self._silences[notice_id] = self._silences.get(notice_id, 0) + 1
        return self._passed.get(notice_id, 0) >= _PASSES

    def answered(self, row: Row, rows: Sequence[Row]) -> None:
        """The machine of these notices answered one of them, whatever it said."""
        self.forget(row)
        for other in filter(self._aside, rows):
            notice_id = other["notice_id"]
            self._passed[notice_id] = self._passed.get(notice_id, 0) + 1
            del self._silences[notice_id]

    def forget(self, row: Row) -> None:
        """This one does not wait any more."""
        self._silences.pop(row["notice_id"], None)
        self._passed.pop(row["notice_id"], None)

    def _aside(self, row: Row) -> bool:
        silences = self._silences.get(row["notice_id"], 0)
        return silences >= (1 if row["notice_id"] in self._passed else self._enough)


def _about(row: Row) -> set[str]:
    """The image, the step or study, and the order that a notice is about."""
    order = str(row["what"] or "").partition(":")[0] if row["kind"] == "hl7" else ""
    return {about for about in (row["image_id"], read_json(row["content"])["uid"], order) if about}
