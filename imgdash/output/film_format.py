"""Film sizes and layouts of PS3.3 C.13.3 as numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from imgdash.model import ImgdashError

MM_PER_INCH: Final = 25.4
_NAMED: Final = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
_SIZE: Final = re.compile(r"(\d+(?:_\d+)?)(IN|CM)X(\d+(?:_\d+)?)(IN|CM)")
_LAYOUT: Final = re.compile(r"STANDARD\\(\d),(\d)")


@dataclass(frozen=True)
class Cell:
    """One image box of a film.

    Attributes
    ----------
    rows, columns
        Pixels.
    pitch
        mm of film for one pixel.
    """

    rows: int
    columns: int
    pitch: float


def film_mm(film_size: str) -> tuple[float, float]:
    """Film Size ID (2010,0050) → width and height in mm, upright: ``14INX17IN`` → (355.6, 431.8).

    Raises
    ------
    ImgdashError
        If it is no defined term of PS3.3 C.13.3.
    """
    name = film_size.strip().upper()
    if name in _NAMED:
        return _NAMED[name]
    found = _SIZE.fullmatch(name)
    if found is None:
        raise ImgdashError(f"{film_size!r} is no film size.", "Use a term like 14INX17IN, 24CMX30CM, A4.")
    sides = [
        float(number.replace("_", ".")) * (MM_PER_INCH if unit == "IN" else 10.0)
        for number, unit in (found.groups()[:2], found.groups()[2:])
    ]
    return sides[0], sides[1]


def film_words(film_size: str) -> str:
    """Film Size ID as people write it: ``14INX17IN`` → ``14 × 17 in``; a name stays as it is."""
    found = _SIZE.fullmatch(film_size.strip().upper())
    if found is None:
        return film_size
    across, unit, down, other = (part.replace("_", ".").lower() for part in found.groups())
    return f"{across} × {down} {unit}" if unit == other else f"{across} {unit} × {down} {other}"


def grid(layout: str) -> tuple[int, int]:
    """Image Display Format (2010,0010) ``STANDARD\\C,R`` → columns, rows."""
    found = _LAYOUT.fullmatch(layout)
    if found is None:
        raise ImgdashError(f"{layout!r} is no layout.", r"Use STANDARD\C,R, for instance STANDARD\1,1.")
    return int(found[1]), int(found[2])


def cell(film_size: str, layout: str, orientation: str, dpi: int) -> Cell:
    """The pixels of one image box.

    Parameters
    ----------
    orientation
        ``PORTRAIT`` or ``LANDSCAPE`` (2010,0040).
    dpi
        Pixels for an inch of film.
    """
    width, height = film_mm(film_size)
    if orientation == "LANDSCAPE":
        width, height = height, width
    across, down = grid(layout)
    per_mm = dpi / MM_PER_INCH
    rows, columns = (math.floor(round(side * per_mm, 6)) for side in (height / down, width / across))
    return Cell(rows, columns, 1 / per_mm)
