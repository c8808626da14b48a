"""XLSX, row by row: openpyxl's write-only mode keeps no cells in memory."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any, Final

import pyarrow as pa
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from imgdash.records.batches import batches
from imgdash.records.harmless import harmless

# ECMA-376: rows of a sheet, the header among them; characters of a cell.
_ROWS: Final = 1_048_576
_CHARACTERS: Final = 32_767
# Integers beyond this lose digits, because a cell is a double.
_EXACT: Final = 2**53


def write(reader: pa.RecordBatchReader, stream: IO[bytes], *, rows_per_sheet: int = _ROWS) -> int:
    """Write one sheet, and further ones where the rows do not fit; each with a header line that stays in view."""
    book = Workbook(write_only=True)
    names = harmless(reader.schema.empty_table()).column_names
    rows = 0
    sheet = None
    for batch in batches(reader):
        table = harmless(pa.Table.from_batches([batch]))
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if sheet is None or rows % (rows_per_sheet - 1) == 0:
                sheet = _sheet(book, names)
            sheet.append([_cell(value) for value in row])
            rows += 1
    if sheet is None:
        _sheet(book, names)
    book.save(stream)
    return rows


def _sheet(book: Workbook, names: list[str]) -> Any:
    sheet = book.create_sheet(f"records {len(book.worksheets) + 1}" if book.worksheets else "records")
    sheet.freeze_panes = "A2"
    header = [WriteOnlyCell(sheet, value=_cell(name)) for name in names]
    for cell in header:
        cell.font = Font(bold=True)
    sheet.append(header)
    return sheet


def _cell(value: Any) -> Any:
    """A value as a cell can hold it; an unknown one is an empty cell."""
    if value is None or isinstance(value, bool | date | time):
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value
    if isinstance(value, str):
        return ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:_CHARACTERS]
    if isinstance(value, int | Decimal) and not -_EXACT <= value <= _EXACT:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, int | float | Decimal):
        return value
    return str(value)
