"""Tables, views of a page, files for the browser: components that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import param
import pyarrow as pa

from imgdash.dashboard.component import Component, Told, script
from imgdash.dashboard.review.summary import day
from imgdash.dashboard.review.worklist import person

# Rows of a page of a list that is longer.
PAGE = 200
# Columns of reports that hold DICOM person names.
_PERSONS: Final = frozenset({"patient_name", "physician", "referring_physician", "operator"})
# Columns of reports that hold days as DICOM writes them.
_DAYS: Final = frozenset({"patient_birth_date", "birth_date"})


class Head(Component):
    """Head of a page with its views; sends ``{"tab": name}``."""

    title = param.String(default="")
    subtitle = param.String(default="")
    said = param.String(default="", doc="On the right: what is going on.")
    tabs = Told(default=[], doc="``{name, title, count, colour, text}``.")
    current = param.String(default="")
    height = param.Integer(default=40)

    _esm = script("tabs.js")


class DataTable(Component):
    """Rows and columns, sorted and scrolled in the browser; sends ``{"chosen": [row numbers]}``.

    Where `opens`, also ``{"opened": row number}``; where `asks`, ``{"sort": column, "down": bool}`` or ``sort: ""``.
    """

    label = param.String(default="table")
    heading = param.String(default="", doc="A line above; empty: none.")
    columns = Told(
        default=[],
        doc="``{name, title, unit, kind: text|number|time|state|code, text, most, rank}``; most: characters shown; "
        "rank: where width is wanting, columns of the highest rank are left out first, those of 0 never.",
    )
    rows = Told(default=[], doc="Lists of plain values, one for each column.")
    total = param.Integer(default=0, doc="Rows of the whole result, where it has more.")
    picks = param.Selector(default="none", objects=["none", "one", "many"])
    chosen = param.List(default=[], doc="Numbers of chosen rows.")
    waiting = param.Boolean(default=False)
    empty = param.String(default="Nothing here.")
    said = param.String(default="", doc="In the last line.")
    opens = param.Boolean(
        default=False,
        doc="Rows are opened by a double click or Enter; a click chooses one, tick or Ctrl adds, Shift all between.",
    )
    asks = param.Boolean(default=False, doc="The rows are a page of more: sorted where they come from.")
    sorting = Told(default={}, doc="Where `asks`: ``{name, down}`` in force.")

    _esm = script("chosen.js", "table.js")


class Finder(Component):
    """Filters and pages of a list.

    Sends ``{"find": {name: text}}``, ``{"offset": number}`` and ``{"tool": name}``.
    """

    fields = Told(default=[], doc="``{name, kind: search|select|date, label, text, options: [[value, words]]}``.")
    values = Told(default={}, doc="Name → text in force.")
    tools = Told(default=[], doc="Buttons at the right: ``{name, label, icon}``.")
    offset = param.Integer(default=0)
    total = param.Integer(default=0)
    size = param.Integer(default=PAGE)

    _esm = script("finder.js")


class Download(Component):
    """Gives a file to the browser."""

    content = param.Bytes(default=b"")
    file = param.String(default="")
    media = param.String(default="application/octet-stream")
    serial = param.Integer(default=0)
    width = param.Integer(default=0)

    _esm = script("download.js")

    def give(self, name: str, media: str, data: bytes) -> None:
        """Let the browser save a file."""
        self.set(file=name, media=media, content=data, serial=self.serial + 1)


def plain(value: Any) -> Any:
    """A value as a table shows it: numbers stay numbers, times lose what nobody reads."""
    if value is None or isinstance(value, bool | int | float | str):
        # NaN and infinity are no JSON.
        return None if isinstance(value, float) and value - value != 0 else value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | timedelta):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def kind(type: pa.DataType) -> str:
    """How a column is shown."""
    if pa.types.is_integer(type) or pa.types.is_floating(type) or pa.types.is_decimal(type):
        return "number"
    return "time" if pa.types.is_temporal(type) else "text"


def rows(table: pa.Table) -> list[list[Any]]:
    """A table's rows for `DataTable`; names of persons and days as people write them."""
    written: dict[str, Callable[[str], str]] = {**dict.fromkeys(_PERSONS, person), **dict.fromkeys(_DAYS, day)}
    columns: Sequence[list[Any]] = [
        # A report of how many know it has counts in a column of that name.
        [
            written[name](value) if name in written and isinstance(value, str) else plain(value)
            for value in column.to_pylist()
        ]
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def words(name: str) -> str:
    """A column's name for people."""
    return name.replace("_", " ")
