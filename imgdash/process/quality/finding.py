"""Where the slanted edges of an edge plate are in an image: one that runs up and down, one that runs across."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process.quality.edge import Axis, EdgeMtf, slanted_edge

Floats = npt.NDArray[np.float32]

_COARSE_MM: Final = 1.0
# Shutters lie straight; an edge that is slanted less cannot be measured, one slanted more is no edge plate.
_LEAST_DEG, _MOST_DEG = 1.0, 12.0
_BESIDE_MM: Final = 20.0
_FROM_CORNER_MM: Final = 6.0
_SHORTEST_MM: Final = 15.0
_RIM_MM: Final = 8.0
# Part of the brighter side by which the darker one has to be darker.
_LEAST_CONTRAST: Final = 0.2


def edges(signal: npt.ArrayLike, pitch_mm: tuple[float, float]) -> tuple[EdgeMtf, ...]:
    """The MTF across each slanted edge that is found: of ``x``, of ``y``, or of both.

    Parameters
    ----------
    signal
        Linear signal, shape (rows, columns).
    pitch_mm
        Of rows and columns.

    Raises
    ------
    ImgdashError
        If there is none, with the reason.
    """
    values = np.ascontiguousarray(signal, dtype=np.float32)
    found: list[EdgeMtf] = []
    trouble: ImgdashError | None = None
    for axis in ("x", "y"):
        turned, (down, across) = (values, pitch_mm) if axis == "x" else (values.T, pitch_mm[::-1])
        try:
            place = _place(np.ascontiguousarray(turned), down, across)
            if place is None:
                continue
            rows, columns = place
            region = turned[rows, columns]
            region, pitch = (region, (down, across)) if axis == "x" else (region.T, (across, down))
            found.append(slanted_edge(region, pitch, _axis(axis)))
        except ImgdashError as error:
            trouble = error
    if not found:
        raise trouble or ImgdashError("There is no slanted edge in this image.", "Turn the edge plate by 1.5 to 3°.")
    return tuple(found)


def _axis(name: str) -> Axis:
    return "x" if name == "x" else "y"


def _place(values: Floats, down: float, across: float) -> tuple[slice, slice] | None:
    """Rows and columns around the strongest slanted edge that runs up and down, clear of corners."""
    size = (max(8, round(values.shape[1] * across / _COARSE_MM)), max(8, round(values.shape[0] * down / _COARSE_MM)))
    small = cv2.GaussianBlur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    step_y, step_x = values.shape[0] / size[1], values.shape[1] / size[0]
    inner = _field(small)
    for top, bottom, left, right in dict.fromkeys([inner, (0, small.shape[0], 0, small.shape[1])]):
        part = small[top:bottom, left:right]
        if min(part.shape) < _SHORTEST_MM / _COARSE_MM:
            continue
        line = _strongest(part)
        if line is None:
            continue
        first, last, at, slope = line
        middle = (first + last) / 2
        reach = _BESIDE_MM / _COARSE_MM + abs(slope) * (last - first) / 2
        low = max(left, left + at + slope * (middle - (part.shape[0] - 1) / 2) - reach)
        high = min(right, left + at + slope * (middle - (part.shape[0] - 1) / 2) + reach)
        return (
            slice(round((top + first) * step_y), round((top + last) * step_y)),
            slice(round(low * step_x), round(high * step_x)),
        )
    return None


def _field(small: Floats) -> tuple[int, int, int, int]:
    """The box around what the beam reached, without its rim: top, bottom, left, right."""
    bright = small > 0.3 * float(np.percentile(small, 95))
    rim = round(_RIM_MM / _COARSE_MM)
    sides: list[int] = []
    for axis in (1, 0):
        there = np.flatnonzero(bright.mean(axis=axis) > 0.02)
        whole = small.shape[1 - axis]
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, whole)
        # Nothing needs to be taken off where the beam goes over the rim of the detector.
        sides += [first + rim if first > 1 else 0, last - rim if last < whole - 1 else whole]
    top, bottom, left, right = sides
    return top, bottom, left, right


def _strongest(part: Floats) -> tuple[float, float, float, float] | None:
    """First and last row, place in the middle row, and slope of the strongest line; None where nothing is clear."""
    gradient = cv2.Sobel(part, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    rows = np.arange(part.shape[0])
    offset = rows - (len(rows) - 1) / 2
    angles = np.arange(_LEAST_DEG, _MOST_DEG + 0.01, 0.25)
    best: tuple[float, float, int] = (0.0, 0.0, 0)
    for angle in np.concatenate([-angles, angles]):
        slope = float(np.tan(np.radians(angle)))
        score = np.abs(_along(gradient, slope, offset).sum(axis=0))
        at = int(score.argmax())
        if score[at] > best[0]:
            best = (float(score[at]), slope, at)
    _, slope, at = best
    strength = np.abs(_along(gradient, slope, offset)[:, max(0, at - 1) : at + 2]).max(axis=1)
    run = _longest(strength > 0.5 * float(np.quantile(strength, 0.9)))
    away = round(_FROM_CORNER_MM / _COARSE_MM)
    if run is None:
        return None
    # Corners lie within; the rim of the region is no corner.
    first = run[0] + (away if run[0] > 0 else 0)
    last = run[1] - (away if run[1] < len(rows) else 0)
    if last - first < _SHORTEST_MM / _COARSE_MM:
        return None
    sheared = _along(part, slope, offset)[first:last]
    beside = [float(np.median(sheared[:, max(0, min(at + by, part.shape[1] - 1))])) for by in (-4, 4)]
    if abs(beside[1] - beside[0]) < _LEAST_CONTRAST * max(beside):
        return None
    return float(first), float(last), float(at), slope


def _along(values: Floats, slope: float, offset: npt.NDArray[Any]) -> Floats:
    """Each row shifted so that a line of this slope becomes a column; what lies outside is 0."""
    moved: npt.NDArray[np.intp] = np.arange(values.shape[1])[None, :] + np.rint(slope * offset).astype(np.intp)[:, None]
    inside = (moved >= 0) & (moved < values.shape[1])
    taken = np.take_along_axis(values, np.clip(moved, 0, values.shape[1] - 1), axis=1)
    return np.where(inside, taken, np.float32(0))


def _longest(there: npt.NDArray[np.bool_]) -> tuple[int, int] | None:
    """First and last of the longest run, gaps of one forgiven."""
    closed = there.copy()
    closed[1:-1] |= there[:-2] & there[2:]
    changes = np.flatnonzero(np.diff(np.concatenate([[0], closed.view(np.int8), [0]])))
    runs = list(zip(changes[::2], changes[1::2], strict=True))
    if not runs:
        return None
    first, last = max(runs, key=lambda run: run[1] - run[0])
    return int(first), int(last)
