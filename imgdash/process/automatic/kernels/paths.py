"""The way through rows that adds up most."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled


@compiled
def path(gain: Any, turn: float) -> Any:
    """The column in each row on the way with the most gain: at most one aside from row to row, which costs `turn`."""
    rows, columns = gain.shape
    best, before = np.empty(columns), np.empty(columns)
    came = np.zeros((rows, columns), np.int8)
    best[:] = gain[0]
    for y in range(1, rows):
        before[:] = best
        for x in range(columns):
            most, where = (before[x - 1] - turn if x else -np.inf), -1
            if before[x] > most:
                most, where = before[x], 0
            if x + 1 < columns and before[x + 1] - turn > most:
                most, where = before[x + 1] - turn, 1
            best[x], came[y, x] = gain[y, x] + most, where
    way = np.empty(rows, np.int64)
    way[-1] = np.argmax(best)
    for y in range(rows - 1, 0, -1):
        way[y - 1] = way[y] + came[y, way[y]]
    return way
