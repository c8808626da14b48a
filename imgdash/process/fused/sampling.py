"""From one grid to another along one axis: which samples, and how much of each.

Every resampling treats both ends alike, so that turning or mirroring an image changes nothing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from imgdash.process.fused.model import Between, Cover, Taps


@lru_cache(maxsize=128)
def between(coarse: int, fine: int) -> Between:
    """From `coarse` samples to `fine` ones over the same length; beyond the outermost samples their values hold."""
    place = np.clip((np.arange(fine) + 0.5) * (coarse / fine) - 0.5, 0, coarse - 1)
    first = np.minimum(np.floor(place), max(coarse - 2, 0))
    second = np.minimum(first + 1, coarse - 1)
    return Between(first.astype(np.uint32), second.astype(np.uint32), (place - first).astype(np.float32))


@lru_cache(maxsize=64)
def halving(fine: int) -> Taps:
    """To half as many samples, rounded up: means of what each one covers."""
    coarse = (fine + 1) // 2
    low, high = np.arange(coarse) * fine / coarse, (np.arange(coarse) + 1) * fine / coarse
    place = np.floor(low + 1e-9) + np.arange(3)[:, None]
    weight = np.clip(np.minimum(high, place + 1) - np.maximum(low, place), 0, None) * coarse / fine
    return Taps(np.minimum(place, fine - 1).astype(np.uint32), weight.astype(np.float32))


@lru_cache(maxsize=64)
def covering(fine: int, coarse: int) -> Cover:
    """Of each of `fine` samples: which of `coarse` ones it lies in first, its share there, and in the one behind."""
    sample = np.arange(fine, dtype=np.int64)
    place = sample * coarse // max(fine, 1)
    within = np.minimum(1.0, ((place + 1) * fine - sample * coarse) / coarse)
    beyond = np.where(place < coarse - 1, 1.0 - within, 0.0)
    weight = coarse / max(fine, 1)
    return Cover(place.astype(np.uint32), (within * weight).astype(np.float32), (beyond * weight).astype(np.float32))
