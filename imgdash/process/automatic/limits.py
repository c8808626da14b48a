"""Signal limits s_low, s_high (S and G): from the histogram of the relevant region, a window, or the header's VOI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process import voi
from imgdash.process.automatic._lead import without_lead, without_narrow
from imgdash.process.automatic._order import median, percentiles
from imgdash.process.automatic.region import Direct, core
from imgdash.process.parameters import Automatic
from imgdash.process.signal import is_unprocessed, scale_of

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST_REGION: Final = 0.01
_CURVE_POINTS: Final = 129
_UNSURE: Final = 0.5
_FLAT: Final = 0.2
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
    broad = without_narrow(signal)
    looked_at, bones = without_lead(signal, broad, looked_at, points)
    low, high = percentiles(signal, looked_at, points)
    span = high - low
    hangs = 1.0
    if span > 0 and not bones:
        # How little the light end moves when nothing narrow is there.
        moved = (high - percentiles(broad, looked_at, points)[1]) / span
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


def _cut_off(signal: Floats, looked_at: Mask, direct: Direct | None) -> float:
    """How sure it is that saturation took direct exposure only: half of the body is not near it."""
    if direct is None or direct.threshold is None or not direct.saturated:
        return 1.0
    away = median(signal, looked_at) - direct.threshold
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
