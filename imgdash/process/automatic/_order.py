"""Private: percentiles of the values under a mask, as `np.percentile` has them, at a tenth of its cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def percentiles(values: Floats, mask: Mask | None, points: Sequence[float]) -> list[float]:
    """``np.percentile(values[mask], points)``; of all values where there is no mask.

    Parameters
    ----------
    values
        No NaN among them.
    points
        0…100.
    """
    mask = np.ones(values.shape, bool) if mask is None else mask
    place = np.asarray(points, np.float64) / 100 * (np.count_nonzero(mask) - 1)
    before = np.floor(place).astype(np.int64)
    low, high = _neighbours(values, mask, before)
    part, step = place - before, high - low
    return [float(v) for v in np.where(part < 0.5, low + step * part, high - step * (1 - part))]


def median(values: Floats, mask: Mask) -> float:
    """``np.median(values[mask])``: of an even number the mean of two, float32 as they are."""
    count = np.count_nonzero(mask)
    low, high = _neighbours(values, mask, np.array([(count - 1) // 2]))
    return float((low[0] + high[0]) / 2 if count % 2 == 0 else low[0])


def _neighbours(values: Floats, mask: Mask, before: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The values at places of their order, and the next."""
    from imgdash.process.automatic.kernels.counting import ranked

    ranks = np.concatenate([before, np.minimum(before + 1, np.count_nonzero(mask) - 1)])
    patterns = np.ascontiguousarray(values, np.float32).view(np.uint32)
    found = ranked(patterns, np.ascontiguousarray(mask), ranks).view(np.float32)
    return found[: len(before)], found[len(before) :]
