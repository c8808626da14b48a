"""A modality maker's own image processing: another implementation than imgdash's, as in a real hospital.

It understands those of the parameters wanted (R2) that it has a counterpart for, and says which it used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from imgdash.simulate.phantom import COUNTS_PER_UGY, Exposure

Pixels = NDArray[np.uint16]
# Parameters with their value where nobody wants another, their bounds and UCUM unit.
PARAMETERS: Final[dict[str, tuple[float, float, float, str]]] = {
    "gradation.contrast": (1.0, 0.2, 5.0, "1"),
    "gradation.center": (0.5, 0.0, 1.0, "1"),
    "gradation.shift": (0.0, -0.5, 0.5, "1"),
    "frequency.amount": (0.6, 0.0, 4.0, "1"),
    "frequency.kernel": (4.0, 0.2, 40.0, "mm"),
    "equalization.light": (0.25, 0.0, 0.9, "1"),
    "equalization.dark": (0.25, 0.0, 0.9, "1"),
    "equalization.kernel": (25.0, 1.0, 100.0, "mm"),
}
UNITS: Final = {name: unit for name, (_, _, _, unit) in PARAMETERS.items()}
# A wrong menu entry: grey values squeezed together, edges overdrawn.
INAPPROPRIATE: Final = {"gradation.contrast": 0.2, "frequency.amount": 0.0}
_SQUEEZED: Final = 0.06
DESCRIPTION: Final = "Unsharp mask, dynamic range compression, sigmoid gradation"
# Four decades below the detector's full scale are kept in a logarithmic raw image.
RAW_DECADES: Final = 4.0
_FULL_SCALE_UGY: Final = 16384 / COUNTS_PER_UGY


@dataclass(frozen=True)
class Processed:
    """Processed pixels (P-values, 0 black) and the parameters that made them."""

    pixels: Pixels
    performed: Mapping[str, Any]


def chosen(wanted: Mapping[str, Any]) -> dict[str, float]:
    """The parameters that will be used: those wanted that exist here, held within their bounds."""
    values = {}
    for name, (default, low, high, _) in PARAMETERS.items():
        try:
            value = float(wanted.get(name, default))
        except (TypeError, ValueError):
            value = default
        values[name] = min(max(value, low), high) if np.isfinite(value) else default
    return values


def process(
    exposure: Exposure, wanted: Mapping[str, Any] | None = None, *, bits: int = 12, squeeze: bool = False
) -> Processed:
    """Detector values → P-values.

    Parameters
    ----------
    wanted
        Dotted name → value; what this maker does not know is left aside.
    squeeze
        The inappropriate processing of a planned fault.
    """
    values = chosen({**(wanted or {}), **(INAPPROPRIATE if squeeze else {})})
    signal = np.log10(exposure.pixels.astype(np.float32) + 2)
    np.negative(signal, out=signal)
    low, high = _limits(exposure)
    signal -= low
    signal /= high - low
    _equalize(signal, exposure.pitch_mm, values)
    _sharpen(signal, exposure.pitch_mm, values)
    return Processed(_gradation(signal, values, bits, squeeze), values)


def _limits(exposure: Exposure) -> tuple[float, float]:
    """Signal of the darkest and the lightest that matter, inside the field and behind the body."""
    pixels = exposure.pixels[::8, ::8]
    field = np.array(exposure.truth.field_mm) / (exposure.pitch_mm * 8)
    mask = np.zeros(pixels.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(field).astype(np.int32)], 1)
    mask = cv2.erode(mask, np.ones((5, 5), np.uint8))
    direct = 0.55 * exposure.truth.entrance_ugy * COUNTS_PER_UGY
    inside = pixels[(mask > 0) & (pixels < max(direct, 50))]
    if inside.size < 100:
        inside = pixels[mask > 0]
    low, high = np.percentile(-np.log10(inside.astype(np.float64) + 2), [1.0, 99.0])
    return float(low) - 0.08, max(float(high) + 0.10, float(low) + 0.3)


def _equalize(signal: NDArray[np.float32], pitch_mm: float, values: Mapping[str, float]) -> None:
    wide = _blurred(signal, values["equalization.kernel"] / 2.355 / pitch_mm)
    light, dark = values["equalization.light"], values["equalization.dark"]
    for top in range(0, len(signal), 256):
        base = np.clip(wide[top : top + 256], 0, 1)
        signal[top : top + 256] -= light * np.maximum(base - 0.5, 0) - dark * np.maximum(0.5 - base, 0)


def _sharpen(signal: NDArray[np.float32], pitch_mm: float, values: Mapping[str, float]) -> None:
    amount = values["frequency.amount"]
    if amount == 0:
        return
    mask = _blurred(signal, values["frequency.kernel"] / 2.355 / pitch_mm)
    for top in range(0, len(signal), 256):
        detail = signal[top : top + 256] - mask[top : top + 256]
        # Strong edges gain less, so that they do not overshoot.
        signal[top : top + 256] += amount * 0.08 * np.tanh(detail / 0.08)


def _blurred(signal: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur; wide ones on a reduced copy, which is what costs no time."""
    step = max(int(sigma / 3), 1)
    if step == 1:
        return np.asarray(cv2.GaussianBlur(signal, (0, 0), max(sigma, 0.3)), np.float32)
    rows, columns = signal.shape
    small = cv2.resize(signal, (columns // step, rows // step), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def _gradation(signal: NDArray[np.float32], values: Mapping[str, float], bits: int, squeeze: bool) -> Pixels:
    full = 2**bits - 1
    contrast, center, shift = (values[f"gradation.{name}"] for name in ("contrast", "center", "shift"))
    out = np.empty(signal.shape, np.uint16)
    for top in range(0, len(signal), 256):
        x = (signal[top : top + 256] - center) * contrast + center - shift
        # A sigmoid with slope 1.3 in the middle that never quite clips.
        y = 1 / (1 + np.exp(-5.2 * (x - 0.5)))
        if squeeze:
            y = 0.5 + _SQUEEZED * (y - 0.5)
        out[top : top + 256] = np.rint(y * full)
    return out


def raw_log(exposure: Exposure, bits: int = 12) -> Pixels:
    """Unprocessed logarithmic values as a CR reader gives them: larger is more exposure, `RAW_DECADES` in all."""
    counts = np.arange(2**16, dtype=np.float64)
    table = 1 + np.log10(np.maximum(counts, 1e-9) / COUNTS_PER_UGY / _FULL_SCALE_UGY) / RAW_DECADES
    levels = np.rint(np.clip(table, 0, 1) * (2**bits - 1)).astype(np.uint16)
    return np.asarray(levels[exposure.pixels])


__all__ = ["DESCRIPTION", "PARAMETERS", "RAW_DECADES", "UNITS", "Processed", "chosen", "process", "raw_log"]
