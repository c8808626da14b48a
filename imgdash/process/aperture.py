"""The irradiated field on the grid of an image, and what lies outside filled up from inside.

An unexposed border is so much lighter than what was exposed that coarse bands and wide masks, which see both, would
darken the image for millimetres along its edge. They are made of an image without that border.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process import fused
from imgdash.process.geometry import Placement
from imgdash.process.kernels import resize

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]
Field = tuple[tuple[tuple[float, float], ...], ...]

_SURE_OF_FIELD: Final = 0.5
_PENUMBRA_MM: Final = 2.5
_GRID_MM: Final = 2.0


def field_of(calculated: Mapping[str, Any]) -> Field:
    """Polygons of the irradiated field in mm, from what was calculated; none where the field is uncertain."""
    if ((calculated.get("confidence") or {}).get("field") or 0.0) < _SURE_OF_FIELD:
        return ()
    return tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in calculated.get("field") or ())


def aperture(shape: tuple[int, int], field: Sequence[Any], placement: Placement) -> Mask:
    """255 in the field, 0 outside and in the penumbra along its edges; where the field reaches the image's own border
    nothing is left out.

    Parameters
    ----------
    field
        Polygons in mm.
    placement
        Of an image of that shape, as received (not turned).
    """
    mask = np.zeros(shape, np.uint8)
    rim = max(1, round(2 * _PENUMBRA_MM / min(placement.pitch())))
    for polygon in field:
        corners = np.clip(placement.apply(polygon), -30000, 30000)
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255)
        for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if not _on_border(one, other, shape):
                start, end = (tuple(int(v) for v in np.rint(point)) for point in (one, other))
                cv2.line(mask, start, end, 0, rim)
    return mask


def filled(image: Floats, field: Field, pitch: tuple[float, float]) -> Floats:
    """The image with what lies outside the field made of what is near it inside; itself where nothing does."""
    shape = (image.shape[0], image.shape[1])
    mask = aperture(shape, field, Placement.of_image(shape, pitch)) if field else None
    if mask is None or mask.all() or not mask.any():
        return image
    rows, columns = (min(n, max(1, round(n * p / _GRID_MM))) for n, p in zip(shape, pitch, strict=True))
    known = fused.filled(mask, rows, columns)
    if not known.any():
        return image
    out = np.ascontiguousarray(resize(_spread(resize(image, rows, columns), known), *shape))
    if np.shares_memory(out, image):
        out = out.copy()
    return np.asarray(cv2.copyTo(image, mask, out)).reshape(shape)


def _spread(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Unknown values from the means of known ones around, of ever larger squares."""
    if known.all():
        return values
    rows, columns = ((n + 1) // 2 for n in values.shape)
    weight = resize(known.astype(np.float32), rows, columns)
    mean = resize(np.where(known, values, np.float32(0)), rows, columns) / np.maximum(weight, np.float32(1e-6))
    around = resize(_spread(mean, weight > 0), *values.shape)
    return np.where(known, values, around)


def _on_border(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Whether both ends lie on the same side of the image, to two pixels."""
    rows, columns = shape
    sides = [(one[0], other[0], 0), (one[0], other[0], columns), (one[1], other[1], 0), (one[1], other[1], rows)]
    return any(abs(a - side) <= 2 and abs(b - side) <= 2 for a, b, side in sides)
