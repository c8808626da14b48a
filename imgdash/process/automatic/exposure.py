"""Exposure index and deviation index (IEC 62494-1). Unknown stays None; they never depend on display processing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from imgdash.process.signal import from_signal, is_unprocessed

C0: Final = 100.0
"""µGy⁻¹ (IEC 62494-1)."""
_MODALITIES: Final = ("CR", "DX", "DR", "RG")
_EXCLUDED_PARTS: Final = ("BREAST", "TEETH", "TOOTH")


class Calibration(Protocol):
    """Stored value → detector air kerma, as `imgdash.config.Exposure` has it."""

    @property
    def form(self) -> str: ...
    @property
    def gain(self) -> float: ...
    @property
    def offset(self) -> float: ...
    @property
    def slope(self) -> float: ...


@dataclass(frozen=True)
class Indices:
    """EI, target and DI; None where unknown or not applicable, with the reason in `notes`."""

    ei: float | None
    target_ei: float | None
    di: float | None
    source: str
    notes: tuple[str, ...]


def kerma(stored: float, calibration: Calibration) -> float:
    """Detector air kerma in µGy of a stored value."""
    if calibration.form == "linear":
        return calibration.gain * stored + calibration.offset
    return float(calibration.gain * 10.0 ** (stored / calibration.slope))


def deviation_index(ei: float, target_ei: float) -> float:
    """DI = 10·log10(EI / EI_T)."""
    return 10.0 * math.log10(ei / target_ei)


def indices(
    median_signal: float | None,
    attrs: Mapping[str, Any],
    calibration: Calibration | None,
    target_ei: float | None,
    fields: int,
) -> Indices:
    """EI and DI from the median of the relevant region, or as the modality stated them.

    Parameters
    ----------
    median_signal
        Of the relevant region (V), None where there is none.
    calibration
        Of the sender, or None.
    target_ei
        EI_T of the condition, or None: then the header's.
    fields
        Number of irradiated fields: several mean several irradiations, for which there is no EI.
    """
    target = target_ei or _positive(attrs.get("TargetExposureIndex"))
    if reason := _not_applicable(attrs, fields):
        return Indices(None, target, None, "", (f"No exposure index: {reason}.",))
    stated = _positive(attrs.get("ExposureIndex"))
    if calibration is not None and median_signal is not None and is_unprocessed(attrs) is not False:
        ei = C0 * kerma(float(from_signal(median_signal, attrs)), calibration)
        if not (math.isfinite(ei) and ei > 0):
            return Indices(
                None, target, None, "", ("No exposure index: the calibration gives no dose for these values.",)
            )
        source, notes = "calculated", ()
    elif stated is not None:
        ei, source, notes = stated, "header", ()
    else:
        reason = "this sender is not calibrated" if calibration is None else "its relevant region is not found"
        reason = "the pixels are processed" if is_unprocessed(attrs) is False else reason
        return Indices(None, target, None, "", (f"No exposure index: {reason}.",))
    if target is None:
        return Indices(ei, None, None, source, ("No deviation index: no target exposure index.",))
    return Indices(ei, target, deviation_index(ei, target), source, notes)


def _not_applicable(attrs: Mapping[str, Any], fields: int) -> str:
    modality = str(attrs.get("Modality") or "")
    if modality and modality not in _MODALITIES:
        return f"modality {modality} is outside IEC 62494-1"
    if str(attrs.get("BodyPartExamined") or "").upper() in _EXCLUDED_PARTS:
        return "this body part is outside IEC 62494-1"
    if fields > 1:
        return "several irradiations in one image"
    return ""


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None
