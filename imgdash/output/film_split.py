"""One image over several films in true size (split, B1): which part each of them shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from imgdash.model import ImgdashError
from imgdash.output.film_format import Cell

MOST: Final = 6
"""More films than this for one image are a mistake in the site file, or in the pixel spacing."""


@dataclass(frozen=True)
class Sheet:
    """What one film shows.

    Attributes
    ----------
    rows, columns
        Of the image in true size.
    top, left
        Where its first pixel lies on the film: at the edge where another film goes on, else where it was placed.
    """

    rows: slice
    columns: slice
    top: int
    left: int


def sheets(
    shape: tuple[int, int], free: tuple[int, int], overlap: int, place: tuple[float, float] = (0.5, 0.5)
) -> list[Sheet]:
    """The films of an image, from left to right, then from top to bottom.

    Parameters
    ----------
    shape
        Rows and columns of the image at the film's own pitch.
    free
        Rows and columns of a film that an image may take.
    overlap
        Pixels that neighbours share, so that they can be laid upon each other.
    place
        Down and across, of an image that needs one film: 0 is at the top or left, 1 at the bottom or right.

    Raises
    ------
    ImgdashError
        If several films are needed, and neighbours would share more than half of one.
    """
    down, across = (_spans(length, room, overlap) for length, room in zip(shape, free, strict=True))
    return [
        Sheet(
            slice(*rows),
            slice(*columns),
            top=0 if len(down) > 1 else int((free[0] - shape[0]) * place[0]),
            left=0 if len(across) > 1 else int((free[1] - shape[1]) * place[1]),
        )
        for rows in down
        for columns in across
    ]


def count(height_mm: float, width_mm: float, box: Cell, band: int, overlap_mm: float) -> int:
    """How many films an image of this size needs; more than `MOST` where no number of them would do."""
    shape = math.ceil(height_mm / box.pitch), math.ceil(width_mm / box.pitch)
    try:
        return len(sheets(shape, (box.rows - band, box.columns), round(overlap_mm / box.pitch)))
    except ImgdashError:
        return MOST + 1


def _spans(length: int, room: int, overlap: int) -> list[tuple[int, int]]:
    if length <= room:
        return [(0, length)]
    # Each film shows at least as much that is new as it repeats: every place is on two films at the most.
    if 2 * overlap > room:
        raise ImgdashError(
            "Neighbouring films would share more than half of a film.",
            "Give the printer a smaller split_overlap_mm, or a larger film_size.",
        )
    step = room - overlap
    number = math.ceil((length - overlap) / step)
    return [(k * step, min(k * step + room, length)) for k in range(number)]
