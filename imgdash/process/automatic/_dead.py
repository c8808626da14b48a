"""Private: columns and rows of the detector that do not read, on the reduced image: filled from what lies beside them.

They are as light as lead, all along: s_high, the relevant region and its median would rest on them.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._order import percentiles

Floats = npt.NDArray[np.float32]

_BROAD: Final = 5  # pixels of about 1 mm; whatever is broader reads
_STEP: Final = 0.1  # of the span
_ALONG: Final = 0.8  # of where it could be seen: outside the field it is as light beside them
_LEAST_SEEN: Final = 20  # pixels
_SOME: Final = 3
_LEAST: Final = 24  # pixels each way


def without_dead(signal: Floats) -> Floats:
    """The signal with columns and rows that do not read taken from their neighbours; itself where all do."""
    if min(signal.shape) < _LEAST:
        return signal
    low, high = percentiles(signal[::_SOME, ::_SOME], None, [1, 99.5])
    step = _STEP * (high - low)
    if step <= 0:
        return signal
    dark = high - 2 * step
    return np.ascontiguousarray(_columns(np.ascontiguousarray(_columns(signal, step, dark).T), step, dark).T)


def _columns(signal: Floats, step: float, dark: float) -> Floats:
    across = np.ones((1, _BROAD), np.uint8)
    broad = np.asarray(cv2.morphologyEx(signal, cv2.MORPH_OPEN, across))
    seen = broad < dark
    shown = (seen & (signal - broad > step)).sum(axis=0)
    dead = shown > np.maximum(_ALONG * seen.sum(axis=0), _LEAST_SEEN)
    # What is light along the border of the image lies beyond a collimator that is a little turned.
    dead[:_BROAD] = dead[-_BROAD:] = False
    if not dead.any():
        return signal
    # What lies beside one that does not read is mixed with it.
    dead = np.convolve(dead, np.ones(3), "same") > 0
    good = np.flatnonzero(~dead)
    if len(good) < 2:
        return signal
    filled = signal.copy()
    for column in np.flatnonzero(dead):
        k = int(np.searchsorted(good, column))
        left, right = int(good[max(k - 1, 0)]), int(good[min(k, len(good) - 1)])
        part = 0.5 if right == left else float(np.clip((column - left) / (right - left), 0, 1))
        filled[:, column] = (1 - part) * signal[:, left] + part * signal[:, right]
    return filled
