"""A flat field: uniformity, signal to noise, pixels and lines that do not read as they should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.process.quality.noise import NoisePower, noise_power

Floats = npt.NDArray[np.float32]

_RIM_MM: Final = 10.0
_SIDE_MM: Final = 10.0
# EUREF: a pixel that deviates by 20 % and more.
_DEFECT: Final = 0.20
# Standard errors of a line's mean by which it has to leave its neighbours, and the least part of the signal.
_LINE_SIGMA, _LINE_PART = 8.0, 0.01


@dataclass(frozen=True)
class Flat:
    """A flat field in numbers.

    Attributes
    ----------
    mean
        Signal.
    snr
        Signal ÷ standard deviation of the pixels, the median of regions of 1 cm².
    nonuniformity
        Largest deviation of a region's mean from the mean of all, in parts of it.
    dead_pixels
        (row, column) of single pixels that deviate by 20 % and more from the median of those around them.
    dead_rows, dead_columns
        Lines whose mean does not fit those beside them.
    noise
        The noise power spectrum; defects are replaced by their neighbours' median before.
    area
        Rows and columns that were looked at: the irradiated area without a rim of 1 cm.
    """

    mean: float
    snr: float
    nonuniformity: float
    dead_pixels: tuple[tuple[int, int], ...]
    dead_rows: tuple[int, ...]
    dead_columns: tuple[int, ...]
    noise: NoisePower
    area: tuple[slice, slice]


def flat_field(signal: npt.ArrayLike, pitch_mm: tuple[float, float]) -> Flat:
    """Measure a flat field.

    Parameters
    ----------
    signal
        Linear signal, shape (rows, columns).
    pitch_mm
        Of rows and columns.

    Raises
    ------
    ImgdashError
        If nothing was irradiated, or too little.
    """
    whole = np.ascontiguousarray(signal, dtype=np.float32)
    area = _area(whole, pitch_mm)
    values = whole[area]
    mean = float(np.median(values))
    around = cv2.medianBlur(np.ascontiguousarray(values), 5)
    rows, columns = _lines(values, around, 1), _lines(values, around, 0)
    bad = np.abs(values - around) > _DEFECT * np.abs(around)
    bad[list(rows), :] = False
    bad[:, list(columns)] = False
    mended = np.where(bad, around, values)
    for line in rows:
        mended[line] = around[line]
    for line in columns:
        mended[:, line] = around[:, line]
    top, left = (int(part.start or 0) for part in area)
    means, deviations = _regions(mended, pitch_mm)
    return Flat(
        mean,
        float(np.median(means / np.maximum(deviations, 1e-9 * abs(mean)))),
        float(np.abs(means / means.mean() - 1).max()),
        tuple((int(y) + top, int(x) + left) for y, x in np.argwhere(bad)),
        tuple(line + top for line in rows),
        tuple(line + left for line in columns),
        noise_power(mended, pitch_mm),
        area,
    )


def _area(values: Floats, pitch_mm: tuple[float, float]) -> tuple[slice, slice]:
    """The irradiated area without its rim."""
    height, width = values.shape
    level = float(np.median(values[height // 4 : height - height // 4, width // 4 : width - width // 4]))
    if level <= 0:
        raise ImgdashError("There is no signal in the middle of the image.", "Irradiate the whole detector.")
    found = []
    for axis, pitch in ((1, pitch_mm[0]), (0, pitch_mm[1])):
        there = np.flatnonzero(np.median(values, axis=axis) > level / 2)
        rim = round(_RIM_MM / pitch)
        found.append(slice(int(there[0]) + rim, int(there[-1]) + 1 - rim) if len(there) else slice(0, 0))
    return found[0], found[1]


def _lines(values: Floats, around: Floats, axis: int) -> tuple[int, ...]:
    """Rows (`axis` 1) or columns (0) whose mean leaves those beside them."""
    apart = values - around
    shift = np.median(apart, axis=axis)
    spread = 1.4826 * float(np.median(np.abs(apart - np.median(apart))))
    # A median of n values has 1.25 times the error of their mean.
    error = 1.2533 * spread / np.sqrt(values.shape[axis])
    level = np.maximum(_LINE_SIGMA * error, _LINE_PART * np.abs(np.median(around)))
    return tuple(int(line) for line in np.flatnonzero(np.abs(shift - np.median(shift)) > level))


def _regions(values: Floats, pitch_mm: tuple[float, float]) -> tuple[Floats, Floats]:
    """Means and standard deviations of all regions of 1 cm² side by side."""
    height, width = (max(4, round(_SIDE_MM / pitch)) for pitch in pitch_mm)
    rows, columns = values.shape[0] // height, values.shape[1] // width
    if not rows or not columns:
        raise ImgdashError("The irradiated area is too small.", "Irradiate the whole detector.")
    parts = values[: rows * height, : columns * width].reshape(rows, height, columns, width)
    return parts.mean(axis=(1, 3)).ravel(), parts.std(axis=(1, 3), ddof=1).ravel()
