"""What an image would look like under parameters that are tried, and the numbers a physicist watches meanwhile.

Pure functions on the reduced images: nothing here is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process import Chain, preview
from imgdash.process.automatic.calculation import polygon_mask
from imgdash.process.screen import STEPS
from imgdash.process.tone import tone_of
from imgdash.reduce import Reduced

Pixels = npt.NDArray[np.uint8]
_TONES: Final = ("frequency", "equalization", "gradation")
# Where the relevant region has fewer pixels, nothing is said of it.
_LEAST_REGION: Final = 50
# What makes tones as they came: the same signal range through a straight line.
PLAIN: Final[dict[str, Any]] = {
    "frequency.amount": 0.0,
    "equalization.method": "compression",
    "equalization.light": 0.0,
    "equalization.dark": 0.0,
    "gradation.type": "linear",
    "gradation.contrast": 1.0,
    "gradation.shift": 0.0,
}


@dataclass(frozen=True)
class Numbers:
    """Figures of one image under one chain. None is unknown, never 0.

    Attributes
    ----------
    s_low, s_high
        Signal limits in force (S/G).
    signal_confidence, field_confidence
        0…1.
    field_fraction
        Of the image that was irradiated.
    clipped_low, clipped_high
        Fraction of the field at the least and greatest value the pixels can have: lost in the detector.
    black, white
        Fraction of the relevant region that becomes the darkest or lightest P-value: lost in processing.
    p_low, p_high
        P-values, in parts of full scale, between which 98 % of the relevant region lies.
    detail_gain
        Contrast between neighbouring pixels of the reduced image, against straight tones: detail and noise alike.
    ei, target_ei, di
        IEC 62494-1; they do not depend on processing.
    """

    s_low: float | None = None
    s_high: float | None = None
    signal_confidence: float | None = None
    field_confidence: float | None = None
    field_fraction: float | None = None
    clipped_low: float | None = None
    clipped_high: float | None = None
    black: float | None = None
    white: float | None = None
    p_low: float | None = None
    p_high: float | None = None
    detail_gain: float | None = None
    ei: float | None = None
    target_ei: float | None = None
    di: float | None = None


@dataclass(frozen=True)
class Trial:
    """An image under a chain that is tried.

    Attributes
    ----------
    pixels
        uint8 P-values, turned as the output will be.
    extent_mm
        Height and width of what is shown.
    calculated
        As `imgdash.process.calculate` gives it for this chain.
    """

    pixels: Pixels
    extent_mm: tuple[float, float]
    chain: Chain
    calculated: Mapping[str, Any]
    numbers: Numbers


def look(reduced: Reduced, chain: Chain, calculated: Mapping[str, Any]) -> Trial:
    """An image as it would be shown."""
    pixels = _shown(reduced, chain, calculated)
    turned = chain.geometry.rotation or chain.geometry.angle or chain.geometry.mirror
    tones = _shown(reduced, chain, calculated, _TONES) if turned else pixels
    height, width = reduced.extent_mm
    extent = (width, height) if chain.geometry.rotation in (90, 270) else (height, width)
    return Trial(pixels, extent, chain, calculated, numbers(reduced, tones, chain, calculated))


def plain(chain: Chain) -> Chain:
    """The same signal range and geometry, tones as they came."""
    return chain.with_(**PLAIN)


def numbers(reduced: Reduced, tones: Pixels, chain: Chain, calculated: Mapping[str, Any]) -> Numbers:
    """The figures of an image.

    Parameters
    ----------
    tones
        P-values of the reduced image for display, not turned.
    """
    tone = tone_of(chain, calculated)
    confidence = calculated.get("confidence") or {}
    known = {field.name: calculated[field.name] for field in fields(Numbers) if field.name in calculated}
    known.update(
        s_low=tone.low,
        s_high=tone.high,
        signal_confidence=confidence.get("signal"),
        field_confidence=confidence.get("field"),
    )
    region = relevant(reduced, calculated).view(np.uint8)
    counts = np.asarray(cv2.calcHist([tones], [0], region, [256], [0, 256])).ravel()
    total = float(counts.sum())
    if total >= _LEAST_REGION:
        low, high = (int(np.searchsorted(np.cumsum(counts), part * total)) / 255 for part in (0.01, 0.99))
        known.update(black=float(counts[0]) / total, white=float(counts[-1]) / total, p_low=low, p_high=high)
        known["detail_gain"] = _detail_gain(reduced, tones, region, tone.low, tone.high)
    return Numbers(**known)


def relevant(reduced: Reduced, calculated: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """The relevant region on the image for display: the field without direct exposure."""
    inside = polygon_mask(calculated.get("field") or (), reduced.display.shape, reduced.extent_mm)
    threshold = calculated.get("direct_threshold")
    if threshold is not None:
        inside &= reduced.display > threshold * 65535
    return inside


def profile(
    pixels: npt.NDArray[Any], extent_mm: Sequence[float], start: Sequence[float], end: Sequence[float], n: int = 256
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Values along a line.

    Parameters
    ----------
    start, end
        (x, y) in mm from the upper left corner.

    Returns
    -------
    Way in mm, and the values there, interpolated between pixels.
    """
    (x0, y0), (x1, y1) = start, end
    part = np.linspace(0.0, 1.0, n)
    rows, columns = pixels.shape
    across = ((x0 + part * (x1 - x0)) / extent_mm[1] * columns - 0.5).astype(np.float32)
    down = ((y0 + part * (y1 - y0)) / extent_mm[0] * rows - 0.5).astype(np.float32)
    values = cv2.remap(
        np.ascontiguousarray(pixels, dtype=np.float32),
        across.reshape(1, -1),
        down.reshape(1, -1),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return part * float(np.hypot(x1 - x0, y1 - y0)), np.asarray(values, dtype=np.float64).ravel()


def small(pixels: Pixels, side: int) -> Pixels:
    """A picture no longer than `side`, areas averaged."""
    factor = side / max(pixels.shape)
    if factor >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _shown(reduced: Reduced, chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str] = STEPS) -> Pixels:
    return np.asarray(preview(reduced.display, reduced.display_pitch_mm[0], chain, calculated, steps=steps), np.uint8)


def _detail_gain(reduced: Reduced, tones: Pixels, region: Pixels, low: float, high: float) -> float | None:
    """Mean step to the neighbour on the right, against that of the straight tones."""
    both = np.ascontiguousarray(region[:, 1:] & region[:, :-1])
    scale = 1 / (65535 * (high - low))
    straight = cv2.addWeighted(reduced.display, scale, reduced.display, 0.0, -low / (high - low), dtype=cv2.CV_32F)
    straight = np.clip(straight, 0.0, 1.0)
    before, after = (cv2.mean(cv2.absdiff(values[:, 1:], values[:, :-1]), mask=both)[0] for values in (straight, tones))
    return float(after) / 255 / float(before) if before > 1e-6 else None


__all__ = ["Numbers", "Trial", "look", "numbers", "plain", "profile", "relevant", "small"]
