"""Rays across a line: what lies inside, outside and beyond it.

Samples are those of `cv2.remap`, to the bit, without its arrays; and a ray ends where nothing further on would matter.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from imgdash.process.automatic.kernels import EVERY, NOTHING
from imgdash.process.fused.compiling import compiled

_SIGNAL: Final = np.float32(100.0)  # more is `NOTHING`, or halfway to it


@compiled
def starts(image: Any, nx: float, ny: float, offset: float) -> Any:
    """Points on a line, two pixels apart, that belong to the image, shape (n, 2)."""
    rows, columns = image.shape
    x, y = nx * offset, ny * offset
    middle = ((columns - 1) / 2 - x) * -ny + ((rows - 1) / 2 - y) * nx
    x, y = x - ny * middle, y + nx * middle
    half = np.hypot(rows, columns) / 2
    found = np.empty((int(np.ceil(2 * half / EVERY)), 2))
    count = 0
    for k in range(len(found)):
        at = EVERY * k - half
        px, py = x - ny * at, y + nx * at
        if 0 <= px <= columns - 1 and 0 <= py <= rows - 1 and image[int(np.rint(py)), int(np.rint(px))] < NOTHING:
            found[count, 0], found[count, 1] = px, py
            count += 1
    return found[:count]


@compiled
def means(image: Any, points: Any, nx: float, ny: float, away: Any) -> Any:
    """Mean over distances from each point of what is signal there; NaN where nothing is."""
    found = np.empty(len(points))
    for i in range(len(points)):
        count, total = 0, 0.0
        for k in range(len(away)):
            value = _at(image, points[i, 0] + away[k] * nx, points[i, 1] + away[k] * ny)
            if value < _SIGNAL:
                count += 1
                total += value
        found[i] = total / count if count else np.nan
    return found


@compiled
def blocked(smooth: Any, points: Any, nx: float, ny: float, first: float, limit: Any) -> Any:
    """How far away from each point, `first` pixels or more, the first lies that is at or below its limit; or inf."""
    rows, columns = smooth.shape
    found = np.full(len(points), np.inf)
    for i in range(len(points)):
        away = first
        x, y = points[i, 0] + away * nx, points[i, 1] + away * ny
        while -1 <= x <= columns and -1 <= y <= rows:
            value = _at(smooth, x, y)
            if value < NOTHING / 2 and not value > limit[i]:
                found[i] = away
                break
            away += EVERY
            x, y = points[i, 0] + away * nx, points[i, 1] + away * ny
    return found


@compiled
def stretch(shown: Any) -> tuple[int, int]:
    """First and last of where most points show something: the greatest sum of +1 and −1.5."""
    most, first, last = 0.0, 0, 0
    total, start = 0.0, 0
    for k in range(len(shown)):
        if total <= 0:
            total, start = 0.0, k
        total += 1.0 if shown[k] else -1.5
        if total > most:
            most, first, last = total, start, k
    return first, last


@compiled
def median(values: Any) -> float:
    """As `np.median`, of a short array without NaN."""
    ordered = values.copy()
    _sort(ordered)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@compiled
def profile(image: Any, points: Any, nx: float, ny: float, away: Any) -> Any:
    """Median at each distance over the rays that lie in the image with all of their length; empty where none does."""
    rays = np.empty((len(away), len(points)), np.float32)
    count = 0
    for i in range(len(points)):
        whole = True
        for k in range(len(away)):
            rays[k, count] = _at(image, points[i, 0] + away[k] * nx, points[i, 1] + away[k] * ny)
            if not rays[k, count] < _SIGNAL:
                whole = False
                break
        if whole:
            count += 1
    found = np.empty(len(away) if count else 0, np.float32)
    for k in range(len(found)):
        ordered = rays[k, :count]
        _sort(ordered)
        middle = count // 2
        found[k] = ordered[middle] if count % 2 else (ordered[middle - 1] + ordered[middle]) / np.float32(2)
    return found


@compiled
def _sort(values: Any) -> None:
    """In place, by Shell's method: short arrays, and numba takes seconds to compile `np.sort`."""
    step = 1
    while step < len(values) // 3:
        step = 3 * step + 1
    while step >= 1:
        for i in range(step, len(values)):
            value, j = values[i], i
            while j >= step and values[j - step] > value:
                values[j] = values[j - step]
                j -= step
            values[j] = value
        step //= 3


@compiled
def _at(image: Any, x_: float, y_: float) -> Any:
    """Interpolated between four pixels; outside the image lies `NOTHING`."""
    x, y = np.float32(x_), np.float32(y_)
    left, top = np.floor(x), np.floor(y)
    column, row = int(left), int(top)
    rows, columns = image.shape
    if column >= 0 and column + 1 < columns and row >= 0 and row + 1 < rows:
        a, b = image[row, column], image[row, column + 1]
        c, d = image[row + 1, column], image[row + 1, column + 1]
    else:
        a, b = _pixel(image, row, column), _pixel(image, row, column + 1)
        c, d = _pixel(image, row + 1, column), _pixel(image, row + 1, column + 1)
    across, down = x - left, y - top
    upper, lower = a + across * (b - a), c + across * (d - c)
    return upper + down * (lower - upper)


@compiled
def _pixel(image: Any, row: int, column: int) -> Any:
    return image[row, column] if 0 <= row < image.shape[0] and 0 <= column < image.shape[1] else NOTHING
