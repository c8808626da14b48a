"""Direct exposure area, relevant region and signal limits S/G (after US5028782)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process import voi
from imgdash.process.parameters import Automatic
from imgdash.process.signal import scale_of

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BINS: Final = 256
_EDGE_PIXELS: Final = 4
_LEAST_DIRECT: Final = 0.008
_LEAST_REGION: Final = 0.01


@dataclass(frozen=True)
class Direct:
    """Area without object. ``threshold`` is None where there is none."""

    mask: Mask
    threshold: float | None
    confidence: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """s_low, s_high in signal."""

    low: float
    high: float
    confidence: float
    notes: tuple[str, ...] = ()


def direct_exposure(signal: Floats, inside: Mask, settings: Automatic) -> Direct:
    """Find the direct exposure area: the darkest mode of the field, cut off at the valley above it.

    Only what is connected with the rim of the field counts: dark parts within the object (lung, bowel gas) do not.
    """
    nothing = Direct(np.zeros_like(inside), None, 1.0)
    if not settings.direct or inside.sum() < 100:
        return nothing
    threshold, depth = _valley(signal[inside])
    if threshold is None:
        return nothing
    mask = _touching_rim(inside & (signal <= threshold), inside)
    if mask.sum() < _LEAST_DIRECT * inside.sum():
        return nothing
    return Direct(mask, float(threshold), round(depth, 3))


def signal_limits(
    signal: Floats, inside: Mask, region: Mask, settings: Automatic, attrs: Mapping[str, Any]
) -> Limits:
    """S and G of one image.

    Parameters
    ----------
    inside, region
        The field, and the field without direct exposure.
    settings
        Where the limits come from, and the points of the histogram.
    attrs
        For the header's window.
    """
    found = _limits(signal, inside, region, settings, attrs)
    low = found.low if settings.s_low is None else settings.s_low
    high = found.high if settings.s_high is None else settings.s_high
    notes = found.notes
    if high - low < settings.minimum_span:
        middle = (low + high) / 2
        low, high = middle - settings.minimum_span / 2, middle + settings.minimum_span / 2
        notes = (*notes, "Contrast of this image is below the least span.")
    by_hand = settings.s_low is not None and settings.s_high is not None
    return Limits(round(float(low), 5), round(float(high), 5), 1.0 if by_hand else found.confidence, notes)


def _limits(signal: Floats, inside: Mask, region: Mask, settings: Automatic, attrs: Mapping[str, Any]) -> Limits:
    if settings.signal == "full":
        return Limits(0.0, 1.0, 1.0)
    center, width, function = settings.window_center, settings.window_width, "LINEAR"
    if settings.signal == "header":
        center, width = (_first(attrs.get(key)) for key in ("WindowCenter", "WindowWidth"))
        function = str(attrs.get("VOILUTFunction") or "LINEAR")
    if settings.signal in ("window", "header"):
        if center is not None and width is not None and width >= 1:
            ends = scale_of(attrs).from_rescaled(voi.window_ends(center, width, function))
            return Limits(float(ends.min()), float(ends.max()), 1.0)
        missing = Limits(0.0, 0.0, 0.0, (f"No {settings.signal} window: limits from the histogram.",))
    else:
        missing = None
    found = _from_histogram(signal, inside, region, settings)
    if missing is None:
        return found
    return Limits(found.low, found.high, found.confidence, (*missing.notes, *found.notes))


def _from_histogram(signal: Floats, inside: Mask, region: Mask, settings: Automatic) -> Limits:
    notes: tuple[str, ...] = ()
    core = _shrunk(region, inside)
    confidence = min(1.0, float(core.sum()) / (0.05 * signal.size))
    if core.sum() < _LEAST_REGION * signal.size:
        core, confidence = (inside if inside.any() else np.ones_like(inside)), 0.1
        notes = ("Relevant region too small: limits from the whole field.",)
    low, high = (float(v) for v in np.percentile(signal[core], [settings.low_percentile, settings.high_percentile]))
    span = high - low
    return Limits(low - settings.low_margin * span, high + settings.high_margin * span, round(confidence, 3), notes)


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


def _shrunk(region: Mask, inside: Mask) -> Mask:
    """Without the blurred rim of the field, and without the skin line beside direct exposure."""
    return region & _eroded(inside, _EDGE_PIXELS) & _eroded(region | ~inside, 2)


def _eroded(mask: Mask, pixels: int) -> Mask:
    """Shrunk by some pixels; the border of the image counts as outside."""
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    out = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(out).reshape(mask.shape).astype(bool)


def _first(value: Any) -> float | None:
    """The first of a multi-valued number, or None."""
    if value is None or value == "":
        return None
    try:
        return float(value[0] if isinstance(value, list | tuple | np.ndarray) else value)
    except (TypeError, ValueError, IndexError):
        return None
