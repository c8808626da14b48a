"""Direct exposure area and relevant region (after US5028782)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._order import percentiles
from imgdash.process.parameters import Automatic

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BINS: Final = 256
_EDGE_PIXELS: Final = 4
_RIM_PIXELS: Final = 3.5
_HALF_STEP: Final = 0.5 / 1023
_LEAST_DIRECT: Final = 0.008
_LEAST_PEAK: Final = 0.001
_SPIKE: Final = 12  # bins
_FLAT: Final = 0.08  # of the span of the field: what the heel effect makes of air
_SLOPE: Final = 0.003  # of the span, from pixel to pixel
_MOSTLY: Final = 0.5
_NARROW: Final = 5  # pixels of about 1 mm
_STANDS_OUT: Final = 0.15  # of the span; noise does not


@dataclass(frozen=True)
class Direct:
    """Area without object. ``threshold`` is None where there is none; ``saturated`` where most of it is."""

    mask: Mask
    threshold: float | None
    confidence: float
    notes: tuple[str, ...] = ()
    saturated: bool = False


def direct_exposure(signal: Floats, inside: Mask, settings: Automatic, saturated: float = 0.0) -> Direct:
    """Find the direct exposure area: the darkest mode of what is flat in the field, and what is as dark.

    Only what is connected with the rim of the field counts: dark parts within the object (bowel gas) do not. Something
    narrow, such as a chain, does not close air in. Lung may reach the rim, but air beside a body is flat and lung is
    not. What is `saturated` there counts in any case, however little it is.
    """
    nothing = Direct(np.zeros_like(inside), None, 1.0)
    if not settings.direct or np.count_nonzero(inside) < 100:
        return nothing
    smooth = np.asarray(cv2.GaussianBlur(signal, (0, 0), 1.5))
    broad = np.asarray(cv2.morphologyEx(signal, cv2.MORPH_OPEN, np.ones((_NARROW, _NARROW), np.uint8)))
    start, low, high = percentiles(signal, inside, [0.2, 0.5, 99.5])
    broad = np.where(signal - broad > _STANDS_OUT * (high - low), broad, signal)
    end = saturated + _HALF_STEP
    uneven = False
    # Beside saturated air there may be thin parts of the body whose mode is wider.
    for threshold, depth in (_end_of_air(signal, smooth, inside, start, high), (end, 1.0)):
        if threshold is None:
            continue
        mask = _touching_rim(inside & (broad <= threshold), inside) & (signal <= threshold)
        least = 0.001 if threshold <= end and not uneven else _LEAST_DIRECT
        if np.count_nonzero(mask) < least * np.count_nonzero(inside):
            continue
        darkest, middle = percentiles(smooth, mask, [3, 50])
        if middle - darkest > _FLAT * max(high - low, 0.05):
            uneven = True
            continue
        beyond = float((signal[mask] <= end).mean()) > _MOSTLY
        return Direct(mask, float(threshold), round(depth, 3), saturated=beyond)
    if uneven:
        return Direct(nothing.mask, None, 0.6, ("The darkest part of the field is not flat: no direct exposure.",))
    return nothing


def _end_of_air(signal: Floats, smooth: Floats, inside: Mask, start: float, end: float) -> tuple[float | None, float]:
    """Where the darkest mode of the flat pixels ends, and how deep the histogram falls there (0…1)."""
    from imgdash.process.automatic.kernels.counting import histograms

    if end - start < 0.05:
        return None, 0.0
    rise = (np.asarray(cv2.Sobel(smooth, cv2.CV_32F, *order)) for order in ((1, 0), (0, 1)))
    edges = np.linspace(start, end, _BINS + 1)
    counts = histograms(signal, inside, *rise, _SLOPE * (end - start), edges.astype(np.float32))
    flat, all_ = (
        np.asarray(cv2.GaussianBlur(each.astype(np.float32).reshape(1, -1), (0, 0), 1.5)).ravel() for each in counts
    )
    peak = int(np.argmax(flat[: _BINS // 3]))
    if flat[peak] < max(1.5 * float(flat[_BINS // 3 :].mean()), _LEAST_PEAK * np.count_nonzero(inside)):
        # Or strips of air too narrow to be flat anywhere: a spike at the dark end.
        peak = int(np.argmax(all_[:_SPIKE]))
        if all_[peak] < max(4 * float(all_[peak : peak + _SPIKE].min()), _LEAST_PEAK * np.count_nonzero(inside)):
            return None, 0.0
    # Where the fall from the peak has ended; behind it the skin line begins.
    after = all_[peak:]
    floor = np.flatnonzero(after <= max(0.06 * after[0], 0.5 * float(np.median(all_[_BINS // 3 :]))))
    if not len(floor) or (bottom := peak + int(floor[0])) > 0.6 * _BINS:
        return None, 0.0
    return float(edges[bottom + 1]), float(np.clip(1 - all_[bottom] / max(after[0], 1e-9), 0, 1))


def _touching_rim(mask: Mask, inside: Mask) -> Mask:
    """The parts of a mask that reach the rim of the field."""
    rim = inside & ~_eroded(inside, _EDGE_PIXELS)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    touching = np.zeros(count, bool)
    touching[np.unique(labels[mask & rim])] = True
    touching[0] = False
    return np.asarray(touching[labels])


def core(region: Mask, inside: Mask, saturated: bool = False) -> Mask:
    """The region without the blurred rim of the field, and without the skin line beside direct exposure.

    Where direct exposure is `saturated`, most of the skin line is, too, and lies within that: with two pixels more
    left out, s_low was more than 0.08 of the range off in 24 of 273 generated images, with one in 3.
    """
    return region & _within(inside, _RIM_PIXELS) & _eroded(region | ~inside, 1 if saturated else 2)


def _within(mask: Mask, pixels: float) -> Mask:
    """What lies so far inside, whatever the turn of its sides; the border of the image counts as outside."""
    padded = np.pad(mask.astype(np.uint8), 1)
    away = np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_5))[1:-1, 1:-1]
    return np.asarray(away > pixels)


def _eroded(mask: Mask, pixels: int) -> Mask:
    """Shrunk by some pixels; the border of the image counts as outside."""
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    out = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(out).reshape(mask.shape).astype(bool)
