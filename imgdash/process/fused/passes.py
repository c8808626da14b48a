"""The passes over an image: each is a kernel called for strips of rows.

Kernels are imported where they are called: their compiler takes a quarter of a second and 50 MB, which only those
processes shall pay that form images.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.fused.model import Compression, Curve, Detail, Floats, Map, Noise, Source
from imgdash.process.fused.sampling import covering, halving
from imgdash.process.fused.strips import over_strips

SOFTEN: Final = 0.14
"""Share of either neighbour in softening the area means of a coarser level, against aliasing."""


def halve(source: Source) -> Floats:
    """The next coarser level, half as many rows and columns, rounded up."""
    from imgdash.process.fused.pyramid import halve_rows

    rows, columns = source.pixels.shape
    out = np.empty(((rows + 1) // 2, (columns + 1) // 2), np.float32)
    down, across = halving(rows), halving(columns)

    pixels, share = _unwritable(source.pixels), np.float32(SOFTEN)

    def strip(start: int, stop: int) -> None:
        halve_rows(pixels, source.table, down, across, share, out, start, stop)

    over_strips(strip, out.shape)
    return out


def averages(source: Source, one: tuple[int, int], other: tuple[int, int]) -> tuple[Floats, Floats]:
    """Signal averaged over areas, in two sizes.

    Parameters
    ----------
    source
        Stored patterns and their table.
    one, other
        Rows and columns; no more of either than the source has.
    """
    from imgdash.process.fused.averaging import average

    made = np.zeros(one, np.float32), np.zeros(other, np.float32)
    (down, across), (other_down, other_across) = (
        [covering(*lengths) for lengths in zip(source.pixels.shape, out.shape, strict=True)] for out in made
    )
    if source.pixels.size:
        average(_unwritable(source.pixels), source.table, down, across, made[0], other_down, other_across, made[1])
    return made


def counts(pixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
    """How often each of the 65536 patterns is there; `pixels` 2-D."""
    from imgdash.process.fused.averaging import count

    found = np.zeros((2, 65536), np.uint32)
    count(_unwritable(pixels), found)
    return found.sum(axis=0, dtype=np.int64)


def detail(level: Floats, band: Curve, noise: Noise, coarser: Map, added: Map) -> Floats:
    """Detail of a level and of all coarser ones: F(level − coarser) + added."""
    from imgdash.process.fused.pyramid import detail_rows

    level = _unwritable(level)
    out = np.empty_like(level)

    def strip(start: int, stop: int) -> None:
        detail_rows(level, band, noise, coarser, added, out, start, stop)

    over_strips(strip, out.shape)
    return out


def render(
    source: Source,
    enhancement: Detail,
    compression: Compression,
    grade: Curve,
    rotation: int = 0,
    mirror: bool = False,
) -> npt.NDArray[np.uint16]:
    """Everything from stored pixels to turned P-values in one pass (G4).

    Parameters
    ----------
    rotation, mirror
        Quarter turns clockwise in degrees, then left and right exchanged.
    """
    from imgdash.process.fused.rendering import render_rows

    rows, columns = source.pixels.shape
    transpose = rotation in (90, 270)
    # Before rows and columns are exchanged: from which end each is filled. The mirror acts on what is across then.
    flip_y, flip_x = rotation in (90, 180), rotation in (180, 270)
    if mirror and transpose:
        flip_y = not flip_y
    elif mirror:
        flip_x = not flip_x
    out = np.empty((columns, rows) if transpose else (rows, columns), np.uint16)
    pixels = _unwritable(source.pixels)

    def strip(start: int, stop: int) -> None:
        to = slice(rows - stop, rows - start) if flip_y else slice(start, stop)
        upright = np.empty((stop - start, columns), np.uint16) if transpose else out[to]
        render_rows(pixels, source.table, enhancement, compression, grade, start, flip_y, flip_x, upright)
        if transpose:
            cv2.transpose(upright, dst=out[:, to])

    over_strips(strip, source.pixels.shape)
    return out


def filled(mask: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.bool_]:
    """Cells of a grid over a mask of 0 and 255 whose mean rounds to 255."""
    from imgdash.process.fused.cells import filled_cells

    return np.asarray(filled_cells(_unwritable(mask), rows, columns, 0.5 / 255))


def _unwritable(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One kind of array whether it is a mapped file or memory: a kernel is compiled for each kind."""
    view = np.ascontiguousarray(pixels).view()
    view.flags.writeable = False
    return view
