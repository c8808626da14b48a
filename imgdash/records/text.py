"""A table as plain text for a terminal."""

from __future__ import annotations

import unicodedata
from typing import IO, Any

import pyarrow as pa

from imgdash.records.batches import batches

_SHOWN = 200
_WIDTH = 48


def render(reader: pa.RecordBatchReader, stream: IO[str], *, shown: int = _SHOWN) -> int:
    """Write the first rows, aligned, and say how many there are; control characters are shown, not obeyed."""
    names = [_cell(name) for name in reader.schema.names]
    right = [_is_number(field.type) for field in reader.schema]
    cells: list[list[str]] = []
    rows = 0
    for batch in batches(reader):
        wanted = batch.slice(0, max(0, shown - rows))
        columns = [[_cell(value) for value in column.to_pylist()] for column in wanted.columns]
        cells += [list(row) for row in zip(*columns, strict=True)]
        rows += batch.num_rows
    widths = [max([_width(name), *(_width(row[at]) for row in cells)]) for at, name in enumerate(names)]
    _line(stream, names, widths, [False] * len(names))
    stream.write("  ".join("─" * width for width in widths) + "\n")
    for row in cells:
        _line(stream, row, widths, right)
    more = f", the first {len(cells)} shown; --format csv writes all" if rows > len(cells) else ""
    stream.write(f"({rows} row{'' if rows == 1 else 's'}{more})\n")
    return rows


def _line(stream: IO[str], row: list[str], widths: list[int], right: list[bool]) -> None:
    padded = []
    for text, width, flush in zip(row, widths, right, strict=True):
        blanks = " " * (width - _width(text))
        padded.append(blanks + text if flush else text + blanks)
    stream.write("  ".join(padded).rstrip() + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: _WIDTH * 4])
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _width(text: str) -> int:
    """Columns on the screen: wide for East Asian characters, none for combining ones."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _is_number(type: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type) or pa.types.is_floating(type) or pa.types.is_decimal(type))
