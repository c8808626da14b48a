"""Linearised signal: what MTF and NPS are defined on (IEC 62220-1-1, 6.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process.automatic.exposure import Calibration
from imgdash.process.signal import is_unprocessed, scale_of

Floats = npt.NDArray[np.float32]


def linear(
    stored: npt.ArrayLike, attrs: Mapping[str, Any], calibration: Calibration | None = None
) -> tuple[Floats, tuple[str, ...]]:
    """Stored values → signal linear in detector air kerma, larger for more of it.

    Parameters
    ----------
    stored
        Stored values, any shape.
    attrs
        DICOM keywords of the image, as `imgdash.process.signal.scale_of` takes them.
    calibration
        Of the sender; with it the signal is in µGy, without it in rescaled values.

    Returns
    -------
    float32 array of the same shape, and what was assumed, in words.

    Raises
    ------
    ImgdashError
        If the pixels were processed, or are logarithmic and the sender has no calibration: of those nothing that is
        measured would be of the detector.
    """
    if is_unprocessed(attrs) is False:
        raise ImgdashError("The sender has processed this image.", "Send images of quality control For Processing.")
    values = np.asarray(stored)
    notes = [] if is_unprocessed(attrs) else ["Not stated whether unprocessed: taken as unprocessed."]
    relationship = str(attrs.get("PixelIntensityRelationship") or "")
    if calibration is not None:
        return _kerma(values, calibration), tuple(notes)
    if relationship not in ("", "LIN"):
        raise ImgdashError(
            f"The pixels are {relationship}, not linear in exposure, and the sender has no calibration.",
            "Add an [[exposure]] of this sender to the site file.",
        )
    if not relationship:
        notes.append("Pixel Intensity Relationship is not stated: taken as linear.")
    scale = scale_of(attrs)
    rescaled = scale.rescaled(values)
    return (scale.low + scale.high - rescaled if scale.rising else rescaled).astype(np.float32), tuple(notes)


def _kerma(values: npt.NDArray[Any], calibration: Calibration) -> Floats:
    """µGy (IEC 62494-1)."""
    if calibration.form == "linear":
        return (calibration.gain * values + calibration.offset).astype(np.float32)
    return np.asarray(calibration.gain * 10.0 ** (values.astype(np.float32) / calibration.slope), np.float32)
