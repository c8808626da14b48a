"""Step (3), equalization: dynamic range compression S' = S + f1(Sus), f1 monotone decreasing.

Two forms: compression beyond a dark and a light knee with separate amounts (US5608813A), and Kodak's
E' = α·Elow + (1−α)·Emid + β·Ehigh (US5454053A, US6069979A), which for β = 1 is the former with
f1(Sus) = (α−1)·(Sus − Emid). The mask follows steps larger than ``edge`` (guided filter, He & Sun 2015), so bone
and skin get no halo; ``edge`` = 0 is the plain mask of the patents.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from imgdash.process.enhancement import Enhancement
from imgdash.process.fused import Compression, both, curve_of, map_onto, no_curve
from imgdash.process.kernels import grid, resize
from imgdash.process.levels import Levels
from imgdash.process.parameters import Equalization

Floats = npt.NDArray[np.float32]

_KNEE = 0.06  # softness of the knees, of the range
_LARGE = (250_000, 4_000_000)
"""Pixels above which masks are made at no more than half, a quarter of the resolution."""


def compression_curve(level: npt.ArrayLike, settings: Equalization) -> npt.NDArray[np.float64]:
    """f1 of the local level (0 = s_low, 1 = s_high), in parts of the range. Monotone decreasing, slope above −1."""
    x = np.asarray(level, dtype=np.float64)
    if settings.method == "alpha-beta":
        return (settings.alpha - 1) * (x - settings.middle)
    return _compression(x, settings.dark, settings.dark_start, settings.light, settings.light_start)


def compression_of(
    levels: Levels, enhanced: Enhancement | None, settings: Equalization, low: float, high: float
) -> Compression:
    """Equalization of an image, ready for the last pass over its pixels.

    Parameters
    ----------
    levels
        The image.
    enhanced
        Its frequency processing, whose result the mask is made from.
    low, high
        s_low and s_high of this image.
    """
    if is_identity(settings):
        return no_compression()
    span = high - low
    follow, offset = unsharp_mask(levels, enhanced, settings, span)
    maps = map_onto(follow, levels.shape), map_onto(offset, levels.shape)
    if settings.method == "alpha-beta":
        # E' = α·Elow + (1−α)·Emid + β·(E − Elow), written so that each 1 leaves its part untouched.
        share = settings.alpha - 1 - (settings.beta - 1)
        constant = -(settings.alpha - 1) * (low + settings.middle * span)
        return Compression(*maps, no_curve(), np.float32(settings.beta), np.float32(share), np.float32(constant))
    table = _table(settings.dark, settings.dark_start, settings.light, settings.light_start) * np.float32(span)
    f1 = curve_of(table, low - span, high + span)
    return Compression(*maps, f1, np.float32(1), np.float32(1), np.float32(0))


def no_compression() -> Compression:
    """Leaves the signal as it is."""
    unused = map_onto(None, (1, 1))
    return Compression(unused, unused, no_curve(), np.float32(1), np.float32(0), np.float32(0))


def is_identity(settings: Equalization) -> bool:
    """Whether these settings leave every image as it is."""
    if settings.method == "alpha-beta":
        return bool(settings.alpha == 1 and settings.beta == 1)
    return bool(settings.light == 0 and settings.dark == 0)


def unsharp_mask(
    levels: Levels, enhanced: Enhancement | None, settings: Equalization, span: float
) -> tuple[Floats, Floats]:
    """Sus = follow·S + offset: the signal without what is smaller than the kernel, but with steps above ``edge``.

    Both on a coarse grid; made from the enhanced signal at the level that fits the kernel. Of several ``bands`` the
    mean, on the grid of the finest: what is large is compressed as by the widest kernel, what is small ever less.
    """
    count = max(round(settings.bands), 1)
    follow, offset = _mask(levels, enhanced, settings, settings.kernel / 2 ** (count - 1), span)
    for band in range(count - 1):  # one after another: each is large
        for total, part in zip(
            (follow, offset), _mask(levels, enhanced, settings, settings.kernel / 2**band, span), strict=True
        ):
            total += resize(part, *total.shape)
    if count > 1:
        follow /= np.float32(count)
        offset /= np.float32(count)
    return follow, offset


def _mask(
    levels: Levels, enhanced: Enhancement | None, settings: Equalization, kernel: float, span: float
) -> tuple[Floats, Floats]:
    # Masks at full resolution would take twenty times the memory of a large image, and compress noise.
    least = sum(levels.shape[0] * levels.shape[1] > size for size in _LARGE)
    if not settings.edge:
        k = levels.fit(kernel, least)
        mean = levels.gauss(levels[k] if enhanced is None else enhanced.signal(k), k, kernel)
        return np.zeros_like(mean), mean
    k = levels.fit(kernel / 2, least)
    mean, follow = _moments(levels, levels[k] if enhanced is None else enhanced.signal(k), k, kernel)
    follow -= mean * mean  # the variance
    np.maximum(follow, 0, out=follow)
    np.divide(follow, follow + np.float32(max((settings.edge * span) ** 2, 1e-12)), out=follow)
    mean -= mean * follow
    return both(lambda: levels.gauss(follow, k, kernel / 2), lambda: levels.gauss(mean, k, kernel / 2), mean.size)


def _moments(levels: Levels, level: Floats, k: int, kernel: float) -> tuple[Floats, Floats]:
    """Local means of a level and of its square."""
    return both(lambda: levels.gauss(level, k, kernel), lambda: levels.gauss(level * level, k, kernel), level.size)


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
