"""Direct exposure area and relevant region (after US5028782)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.parameters import Automatic

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BINS: Final = 256
_EDGE_PIXELS: Final = 4
_HALF_STEP: Final = 0.5 / 1023
_LEAST_DIRECT: Final = 0.008


@dataclass(frozen=True)
class Direct:
    """Area without object. ``threshold`` is None where there is none."""

    mask: Mask
    threshold: float | None
    confidence: float
    notes: tuple[str, ...] = ()


def direct_exposure(signal: Floats, inside: Mask, settings: Automatic, saturated: float = 0.0) -> Direct:
    """Find the direct exposure area: the darkest mode of the field, cut off at the valley above it.

    Only what is connected with the rim of the field counts: dark parts within the object (lung, bowel gas) do not.
    What is `saturated` there counts in any case, however little it is.
    """
    nothing = Direct(np.zeros_like(inside), None, 1.0)
    if not settings.direct or inside.sum() < 100:
        return nothing
    threshold, depth = _valley(signal[inside])
    if threshold is None:
        threshold, depth = saturated + _HALF_STEP, 1.0
    mask = _touching_rim(inside & (signal <= threshold), inside)
    if mask.sum() < (_LEAST_DIRECT if threshold > saturated + _HALF_STEP else 0.001) * inside.sum():
        return nothing
    return Direct(mask, float(threshold), round(depth, 3))


def _valley(values: Floats) -> tuple[float | None, float]:
    """Threshold between the darkest mode and the rest, and how deep the valley is (0…1)."""
    start, end = (float(v) for v in np.percentile(values, [0.2, 99.5]))
    if end - start < 0.05:
        return None, 0.0
    counts, edges = np.histogram(values, bins=_BINS, range=(start, end))
    counts[0] += int((values < start).sum())
    smooth = np.asarray(cv2.GaussianBlur(counts.astype(np.float32).reshape(1, -1), (0, 0), 2.0)).ravel()
    rest = float(smooth[_BINS // 3 :].mean())
    first = smooth[: _BINS // 3]
    peak = int(np.argmax(first))
    if first[peak] < 1.5 * rest:
        return None, 0.0
    after = smooth[peak:]
    # The valley: where the fall from the peak has ended, before anything rises again.
    floor = np.flatnonzero(after <= max(0.15 * after[0], 0.6 * rest))
    if not len(floor):
        return None, 0.0
    bottom = peak + int(floor[0])
    while bottom + 1 < len(smooth) - 1 and smooth[bottom + 1] < smooth[bottom]:
        bottom += 1
    if bottom > 0.6 * _BINS:
        return None, 0.0
    return float(edges[bottom]), float(np.clip(1 - smooth[bottom] / max(after[0], 1e-9), 0, 1))


def _touching_rim(mask: Mask, inside: Mask) -> Mask:
    """The parts of a mask that reach the rim of the field."""
    rim = inside & ~_eroded(inside, _EDGE_PIXELS)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    touching = np.zeros(count, bool)
    touching[np.unique(labels[mask & rim])] = True
    touching[0] = False
    return np.asarray(touching[labels])


def core(region: Mask, inside: Mask) -> Mask:
    """The region without the blurred rim of the field, and without the skin line beside direct exposure."""
    return region & _eroded(inside, _EDGE_PIXELS) & _eroded(region | ~inside, 2)


def _eroded(mask: Mask, pixels: int) -> Mask:
    """Shrunk by some pixels; the border of the image counts as outside."""
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    out = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(out).reshape(mask.shape).astype(bool)
