"""What an image would look like under parameters that are tried, and the numbers a physicist watches meanwhile.

Pure functions on the reduced images: nothing here is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.apparatus.figures import Before
from imgdash.process import Chain, geometry, preview
from imgdash.process.automatic.calculation import polygon_mask
from imgdash.process.screen import STEPS
from imgdash.process.tone import tone_of
from imgdash.reduce import Reduced

Pixels = npt.NDArray[np.uint8]
Fine = npt.NDArray[np.uint16]
_TONES: Final = ("frequency", "equalization", "gradation")
# Where the relevant region has fewer pixels, nothing is said of it.
_LEAST_REGION: Final = 50
_BINS: Final = 128
_WHITE: Final = 4095
# First values of direct exposure and of what lies outside the field, in the picture of the regions.
DIRECT: Final = 128
OUTSIDE: Final = 192
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
    noise_gain, cnr, cnr_gain, overshoot
        As `imgdash.apparatus.figures.Figures`, against straight tones.
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
    noise_gain: float | None = None
    cnr: float | None = None
    cnr_gain: float | None = None
    overshoot: float | None = None
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
    histogram
        Shares of the image at equal steps of the signal 0…1: row 0 all of it, row 1 its relevant region.
    gains
        Line pairs per mm, and the gain of this image's own detail there against straight tones; empty if unknown.
    """

    pixels: Pixels
    extent_mm: tuple[float, float]
    chain: Chain
    calculated: Mapping[str, Any]
    numbers: Numbers
    histogram: npt.NDArray[np.float64]
    gains: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def before(reduced: Reduced, chain: Chain, calculated: Mapping[str, Any]) -> Before:
    """An image before processing, for `look`: the same for all chains with the same automatic parameters."""
    tone = tone_of(chain, calculated)
    scale = 1 / (65535 * (tone.high - tone.low))
    offset = -tone.low / (tone.high - tone.low)
    straight = cv2.addWeighted(reduced.display, scale, reduced.display, 0.0, offset, dtype=cv2.CV_32F)
    straight = np.clip(straight, 0.0, 1.0)
    return Before(straight, reduced.display_pitch_mm[0], relevant(reduced, calculated), _field(reduced, calculated))


def look(reduced: Reduced, chain: Chain, calculated: Mapping[str, Any], against: Before | None = None) -> Trial:
    """An image as it would be shown.

    Parameters
    ----------
    against
        What `before` gives, if it is known already.
    """
    fine = _formed(reduced, chain, calculated)
    turned = chain.geometry.rotation or chain.geometry.angle or chain.geometry.mirror
    tones = _formed(reduced, chain, calculated, _TONES) if turned else fine
    pixels = _eight_bits(fine)
    height, width = reduced.extent_mm
    extent = (width, height) if chain.geometry.rotation in (90, 270) else (height, width)
    region = relevant(reduced, calculated).view(np.uint8)
    counts = np.stack([_counted(reduced.display, mask, _BINS, 65536) for mask in (None, region)])
    against = against or before(reduced, chain, calculated)
    values = cv2.multiply(tones, 1 / _WHITE, dtype=cv2.CV_32F)
    found = numbers(tones, values, chain, calculated, region, against)
    gains = against.spectrum.gains(values)
    return Trial(pixels, extent, chain, calculated, found, counts / reduced.display.size, gains)


def plain(chain: Chain) -> Chain:
    """The same signal range and geometry, tones as they came."""
    return chain.with_(**PLAIN)


def numbers(
    tones: Fine,
    values: npt.NDArray[np.float32],
    chain: Chain,
    calculated: Mapping[str, Any],
    region: Pixels,
    against: Before,
) -> Numbers:
    """The figures of an image.

    Parameters
    ----------
    tones, values
        P-values of the reduced image for display, not turned: of 12 bits, and in parts of white.
    region
        1 in the relevant region.
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
    counts = _counted(_eight_bits(tones), region, 256, 256)
    total = float(counts.sum())
    if total >= _LEAST_REGION:
        low, high = (int(np.searchsorted(np.cumsum(counts), part * total)) / 255 for part in (0.01, 0.99))
        known.update(black=float(counts[0]) / total, white=float(counts[-1]) / total, p_low=low, p_high=high)
        known.update(asdict(against.figures(values)))
    return Numbers(**known)


def relevant(reduced: Reduced, calculated: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """The relevant region on the image for display: the field without direct exposure."""
    inside = _field(reduced, calculated)
    threshold = calculated.get("direct_threshold")
    if threshold is not None:
        inside &= reduced.display > threshold * 65535
    return inside


def _field(reduced: Reduced, calculated: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    return polygon_mask(calculated.get("field") or (), reduced.display.shape, reduced.extent_mm)


def regions(reduced: Reduced, chain: Chain, calculated: Mapping[str, Any]) -> Pixels:
    """What counts and what does not, turned as the image is.

    Returns
    -------
    uint8: below `DIRECT` the relevant region, from there on direct exposure, from `OUTSIDE` on what lies outside the
    field; within each the image by straight tones, dark to light.
    """
    whole = plain(chain).with_(**{"geometry.shutter": False})
    grey = _eight_bits(_formed(reduced, whole, calculated, _TONES))
    inside = _field(reduced, calculated)
    marked = np.where(relevant(reduced, calculated), grey // 2, DIRECT + grey // 4)
    marked = np.where(inside, marked, OUTSIDE + grey // 4).astype(np.uint8)
    turned = geometry.turn(marked, chain.geometry.rotation, False)
    if chain.geometry.angle:
        turned = geometry.tilt(np.ascontiguousarray(turned, np.uint16), chain.geometry.angle, "nearest")
    return np.ascontiguousarray(geometry.turn(turned, 0, bool(chain.geometry.mirror)), np.uint8)


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


def _formed(reduced: Reduced, chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str] = STEPS) -> Fine:
    """P-values of 12 bits: 8 would make steps as high as the noise that is measured."""
    pitch = reduced.display_pitch_mm[0]
    return np.asarray(preview(reduced.display, pitch, chain, calculated, steps=steps, bits=12), np.uint16)


def _eight_bits(values: Fine) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(values, alpha=255 / _WHITE), np.uint8)


def _counted(values: npt.NDArray[Any], mask: Pixels | None, bins: int, end: int) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.calcHist([values], [0], mask, [bins], [0, end]), np.float64).ravel()
