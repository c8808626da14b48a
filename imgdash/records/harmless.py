"""Tables that a spreadsheet program may open: no text of a stranger becomes a formula."""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

# What spreadsheets take for the beginning of a formula, also in full width and behind blanks (OWASP, CSV injection);
# a plain number with its sign is none.
_FORMULA: Final = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"
_PLAIN: Final = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_timestamp,
    pa.types.is_string,
    pa.types.is_large_string,
)
_NUMBER: Final = r"^[+-]?\d+([.,]\d+)?$"


def harmless(table: pa.Table) -> pa.Table:
    """The table with plain columns only, formulas made texts by a leading apostrophe, also in column names."""
    columns = [_column(table.column(number)) for number in range(table.num_columns)]
    return pa.table(columns, names=[_name(name) for name in table.column_names])


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not any(plain(column.type) for plain in _PLAIN):
        column = pa.chunked_array([[_text(value) for value in column.to_pylist()]], pa.string())
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column
    suspect = pc.and_not(pc.match_substring_regex(column, _FORMULA), pc.match_substring_regex(column, _NUMBER))
    return pc.if_else(suspect, pc.binary_join_element_wise("'", column, ""), column)


def _name(name: str) -> str:
    made: str = _column(pa.chunked_array([[name]], pa.string()))[0].as_py()
    return made


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
