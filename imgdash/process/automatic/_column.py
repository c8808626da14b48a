"""Private: a spine seen from the side: the curve along which the anatomy is lighter than before and behind it.

Liver, shoulders and heart may be lighter than vertebrae, but only a column is so all along, and it does not turn
sharply. The path that adds up most is found row by row (dynamic programming) on a coarse grid.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_GRID_MM: Final = 3.0
_CORE_MM: Final = 30.0
_BESIDE_MM, _BESIDE_WIDE_MM = 32.0, 18.0
_MOST: Final = 0.15  # signal by which a place may be lighter than its sides: no bone beside air outweighs all else
_ALONG_MM: Final = 10.0
_TURN: Final = 0.5  # what a step aside costs, of the greatest gain of a row
_CENTRED: Final = 0.2  # what it costs to lie `_OFF_MM` off the middle: radiographers centre on the spine
_OFF_MM: Final = 60.0
_EVEN_MM: Final = 20.0
_WIDE_MM: Final = 32.0
_COVERED: Final = 0.3
_INSIDE: Final = 0.75
_LEAST_ROWS: Final = 5


def boxed(signal: Floats, anatomy: Mask, pitch_mm: float) -> tuple[Floats, Floats]:
    """Signal summed over the anatomy on the coarse grid, and the share of each of its cells that is anatomy."""
    scale = pitch_mm / _GRID_MM
    height, width = (max(1, round(length * scale)) for length in signal.shape)
    weight, total = (
        np.asarray(cv2.resize(v.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA))
        for v in (anatomy, np.where(anatomy, signal, 0))
    )
    return total, weight


def lighter(grid: tuple[Floats, Floats], core_mm: float, beside_mm: float, wide_mm: float) -> Floats:
    """How much lighter each place is than what lies left, and right of it, shape (2, rows, columns); NaN unknown."""
    core = _mean(grid, core_mm, 0.0)
    return np.stack([core - _mean(grid, wide_mm, side * beside_mm) for side in (-1, 1)])


def column(signal: Floats, anatomy: Mask, pitch_mm: float) -> tuple[Mask, float]:
    """A band along an upright spine, and how much lighter than its sides it is, of the most that counts."""
    from imgdash.process.automatic.kernels.paths import path

    grid = boxed(signal, anatomy, pitch_mm)
    weight = grid[1]
    apart = np.clip(lighter(grid, _CORE_MM, _BESIDE_MM, _BESIDE_WIDE_MM), -_MOST, _MOST)
    known = np.isfinite(apart)
    gain = np.where(known, apart, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    gain = np.where(known.any(axis=0), gain, -_MOST / 2).astype(np.float32)
    gain = np.asarray(cv2.GaussianBlur(gain, (0, 0), sigmaX=0.7, sigmaY=_ALONG_MM / _GRID_MM)) / _MOST
    size = (round(_CORE_MM / _GRID_MM) | 1, 1)
    inside = np.asarray(cv2.blur(weight, size, borderType=cv2.BORDER_CONSTANT)) > _INSIDE
    rows = np.flatnonzero(inside.any(axis=1))
    if len(rows) < _LEAST_ROWS:
        return anatomy, 0.0
    columns = np.flatnonzero(weight.max(axis=0) > _COVERED)
    off = (np.arange(weight.shape[1]) - (columns[0] + columns[-1]) / 2) * (_GRID_MM / _OFF_MM)
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    way = path(np.where(inside, gain - _CENTRED * off**2, -3.0)[part], _TURN)
    sure = float(gain[part][np.arange(len(way)), way].mean())
    places = np.arange(len(signal)) * (pitch_mm / _GRID_MM) + 0.5 * (pitch_mm / _GRID_MM) - 0.5
    even = cv2.GaussianBlur(way.astype(np.float32).reshape(-1, 1), (0, 0), sigmaX=0.1, sigmaY=_EVEN_MM / _GRID_MM,
                            borderType=cv2.BORDER_REPLICATE).ravel()  # fmt: skip
    middle = (np.interp(places, np.arange(part.start, part.stop), even) + 0.5) * (_GRID_MM / pitch_mm) - 0.5
    return np.asarray(anatomy & (np.abs(np.arange(signal.shape[1]) - middle[:, None]) <= _WIDE_MM / 2 / pitch_mm)), sure


def _mean(grid: tuple[Floats, Floats], wide_mm: float, aside_mm: float) -> Floats:
    """Mean of the anatomy over so wide a piece of each row, so far beside each place; NaN where there is little."""
    size = (round(wide_mm / _GRID_MM) | 1, 1)
    shift = np.array([[1, 0, -aside_mm / _GRID_MM], [0, 1, 0]], np.float64)
    total, weight = (
        np.asarray(cv2.warpAffine(cv2.blur(v, size, borderType=cv2.BORDER_CONSTANT), shift, v.shape[::-1]))
        for v in grid
    )
    return np.where(weight > _COVERED, total / np.maximum(weight, 1e-6), np.nan).astype(np.float32)
