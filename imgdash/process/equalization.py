"""Step (3), equalization: dynamic range compression S' = S + f1(Sus), f1 monotone decreasing.

Two forms: compression beyond a dark and a light knee with separate amounts (US5608813A), and Kodak's
E' = α·Elow + (1−α)·Emid + β·Ehigh (US5454053A, US6069979A), which for β = 1 is the former with
f1(Sus) = (α−1)·(Sus − Emid). The mask follows steps larger than ``edge`` (guided filter, He & Sun 2015), so bone
and skin get no halo; ``edge`` = 0 is the plain mask of the patents.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process._pyramid import coarse, gauss, smooth, up
from imgdash.process.kernels import grid, look_up, quantise
from imgdash.process.parameters import Equalization

Floats = npt.NDArray[np.float32]

_KNEE = 0.06  # softness of the knees, of the range


def compression_curve(level: npt.ArrayLike, settings: Equalization) -> npt.NDArray[np.float64]:
    """f1 of the local level (0 = s_low, 1 = s_high), in parts of the range. Monotone decreasing, slope above −1."""
    x = np.asarray(level, dtype=np.float64)
    if settings.method == "alpha-beta":
        return (settings.alpha - 1) * (x - settings.middle)
    return _compression(x, settings.dark, settings.dark_start, settings.light, settings.light_start)


def equalize(signal: Floats, pitch: tuple[float, float], settings: Equalization, low: float, high: float) -> Floats:
    """Apply equalization.

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
    Signal of the same shape; the very same array where nothing is compressed.
    """
    if is_identity(settings) or min(signal.shape) < 1:
        return signal
    span = high - low
    mask = unsharp_mask(signal, pitch, settings, span)
    if settings.method == "alpha-beta":
        # E' = E + (α−1)(Elow − Emid) + (β−1)·Ehigh, written so that each 1 leaves its part untouched.
        middle = low + settings.middle * span
        rest = settings.alpha - 1 - (settings.beta - 1)
        out = cv2.addWeighted(signal, settings.beta, mask, rest, -(settings.alpha - 1) * middle)
        return np.asarray(out)
    table = _table(settings.dark, settings.dark_start, settings.light, settings.light_start) * np.float32(span)
    change = look_up(quantise(mask, low - span, high + span), table)
    return np.asarray(cv2.add(signal, change, dst=change))


def is_identity(settings: Equalization) -> bool:
    """Whether these settings leave every image as it is."""
    if settings.method == "alpha-beta":
        return bool(settings.alpha == 1 and settings.beta == 1)
    return bool(settings.light == 0 and settings.dark == 0)


def unsharp_mask(signal: Floats, pitch: tuple[float, float], settings: Equalization, span: float) -> Floats:
    """Sus: the signal without what is smaller than the kernel, but with steps larger than ``edge``."""
    if settings.edge == 0:
        return smooth(signal, settings.kernel, pitch)
    small, small_pitch = coarse(signal, settings.kernel / 2, pitch)
    mean = gauss(small, settings.kernel, small_pitch)
    variance = np.maximum(gauss(small * small, settings.kernel, small_pitch) - mean * mean, 0)
    edge = np.float32(max((settings.edge * span) ** 2, 1e-12))
    follow = np.asarray(variance / (variance + edge), dtype=np.float32)
    offset = gauss(mean * (1 - follow), settings.kernel / 2, small_pitch)
    follow = gauss(follow, settings.kernel / 2, small_pitch)
    mask = cv2.multiply(up(follow, signal.shape), signal)
    return np.asarray(cv2.add(mask, up(offset, signal.shape), dst=mask))


@lru_cache(maxsize=8)
def _table(dark: float, dark_start: float, light: float, light_start: float) -> Floats:
    return _compression(grid(-1.0, 2.0), dark, dark_start, light, light_start).astype(np.float32)


def _compression(
    x: npt.NDArray[np.float64], dark: float, dark_start: float, light: float, light_start: float
) -> npt.NDArray[np.float64]:
    return dark * _knee(dark_start - x) - light * _knee(x - light_start)


def _knee(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """max(0, x) with a soft corner."""
    return np.asarray(_KNEE * np.logaddexp(0, x / _KNEE))
