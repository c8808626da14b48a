"""What awaits a reviewer in the order of work, so many at a time: thousands are not read to see the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from imgdash.model import ImageHeader
from imgdash.store.change import Reader

OPEN: Final = ("awaiting", "quarantined", "postponed")
_WHERE: Final = "state in ('awaiting', 'quarantined', 'postponed')"
_PLACE: Final = "case state when 'postponed' then 1 else 0 end, case when priority then 0 else 1 end, number"
_AFTER: Final = f"{_WHERE} and ({_PLACE}) > (?, ?, ?)"

Place = tuple[int, int, int]


def place(header: ImageHeader) -> Place:
    """Where an open image stands in the order of work: emergencies first, then by receipt, postponed ones last."""
    return int(header.state == "postponed"), int(not header.priority), header.number


@dataclass(frozen=True)
class Awaiting:
    """A part of what awaits a reviewer.

    Attributes
    ----------
    headers
        In the order of work.
    beyond
        State → how many images follow these.
    """

    headers: list[ImageHeader]
    beyond: dict[str, int]


def awaiting(store: Reader, count: int, after: Place | None) -> Awaiting:
    """The next `count` open images after a place in the order of work, or the first."""
    where, parameters = (_WHERE, []) if after is None else (_AFTER, [*after])
    headers = store.images(where, parameters, order=_PLACE, limit=count)
    return Awaiting(headers, beyond(store, place(headers[-1])) if len(headers) == count else {})


def beyond(store: Reader, after: Place) -> dict[str, int]:
    """State → how many open images come after a place in the order of work."""
    rows = store.query(f"select state, count(*) as n from image where {_AFTER} group by state", after)
    return {row["state"]: row["n"] for row in rows}
