"""How an image's stored values become signal and back, read from its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.model import Unreadable

Floats = npt.NDArray[np.float32]

DECADES: Final = 4.0
_HU: Final = (-1024.0, 3071.0)


@dataclass(frozen=True)
class SignalScale:
    """How stored values become signal and back (PS3.3 C.11.1 Modality LUT, C.7.6.3 and C.8.11.3 pixel attributes).

    Attributes
    ----------
    slope, intercept
        Stored value → rescaled value; not used where there is a Modality LUT.
    modality_lut
        First stored value mapped, and the table, or None.
    low, high
        Rescaled values that become the ends of the signal range.
    rising
        True where a larger rescaled value means more attenuation.
    logarithm
        True where rescaled values are linear in exposure.
    padding
        Least and greatest stored value that is no picture (C.7.5.1.1.2), or None.
    notes
        What was assumed or done, in words: nothing is converted silently.
    """

    slope: float
    intercept: float
    low: float
    high: float
    rising: bool
    logarithm: bool
    bits: int
    signed: bool
    modality_lut: tuple[int, npt.NDArray[np.float64]] | None = None
    padding: tuple[int, int] | None = None
    notes: tuple[str, ...] = field(default=())

    def rescaled(self, stored: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Stored values → rescaled values."""
        values = np.asarray(stored, dtype=np.float64)
        if self.modality_lut is None:
            return values * self.slope + self.intercept
        first, table = self.modality_lut
        return table[np.clip(values - first, 0, len(table) - 1).astype(np.intp)]

    def from_rescaled(self, rescaled: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Rescaled values → signal."""
        part = (np.asarray(rescaled, dtype=np.float64) - self.low) / (self.high - self.low)
        if not self.logarithm:
            return part if self.rising else 1.0 - part
        exposure = np.clip(1.0 - part if self.rising else part, 10.0**-DECADES, None)
        return -np.log10(exposure) / DECADES

    def to_rescaled(self, signal: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Signal → rescaled values."""
        values = np.asarray(signal, dtype=np.float64)
        if self.logarithm:
            exposure = 10.0 ** (-DECADES * values)
            part = 1.0 - exposure if self.rising else exposure
        else:
            part = values if self.rising else 1.0 - values
        return self.low + part * (self.high - self.low)

    def to_stored(self, signal: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Signal → stored values, not rounded; through a Modality LUT the nearest entry."""
        rescaled = self.to_rescaled(signal)
        if self.modality_lut is None:
            return (rescaled - self.intercept) / self.slope
        first, table = self.modality_lut
        order = np.argsort(table, kind="stable")
        return first + np.interp(rescaled, table[order], order.astype(np.float64))

    def table(self) -> Floats:
        """Signal of every 16-bit pattern, as a look-up table of 65536 entries."""
        return self.from_rescaled(self.rescaled(self._patterns())).astype(np.float32)

    def padded(self) -> npt.NDArray[np.bool_]:
        """Which of the 16-bit patterns are padding."""
        patterns = self._patterns()
        low, high = self.padding or (1, 0)
        return np.asarray((patterns >= low) & (patterns <= high))

    def _patterns(self) -> npt.NDArray[np.int64]:
        patterns = np.arange(65536)
        return np.where(patterns < 32768, patterns, patterns - 65536) if self.signed else patterns


def scale_of(attrs: Mapping[str, Any]) -> SignalScale:
    """Read the scale from an image's attributes (DICOM keywords, and ``unprocessed``).

    Raises
    ------
    Unreadable
        For colour images: they have no signal.
    """
    photometric = str(attrs.get("PhotometricInterpretation") or "MONOCHROME2")
    if not photometric.startswith("MONOCHROME") or int(attrs.get("SamplesPerPixel") or 1) != 1:
        raise Unreadable(
            f"The image is in colour ({photometric}); radiographs have one grey value per pixel.",
            "Store or forward it unprocessed, or have the sender send it as MONOCHROME2.",
        )
    bits = int(attrs.get("BitsStored") or 16)
    if not 1 <= bits <= 32:
        raise Unreadable(f"An image of {bits} bits stored cannot be processed.", "Ask for the image again.")
    signed = bool(attrs.get("PixelRepresentation") or 0)
    notes: list[str] = []
    slope, intercept = _rescale(attrs, notes)
    lowest, highest = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    table = _modality_lut(attrs)
    if table is not None:
        low, high = float(table[1].min()), float(table[1].max())
        notes.append("Modality LUT applied.")
    else:
        low, high = sorted((lowest * slope + intercept, highest * slope + intercept))
    if attrs.get("Modality") == "CT":
        low, high = _HU
        notes.append("CT: signal spans -1024 to 3071 HU.")
    if high <= low:
        high = low + 1.0
    rising, sign_note = _rising(attrs, photometric)
    logarithm = _unprocessed(attrs) and attrs.get("PixelIntensityRelationship") == "LIN"
    if logarithm:
        notes.append(f"Linear detector values: logarithm over {DECADES:g} decades.")
    notes.extend(sign_note)
    padding = _padding(attrs, signed)
    if padding is not None:
        notes.append(f"Pixel padding {padding[0]} to {padding[1]} is no picture: dark as its darkest part.")
    if str(attrs.get("LossyImageCompression") or "") == "01":
        notes.append("The pixels were compressed with loss.")
    return SignalScale(slope, intercept, low, high, rising, logarithm, bits, signed, table, padding, tuple(notes))


def is_unprocessed(attrs: Mapping[str, Any]) -> bool | None:
    """Whether the pixels are as the detector gave them; None where neither header nor site says it."""
    intent = attrs.get("PresentationIntentType")
    if intent:
        return bool(intent == "FOR PROCESSING")
    said = attrs.get("unprocessed")
    return None if said is None else bool(said)


def _unprocessed(attrs: Mapping[str, Any]) -> bool:
    return is_unprocessed(attrs) is True


def _rising(attrs: Mapping[str, Any], photometric: str) -> tuple[bool, list[str]]:
    """Whether larger values mean more attenuation: physics first for unprocessed pixels, else what is shown light."""
    shown_light = photometric == "MONOCHROME2"
    sign = attrs.get("PixelIntensityRelationshipSign")
    if _unprocessed(attrs) and sign is not None:
        rising = int(sign) < 0
        if rising != shown_light:
            return rising, [f"Pixel Intensity Relationship Sign {int(sign)} goes before {photometric}."]
        return rising, []
    return shown_light, [] if shown_light else ["MONOCHROME1: values inverted."]


def _rescale(attrs: Mapping[str, Any], notes: list[str]) -> tuple[float, float]:
    """Slope and intercept; what would make all pixels alike is not used."""
    said = attrs.get("RescaleSlope"), attrs.get("RescaleIntercept")
    slope, intercept = (default if v in (None, "") else _number(v) for v, default in zip(said, (1.0, 0.0), strict=True))
    if slope is None or intercept is None or not 1e-9 <= abs(slope) <= 1e9 or abs(intercept) > 1e9:
        notes.append(f"Rescale slope {said[0]} and intercept {said[1]} make no sense and are not used.")
        return 1.0, 0.0
    return slope, intercept


def _padding(attrs: Mapping[str, Any], signed: bool) -> tuple[int, int] | None:
    """Pixel Padding Value (0028,0120) to Pixel Padding Range Limit (0028,0121), in stored values."""
    first = _number(attrs.get("PixelPaddingValue"))
    if first is None:
        return None
    second = _number(attrs.get("PixelPaddingRangeLimit"))
    # Some write the 16 bits of a negative value as if they had no sign.
    ends = [int(v) - 65536 if signed and v > 32767 else int(v) for v in (first, first if second is None else second)]
    return min(ends), max(ends)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _modality_lut(attrs: Mapping[str, Any]) -> tuple[int, npt.NDArray[np.float64]] | None:
    """``modality_lut``: {"descriptor": [entries, first, bits], "data": […]}, as the opened image carries it."""
    given = attrs.get("modality_lut")
    if not given:
        return None
    table = np.asarray(given["data"], dtype=np.float64)
    if not table.size:
        raise Unreadable("The Modality LUT of this image has no entries.", "Ask for the image again.")
    return int(given["descriptor"][1]), table
