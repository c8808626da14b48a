"""Reading a result batch by batch, and telling its own failures from those of what is done with it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from imgdash.model import ImgdashError


class SourceFailed(ImgdashError):
    """The query failed while its result was read."""


def batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The batches of a reader.

    Raises
    ------
    SourceFailed
        With DuckDB's words; Arrow hands them on as OSError.
    """
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (OSError, pa.ArrowException, duckdb.Error) as error:
            raise SourceFailed(f"The SQL failed: {error}.", "Narrow it, or correct the value it names.") from error
        yield batch
