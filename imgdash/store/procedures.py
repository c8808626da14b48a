"""The table of ordered procedures (D4): what HIS/RIS calls a procedure → the condition key it is radiographed with.

``procedures.csv`` in the site folder, for any editor or spreadsheet. A procedure that is not in it finds its key by
the selections of the condition files.
"""

from __future__ import annotations

import csv
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from imgdash.model import ImgdashError, NotFound, Order


@dataclass(frozen=True)
class Procedure:
    """One row.

    Attributes
    ----------
    procedure_code
        As in OBR-4.1 or Requested Procedure Code Sequence; capitals and small letters are the same.
    condition_key
        '' leaves the choice to the condition files.
    body_part, view
        DICOM's terms (region and method), where the order says neither; '' for none.
    """

    procedure_code: str
    condition_key: str = ""
    body_part: str = ""
    view: str = ""


_COLUMNS = tuple(field.name for field in fields(Procedure))


class Procedures:
    """The table, read again whenever the file has changed.

    Attributes
    ----------
    problem
        Why the file could not be read, or ''; then the rows read before stay in force.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._rows: dict[str, Procedure] = {}
        # What the file has besides, and is kept: columns, and what stands in them by code.
        self._more: tuple[str, ...] = ()
        self._extra: dict[str, dict[str, str]] = {}

    def all(self) -> list[Procedure]:
        """Every row, by code."""
        with self._lock:
            self._refresh()
            return sorted(self._rows.values(), key=lambda row: row.procedure_code)

    def find(self, code: str) -> Procedure | None:
        """The row of a procedure code, or None."""
        with self._lock:
            self._refresh()
            return self._rows.get(_plain(code)) if code else None

    def fill(self, order: Order, keys: Sequence[str]) -> Order:
        """`order` with what the table says of its procedure, where it does not say it itself.

        Parameters
        ----------
        keys
            Condition keys that are in force; another one in the table is passed over.
        """
        row = self.find(order.procedure_code)
        if row is None:
            return order
        key = row.condition_key if row.condition_key in keys else ""
        return replace(
            order,
            condition=order.condition or key,
            body_part=order.body_part or row.body_part,
            view=order.view or row.view,
        )

    def set(self, row: Procedure) -> None:
        """Add or change a row.

        Raises
        ------
        ImgdashError
            If it has no code, or the file cannot be read.
        """
        if not row.procedure_code.strip():
            raise ImgdashError("A procedure needs a code.", "Give the code as HIS/RIS sends it.")
        with self._lock:
            self._editable()
            self._write({**self._rows, _plain(row.procedure_code): row})

    def remove(self, code: str) -> None:
        """Remove a row.

        Raises
        ------
        NotFound
        """
        with self._lock:
            self._editable()
            if _plain(code) not in self._rows:
                raise NotFound(f"No procedure {code!r} in the table.", f"See {self.path.name}.")
            self._write({key: row for key, row in self._rows.items() if key != _plain(code)})

    def _editable(self) -> None:
        self._refresh()
        if self.problem:
            raise ImgdashError(self.problem, "Mend the file first, so that nothing in it is lost.")

    def _refresh(self) -> None:
        try:
            status = self.path.stat()
        except OSError:
            self._stamp, self._rows, self.problem = None, {}, ""
            self._more, self._extra = (), {}
            return
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._rows, self.problem = self._read(), ""
        except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
            self.problem = f"{self.path.name} cannot be read: {error}."

    def _read(self) -> dict[str, Procedure]:
        with open(self.path, encoding="utf-8-sig", newline="") as file:
            # A spreadsheet of some countries writes semicolons.
            separator = ";" if ";" in file.readline() else ","
            file.seek(0)
            reader = csv.DictReader(file, delimiter=separator)
            if "procedure_code" not in (reader.fieldnames or ()):
                raise ValueError(f"its first line must name the columns {', '.join(_COLUMNS)}")
            more = tuple(name for name in reader.fieldnames or () if name and name not in _COLUMNS)
            found, extra = {}, {}
            for line in reader:
                row = Procedure(*((line.get(name) or "").strip() for name in _COLUMNS))
                if code := _plain(row.procedure_code):
                    found[code] = row
                    extra[code] = {name: line.get(name) or "" for name in more}
        self._more, self._extra = more, extra
        return found

    def _write(self, rows: dict[str, Procedure]) -> None:
        temporary = self.path.with_suffix(".tmp")
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*_COLUMNS, *self._more])
            writer.writeheader()
            writer.writerows(asdict(row) | self._extra.get(code, {}) for code, row in rows.items())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
        self._stamp = None
        self._refresh()


def _plain(code: str) -> str:
    return code.strip().upper()
