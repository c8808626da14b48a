"""An image at full, half, quarter … resolution, and wide masks made on them.

A level is the area mean of two by two of the finer one, softened, so its samples sit symmetrically: turning or
mirroring an image changes nothing (OpenCV's own pyrDown keeps even samples instead). Going back is linear
interpolation, whose repetition converges to a smooth quadratic spline: no blocks after non-linear changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.aperture import Field, filled
from imgdash.process.fused import SOFTEN, Source, halve
from imgdash.process.kernels import look_up

Floats = npt.NDArray[np.float32]
Pitch = tuple[float, float]

WIDTH_TO_SIGMA: Final = 1 / 2.3548
"""Full width at half maximum → standard deviation."""
_SAMPLES: Final = 1.5
"""Samples for each standard deviation of a mask, at least."""
_HALVINGS: Final = (0.25 + 4 * 2 * SOFTEN) / 3
"""Variance that halving again and again comes to: means of two, and softening on the coarser grid."""


class Levels:
    """The levels of an image, each made when it is asked for.

    Parameters
    ----------
    source
        Of level 0.
    pitch
        Pixel pitch (y, x) in mm.
    field
        Irradiated field, polygons in mm: what lies outside is filled up from inside. None: all of the image.
    """

    def __init__(self, source: Source, pitch: Pitch, field: Field = ()) -> None:
        self.source = source
        self.pitch = pitch
        self._field = field
        self._coarser: list[Floats] = []
        self._last: dict[str, tuple[Any, Floats]] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of level 0."""
        rows, columns = self.source.pixels.shape
        return rows, columns

    def __getitem__(self, k: int) -> Floats:
        """Signal at 1/2^k of the resolution."""
        if k == 0:
            pixels, table = self.source
            if len(table) == 1:
                return filled(pixels * table[0], self._field, self.pitch)
            return filled(look_up(pixels, table) if len(table) else pixels, self._field, self.pitch)
        if not self._coarser:
            half = halve(self.source)
            pitch = self.shape[0] * self.pitch[0] / half.shape[0], self.shape[1] * self.pitch[1] / half.shape[1]
            self._coarser.append(filled(half, self._field, pitch))
        while len(self._coarser) < k:
            self._coarser.append(halve(Source(self._coarser[-1])))
        return self._coarser[k - 1]

    def last(self, name: str, key: Any, make: Callable[[], Floats]) -> Floats:
        """What `make` gives; kept under its name until it is asked for with another key."""
        if name not in self._last or self._last[name][0] != key:
            self._last[name] = key, make()
        return self._last[name][1]

    def pitch_of(self, k: int) -> Pitch:
        """Pixel pitch (y, x) of level k in mm."""
        rows, columns = self[k].shape
        return self.shape[0] * self.pitch[0] / rows, self.shape[1] * self.pitch[1] / columns

    def fit(self, width_mm: float, least: int = 0) -> int:
        """The coarsest level fine enough for masks of that width, but none finer than `least`."""
        k = int(np.floor(np.log2(max(width_mm * WIDTH_TO_SIGMA / (_SAMPLES * max(self.pitch)), 1.0))))
        return min(max(k, least), int(np.log2(min(self.shape))))

    def smooth(self, width_mm: float) -> Floats:
        """Gaussian mask of a full width at half maximum in mm, on the grid of the level that fits it."""
        k = self.fit(width_mm)
        return self.gauss(self[k], k, width_mm)

    def gauss(self, image: Floats, k: int, width_mm: float) -> Floats:
        """Gaussian mask of an image on the grid of level k, the borders mirrored.

        What a level's averaging and the interpolation back have spread already is left out, so that the mask is as
        wide as asked for whatever the level: in squares of its pitch, 0.457 for all halvings and 1/6 for the
        interpolation.
        """
        spread = (_HALVINGS * (1 - 0.25**k) + 1 / 6) if k else 0.0
        sigma_y, sigma_x = (
            float(np.sqrt(max((width_mm * WIDTH_TO_SIGMA / p) ** 2 - spread, 0.01))) for p in self.pitch_of(k)
        )
        size = _odd(sigma_x), _odd(sigma_y)
        blurred = cv2.GaussianBlur(image, size, sigmaX=sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_REFLECT)
        return np.asarray(blurred).reshape(image.shape)


def _odd(sigma: float) -> int:
    return 2 * int(np.ceil(3 * sigma)) + 1
