"""What the pages that are lists put into their rows, details and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import param

from imgdash.dashboard.component import Component, Told, script
from imgdash.dashboard.session import Session
from imgdash.dashboard.tables import plain
from imgdash.model import ImageHeader, ImgdashError


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


class Pictures(Component):
    """Thumbnails beside each other with a few words under each; sends ``{"image": image_id}``."""

    items = Told(default=[], doc="``{id, version, title, state, lines: [text]}``, in the order shown.")
    empty = param.String(default="")

    _esm = script("pictures.js")


def picture(image: ImageHeader, session: Session, *lines: str) -> dict[str, Any]:
    """One thumbnail for `Pictures`."""
    return {
        "id": image.image_id,
        "version": session.apparatus.look(image.image_id),
        "title": f"{image.number} · {image.title}",
        "state": image.state,
        "lines": list(lines),
    }


def columns(*described: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Columns of a table: name, title, kind, how many characters are shown at the most, and rank.

    Where width is wanting, columns of the highest rank are left out first; those without one never.
    """
    found = []
    for name, title, kind, *rest in described:
        most, rank = (*rest, None, None)[:2]
        column = {"name": name, "title": title, "kind": kind, "short": kind == "time", "most": most, "rank": rank}
        found.append({key: value for key, value in column.items() if value})
    return found


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


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ImgdashError(f"{text!r} is no day.", "Write it as 2026-05-31.") from None
