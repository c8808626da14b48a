"""The reports (RECORDS.md 1-11): by name, with parameters, as a table or as a stream of batches."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

from imgdash.model import ImgdashError, NotFound
from imgdash.records import sql
from imgdash.records.declaration import Report, parse
from imgdash.store.store import Store

_BATCH = 10_000


@cache
def _all() -> dict[str, Report]:
    found = [entry.name.removesuffix(".sql") for entry in files(sql.__name__).iterdir() if entry.name.endswith(".sql")]
    reports = [parse(name, sql.text(name)) for name in found if name != "prelude"]
    return {report.name: report for report in sorted(reports, key=lambda report: report.order)}


def names() -> list[str]:
    """Names of the reports, in their order."""
    return list(_all())


def get(name: str) -> Report:
    """What a report is: title, parameters, columns with units, how to draw it.

    Raises
    ------
    NotFound
    """
    report = _all().get(name)
    if report is None:
        raise NotFound(f"No report {name!r}.", f"There are: {', '.join(names())}.")
    return report


def run(source: Store | duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> pa.Table:
    """A report as a table.

    Parameters
    ----------
    source
        The store, or a cursor on a database with its tables.
    parameters
        See `get`; what is not given has its default. Moments may be ISO 8601 text.

    Raises
    ------
    NotFound
        No report of this name.
    ImgdashError
        If a parameter is unknown or does not fit.
    """
    return _execute(source, name, parameters).to_arrow_table()


def stream(source: Store | duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> pa.RecordBatchReader:
    """As `run`, batch by batch, so that a large result never is in memory as a whole."""
    return _execute(source, name, parameters).to_arrow_reader(_BATCH)


def _execute(
    source: Store | duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any]
) -> duckdb.DuckDBPyConnection:
    report = get(name)
    bound = report.bind(parameters)
    # A cursor of its own: its result may be read while this thread reads something else.
    cursor = source.database.connection.cursor() if isinstance(source, Store) else source
    try:
        cursor.execute(sql.prelude())
        return cursor.execute(report.sql, bound)
    except duckdb.OutOfMemoryException as error:
        raise ImgdashError(
            f"The report {name!r} needs more memory than there is.", "Choose a shorter period."
        ) from error
    except duckdb.Error as error:
        raise ImgdashError(f"The report {name!r} failed: {error}.", "See 'imgdash doctor'.") from error
