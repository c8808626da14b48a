"""Blackening outside the irradiated field: unexposed borders would dazzle, on screen and on film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.geometry import Placement
from imgdash.process.parameters import Chain

_SURE_OF_FIELD: Final = 0.5
_PENUMBRA_MM: Final = 2.5


def shutter_of(chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str]) -> bool:
    """Whether to blacken: not where the field is uncertain, it could hide what was exposed."""
    confidence = (calculated.get("confidence") or {}).get("field") or 0.0
    wanted = chain.geometry.shutter and "gradation" in steps and bool(calculated.get("field"))
    return wanted and confidence >= _SURE_OF_FIELD


def blacken(pixels: npt.NDArray[Any], field: Sequence[Any], placement: Placement) -> npt.NDArray[Any]:
    """P-value 0 outside the field and in the penumbra along its edges; where the field reaches the image's own
    border nothing is lost.

    Parameters
    ----------
    pixels
        P-values, 2-D, as received (not turned).
    field
        Polygons in mm.
    """
    mask = np.zeros(pixels.shape, np.uint8)
    rim = max(1, round(2 * _PENUMBRA_MM / min(placement.pitch())))
    for polygon in field:
        corners = np.clip(placement.apply(polygon), -30000, 30000)
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255)
        for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if not _on_border(one, other, pixels.shape):
                start, end = (tuple(int(v) for v in np.rint(point)) for point in (one, other))
                cv2.line(mask, start, end, 0, rim)
    return np.asarray(cv2.bitwise_and(pixels, pixels, mask=mask)).reshape(pixels.shape)


def _on_border(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Whether both ends lie on the same side of the image, to two pixels."""
    rows, columns = shape
    sides = [(one[0], other[0], 0), (one[0], other[0], columns), (one[1], other[1], 0), (one[1], other[1], rows)]
    return any(abs(a - side) <= 2 and abs(b - side) <= 2 for a, b, side in sides)
