"""The quick version for the screen: the same steps on the reduced image for display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.process import geometry, tone
from imgdash.process.aperture import field_of
from imgdash.process.geometry import Placement
from imgdash.process.parameters import Chain
from imgdash.process.pipeline import checked_steps
from imgdash.process.prepared import PreparedImages
from imgdash.process.shutter import blacken, shutter_of

_SIGNAL: Final = np.array([1 / 65535], np.float32)
_KEPT: Final = PreparedImages()
STEPS: Final = ("frequency", "equalization", "gradation", "rotation", "mirror")


def preview(
    reduced_display: npt.NDArray[np.uint16],
    pitch_mm: float,
    chain: Chain,
    calculated: Mapping[str, Any],
    *,
    steps: Sequence[str] = STEPS,
    bits: int = 8,
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Process the reduced image for display.

    Parameters
    ----------
    reduced_display
        `imgdash.reduce.Reduced.display`: signal 0…1 as 0…65535. What is prepared for this very array is kept for the
        next call, so it is not to be changed.
    pitch_mm
        Its pitch; where `calculated` knows the extent of the image that goes first.
    steps
        Which of (2)-(6) run; (7) and (8) belong to the output and to the page.
    bits
        8 gives uint8, more gives uint16.

    Returns
    -------
    P-values, turned as the output will be.
    """
    steps = checked_steps(steps)
    pixels = np.ascontiguousarray(reduced_display)
    extent = calculated.get("extent_mm")
    pitch = (extent[0] / pixels.shape[0], extent[1] / pixels.shape[1]) if extent else (pitch_mm, pitch_mm)
    prepared = tone.plan(_KEPT.of(pixels, _SIGNAL, pitch, field_of(calculated)), chain, calculated, steps)
    rotation = chain.geometry.rotation if "rotation" in steps else 0
    angle = chain.geometry.angle if "rotation" in steps else 0.0
    mirror = bool(chain.geometry.mirror and "mirror" in steps)
    shutter = shutter_of(chain, calculated, steps) and not prepared.tone.as_sent
    if angle or shutter:
        graded = prepared.render(bits)
        if shutter:
            graded = blacken(graded, calculated["field"], Placement.of_image((pixels.shape[0], pixels.shape[1]), pitch))
        graded = np.ascontiguousarray(geometry.turn(graded, rotation, False))
        if angle:
            graded = geometry.tilt(graded, angle, "linear")
        graded = np.ascontiguousarray(geometry.turn(graded, 0, mirror))
    else:
        graded = prepared.render(bits, rotation, mirror)
    return graded.astype(np.uint8) if bits <= 8 else graded
