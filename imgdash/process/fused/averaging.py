"""Kernels of smaller images: areas of the signal averaged, two sizes in one pass; and how often each value is there.

A row is looked up once, added to the rows of both smaller images that it lies in while it is in the processor's cache,
and the whole image in the signal domain, twice as large as the stored one, is never made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled
from imgdash.process.fused.rows import load


@compiled
def count(pixels: Any, found: Any) -> None:
    # By turns in two tables: neighbours are often alike, and one count would wait for the other.
    for y in range(pixels.shape[0]):
        for x in range(0, pixels.shape[1] - 1, 2):
            found[0, pixels[y, x]] += np.uint32(1)
            found[1, pixels[y, x + 1]] += np.uint32(1)
        if pixels.shape[1] % 2:
            found[0, pixels[y, pixels.shape[1] - 1]] += np.uint32(1)


@compiled
def average(
    pixels: Any, table: Any, down_1: Any, across_1: Any, out_1: Any, down_2: Any, across_2: Any, out_2: Any
) -> None:
    line = np.empty((1, pixels.shape[1]), np.float32)
    sums_1 = np.zeros((2, pixels.shape[1]), np.float32)
    sums_2 = np.zeros((2, pixels.shape[1]), np.float32)
    for y in range(pixels.shape[0]):
        load(pixels, y, table, line, 0)
        _gather(line, y, down_1, across_1, sums_1, out_1)
        _gather(line, y, down_2, across_2, sums_2, out_2)


@compiled
def _gather(line: Any, y: int, down: Any, across: Any, sums: Any, out: Any) -> None:
    """Add a row to the one or two that it lies in; finish the first of them with its last row."""
    place, within, beyond = down.place[y], down.within[y], down.beyond[y]
    now, after = place & np.uint32(1), (place + np.uint32(1)) & np.uint32(1)
    for x in range(line.shape[1]):
        sums[now, x] += within * line[0, x]
    if beyond > 0:
        for x in range(line.shape[1]):
            sums[after, x] += beyond * line[0, x]
    if y + 1 < down.place.shape[0] and down.place[y + 1] == place:
        return
    for x in range(line.shape[1]):
        out[place, across.place[x]] += across.within[x] * sums[now, x]
        if across.beyond[x] > 0:
            out[place, across.place[x] + np.uint32(1)] += across.beyond[x] * sums[now, x]
        sums[now, x] = 0
