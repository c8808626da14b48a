"""SQL of an analyst over the records, also beside a running server (`imgdash query`).

It runs in a process of its own with a limit of memory and time, on a connection that can do nothing but read.
Beside a running server that process reads the published records; otherwise the database itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from imgdash.model import ImgdashError
from imgdash.records.atomic import replacing
from imgdash.records.export import MEDIA_TYPES

# Seconds for starting, and for stopping by itself at its limit; then it is killed.
_GRACE = 10.0
FORMATS = ("table", *MEDIA_TYPES)


@dataclass(frozen=True)
class Answer:
    """What a query gave.

    Attributes
    ----------
    rows
        Number of rows of the result.
    source
        ``database``, or ``published`` beside a running server.
    seq
        Last line of the journal that the answer knows of.
    """

    rows: int
    source: str
    seq: int | None


def query(
    folder: Path,
    sql: str,
    *,
    format: str = "",
    output: Path | None = None,
    stream: IO[bytes] | None = None,
    seconds: float = 60.0,
    memory_mb: int = 1024,
) -> Answer:
    """Run one SELECT and write its result.

    Parameters
    ----------
    folder
        The site folder.
    format
        ``table`` for people, ``csv``, ``parquet`` or ``xlsx``; by default what the file ends with, otherwise a table.
    output
        File to write, replaced only when the result is whole; without it, `stream`, else standard output.
    seconds, memory_mb
        Limits of time and memory; at either the query ends, and nothing else.

    Raises
    ------
    ImgdashError
        If the SQL is not one SELECT, fails, or comes to a limit; if the format is none; if there is nothing to read.
    """
    format = format or _of_file(output)
    if format not in FORMATS:
        raise ImgdashError(f"{format!r} is no format.", f"There are: {', '.join(FORMATS)}.")
    if output is None and stream is None and format in ("parquet", "xlsx") and sys.stdout.isatty():
        raise ImgdashError(f"{format} is nothing for a terminal.", "Name a file with --output.")
    with _scratch(folder / "records") as scratch:
        result = scratch / "result"
        said = _ask(
            {
                "sql": sql,
                "format": format,
                "target": str(result),
                "scratch": str(scratch),
                "seconds": seconds,
                "memory_mb": memory_mb,
                "database": str(folder / "imgdash.duckdb"),
                "records": str(folder / "records"),
            }
        )
        if "cause" in said:
            raise ImgdashError(said["cause"], said["remedy"])
        _deliver(result, output, stream)
    return Answer(said["rows"], said["source"], said["seq"])


def _of_file(output: Path | None) -> str:
    """The format that the name of a file promises: a spreadsheet opens no table for people."""
    ending = output.suffix[1:].lower() if output else ""
    return ending if ending in FORMATS else "table"


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    """Let the sandbox answer, and end it at the limit of time."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "imgdash.records.sandbox"],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=question["seconds"] + _GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ImgdashError(
            f"The query took longer than {question['seconds']:g} s and was killed.",
            "Narrow it, or allow more with --seconds.",
        ) from None
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ImgdashError(
            f"The query ended without an answer: {_last_line(done)}.",
            f"If it needed more than {question['memory_mb']} MB, narrow it: fewer columns, a WHERE, a LIMIT.",
        ) from None
    return said


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1].rstrip(".") if lines else f"its process ended with {done.returncode}"


def _deliver(result: Path, output: Path | None, stream: IO[bytes] | None) -> None:
    if output is None:
        with open(result, "rb") as file:
            shutil.copyfileobj(file, stream or sys.stdout.buffer)
        (stream or sys.stdout.buffer).flush()
        return
    try:
        with replacing(output) as temporary:
            shutil.copyfile(result, temporary)
    except OSError as error:
        raise ImgdashError(
            f"{output} cannot be written: {error}.", "Check the folder, its rights and the disk."
        ) from None


@contextmanager
def _scratch(records: Path) -> Iterator[Path]:
    """A private folder on the file system of the published records, where links cost nothing; else anywhere."""
    try:
        made = tempfile.TemporaryDirectory(prefix=".query-", dir=records)
    except OSError:
        made = tempfile.TemporaryDirectory(prefix="imgdash-query-")
    with made as name:
        yield Path(name)
