"""Private: lead letters, chains and other metal over the anatomy; the limits of a signal must not hang on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._order import percentiles

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_NARROW: Final = 7  # pixels of about 1 mm
_STANDS_OUT: Final = 0.3  # of the span
_LEAST_LEAD: Final = 16  # pixels of about 1 mm
_MOST_LEAD: Final = 0.02  # of the region: a letter, a chain
_MANY: Final = 0.08  # of the region: bones of a child's hand
_SPREAD: Final = 0.5


def without_narrow(signal: Floats) -> Floats:
    """The signal with what is light and narrower than 7 mm taken from beside it."""
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_NARROW, _NARROW))
    return np.asarray(cv2.morphologyEx(signal, cv2.MORPH_OPEN, round_))


def without_lead(signal: Floats, broad: Floats, looked_at: Mask, points: Sequence[float]) -> tuple[Mask, bool]:
    """The region without lead and metal: what is narrow and far lighter than what lies around it.

    A lead letter is a hundredth of a small field: the percentile would lie just on it, or just beside it. Where much
    is like that, all over the region, it is bones, less than 7 mm wide: they stay, and it is said that they are there.
    """
    low, high = percentiles(signal, looked_at, points)
    lead = looked_at & (signal - broad > _STANDS_OUT * (high - low))
    if not lead.any():
        return looked_at, False
    share = np.count_nonzero(lead) / np.count_nonzero(looked_at)
    if share > _MOST_LEAD:
        return looked_at, bool(share > _MANY) and _all_over(lead, looked_at)
    # Where the edges of two bones cross, a few pixels are as light; beads of a chain are few as well, but in a row.
    _, labels = cv2.connectedComponents(cv2.dilate(lead.astype(np.uint8), np.ones((5, 5), np.uint8)))
    lead &= (np.bincount(labels[lead]) >= _LEAST_LEAD)[labels]
    if high <= low or not lead.any():
        return looked_at, False
    # What lies beside lead is mixed with it.
    return looked_at & (cv2.dilate(lead.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0), False


def _all_over(some: Mask, region: Mask) -> bool:
    """Whether what is marked is spread over more than half of a region's height and width; a letter is not."""
    reach = [np.diff(np.percentile(np.argwhere(mask), [10, 90], axis=0), axis=0) for mask in (some, region)]
    return bool((reach[0] > _SPREAD * reach[1]).all())
