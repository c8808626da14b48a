"""Step (2), frequency processing: D' = D + β(D)·F(D − Dus) (US4346409A), as one mask or as bands of a pyramid.

F is odd, monotone and saturating: linear for small detail contrast, bounded (or a power) for large, so edges
do not overshoot; contrasts as small as the noise are left alone. In the multi-band form each octave has its own
gain, given at line pairs per mm (after Vuylsteke & Schoeters, MUSICA, 1994): a, M and p of that paper are
``amount``, ``saturation`` and ``power``. All contrasts are fractions of the signal range s_low…s_high.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from imgdash.process.bands import band_responses, level_count, level_frequencies
from imgdash.process.kernels import grid
from imgdash.process.levels import WIDTH_TO_SIGMA
from imgdash.process.parameters import Frequency

Floats = npt.NDArray[np.float32]

LOWEST_LPMM: Final = 0.045
"""Below this no band is changed: it is equalization's part."""
_POINTS: Final = np.log2([0.03, 0.12, 0.5, 2.0])


def gain_at(frequency_lpmm: npt.ArrayLike, settings: Frequency) -> npt.NDArray[np.float64]:
    """Gain added to small detail at frequencies in lp/mm; interpolated over octaves between the declared points."""
    shares = [0.0, settings.coarse, settings.medium, settings.fine]
    octaves = np.log2(np.maximum(np.asarray(frequency_lpmm, dtype=np.float64), 1e-6))
    return settings.amount * np.interp(octaves, _POINTS, shares)


def response(lpmm: npt.NDArray[np.float64], pitch_mm: float, settings: Frequency) -> npt.NDArray[np.float64]:
    """Gain of small detail as it comes out, 1 = unchanged: bands are an octave wide and overlap.

    Parameters
    ----------
    lpmm
        Frequencies below Nyquist, 1-D.
    pitch_mm
        Of the image.
    """
    if settings.method == "unsharp":
        sigma = settings.kernel * WIDTH_TO_SIGMA
        return 1 + settings.amount * (1 - np.exp(-2 * (np.pi * sigma * lpmm) ** 2))
    # As many levels as an image has whose size sets no limit.
    count = level_count((1 << 12,), pitch_mm, LOWEST_LPMM)
    gains = gain_at(level_frequencies(pitch_mm, count), settings)
    return np.asarray(1 + gains @ band_responses(lpmm, pitch_mm, count))


def detail_curve(
    contrast: npt.ArrayLike, settings: Frequency, gain: float, noise: npt.ArrayLike = 0.0
) -> npt.NDArray[np.float64]:
    """F: what is added to a detail of that contrast (of the range), before β.

    F(x) = gain·x · x⁴/(x⁴ + n⁴) · (1 + (x/M)²)^((p−1)/2); n is ``settings.noise`` times the deviation `noise` of the
    image's own noise (of the range) in that band and at that signal.
    """
    x = np.asarray(contrast, dtype=np.float64)
    share = x**4 / (x**4 + (settings.noise * np.asarray(noise)) ** 4 + 1e-30)
    return np.asarray(gain * _detail(x, settings.saturation, settings.power) * share)


def beta(level: npt.ArrayLike, settings: Frequency) -> npt.NDArray[np.float64]:
    """β of the local level (0 = s_low, 1 = s_high): falls to ``dark`` and ``light`` at the ends (RT)."""
    return _beta(np.asarray(level, dtype=np.float64), settings.dark, settings.light)


# Tables depend on few settings, not on the image: while a slider moves most of them stay.
@lru_cache(maxsize=32)
def detail_table(saturation: float, power: float) -> Floats:
    """F for contrasts −1…1 of the range, a gain of 1 and no noise, 65536 entries."""
    return _detail(grid(-1.0, 1.0), saturation, power).astype(np.float32)


@lru_cache(maxsize=8)
def beta_table(dark: float, light: float) -> Floats:
    """β for levels −1…2, 65536 entries."""
    return _beta(grid(-1.0, 2.0), dark, light).astype(np.float32)


def _detail(x: npt.NDArray[np.float64], saturation: float, power: float) -> npt.NDArray[np.float64]:
    return np.asarray(x * (1 + (x / saturation) ** 2) ** ((power - 1) / 2))


def _beta(x: npt.NDArray[np.float64], dark: float, light: float) -> npt.NDArray[np.float64]:
    return 1 + (dark - 1) * _rise((0.30 - x) / 0.35) + (light - 1) * _rise((x - 0.65) / 0.40)


def _rise(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)
