"""Which cells of a coarse grid a mask fills: OpenCV takes ten times as long to average it where cells are not whole."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled


@compiled
def filled_cells(mask: Any, rows: int, columns: int, most: float) -> Any:
    """Cells of a grid over `mask` of which no more than `most`, a share, is 0."""
    height, width = mask.shape
    tall, wide = height / rows, width / columns
    empty = np.empty(width, np.float32)  # how much of a column of the cell
    found = np.empty((rows, columns), np.bool_)
    for r in range(rows):
        low, high = r * tall, min((r + 1) * tall, height)
        empty[:] = 0
        for y in range(int(low), ceil(high)):
            part = np.float32(min(y + 1, high) - max(y, low))
            for x in range(width):
                empty[x] += part * np.float32(mask[y, x] == 0)
        for c in range(columns):
            left, right = c * wide, min((c + 1) * wide, width)
            total = 0.0
            for x in range(int(left), ceil(right)):
                total += empty[x] * (min(x + 1, right) - max(x, left))
            found[r, c] = total <= most * tall * wide
    return found
