"""Counts of the values of an image under a mask, without taking these out first."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled


@compiled
def ranked(patterns: Any, mask: Any, ranks: Any) -> Any:
    """Float32 values at places in the order of those under a mask, as bits.

    Two counts find each of them, by the upper and by the lower half of their bits: that is faster than sorting.

    Parameters
    ----------
    patterns
        The values' bits, uint32.
    ranks
        Places, 0 for the least.
    """
    upper = np.zeros(1 << 16, np.int32)
    values, marks = patterns.ravel(), mask.ravel()
    for i in range(len(values)):
        upper[_key(values[i]) >> np.uint32(16)] += np.int32(marks[i])  # no branch that is taken at random
    rest, halves, slot = np.empty(len(ranks), np.int64), np.empty(len(ranks), np.int64), np.full(1 << 16, -1, np.int8)
    slots = 0
    for k in range(len(ranks)):
        halves[k], rest[k] = _find(upper, ranks[k])
        if slot[halves[k]] < 0:
            slot[halves[k]] = slots
            slots += 1
    lower = np.zeros((slots, 1 << 16), np.int32)
    for i in range(len(values)):
        key = _key(values[i])
        here = slot[key >> np.uint32(16)]
        if here >= 0:
            lower[here, key & np.uint32(0xFFFF)] += np.int32(marks[i])
    found = np.empty(len(ranks), np.uint32)
    for k in range(len(ranks)):
        low, _ = _find(lower[slot[halves[k]]], rest[k])
        key = np.uint32((halves[k] << 16) | low)
        found[k] = key ^ np.uint32(0x80000000) if key >> np.uint32(31) else ~key
    return found


@compiled
def _find(counts: Any, rank: int) -> tuple[int, int]:
    """Where so many have been counted, and how many less there; 256 places at once, which the compiler can add up."""
    for start in range(0, len(counts), 256):
        total = counts[start : start + 256].sum()
        if rank < total:
            break
        rank -= total
    place = start
    while rank >= counts[place]:
        rank -= counts[place]
        place += 1
    return place, rank


@compiled
def _key(pattern: Any) -> Any:
    """Bits in the order of the values."""
    return ~pattern if pattern >> np.uint32(31) else pattern ^ np.uint32(0x80000000)


@compiled
def histograms(signal: Any, inside: Any, dx: Any, dy: Any, steepest: float, edges: Any) -> tuple[Any, Any]:
    """Values between edges under a mask: of those that rise by less than `steepest`, and of all; as `np.histogram`.

    What is less than the first edge counts as that.
    """
    bins = len(edges) - 1
    flat, every = np.zeros(bins, np.int64), np.zeros(bins, np.int64)
    first, last, least = edges[0], edges[bins], np.float32(steepest)
    scale = bins / (np.float64(last) - np.float64(first))
    for y in range(signal.shape[0]):
        for x in range(signal.shape[1]):
            value = max(signal[y, x], first)
            if not inside[y, x] or not value <= last:
                continue
            k = min(int((value - first) * scale), bins - 1)
            while value < edges[k]:
                k -= 1
            while k < bins - 1 and value >= edges[k + 1]:
                k += 1
            every[k] += 1
            rise = np.float32(np.sqrt(np.float64(dx[y, x]) ** 2 + np.float64(dy[y, x]) ** 2)) / np.float32(8)
            if rise < least:
                flat[k] += 1
    return flat, every
