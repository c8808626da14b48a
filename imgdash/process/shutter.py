"""Blackening outside the irradiated field: unexposed borders would dazzle, on screen and on film."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.aperture import aperture, field_of
from imgdash.process.geometry import Placement
from imgdash.process.parameters import Chain


def shutter_of(chain: Chain, calculated: Mapping[str, Any], steps: Sequence[str]) -> bool:
    """Whether to blacken: not where the field is uncertain, it could hide what was exposed."""
    return chain.geometry.shutter and "gradation" in steps and bool(field_of(calculated))


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
    mask = aperture((pixels.shape[0], pixels.shape[1]), field, placement)
    return np.asarray(cv2.bitwise_and(pixels, pixels, mask=mask)).reshape(pixels.shape)
