"""Private: straight light-dark steps of any direction on a reduced image, by a directed Hough transform.

A line is the points p with normal · p = offset, in pixels from the centre of pixel (0, 0); its normal points to the
lighter, less exposed side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic.kernels import DIRECTIONS, WIDTH

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_BLUR: Final = 1.2
_FULL_STEP: Final = 0.03
"""Rise from pixel to pixel, of the span, that counts as a whole step."""
_MOST: Final = 32
LEAST_LENGTH: Final = 18.0


@dataclass(frozen=True)
class Line:
    """normal · p = offset; ``length`` is how many pixels of it show a step, ``bend`` how far they lie beside it."""

    normal: tuple[float, float]
    offset: float
    length: float
    bend: float

    @property
    def degrees(self) -> float:
        """Direction of the normal, −180…180."""
        return float(np.degrees(np.arctan2(self.normal[1], self.normal[0])))


@dataclass(frozen=True)
class Steps:
    """Pixels on the ridge of a step: ``points`` (n, 2) x, y; ``rise``, a unit vector; ``weight`` 0…1."""

    points: Points
    rise: Points
    weight: npt.NDArray[np.float64]

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """Of the rise, radians."""
        return np.asarray(np.arctan2(self.rise[:, 1], self.rise[:, 0]))


def steps(image: Floats, span: float) -> Steps:
    """Where the image rises steeply.

    Parameters
    ----------
    image
        Signal on a grid of about 1 mm.
    span
        Of its values.
    """
    from imgdash.process.automatic.kernels.ridges import ridges

    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), _BLUR))
    dx, dy = (np.asarray(cv2.Scharr(smooth, cv2.CV_32F, *order)) / 32 for order in ((1, 0), (0, 1)))
    points, rise, steep = ridges(dx, dy, 0.25 * _FULL_STEP * span)
    return Steps(points, rise, np.clip(steep / (_FULL_STEP * span), 0, 1).astype(np.float64))


def lines(found: Steps, shape: tuple[int, ...]) -> list[Line]:
    """The longest lines, longest first; ridge pixels that lie on one of them vote for no other."""
    from imgdash.process.automatic.kernels.voting import longest

    reach = int(np.ceil(np.hypot(shape[0], shape[1]) / WIDTH)) + 2
    nearest = np.rint(found.direction * DIRECTIONS / (2 * np.pi)).astype(np.int16) % DIRECTIONS
    order = np.argsort(nearest, kind="stable")
    first = np.searchsorted(nearest[order], np.arange(DIRECTIONS + 1))
    points, rise = (np.ascontiguousarray(each[order].T) for each in (found.points, found.rise))
    fits = np.empty((_MOST, 5))
    count = longest(points, rise, found.weight[order], first, reach, fits)
    return [
        Line((float(nx), float(ny)), float(offset), float(length), float(bend))
        for nx, ny, offset, length, bend in fits[:count]
        if length >= LEAST_LENGTH
    ]
