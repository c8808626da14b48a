"""The one domain of all processing: signal, 0…1 nominal, larger = more attenuation = lighter when shown.

0 is the most exposed, 1 the least exposed value that the stored bits can hold. For images with a logarithmic
or unknown pixel relationship it is affine in the rescaled values; linear For Processing values pass the
logarithm, 1 signal = `DECADES` decades of exposure; CT is affine in HU (−1024…3071).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.model import Unreadable
from imgdash.process.kernels import look_up

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
        patterns = np.arange(65536)
        if self.signed:
            patterns = np.where(patterns < 32768, patterns, patterns - 65536)
        return self.from_rescaled(self.rescaled(patterns)).astype(np.float32)


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
    signed = bool(attrs.get("PixelRepresentation") or 0)
    notes: list[str] = []
    slope, intercept = float(attrs.get("RescaleSlope") or 1.0), float(attrs.get("RescaleIntercept") or 0.0)
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
    if str(attrs.get("LossyImageCompression") or "") == "01":
        notes.append("The pixels were compressed with loss.")
    return SignalScale(slope, intercept, low, high, rising, logarithm, bits, signed, table, tuple(notes))


def to_signal(array: npt.ArrayLike, attrs: Mapping[str, Any]) -> Floats:
    """Stored values → signal.

    Parameters
    ----------
    array
        Stored values, any shape.
    attrs
        DICOM keywords of the image; see `scale_of`.

    Returns
    -------
    float32 array of the same shape; 0…1 over the bits stored, beyond only for values beyond them. Never NaN.
    """
    scale, values = scale_of(attrs), np.asarray(array)
    if values.dtype.kind in "ui" and values.dtype.itemsize <= 2:
        wide = values if values.dtype.itemsize == 2 else values.astype(np.int16 if scale.signed else np.uint16)
        patterns = np.ascontiguousarray(wide, dtype=wide.dtype.newbyteorder("=")).view(np.uint16)
        return look_up(patterns, scale.table())
    signal = scale.from_rescaled(scale.rescaled(np.nan_to_num(values.astype(np.float64))))
    return signal.astype(np.float32)


def from_signal(signal: npt.ArrayLike, attrs: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Signal → stored values, not rounded."""
    return scale_of(attrs).to_stored(signal)


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


def _modality_lut(attrs: Mapping[str, Any]) -> tuple[int, npt.NDArray[np.float64]] | None:
    """``modality_lut``: {"descriptor": [entries, first, bits], "data": […]}, as the opened image carries it."""
    given = attrs.get("modality_lut")
    if not given:
        return None
    return int(given["descriptor"][1]), np.asarray(given["data"], dtype=np.float64)
