"""Signal limits s_low, s_high (S and G): from the histogram of the relevant region, a window, or the header's VOI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process import voi
from imgdash.process.automatic.region import Direct, core
from imgdash.process.parameters import Automatic
from imgdash.process.signal import is_unprocessed, scale_of

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST_REGION: Final = 0.01
_CURVE_POINTS: Final = 129
_UNSURE: Final = 0.5
_FLAT: Final = 0.2
_NARROW: Final = 7  # pixels of about 1 mm
_STANDS_OUT: Final = 0.3  # of the span
_LEAST_LEAD: Final = 16  # pixels of about 1 mm
_MOST_LEAD: Final = 0.02  # of the region: a letter, a chain
_MANY: Final = 0.08  # of the region: bones of a child's hand
_SPREAD: Final = 0.5
_HANGS: Final = 0.25  # of the span
_NEAR_END: Final = 0.23  # of what the detector can hold


@dataclass(frozen=True)
class Limits:
    """s_low, s_high in signal; ``curve`` (level, output) where the header's VOI is not a straight line."""

    low: float
    high: float
    confidence: float
    notes: tuple[str, ...] = ()
    curve: dict[str, list[float]] | None = None


def signal_limits(
    signal: Floats,
    inside: Mask,
    region: Mask,
    settings: Automatic,
    attrs: Mapping[str, Any],
    direct: Direct | None = None,
) -> Limits:
    """S and G of one image.

    Parameters
    ----------
    signal
        The reduced image for processing.
    inside, region
        The field, and the field without direct exposure.
    settings
        Where the limits come from, and the points of the histogram; limits set by hand go first.
    attrs
        For the header's window; pixels that the sender has processed are shown by it, or over their full range.
    direct
        Direct exposure, if that was looked for.
    """
    found = _found(signal, inside, region, settings, attrs, direct)
    low = found.low if settings.s_low is None else settings.s_low
    high = found.high if settings.s_high is None else settings.s_high
    if settings.s_low is not None and settings.s_high is not None:
        found = replace(found, confidence=1.0)
    if high - low < settings.minimum_span:
        middle, half = (low + high) / 2, settings.minimum_span / 2
        low, high = middle - half, middle + half
        notes = (*found.notes, "Contrast of this image is below the least span.")
        by_hand = settings.s_low is not None and settings.s_high is not None
        found = replace(found, confidence=found.confidence if by_hand else min(found.confidence, _FLAT), notes=notes)
    return replace(found, low=round(float(low), 6), high=round(float(high), 6))


def _found(
    signal: Floats, inside: Mask, region: Mask, settings: Automatic, attrs: Mapping[str, Any], direct: Direct | None
) -> Limits:
    if settings.signal == "full":
        return Limits(0.0, 1.0, 1.0)
    if settings.signal == "window" and settings.window_center is not None and settings.window_width is not None:
        return _window(settings.window_center, settings.window_width, "LINEAR", attrs)
    if is_unprocessed(attrs) is False and settings.processed == "as-sent":
        said = "The sender has processed these pixels: shown as sent."
        header = _from_header(attrs) or Limits(0.0, 1.0, 1.0)
        return replace(header, notes=(said,))
    notes: tuple[str, ...] = ()
    if settings.signal == "header" and (said_there := _from_header(attrs)):
        return said_there
    if settings.signal in ("header", "window"):
        notes = (f"No {settings.signal} window: limits from the histogram.",)
    found = _from_histogram(signal, inside, region, settings, direct)
    return replace(found, notes=(*notes, *found.notes))


def _from_histogram(signal: Floats, inside: Mask, region: Mask, settings: Automatic, direct: Direct | None) -> Limits:
    notes: list[str] = []
    looked_at = core(region, inside, direct is not None and direct.saturated)
    confidence = min(1.0, float(looked_at.sum()) / (0.05 * signal.size))
    if looked_at.sum() < _LEAST_REGION * signal.size:
        looked_at, confidence = (inside if inside.any() else np.ones_like(inside)), 0.1
        notes.append("Relevant region too small: limits from the whole field.")
    points = [settings.low_percentile, settings.high_percentile]
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_NARROW, _NARROW))
    broad = np.asarray(cv2.morphologyEx(signal, cv2.MORPH_OPEN, round_))
    looked_at, bones = _without_lead(signal, broad, looked_at, points)
    low, high = (float(v) for v in np.percentile(signal[looked_at], points))
    span = high - low
    hangs = 1.0
    if span > 0 and not bones:
        # How little the light end moves when nothing narrow is there.
        moved = (high - float(np.percentile(broad[looked_at], settings.high_percentile))) / span
        hangs = float(np.clip(1 - 0.5 * moved / _HANGS, 0, 1))
    doubts = {
        "S/G: the light end hangs on something narrow, lead or metal perhaps.": hangs,
        "S/G: thin parts are as dark as direct exposure, where the detector is saturated.": _cut_off(
            signal, looked_at, direct
        ),
    }
    for said, sure in doubts.items():
        confidence = min(confidence, sure)
        if sure <= _UNSURE:
            notes.append(said)
    limits = low - settings.low_margin * span, high + settings.high_margin * span
    return Limits(*limits, round(confidence, 3), tuple(notes))


def _without_lead(signal: Floats, broad: Floats, looked_at: Mask, points: Sequence[float]) -> tuple[Mask, bool]:
    """The region without lead and metal: what is narrow and far lighter than what lies around it.

    A lead letter is a hundredth of a small field: the percentile would lie just on it, or just beside it. Where much
    is like that, all over the region, it is bones, less than 7 mm wide: they stay, and it is said that they are there.
    """
    low, high = (float(v) for v in np.percentile(signal[looked_at], points))
    lead = looked_at & (signal - broad > _STANDS_OUT * (high - low))
    share = float(lead.sum() / looked_at.sum())
    if share > _MOST_LEAD:
        return looked_at, share > _MANY and _all_over(lead, looked_at)
    # Where the edges of two bones cross, a few pixels are as light; beads of a chain are few as well, but in a row.
    _, labels = cv2.connectedComponents(cv2.dilate(lead.astype(np.uint8), np.ones((5, 5), np.uint8)))
    lead &= (np.bincount(labels[lead], minlength=1) >= _LEAST_LEAD)[labels] if lead.any() else False
    if high <= low or not lead.any():
        return looked_at, False
    # What lies beside lead is mixed with it.
    return looked_at & (cv2.dilate(lead.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0), False


def _all_over(some: Mask, region: Mask) -> bool:
    """Whether what is marked is spread over more than half of a region's height and width; a letter is not."""
    reach = [np.diff(np.percentile(np.argwhere(mask), [10, 90], axis=0), axis=0) for mask in (some, region)]
    return bool((reach[0] > _SPREAD * reach[1]).all())


def _cut_off(signal: Floats, looked_at: Mask, direct: Direct | None) -> float:
    """How sure it is that saturation took direct exposure only: half of the body is not near it."""
    if direct is None or direct.threshold is None or not direct.saturated:
        return 1.0
    away = float(np.median(signal[looked_at])) - direct.threshold
    return float(np.clip(0.5 * away / _NEAR_END, 0.2, 1))


def _from_header(attrs: Mapping[str, Any]) -> Limits | None:
    """The header's VOI LUT, else its window (PS3.3 C.11.2); None where it has neither."""
    table = attrs.get("voi_lut")
    if table:
        return _table(int(table["descriptor"][1]), table["data"], attrs)
    center, width = (_first(attrs.get(key)) for key in ("WindowCenter", "WindowWidth"))
    if center is None or width is None:
        return None
    try:
        return _window(center, width, str(attrs.get("VOILUTFunction") or "LINEAR"), attrs)
    except ImgdashError:
        return None  # a width the standard forbids is no window


def _window(center: float, width: float, function: str, attrs: Mapping[str, Any]) -> Limits:
    voi.window([center], center, width, function)  # refuses what cannot be
    scale = scale_of(attrs)
    ends = scale.from_rescaled(voi.window_ends(center, width, function))
    low, high = float(ends.min()), float(ends.max())
    if function != "SIGMOID" and not scale.logarithm:
        return Limits(low, high, 1.0)
    levels = np.linspace(-1.0, 2.0, _CURVE_POINTS)
    rescaled = scale.to_rescaled(low + levels * (high - low))
    return Limits(low, high, 1.0, curve=_curve(levels, voi.window(rescaled, center, width, function)))


def _table(first: int, data: Any, attrs: Mapping[str, Any]) -> Limits:
    scale = scale_of(attrs)
    ends = scale.from_rescaled([first, first + len(data) - 1])
    low, high = float(ends.min()), float(ends.max())
    levels = np.linspace(0.0, 1.0, 4 * _CURVE_POINTS)
    output = voi.lut(scale.to_rescaled(low + levels * (high - low)), first, data)
    return Limits(low, high, 1.0, curve=_curve(levels, output / max(float(np.max(data)), 1.0)))


def _curve(levels: npt.NDArray[np.float64], output: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    """Rising with the level: what is light in the header is dark in the signal for MONOCHROME1."""
    if output[0] > output[-1]:
        output = 1.0 - output
    output = np.maximum.accumulate(output)
    return {"level": [round(float(v), 5) for v in levels], "output": [round(float(v), 5) for v in output]}


def _first(value: Any) -> float | None:
    """The first of a multi-valued number, or None."""
    if value is None or value == "":
        return None
    try:
        return float(value[0] if isinstance(value, list | tuple | np.ndarray) else value)
    except (TypeError, ValueError, IndexError):
        return None
