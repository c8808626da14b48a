"""Ridges of steepness: pixels that are not less steep than the one before and the one behind, along their rise."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled


@compiled
def ridges(dx: Any, dy: Any, least: float) -> tuple[Any, Any, Any]:
    """Pixels on a ridge that rise by more than `least`, row by row.

    Parameters
    ----------
    dx, dy
        Rise from pixel to pixel, float32.

    Returns
    -------
    Their x and y; the direction of their rise, unit vectors, both of shape (n, 2); and how much they rise.
    """
    rows, columns = dx.shape
    rise = np.empty((rows, columns), np.float32)
    for y in range(rows):
        for x in range(columns):
            rise[y, x] = np.sqrt(np.float64(dx[y, x]) ** 2 + np.float64(dy[y, x]) ** 2)
    steep_enough = np.float32(least)
    found = np.empty(rows * columns, np.int64)
    count = 0
    for y in range(1, rows - 1):
        for x in range(1, columns - 1):
            here = rise[y, x]
            if here > steep_enough:
                ax, ay = int(np.rint(dx[y, x] / here)), int(np.rint(dy[y, x] / here))
                if here >= rise[y + ay, x + ax] and here >= rise[y - ay, x - ax]:
                    found[count] = y * columns + x
                    count += 1
    points, outward, steep = np.empty((count, 2)), np.empty((count, 2)), np.empty(count, np.float32)
    for n in range(count):
        y, x = found[n] // columns, found[n] % columns
        steep[n] = rise[y, x]
        points[n, 0], points[n, 1] = x, y
        outward[n, 0], outward[n, 1] = dx[y, x] / steep[n], dy[y, x] / steep[n]
    return points, outward, steep
