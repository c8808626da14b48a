"""The noise of an image: its deviation in the finest bands, and how that grows with signal.

Measured on tiles all over the image, in the bands of frequency processing. Structure only ever adds to what a tile
shows, so the quieter tiles of each signal tell the noise; quantum noise grows exponentially with a logarithmic signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.bands import level_frequencies
from imgdash.process.fused import SOFTEN, Source
from imgdash.process.signal import signal_of

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BANDS: Final = 3
_TILE: Final = 64  # pixels
_MOST: Final = 10  # tiles along each side
_MARGIN: Final = 3  # pixels of a band that see beyond their tile
_ENOUGH: Final = 26  # pixels of a band along the side of a tile
_LEAST_TILES: Final = 6
_LEAST_SIGMA: Final = 1e-6  # less is rounding
_SURE_TILES: Final = 30
_MAD: Final = 1.4826  # median of |x| → σ of a normal distribution
_QUIET: Final = 25  # percentile of the tiles that show noise and nothing else
_BINS: Final = 8
_LOWEST_LPMM: Final = 0.7  # below this bands are full of structure; white noise falls by half from octave to octave
_SLOPES: Final = (-2.0, 8.0)  # of ln σ over the signal; quantum noise over four decades has 4.6


@dataclass(frozen=True)
class Noise:
    """σ of each band at one signal, and its growth: ``σ(f, S) = σ(f)·exp(slope·(S − at))``.

    Attributes
    ----------
    lpmm, sigma
        Centres of the bands in line pairs per mm, highest first, and σ there in signal.
    """

    lpmm: tuple[float, ...]
    sigma: tuple[float, ...]
    at: float
    slope: float

    @classmethod
    def of(cls, calculated: Mapping[str, Any]) -> Noise | None:
        """As `imgdash.process.calculate` wrote it; None where it was not measured."""
        found = calculated.get("noise")
        if not found:
            return None
        return cls(tuple(found["lpmm"]), tuple(found["sigma"]), float(found["at"]), float(found["slope"]))

    def deviation(self, lpmm: npt.ArrayLike) -> Doubles:
        """σ of an octave around frequencies, at the signal `at`."""
        known, wanted = np.log2(self.lpmm[::-1]), np.log2(np.asarray(lpmm, dtype=np.float64))
        found = np.interp(wanted, known, np.log2(self.sigma[::-1])) + np.minimum(wanted - known[0], 0)
        return np.asarray(2.0**found)

    def growth(self, signal: npt.ArrayLike) -> Doubles:
        """σ at a signal, of that at `at`."""
        return np.exp(self.slope * (np.asarray(signal, dtype=np.float64) - self.at))


def measure_tiles(source: Source, extent_mm: tuple[float, float]) -> Floats:
    """What tiles spread over an image show.

    Parameters
    ----------
    source
        The image at its own pitch, 2-D.

    Returns
    -------
    A row for each tile: centre y and x in mm, mean signal, and the robust σ of each of `BANDS` bands. Of images
    smaller than a tile none.
    """
    tops, lefts = (_starts(n) for n in source.pixels.shape)
    if not len(tops) or not len(lefts):
        return np.zeros((0, 3 + BANDS), np.float32)
    # Side by side as one image: what crosses their seams is left out below.
    mosaic = np.block([[source.pixels[y : y + _TILE, x : x + _TILE] for x in lefts] for y in tops])
    mosaic = signal_of(Source(mosaic, source.table))
    shown, level = [], mosaic
    for k in range(BANDS):
        half = cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        kernel = np.array([SOFTEN, 1 - 2 * SOFTEN, SOFTEN], np.float32)
        coarser = np.asarray(cv2.sepFilter2D(half, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT))
        band = cv2.subtract(level, cv2.resize(coarser, level.shape[::-1], interpolation=cv2.INTER_LINEAR))
        side = _TILE >> k
        margin = max(_MARGIN, (side - _ENOUGH) // 2)
        inner = slice(margin, side - margin)
        blocks = np.abs(np.asarray(band).reshape(len(tops), side, len(lefts), side)[:, inner, :, inner].swapaxes(1, 2))
        blocks = blocks.reshape(len(tops) * len(lefts), -1)
        middle = blocks.shape[1] // 2
        shown.append(_MAD * np.partition(blocks, middle, axis=1)[:, middle])
        level = coarser
    blocks = level.reshape(len(tops), _TILE >> BANDS, len(lefts), _TILE >> BANDS)
    means = blocks.mean(axis=(1, 3)).ravel()
    rows, columns = source.pixels.shape
    pitch = extent_mm[0] / rows, extent_mm[1] / columns
    y, x = np.meshgrid((tops + _TILE / 2) * pitch[0], (lefts + _TILE / 2) * pitch[1], indexing="ij")
    return np.column_stack([y.ravel(), x.ravel(), means, *shown]).astype(np.float32)


def fit(tiles: Floats, pitch_mm: float, anatomy: Mask, extent_mm: tuple[float, float]) -> Noise | None:
    """The noise of an image from its tiles.

    Parameters
    ----------
    tiles
        From `measure_tiles`.
    pitch_mm
        Of the image that they were cut from.
    anatomy
        Where to look, on a grid over the image: the field without direct exposure.

    Returns
    -------
    None where fewer than six tiles show anything.
    """
    found = tiles[_within(tiles, pitch_mm, anatomy, extent_mm) & (tiles[:, 3] > _LEAST_SIGMA)].astype(np.float64)
    if len(found) < _LEAST_TILES:
        return None
    signal, logs = found[:, 2], np.log(np.maximum(found[:, 3:], 1e-9))
    slope, at = _slope(signal, logs[:, 0]), float(np.median(signal))
    frequencies = level_frequencies(pitch_mm, BANDS)
    kept = [k for k in range(BANDS) if k == 0 or frequencies[k] >= _LOWEST_LPMM]
    quiet = [_quiet(logs[:, k] - slope * (signal - at)) for k in kept]
    return Noise(
        tuple(round(float(frequencies[k]), 4) for k in kept),
        tuple(float(f"{np.exp(value):.4g}") for value in quiet),
        round(at, 5),
        round(slope, 4),
    )


def confidence(tiles: Floats, pitch_mm: float, anatomy: Mask, extent_mm: tuple[float, float]) -> float:
    """0…1 by the number of tiles there are."""
    return round(min(1.0, int(_within(tiles, pitch_mm, anatomy, extent_mm).sum()) / _SURE_TILES), 3)


def _quiet(values: Doubles) -> float:
    """``np.percentile(values, _QUIET)``, which itself takes far longer than so few values do."""
    ordered = np.sort(values)
    k, part = divmod(_QUIET / 100 * (len(ordered) - 1), 1)
    low, high = ordered[int(k)], ordered[min(int(k) + 1, len(ordered) - 1)]
    return float(low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part))


def _starts(n: int) -> npt.NDArray[np.intp]:
    """First pixels of tiles along a side, alike from both ends: turning an image changes nothing."""
    count = min(2 * (n // _TILE), _MOST)
    if not count:
        return np.zeros(0, np.intp)
    first = np.floor(np.linspace(0, n - _TILE, count)[: count // 2]).astype(np.intp)
    return np.concatenate([first, (n - _TILE) - first[::-1]])


def _within(tiles: Floats, pitch_mm: float, anatomy: Mask, extent_mm: tuple[float, float]) -> Mask:
    """Which tiles lie in the anatomy with all of their inner half; more of an edge makes a tile louder at most."""
    rows, columns = anatomy.shape
    scale = rows / extent_mm[0], columns / extent_mm[1]
    size = tuple(2 * int(np.ceil(_TILE * pitch_mm * s / 4)) + 1 for s in scale)
    deep = cv2.erode(anatomy.astype(np.uint8), np.ones(size, np.uint8), borderValue=1).reshape(anatomy.shape)
    y = np.clip(tiles[:, 0] * scale[0], 0, rows - 1).astype(np.intp)
    x = np.clip(tiles[:, 1] * scale[1], 0, columns - 1).astype(np.intp)
    return np.asarray(deep[y, x] > 0)


def _slope(signal: Doubles, logs: Doubles) -> float:
    """Growth of ln σ with the signal, by the quieter tiles of each range of signal: median of slopes (Theil, Sen)."""
    order = np.argsort(signal, kind="stable")
    bins = [part for part in np.array_split(order, min(_BINS, len(order) // 3)) if len(part)]
    x = np.array([np.median(signal[part]) for part in bins])
    y = np.array([_quiet(logs[part]) for part in bins])
    one, other = np.triu_indices(len(bins), 1)
    apart = x[other] - x[one]
    far = apart > 0.02
    if not far.any():
        return 0.0
    return float(np.clip(np.median((y[other] - y[one])[far] / apart[far]), *_SLOPES))
