"""Tables as CSV, Parquet or XLSX, batch by batch (RECORDS.md 12)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from imgdash.model import ImgdashError
from imgdash.records.atomic import replacing
from imgdash.records.batches import batches
from imgdash.records.harmless import harmless

# What each format is called on the web.
MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write(source: pa.Table | pa.RecordBatchReader, target: Path | str | IO[bytes], format: str = "") -> int:
    """Write a table.

    In CSV and XLSX, texts that a spreadsheet would take for a formula get a leading apostrophe; Parquet keeps
    them as they are. A file is written beside its name and renamed when it is whole.

    Parameters
    ----------
    source
        A table, or a stream of batches of which one at a time is in memory.
    target
        A path, or a binary stream.
    format
        ``csv`` (UTF-8, header line, unknown values empty), ``parquet`` or ``xlsx``; by default what the path ends with.

    Returns
    -------
    int
        Number of rows written.

    Raises
    ------
    ImgdashError
        If the format is none of these, or the file cannot be written.
    """
    if not format and isinstance(target, Path | str):
        format = Path(target).suffix.removeprefix(".")
    writer = _WRITERS.get(format)
    if writer is None:
        raise ImgdashError(f"{format!r} is no format of an export.", f"There are: {', '.join(_WRITERS)}.")
    reader = source.to_reader() if isinstance(source, pa.Table) else source
    try:
        if isinstance(target, Path | str):
            with replacing(Path(target)) as temporary, open(temporary, "wb") as file:
                return writer(reader, file)
        return writer(reader, target)
    except pa.ArrowNotImplementedError as error:
        raise ImgdashError(f"{format} cannot hold a column of this kind: {error}.", "Cast it to varchar.") from error
    except OSError as error:
        raise ImgdashError(
            f"The export cannot be written: {error}.", "Check the folder, its rights, the disk."
        ) from error


def _csv(reader: pa.RecordBatchReader, stream: IO[bytes]) -> int:
    rows = 0
    with pc_csv.CSVWriter(stream, harmless(reader.schema.empty_table()).schema) as writer:
        for batch in batches(reader):
            writer.write_table(harmless(pa.Table.from_batches([batch])))
            rows += batch.num_rows
    return rows


def _parquet(reader: pa.RecordBatchReader, stream: IO[bytes]) -> int:
    rows = 0
    with pq.ParquetWriter(stream, reader.schema, compression="zstd") as writer:
        for batch in batches(reader):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _xlsx(reader: pa.RecordBatchReader, stream: IO[bytes]) -> int:
    from imgdash.records import spreadsheet  # brings openpyxl, for which no start has to wait

    return spreadsheet.write(reader, stream)


_WRITERS: Final[dict[str, Callable[[pa.RecordBatchReader, IO[bytes]], int]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "xlsx": _xlsx,
}
