"""Kernels of the pyramid: half the size, and a level's detail, each for a strip of rows.

Tuples are taken apart before the loops: doing it for each row costs as much as a row's arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused import rows
from imgdash.process.fused.compiling import compiled
from imgdash.process.fused.model import Curve, Map, Noise, Taps


@compiled
def halve_rows(
    source: Any, table: Any, down: Taps, across: Taps, share: float, out: Any, start: int, stop: int
) -> None:
    """Rows start…stop of the next coarser level: area means, softened.

    Parameters
    ----------
    source
        Signal; or stored patterns, uint16, which `table` makes signal of.
    share
        Of either neighbour in softening.
    """
    last = out.shape[0] - 1
    place, weight = down
    across_place, across_weight = across
    rest = np.float32(1) - 2 * share
    lines = np.zeros((4, source.shape[1]), np.float32)  # three as they come, and their mean
    mean = np.empty(out.shape[1], np.float32)
    ready = np.empty((3, out.shape[1]), np.float32)
    following = start - 1
    for y in range(start, stop):
        while following <= min(y + 1, last):
            k = max(following, 0)
            for t in range(3):
                if weight[t, k] > 0:
                    rows.load(source, place[t, k], table, lines, t)
            rows.sum_of_three(lines, 0, 1, 2, weight[0, k], weight[1, k], weight[2, k], lines, 3)
            rows.narrow(lines, 3, across_place, across_weight, mean)
            rows.soften(mean, share, ready, following % 3)
            following += 1
        rows.sum_of_three(ready, (y - 1) % 3, y % 3, min(y + 1, last) % 3, share, rest, share, out, y)


@compiled
def widened(values: Any, first: int, second: int, across: Any, held: Any, kept: Any) -> None:
    """Put two rows of a coarse map, as wide as the output, into `kept`; `held` says which stand there already."""
    for row in (first, second):
        slot = row & np.uint32(1)
        if held[slot] != row:
            rows.widen(values, row, across[0], across[1], across[2], kept, slot)
            held[slot] = row


@compiled
def buffers(columns: int) -> tuple[Any, Any]:
    """For `widened`: which rows it holds, none yet, and room for them."""
    return np.full(2, 0xFFFFFFFF, np.uint32), np.empty((2, columns), np.float32)


@compiled
def detail_rows(
    source: Any, band: Curve, noise: Noise, coarser: Map, added: Map, out: Any, start: int, stop: int
) -> None:
    """Rows start…stop of the detail of a level and of all coarser ones, before β."""
    columns = source.shape[1]
    one = np.uint32(1)
    table, gain, offset = band
    (noise_values, (noise_first, noise_second, noise_weight), noise_across), square = noise
    coarser_values, (coarser_first, coarser_second, coarser_weight), coarser_across = coarser
    added_values, (added_first, added_second, added_weight), added_across = added
    index = np.empty(columns, np.uint16)
    share = np.empty(columns, np.float32)
    held, kept = buffers(columns)
    held_noise, kept_noise = buffers(columns)
    held_added, kept_added = buffers(columns)
    for y in range(start, stop):
        if table.shape[0]:
            a, b = coarser_first[y], coarser_second[y]
            widened(coarser_values, a, b, coarser_across, held, kept)
            if noise_values.shape[0]:
                c, d = noise_first[y], noise_second[y]
                widened(noise_values, c, d, noise_across, held_noise, kept_noise)
                rows.core_difference(
                    source, y, kept, a & one, b & one, coarser_weight[y], gain, offset, index, kept_noise, c & one,
                    d & one, noise_weight[y], square, share,
                )  # fmt: skip
                rows.look_up_share(index, table, share, out, y)
            else:
                rows.quantise_difference(source, y, kept, a & one, b & one, coarser_weight[y], gain, offset, index)
                rows.look_up(index, table, out, y)
        else:
            out[y] = 0
        if added_values.shape[0]:
            a, b = added_first[y], added_second[y]
            widened(added_values, a, b, added_across, held_added, kept_added)
            rows.add_between(out, y, kept_added, a & one, b & one, added_weight[y])
