"""What a processing really did to detail of each size, live: the spectrum of an image after it over that before it.

The gain that a key promises (`imgdash.process.band_gains`) is that of faint detail; saturation, noise, β and the
gradation change it from place to place, and only the image itself says by how much.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

_SIDE: Final = 64
_MOST: Final = 24
_FEWEST: Final = 2
_BINS: Final = 20
# The window's main lobe reaches two lines: below that, the tile's own slope would be measured.
_FIRST_LINE: Final = 2.0
# A tile without any detail before, as a constant image has, has no gain.
_LEAST_POWER: Final = 1e-12


class Spectrum:
    """Tiles of an image before processing and the power of their detail; `gains` compares.

    Parameters
    ----------
    before
        The signal range through a straight line, black 0 and white 1, 2-D.
    pitch_mm
        Of its pixels.
    region
        Where to measure: only tiles that lie wholly inside count.

    Notes
    -----
    Welch's method: tiles of 64 pixels under a Hann window, mean power, mean over rings of spatial frequency. The
    amplitude ratio of the two is the modulus of the transfer function where the processing is linear, and its mean by
    power where it is not.
    """

    def __init__(self, before: npt.NDArray[Any], pitch_mm: float, region: npt.NDArray[np.bool_]) -> None:
        self._tiles = _tiles(region)
        line = 1 / (_SIDE * pitch_mm)
        y, x = np.fft.fftfreq(_SIDE, pitch_mm), np.fft.rfftfreq(_SIDE, pitch_mm)
        radius = np.hypot(y[:, None], x)
        edges = np.geomspace(_FIRST_LINE * line, 0.5 / pitch_mm, _BINS + 1)
        ring = np.digitize(radius, edges).ravel()
        inside = (ring >= 1) & (ring <= _BINS)
        # Columns but the first and the last stand for two lines of the whole spectrum.
        weight = np.full(radius.shape, 2.0)
        weight[:, [0, -1]] = 1.0
        self._ring, self._weight = ring, np.where(inside, weight.ravel(), 0.0)
        self._count = self._ringed(np.ones(radius.size))
        self.lpmm: Doubles = self._mean(radius)
        self._power = self._power_of(before) if self.measurable else np.zeros(len(self.lpmm))

    @property
    def measurable(self) -> bool:
        """Whether there is room for enough tiles."""
        return len(self._tiles) >= _FEWEST

    def gains(self, after: npt.NDArray[Any]) -> tuple[Doubles, Doubles]:
        """Line pairs per mm, and the gain of amplitude there; both empty where nothing can be measured.

        Parameters
        ----------
        after
            P-values, black 0 and white 1, same shape, not turned.
        """
        known = self._power > _LEAST_POWER
        if not self.measurable or not known.any():
            return np.zeros(0), np.zeros(0)
        return self.lpmm[known], np.sqrt(self._power_of(after)[known] / self._power[known])

    def _power_of(self, image: npt.NDArray[Any]) -> Doubles:
        tiles = np.stack([image[y : y + _SIDE, x : x + _SIDE] for y, x in self._tiles]).astype(np.float32)
        tiles = (tiles - tiles.mean(axis=(1, 2), keepdims=True)) * _WINDOW
        lines = np.fft.rfft2(tiles)
        power = (lines.real**2 + lines.imag**2).mean(axis=0)
        return self._mean(power)

    def _mean(self, values: npt.NDArray[Any]) -> Doubles:
        """Over each ring that has lines at all."""
        known = self._count > 0
        return np.asarray(self._ringed(values.ravel())[known] / self._count[known])

    def _ringed(self, values: npt.NDArray[Any]) -> Doubles:
        counted = np.bincount(self._ring, values * self._weight, minlength=_BINS + 2)
        return np.asarray(counted[1 : _BINS + 1], np.float64)


_HANN: Final = np.hanning(_SIDE + 1)[:-1].astype(np.float32)
_WINDOW: Final = np.outer(_HANN, _HANN)


def _tiles(region: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Upper left corners of tiles that lie wholly inside, spread over the region."""
    if min(region.shape) < _SIDE:
        return []
    summed = np.zeros((region.shape[0] + 1, region.shape[1] + 1), np.int64)
    np.cumsum(np.cumsum(region, axis=0, dtype=np.int64), axis=1, out=summed[1:, 1:])
    step = _SIDE // 2
    y, x = np.meshgrid(
        np.arange(0, region.shape[0] - _SIDE + 1, step), np.arange(0, region.shape[1] - _SIDE + 1, step), indexing="ij"
    )
    inside = summed[y + _SIDE, x + _SIDE] - summed[y, x + _SIDE] - summed[y + _SIDE, x] + summed[y, x]
    found = np.argwhere(inside == _SIDE * _SIDE) * step
    chosen = (
        found[np.unique(np.linspace(0, len(found) - 1, min(len(found), _MOST)).astype(int))] if len(found) else found
    )
    return [(int(top), int(left)) for top, left in chosen]


__all__ = ["Spectrum"]
