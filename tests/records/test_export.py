"""Exports: every format read back by another program's reader; no stranger's text becomes a formula."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imgdash.model import ImgdashError
from imgdash.records import export, spreadsheet
from imgdash.records.text import render

EVIL = ["=cmd|' /C calc'!A0", "+HYPERLINK(1)", "-2+3", "@SUM(1+1)", "\t=1", " =1+1", "＝1+1", "\r=1"]
HARMLESS = ["Müller^Jörg", "山田^太郎", "", "a=b", "-5", "+4.9", "1,5", '"quoted", with comma', "two\nlines"]


@pytest.fixture
def table() -> pa.Table:
    size = len(EVIL + HARMLESS)
    return pa.table(
        {
            "name": EVIL + HARMLESS,
            "at": [datetime(2025, 3, 1, 12, 0, 0, 250000)] * (size - 1) + [None],
            "day": [date(2025, 3, 1)] * size,
            "di": [None if n % 5 == 0 else n / 7 for n in range(size)],
            "big": pa.array([2**62 + n for n in range(size)], pa.int64()),
            "fit": [n % 2 == 0 for n in range(size)],
            "field": [[1.0, 2.5], None, *[[]] * (size - 2)],
        }
    )


def written(table: pa.Table | pa.RecordBatchReader, format: str) -> io.BytesIO:
    stream = io.BytesIO()
    export.write(table, stream, format)
    stream.seek(0)
    return stream


def is_formula(value: Any) -> bool:
    """What spreadsheet programs evaluate."""
    if not isinstance(value, str):
        return False
    signed = value[:1] in ("+", "-") and not value[1:].replace(".", "").isdigit()
    return value.lstrip()[:1] in ("=", "@", "＝") or signed


def test_parquet_keeps_everything_as_it_is(table: pa.Table) -> None:
    assert pq.read_table(written(table, "parquet")).equals(table)


def test_csv_is_read_back_with_its_values(table: pa.Table) -> None:
    rows = list(csv.DictReader(io.TextIOWrapper(written(table, "csv"), "utf-8", newline="")))
    assert len(rows) == table.num_rows
    assert [row["name"] for row in rows[len(EVIL) :]] == HARMLESS
    assert [row["name"] for row in rows[: len(EVIL)]] == ["'" + text for text in EVIL]
    assert rows[0]["di"] == ""
    assert float(rows[1]["di"]) == 1 / 7
    assert rows[0]["big"] == str(2**62)
    assert datetime.fromisoformat(rows[0]["at"]) == datetime(2025, 3, 1, 12, 0, 0, 250000)
    assert (rows[0]["field"], rows[1]["field"]) == ("[1.0, 2.5]", "")


def test_xlsx_is_read_back_with_its_values(table: pa.Table) -> None:
    book = openpyxl.load_workbook(written(table, "xlsx"))
    (sheet,) = book.worksheets
    header, *rows = sheet.iter_rows(values_only=True)
    assert list(header) == table.column_names
    assert len(rows) == table.num_rows
    names = [row[0] for row in rows]
    assert names[: len(EVIL)] == ["'" + text.replace("\r", "\n") for text in EVIL]
    assert names[-len(HARMLESS) :] == [text or None for text in HARMLESS]
    assert rows[0][1] == datetime(2025, 3, 1, 12, 0, 0, 250000)
    assert rows[0][3] is None
    assert rows[1][3] == pytest.approx(1 / 7)
    assert rows[0][4] == str(2**62), "a cell is a double and would lose the last digits"
    assert rows[0][5] is True
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_cell_and_no_header_is_a_formula(table: pa.Table, format: str) -> None:
    table = table.rename_columns(["=1+1", *table.column_names[1:]])
    stream = written(table, format)
    if format == "csv":
        cells = [cell for row in csv.reader(io.TextIOWrapper(stream, "utf-8", newline="")) for cell in row]
    else:
        sheet = openpyxl.load_workbook(stream).active
        assert sheet is not None
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n", "d", "b"}
        cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert not [cell for cell in cells if is_formula(cell)]


def test_odd_types_of_sql_can_be_exported() -> None:
    sql = (
        "select '{\"a\": 1}'::json j, 1::hugeint h, uuid() u, '-a'::enum('-a') e, timestamptz '2025-01-01' z,"
        "time '10:00' t, {'a': 1} s, map {'x': 1} m, 'x'::blob b, 1.5::decimal(10, 3) d, interval 1 day i,"
        "null n, 'nan'::double f, chr(7) || 'x' c"
    )
    for format in ("csv", "xlsx"):
        assert written(duckdb.sql(sql).to_arrow_table(), format).getbuffer().nbytes
    with pytest.raises(ImgdashError, match="parquet cannot hold"):
        written(duckdb.sql(sql).to_arrow_table(), "parquet")


def test_times_with_a_zone_and_values_excel_has_no_word_for() -> None:
    table = pa.table(
        {
            "at": [datetime(2025, 1, 1, tzinfo=UTC)],
            "f": [float("nan")],
            "g": [float("inf")],
            "c": ["a\x07b" + "x" * 40_000],
        }
    )
    sheet = openpyxl.load_workbook(written(table, "xlsx")).active
    assert sheet is not None
    at, nan, infinite, text = next(sheet.iter_rows(min_row=2, values_only=True))
    assert at == datetime(2025, 1, 1)
    assert nan is None
    assert infinite == "inf"
    assert isinstance(text, str)
    assert text.startswith("a\ufffdb")
    assert len(text) == 32_767


def test_more_rows_than_a_sheet_has_go_on_in_the_next_one() -> None:
    table = pa.table({"n": list(range(25))})
    stream = io.BytesIO()
    assert spreadsheet.write(table.to_reader(max_chunksize=7), stream, rows_per_sheet=11) == 25
    sheets = openpyxl.load_workbook(stream).worksheets
    assert [sheet.max_row for sheet in sheets] == [11, 11, 6]
    found = [row[0] for sheet in sheets for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert found == list(range(25))
    assert [sheet["A1"].value for sheet in sheets] == ["n"] * 3


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_an_empty_result_has_its_header(format: str) -> None:
    stream = written(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.float64())}), format)
    if format == "csv":
        assert stream.read() == b'"a","b"\n'
    elif format == "xlsx":
        assert list(openpyxl.load_workbook(stream).worksheets[0].iter_rows(values_only=True)) == [("a", "b")]
    else:
        assert pq.read_table(stream).num_rows == 0


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path, table: pa.Table) -> None:
    target = tmp_path / "out.csv"
    target.write_text("former")

    def failing() -> Any:
        yield from table.to_batches(max_chunksize=3)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        export.write(pa.RecordBatchReader.from_batches(table.schema, failing()), target)
    assert target.read_text() == "former"
    assert os.listdir(tmp_path) == ["out.csv"]
    assert export.write(table, target) == table.num_rows
    assert os.listdir(tmp_path) == ["out.csv"]
    with pytest.raises(ImgdashError, match="cannot be written"):
        export.write(table, tmp_path / "no folder" / "out.csv")
    with pytest.raises(ImgdashError, match=r"'pdf' is no format.*csv, parquet, xlsx"):
        export.write(table, tmp_path / "out.pdf")


@pytest.mark.parametrize(("format", "rows"), [("csv", 100_000), ("parquet", 100_000), ("xlsx", 40_000)])
def test_a_large_export_does_not_need_memory_for_all_of_it(tmp_path: Path, format: str, rows: int) -> None:
    """Rows of 2 kB, 200 MB as a table; in openpyxl's ordinary cells 40,000 of them would need as much."""
    done = subprocess.run(
        [sys.executable, "-c", _LARGE, str(tmp_path), format, str(rows)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert int(done.stdout.splitlines()[-1]) < 50


_LARGE = """
import resource, sys
import duckdb, openpyxl, pyarrow as pa, pyarrow.parquet
from imgdash.records import export

schema = pa.schema([("n", pa.int64()), ("text", pa.string())])

def write(rows, name):
    batches = (
        pa.record_batch([range(n, n + 500), [f"{i:064x}" * 32 for i in range(n, n + 500)]], schema)
        for n in range(0, rows, 500)
    )
    return export.write(pa.RecordBatchReader.from_batches(schema, batches), f"{sys.argv[1]}/{name}", sys.argv[2])

write(1000, "warm")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = int(sys.argv[3])
assert write(rows, "out") == rows
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_text_for_a_terminal_is_aligned_and_obeys_no_control_character() -> None:
    table = pa.table({"name": ["山田", "Mu\u0308ller", "\x1b[31mred\x07", None, "x" * 100], "n": [1, 22, 333, None, 5]})
    stream = io.StringIO()
    assert render(table.to_reader(), stream) == 5
    lines = stream.getvalue().splitlines()
    assert "\x1b" not in stream.getvalue()
    assert r"\x1b[31mred\x07" in lines[4]
    assert lines[2].startswith("山田") and lines[2].endswith("  1")  # noqa: PT018
    assert lines[-1] == "(5 rows)"
    assert len(lines[6]) < 60
    stream = io.StringIO()
    assert render(pa.table({"n": list(range(1000))}).to_reader(), stream, shown=3) == 1000
    assert stream.getvalue().endswith("(1000 rows, the first 3 shown; --format csv writes all)\n")
