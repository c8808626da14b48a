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
from imgdash.process.kernels import look_up, quantise, resize
from imgdash.process.levels import Levels
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
    """

    def __init__(self, levels: Levels, settings: Frequency, low: float, high: float) -> None:
        self._levels = levels
        self._low, self._span = low, high - low
        self._settings = settings
        self._beta = levels.last("β", (settings.dark, settings.light, low, high), self._beta_map)
        self._mask: Floats | None = None
        self._details: dict[int, Floats] = {}
        if settings.method == "unsharp":
            self._mask = levels.smooth(settings.kernel)
            # A mask of width w passes half at 0.44 / w: the frequency by which its noise is judged.
            self._bands = [self._band(settings.amount, 0.44 / settings.kernel)]
            return
        mean_pitch = float(np.sqrt(levels.pitch[0] * levels.pitch[1]))
        count = level_count(levels.shape, mean_pitch, LOWEST_LPMM)
        frequencies = level_frequencies(mean_pitch, count)
        gains = gain_at(frequencies, settings)
        self._bands = [self._band(float(g), float(f)) for g, f in zip(gains, frequencies, strict=True)]

    def signal(self, k: int) -> Floats:
        """The enhanced signal at level k, as far as detail of that size goes."""
        level, detail = self._levels[k], self._detail(k)
        if detail is None:
            return level
        weighted = cv2.multiply(detail, resize(self._beta, *level.shape))
        return np.asarray(cv2.add(level, weighted)).reshape(level.shape)

    def detail(self) -> Detail:
        """What the last pass adds to the signal."""
        if not self._bands:  # pixels so large that none is finer than LOWEST_LPMM
            return no_detail()
        shape = self._levels.shape
        coarser, added = self._coarser(0), self._detail(1) if self._mask is None else None
        return Detail(self._bands[0], map_onto(coarser, shape), map_onto(added, shape), map_onto(self._beta, shape))

    def _detail(self, k: int) -> Floats | None:
        """Detail of level k and of all coarser ones, before β; None where there is none."""
        own = 0 if self._mask is not None else k
        if own >= len(self._bands):
            return None
        if k not in self._details:
            level = self._levels[k]
            added = self._detail(k + 1) if self._mask is None else None
            coarser = map_onto(self._coarser(k), level.shape)
            self._details[k] = fused.detail(level, self._bands[own], coarser, map_onto(added, level.shape))
        return self._details[k]

    def _beta_map(self) -> Floats:
        """β of the smoothed signal: the local density, not each grain, decides."""
        smooth = self._levels.last("density", None, lambda: self._levels.smooth(_BETA_WIDTH_MM))
        index = quantise(smooth, self._low - self._span, self._low + 2 * self._span)
        return look_up(index, beta_table(self._settings.dark, self._settings.light))

    def _coarser(self, k: int) -> Floats:
        return self._levels[k + 1] if self._mask is None else self._mask

    def _band(self, gain: float, frequency: float) -> Curve:
        """F of a band as a table; contrasts above the whole range count as the range."""
        if not gain:
            return no_curve()
        noise = self._settings.noise * min(frequency / 2.0, 1.0)
        table = detail_table(self._settings.saturation, self._settings.power, noise) * np.float32(gain * self._span)
        return curve_of(table, -self._span, self._span)


def no_detail() -> Detail:
    """Leaves the signal as it is."""
    unused = map_onto(None, (1, 1))
    return Detail(no_curve(), unused, unused, unused)


def enhancement(levels: Levels, settings: Frequency, low: float, high: float) -> Enhancement | None:
    """Frequency processing of an image; None where it would change nothing."""
    if settings.amount == 0:
        return None
    return Enhancement(levels, settings, low, high)


def enhance(signal: Floats, pitch: tuple[float, float], settings: Frequency, low: float, high: float) -> Floats:
    """Frequency processing alone, from signal to signal: for measuring what it does.

    Parameters
    ----------
    signal
        Signal, 2-D.
    pitch
        Pixel pitch (y, x) in mm.
    low, high
        s_low and s_high of this image.

    Returns
    -------
    Signal of the same shape; the very same array where the amount is 0.
    """
    prepared = enhancement(Levels(Source(signal), pitch), settings, low, high)
    return signal if prepared is None else prepared.signal(0)
