"""The process in which an analyst's SQL runs; started by `imgdash.records.analyst`, never imported by the server.

Its database is locked down before the SQL is seen: no files but the snapshot, no extensions, no settings, limited
memory and time. It reads one JSON object on standard input and answers with one on standard output.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from imgdash.model import ImgdashError
from imgdash.records import export, snapshot, sql
from imgdash.records.batches import SourceFailed
from imgdash.records.partitions import read
from imgdash.records.statements import check
from imgdash.records.text import render
from imgdash.store.database import SCHEMA

_BATCH = 10_000
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "threads": "2",
}


def connect(question: dict[str, Any], scratch: Path) -> tuple[duckdb.DuckDBPyConnection, str]:
    """The site's database for reading; where a server has it open, a snapshot of what that publishes.

    Returns
    -------
    connection, folder
        The folder of the snapshot, or ''.
    """
    try:
        if Path(question["database"]).exists():
            return duckdb.connect(question["database"], read_only=True, config=_CONFIG), ""
    except duckdb.Error:
        # In use, or damaged: what is published is whole.
        pass
    folder = scratch / "records"
    folder.mkdir()
    snapshot.take(Path(question["records"]), folder)
    return _snapshot(folder), str(folder)


def _snapshot(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=_CONFIG)
    connection.execute(SCHEMA)
    manifest = read(folder)
    for table, periods in manifest.tables.items() if manifest else ():
        if periods:
            names = [str(folder / table / f"{period}.parquet") for period in sorted(periods)]
            listed = ", ".join(_quoted(name) for name in names)
            connection.execute(f'drop table "{table}"')
            connection.execute(f'create view "{table}" as select * from read_parquet([{listed}], union_by_name = true)')
    return connection


def lock_down(connection: duckdb.DuckDBPyConnection, scratch: Path, allowed: str, memory_mb: int) -> None:
    """After this, no statement can widen what the connection may do. The order matters."""
    # Standard output is for the answer.
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set memory_limit = '{memory_mb // 2}MB'")
    connection.execute(f"set temp_directory = {_quoted(str(scratch / 'spill'))}")
    connection.execute(f"set max_temp_directory_size = '{memory_mb * 2}MB'")
    if allowed:
        connection.execute(f"set allowed_directories = [{_quoted(allowed + '/')}]")
    # Python variables are no tables.
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def limit(memory_mb: int, seconds: float) -> None:
    """Limits of the operating system, should DuckDB's own not hold: its memory limit does not count everything."""
    with open("/proc/self/statm", encoding="ascii") as file:
        already = int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
    most = already + (memory_mb << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Should the parent be gone, nobody else would end us.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(math.ceil(seconds) + 10)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Run the SQL and write its result to the file asked for."""
    scratch = Path(question["scratch"])
    connection, folder = connect(question, scratch)
    connection.execute(sql.prelude())
    lock_down(connection, scratch, folder, question["memory_mb"])
    limit(question["memory_mb"], question["seconds"])
    statement = check(connection, question["sql"])
    clock = threading.Timer(question["seconds"], connection.interrupt)
    clock.daemon = True
    clock.start()
    try:
        seq = connection.execute("select max(seq) from journal").fetchone()
        reader = connection.execute(statement).to_arrow_reader(_BATCH)
        rows = _write(reader, question["target"], question["format"])
    except SourceFailed as error:
        raise _explained(error.__cause__ or error, question) from error
    except (duckdb.Error, MemoryError) as error:
        raise _explained(error, question) from error
    return {"rows": rows, "seq": seq[0] if seq else None, "source": "published" if folder else "database"}


def _write(reader: pa.RecordBatchReader, target: str, format: str) -> int:
    if format != "table":
        return export.write(reader, target, format)
    with open(target, "w", encoding="utf-8") as file:
        return render(reader, file)


def _explained(error: BaseException, question: dict[str, Any]) -> ImgdashError:
    text = str(error)
    if isinstance(error, duckdb.InterruptException) or "INTERRUPT" in text:
        return ImgdashError(
            f"The query took longer than {question['seconds']:g} s and was stopped.",
            "Narrow it, or allow more with --seconds.",
        )
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError) or "Out of Memory" in text:
        return ImgdashError(
            f"The query needs more than {question['memory_mb']} MB.", "Narrow it: fewer columns, a WHERE, a LIMIT."
        )
    return ImgdashError(f"The SQL failed: {text}.", "'show tables' and 'describe image' tell names.")


def main() -> None:
    """Answer one question."""
    question = json.load(sys.stdin)
    try:
        said = answer(question)
    except ImgdashError as error:
        said = {"cause": error.cause, "remedy": error.remedy}
    json.dump(said, sys.stdout)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


if __name__ == "__main__":
    main()
