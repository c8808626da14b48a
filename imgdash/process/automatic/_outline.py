"""Private: how sure an outline is by what it shows all along: where the beam ends there is a step.

Where one side was missed or another structure taken for one, part of the outline runs through evenly exposed
anatomy. On half of 2,880 generated images 0.97 of the outline with a step parted right from wrong: there all 13 wrong
fields lay below, and 0.7 % of the right ones; on the other half 19 of 21, and 0.8 %.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_EVERY: Final = 2.0  # pixels from place to place
_BORDER: Final = 3.0  # pixels along the image's border, where the outline has no outside
_AWAY: Final = (3.0, 4.0, 5.0)
_STEP: Final = 0.05  # of the span
_DOUBT: Final = 0.97
_LEAST_PLACES: Final = 6


def sure(image: Floats, outline: Points, span: float) -> float:
    """0…1; 0.5 where as much of the outline shows a step as parts right from wrong.

    Parameters
    ----------
    image
        Signal on a grid of about 1 mm.
    outline
        Convex, (n, 2) in pixels.
    span
        Of the values.
    """
    return float(np.clip(0.5 + 0.5 * (shown(image, outline, span) - _DOUBT) / (1 - _DOUBT), 0, 1))


def shown(image: Floats, outline: Points, span: float) -> float:
    """Part of the outline inside the image that is less exposed outside than inside; 1 where none lies inside."""
    places, outward = _walked(outline)
    rows, columns = image.shape
    inside = ((places > _BORDER) & (places < np.array([columns, rows]) - 1 - _BORDER)).all(axis=1)
    if inside.sum() < _LEAST_PLACES:
        return 1.0
    places, outward = places[inside], outward[inside]
    step = np.mean([_at(image, places + k * outward) - _at(image, places - k * outward) for k in _AWAY], axis=0)
    return float((step > _STEP * span).mean())


def _walked(outline: Points) -> tuple[Points, Points]:
    """Places along an outline, and the directions away from it there."""
    middle = outline.mean(axis=0)
    places, outward = [], []
    for one, other in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        length = float(np.hypot(*(other - one)))
        if length < 1e-6:
            continue
        normal = np.array([other[1] - one[1], one[0] - other[0]]) / length
        normal *= 1.0 if normal @ ((one + other) / 2 - middle) > 0 else -1.0
        part = np.arange(_EVERY / 2, length, _EVERY) if length >= _EVERY else np.array([length / 2])
        places.append(one + (other - one) * (part / length)[:, None])
        outward.append(np.repeat(normal[None], len(part), axis=0))
    return np.concatenate(places), np.concatenate(outward)


def _at(image: Floats, places: Points) -> npt.NDArray[np.float64]:
    x, y = (places[:, k].astype(np.float32).reshape(-1, 1) for k in (0, 1))
    values = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float64).ravel()
