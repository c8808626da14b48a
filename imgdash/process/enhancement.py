"""Step (2) applied to an image: the pyramid of its detail and its β, made ready for the pass over its pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process import fused
from imgdash.process.bands import level_count, level_frequencies
from imgdash.process.frequency import LOWEST_LPMM, beta_table, detail_table, gain_at
from imgdash.process.fused import Curve, Detail, Source, curve_of, map_onto, no_curve
from imgdash.process.kernels import grid, look_up, quantise, resize
from imgdash.process.levels import Levels
from imgdash.process.noise import Noise
from imgdash.process.parameters import Frequency

Floats = npt.NDArray[np.float32]

_BETA_WIDTH_MM: Final = 3.0


class Enhancement:
    """Frequency processing of one image, ready for the last pass over its pixels.

    Parameters
    ----------
    levels
        The image.
    low, high
        s_low and s_high of this image.
    noise
        Of this image; None: nothing is taken for noise.
    """

    def __init__(
        self, levels: Levels, settings: Frequency, low: float, high: float, noise: Noise | None = None
    ) -> None:
        self._levels = levels
        self._low, self._span = low, high - low
        self._settings = settings
        self._noise = noise if settings.noise else None
        self._beta = levels.last("β", (settings.dark, settings.light, low, high), self._beta_map)
        self._growth = None if self._noise is None else levels.last("noise", (self._noise, low, high), self._noise_map)
        self._mask: Floats | None = None
        self._details: dict[int, Floats] = {}
        mean_pitch = float(np.sqrt(levels.pitch[0] * levels.pitch[1]))
        if settings.method == "unsharp":
            self._mask = levels.smooth(settings.kernel)
            self._bands = [self._band(settings.amount)]
            # A mask of width w passes half at 0.44 / w: what it leaves has the noise of all octaves above.
            octaves = level_frequencies(mean_pitch, level_count((1 << 12,), mean_pitch, 0.44 / settings.kernel) or 1)
            self._squares = self._threshold_squares(octaves).sum(keepdims=True)
            return
        frequencies = level_frequencies(mean_pitch, level_count(levels.shape, mean_pitch, LOWEST_LPMM))
        self._squares = self._threshold_squares(frequencies)
        self._bands = [self._band(float(gain)) for gain in gain_at(frequencies, settings)]

    def signal(self, k: int) -> Floats:
        """The enhanced signal at level k, as far as detail of that size goes."""
        level, detail = self._levels[k], self._detail(k)
        if detail is None:
            return level
        own = detail if k == 0 else None  # nothing else needs it, and at full resolution each array is two images
        weighted = cv2.multiply(detail, resize(self._beta, *level.shape), dst=own)
        return np.asarray(cv2.add(level, weighted, dst=weighted)).reshape(level.shape)

    def detail(self) -> Detail:
        """What the last pass adds to the signal."""
        if not self._bands:  # pixels so large that none is finer than LOWEST_LPMM
            return no_detail()
        shape = self._levels.shape
        coarser, added = self._coarser(0), self._detail(1) if self._mask is None else None
        maps = (map_onto(values, shape) for values in (coarser, added, self._beta))
        return Detail(self._bands[0], self._noise_of(0, shape), *maps)

    def _detail(self, k: int) -> Floats | None:
        """Detail of level k and of all coarser ones, before β; None where there is none."""
        own = 0 if self._mask is not None else k
        if own >= len(self._bands):
            return None
        if k in self._details:
            return self._details[k]
        level = self._levels[k]
        added = self._detail(k + 1) if self._mask is None else None
        coarser = map_onto(self._coarser(k), level.shape)
        noise = self._noise_of(own, level.shape)
        made = fused.detail(level, self._bands[own], noise, coarser, map_onto(added, level.shape))
        if k:
            self._details[k] = made
        return made

    def _beta_map(self) -> Floats:
        """β of the smoothed signal: the local density, not each grain, decides."""
        return look_up(self._density(), beta_table(self._settings.dark, self._settings.light))

    def _noise_map(self) -> Floats:
        """Variance of the noise at the local density, of that at the signal where it is told; even beyond the range."""
        assert self._noise is not None
        signal = np.clip(grid(self._low - self._span, self._low + 2 * self._span), self._low, self._low + self._span)
        return look_up(self._density(), (self._noise.growth(signal) ** 2).astype(np.float32))

    def _density(self) -> npt.NDArray[np.uint16]:
        smooth = self._levels.last("density", None, lambda: self._levels.smooth(_BETA_WIDTH_MM))
        return quantise(smooth, self._low - self._span, self._low + 2 * self._span)

    def _threshold_squares(self, frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """n² of each band in signal, where the noise is told."""
        if self._noise is None:
            return np.zeros(len(frequencies))
        return np.asarray((self._settings.noise * self._noise.deviation(frequencies)) ** 2)

    def _noise_of(self, band: int, shape: tuple[int, ...]) -> fused.Noise:
        return fused.Noise(map_onto(self._growth, shape), np.float32(self._squares[band]))

    def _coarser(self, k: int) -> Floats:
        return self._levels[k + 1] if self._mask is None else self._mask

    def _band(self, gain: float) -> Curve:
        """F of a band as a table; contrasts above the whole range count as the range."""
        if not gain:
            return no_curve()
        table = detail_table(self._settings.saturation, self._settings.power) * np.float32(gain * self._span)
        return curve_of(table, -self._span, self._span)


def no_detail() -> Detail:
    """Leaves the signal as it is."""
    unused = map_onto(None, (1, 1))
    return Detail(no_curve(), fused.Noise(unused, np.float32(0)), unused, unused, unused)


def enhancement(
    levels: Levels, settings: Frequency, low: float, high: float, noise: Noise | None = None
) -> Enhancement | None:
    """Frequency processing of an image; None where it would change nothing."""
    if settings.amount == 0:
        return None
    return Enhancement(levels, settings, low, high, noise)


def enhance(
    signal: Floats,
    pitch: tuple[float, float],
    settings: Frequency,
    low: float,
    high: float,
    noise: Noise | None = None,
) -> Floats:
    """Frequency processing alone, from signal to signal: for measuring what it does.

    Parameters
    ----------
    signal
        Signal, 2-D.
    pitch
        Pixel pitch (y, x) in mm.
    low, high
        s_low and s_high of this image.
    noise
        Of this image; None: nothing is taken for noise.

    Returns
    -------
    Signal of the same shape; the very same array where the amount is 0.
    """
    prepared = enhancement(Levels(Source(signal), pitch), settings, low, high, noise)
    return signal if prepared is None else prepared.signal(0)
