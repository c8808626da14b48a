"""The processing chain (2)-(7) said plainly: whole arrays, double precision, formulas where they stand, no tables.

What `imgdash.process.form` makes must equal this, to the rounding of its tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter

from imgdash.process import Chain, bands, equalization, frequency
from imgdash.process.aperture import Field, field_of, filled
from imgdash.process.noise import Noise
from imgdash.process.signal import scale_of
from imgdash.process.tone import tone_of

Array = np.ndarray
SIGMA = 1 / 2.3548


def form(image: xr.DataArray, chain: Chain, calculated: Mapping[str, Any], bits: int, scale: float = 1.0) -> Array:
    """P-values, rounded after gradation and after scaling."""
    scale_of_signal = scale_of(image.attrs)
    signal = scale_of_signal.from_rescaled(scale_of_signal.rescaled(image.values))
    pitch = float(image.attrs["PixelSpacing"][0])
    tone = tone_of(chain, calculated)
    base, steps = signal, Levels(signal, pitch, field_of(calculated))
    enhanced = Enhanced(steps, chain, tone.low, tone.high, calculated)
    signal = enhanced.whole() if chain.frequency.amount else base
    source = enhanced if chain.frequency.amount else steps
    signal = equalized(signal, source, steps, chain, tone.low, tone.high)
    pixels = np.rint(tone.p_value(signal) * ((1 << bits) - 1))
    pixels = np.rot90(pixels, k=-(chain.geometry.rotation // 90))
    pixels = pixels[:, ::-1] if chain.geometry.mirror else pixels
    if scale != 1:
        rows, columns = (round(n * scale) for n in pixels.shape)
        pixels = np.rint(area(pixels.shape[0], rows) @ pixels @ area(pixels.shape[1], columns).T)
    return pixels


class Levels:
    """The image, and each level half of the finer one: areas averaged, then softened.

    Outside the field each is filled from inside: the image itself where a mask or a band is made of it, and half of
    it, which the coarser ones come from.
    """

    def __init__(self, signal: Array, pitch: float, field: Field = ()) -> None:
        self.images, self.pitch, self.field = [signal], pitch, field

    def at(self, k: int) -> Array:
        while len(self.images) <= k:
            fine = self.images[-1]
            down, across = (soft((n + 1) // 2) @ area(n, (n + 1) // 2) for n in fine.shape)
            half = down @ fine @ across.T
            self.images.append(self.inside(half) if len(self.images) == 1 else half)
        return self.images[k] if k else self.inside(self.images[0])

    def inside(self, image: Array) -> Array:
        pitch = [self.pitch * n / m for n, m in zip(self.images[0].shape, image.shape, strict=True)]
        return filled(image.astype(np.float32), self.field, (pitch[0], pitch[1])).astype(np.float64)

    def fit(self, width: float) -> int:
        """Coarsest level with one and a half samples for each standard deviation."""
        k = int(np.floor(np.log2(max(width * SIGMA / (1.5 * self.pitch), 1))))
        return min(k, int(np.log2(min(self.images[0].shape))))

    def gauss(self, image: Array, k: int, width: float) -> Array:
        """A Gaussian of that width, less what the level itself and interpolating it spread."""
        pitch = [self.pitch * n / m for n, m in zip(self.images[0].shape, image.shape, strict=True)]
        spread = (0.25 + 8 * 0.14) / 3 * (1 - 0.25**k) + 1 / 6 if k else 0
        sigma = [np.sqrt(max((width * SIGMA / p) ** 2 - spread, 0.01)) for p in pitch]
        return gaussian_filter(image, sigma, mode="reflect", radius=[int(np.ceil(3 * s)) for s in sigma])


class Enhanced:
    """S' = S + β(S)·ΣF(bands), at each level with the bands that are as coarse."""

    def __init__(self, levels: Levels, chain: Chain, low: float, high: float, calculated: Mapping[str, Any]) -> None:
        self.levels, self.settings, self.span, self.low = levels, chain.frequency, high - low, low
        self.noise = Noise.of(calculated)
        self.count = bands.level_count(levels.at(0).shape, levels.pitch, frequency.LOWEST_LPMM)

    def whole(self) -> Array:
        """The image itself, its border also."""
        return self.of(self.levels.images[0], 0)

    def at(self, k: int) -> Array:
        return self.of(self.levels.at(k), k)

    def of(self, level: Array, k: int) -> Array:
        beta = frequency.beta((self.density() - self.low) / self.span, self.settings)
        return level + onto(beta, level.shape) * self.detail(level, k)

    def density(self) -> Array:
        fit = self.levels.fit(3.0)
        return self.levels.gauss(self.levels.at(fit), fit, 3.0)

    def detail(self, level: Array, k: int) -> Array:
        if self.settings.method == "unsharp":
            fit = self.levels.fit(self.settings.kernel)
            mask = self.levels.gauss(self.levels.at(fit), fit, self.settings.kernel)
            octaves = bands.level_count((1 << 12,), self.levels.pitch, 0.44 / self.settings.kernel) or 1
            above = bands.level_frequencies(self.levels.pitch, octaves)
            return self.bent(level - onto(mask, level.shape), self.settings.amount, above)
        if k >= self.count:
            return np.zeros(level.shape)
        centre = 1 / (2 * self.levels.pitch) * 2.0 ** -(k + 0.5)
        band = level - onto(self.levels.at(k + 1), level.shape)
        gain = float(frequency.gain_at(centre, self.settings))
        return self.bent(band, gain, np.array([centre])) + onto(self.detail(self.levels.at(k + 1), k + 1), level.shape)

    def bent(self, band: Array, gain: float, lpmm: Array) -> Array:
        contrast = np.clip(band / self.span, -1, 1)
        noise: Array | float = 0.0
        if self.noise is not None:
            growth = self.noise.growth(np.clip(self.density(), self.low, self.low + self.span))
            noise = np.sqrt(onto(growth**2, band.shape) * (self.noise.deviation(lpmm) ** 2).sum()) / self.span
        return self.span * frequency.detail_curve(contrast, self.settings, gain, noise)


def equalized(signal: Array, source: Any, levels: Levels, chain: Chain, low: float, high: float) -> Array:
    """S' = S + f1(Sus), or Kodak's form; Sus from the enhanced image."""
    settings, span = chain.equalization, high - low
    if equalization.is_identity(settings):
        return signal
    kernels = [settings.kernel / 2**band for band in range(round(settings.bands))]
    mask = np.mean([unsharp_mask(signal, source, levels, settings.edge * span, kernel) for kernel in kernels], axis=0)
    if settings.method == "alpha-beta":
        middle = low + settings.middle * span
        return settings.alpha * mask + (1 - settings.alpha) * middle + settings.beta * (signal - mask)
    return signal + span * equalization.compression_curve((mask - low) / span, settings)


def unsharp_mask(signal: Array, source: Any, levels: Levels, edge: float, kernel: float) -> Array:
    """Sus at full resolution, one kernel: a Gaussian that follows steps above `edge`."""
    if edge == 0:
        k = levels.fit(kernel)
        return onto(levels.gauss(source.at(k), k, kernel), signal.shape)
    k = levels.fit(kernel / 2)
    mean = levels.gauss(source.at(k), k, kernel)
    variance = np.maximum(levels.gauss(source.at(k) ** 2, k, kernel) - mean**2, 0)
    follow = variance / (variance + edge**2)
    offset = onto(levels.gauss(mean * (1 - follow), k, kernel / 2), signal.shape)
    return onto(levels.gauss(follow, k, kernel / 2), signal.shape) * signal + offset


def onto(coarse: Array, shape: tuple[int, ...]) -> Array:
    """Linear interpolation between the middles of the pixels."""
    down, across = (linear(m, n) for m, n in zip(coarse.shape, shape, strict=True))
    return down @ coarse @ across.T


def area(fine: int, coarse: int) -> Array:
    """Matrix of area means."""
    low, high = np.arange(coarse)[:, None] * fine / coarse, (np.arange(coarse) + 1)[:, None] * fine / coarse
    covered = np.clip(np.minimum(high, np.arange(fine) + 1) - np.maximum(low, np.arange(fine)), 0, None)
    return covered * coarse / fine


def soft(n: int) -> Array:
    """Matrix of 0.14, 0.72, 0.14; the ends mirrored."""
    matrix = np.zeros((n, n))
    for i in range(n):
        for j, share in ((i - 1, 0.14), (i, 0.72), (i + 1, 0.14)):
            matrix[i, min(max(j, 0), n - 1)] += share
    return matrix


def linear(coarse: int, fine: int) -> Array:
    """Matrix of linear interpolation; beyond the outermost middles their values hold."""
    place = np.clip((np.arange(fine) + 0.5) * coarse / fine - 0.5, 0, coarse - 1)
    return np.clip(1 - np.abs(place[:, None] - np.arange(coarse)), 0, None)
