"""The presampled MTF of a slanted edge (IEC 62220-1-1:2015, 6.5; ISO 12233:2017, annex D).

Where the edge crosses each row is found as the centroid of the row's derivative and a line is fitted to that; pixels
are sorted by their distance from the line into a finely sampled edge spread function, whose derivative is the line
spread function, whose Fourier transform's modulus is the MTF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError

Array = npt.NDArray[np.float64]
Axis = Literal["x", "y"]

_FINE: Final = 10
_REACH_MM: Final = 15.0
_LEAST_REACH_MM: Final = 3.0
# Half widths of the windows around the edge in which centroids are taken, one after another.
_WINDOWS_MM: Final = (4.0, 2.0, 1.5, 1.5)
_LEAST_ROWS: Final = 20


@dataclass(frozen=True)
class EdgeMtf:
    """An edge and its MTF.

    Attributes
    ----------
    axis
        Direction in which details are resolved: ``x`` of an edge that runs up and down.
    angle_deg
        Of the edge against the pixels' grid.
    frequency, mtf
        In mm⁻¹ from 0 to 1.5 times the Nyquist frequency, and the presampled MTF, 1 at 0.
    pitch_mm
        Of the pixels along `axis`.
    position, esf
        Distances from the edge in mm, and the edge spread function there.
    """

    axis: Axis
    angle_deg: float
    frequency: Array
    mtf: Array
    pitch_mm: float
    position: Array
    esf: Array

    @property
    def nyquist(self) -> float:
        """mm⁻¹."""
        return 0.5 / self.pitch_mm

    def at(self, frequency: float) -> float:
        """MTF at a frequency in mm⁻¹."""
        return float(np.interp(frequency, self.frequency, self.mtf))

    def falls_to(self, level: float) -> float | None:
        """Lowest frequency in mm⁻¹ at which the MTF is `level`; None where it stays above."""
        below = np.flatnonzero(self.mtf < level)
        if not len(below) or below[0] == 0:
            return None
        i = int(below[0])
        (f0, f1), (m0, m1) = self.frequency[i - 1 : i + 1], self.mtf[i - 1 : i + 1]
        return float(f0 + (m0 - level) / (m0 - m1) * (f1 - f0))


def slanted_edge(signal: npt.ArrayLike, pitch_mm: tuple[float, float], axis: Axis = "x") -> EdgeMtf:
    """The MTF of a region with one edge that all of its rows (`axis` ``x``) or columns (``y``) cross.

    Parameters
    ----------
    signal
        Linear signal, shape (rows, columns).
    pitch_mm
        Of rows and columns.

    Raises
    ------
    ImgdashError
        If there is no edge, or it is not slanted enough to be sampled more finely than the pixels are.
    """
    values = np.asarray(signal, dtype=np.float64)
    down, across = pitch_mm
    if axis == "y":
        values, down, across = values.T, across, down
    if values.ndim != 2 or values.shape[0] < _LEAST_ROWS or values.shape[1] < 8:
        raise ImgdashError("The region is too small for an edge to be measured.", "Use a longer edge.")
    values = np.ascontiguousarray(values)
    x: Array = np.asarray(np.arange(values.shape[1]) * across, np.float64)
    y: Array = np.asarray((np.arange(values.shape[0]) - (values.shape[0] - 1) / 2) * down, np.float64)
    slope, middle = _line(values, x, y, across)
    if abs(slope) * (y[-1] - y[0]) < across:
        raise ImgdashError("The edge is not slanted.", "Turn the edge by 1.5 to 3 degrees against the pixels.")
    distance = (x[None, :] - middle - slope * y[:, None]) / np.hypot(1.0, slope)
    step = across / _FINE
    position, esf = _spread(values, distance, step, _reach(values, distance))
    frequency, mtf = _transform(esf, step, 0.75 / across)
    return EdgeMtf(axis, float(np.degrees(np.arctan(slope))), frequency, mtf, across, position, esf)


def _line(values: Array, x: Array, y: Array, pitch: float) -> tuple[float, float]:
    """Slope and place in mm of the edge in the middle row: a straight line through the centroids of all rows."""
    derivative = np.zeros_like(values)
    derivative[:, 1:-1] = values[:, 2:] - values[:, :-2]
    # Which way the edge goes, so that noise of the other sign counts against it.
    derivative *= np.sign(values[:, -1:].mean() - values[:, :1].mean()) or 1.0
    smooth = _smoothed(derivative, max(1, round(0.5 / pitch)))
    peaks = x[smooth.argmax(axis=1)]
    slope, middle = _theil_sen(y, peaks)
    for half in _WINDOWS_MM:
        half = max(half, 3 * pitch)
        expected = middle + slope * y
        inside = np.abs(x[None, :] - expected[:, None]) <= half
        weight = np.where(inside, derivative, 0.0)
        total = weight.sum(axis=1)
        strong = total > 0.3 * np.median(total)
        if strong.sum() < _LEAST_ROWS:
            raise ImgdashError("There is no edge in this region.", "Use an image of an edge plate.")
        centroid = (weight[strong] * x).sum(axis=1) / total[strong]
        near = np.abs(centroid - expected[strong]) <= half / 2
        if near.sum() < _LEAST_ROWS:
            raise ImgdashError("The edge is not straight.", "Use an image of an edge plate.")
        slope, middle = (float(part) for part in np.polyfit(y[strong][near], centroid[near], 1))
    return slope, middle


def _theil_sen(y: Array, x: Array) -> tuple[float, float]:
    """A line that a third of wrong points does not move."""
    half = len(y) // 2
    slope = float(np.median((x[half : 2 * half] - x[:half]) / (y[half : 2 * half] - y[:half])))
    return slope, float(np.median(x - slope * y))


def _smoothed(values: Array, reach: int) -> Array:
    """Running sums along rows."""
    summed = np.cumsum(np.pad(values, ((0, 0), (reach + 1, reach))), axis=1)
    return np.asarray(summed[:, 2 * reach + 1 :] - summed[:, : -2 * reach - 1])


def _reach(values: Array, distance: Array) -> float:
    """How far on both sides of the edge nothing else begins, in mm."""
    most = min(_REACH_MM, float(-distance[:, 0].max()), float(distance[:, -1].min()))
    step = 0.5
    position, esf = _spread(values, distance, step, max(most, step))
    change = np.abs(np.diff(esf))
    between = (position[1:] + position[:-1]) / 2
    beyond = np.abs(between[(np.abs(between) > _LEAST_REACH_MM) & (change > 0.1 * change.max())])
    reach = min(most, float(beyond.min(initial=np.inf)) - step)
    if reach < min(_LEAST_REACH_MM, most) or most < 1.0:
        raise ImgdashError("There is too little beside the edge.", "Leave 3 mm and more free on both sides of it.")
    return reach


def _spread(values: Array, distance: Array, step: float, reach: float) -> tuple[Array, Array]:
    """Means of all pixels in bins of their distance from the edge, interpolated to the middles of the bins.

    At most angles the distances lie unevenly in a bin, and where its mean distance is, its mean value belongs.
    """
    count = 2 * round(reach / step)
    bins = np.floor(distance / step + count / 2).astype(np.intp)
    inside = (bins >= 0) & (bins < count)
    found = np.bincount(bins[inside], minlength=count)
    sums = np.bincount(bins[inside], weights=values[inside], minlength=count)
    places = np.bincount(bins[inside], minlength=count, weights=distance[inside])
    position: Array = np.asarray((np.arange(count) - count / 2 + 0.5) * step, np.float64)
    filled = found > 0
    return position, np.interp(position, places[filled] / found[filled], sums[filled] / found[filled])


def _transform(esf: Array, step: float, most: float) -> tuple[Array, Array]:
    """Frequencies and MTF; what bins and differences take away at high frequencies is given back."""
    lsf = (esf[2:] - esf[:-2]) / 2
    # Flat over the middle half: noise far from the edge counts less, the line spread function is whole.
    edge = len(lsf) // 4
    taper = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    window: Any = np.ones(len(lsf))
    window[:edge], window[-edge:] = taper, taper[::-1]
    spectrum = np.abs(np.fft.rfft(lsf * window))
    frequency: Array = np.asarray(np.fft.rfftfreq(len(lsf), step), np.float64)
    kept = frequency <= most
    lost = np.sinc(2 * step * frequency[kept]) * np.sinc(step * frequency[kept])
    return frequency[kept], spectrum[kept] / lost / spectrum[0]
