"""The noise power spectrum of a flat field (IEC 62220-1-1:2015, 6.4).

A polynomial of second degree is taken off the whole area; the squared moduli of the Fourier transforms of regions that
overlap by half are averaged. A one-dimensional spectrum is the mean of the lines beside an axis, the axis left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError

Array = npt.NDArray[np.float64]

REGION: Final = 256
_LEAST_REGION: Final = 32
_LEAST_REGIONS: Final = 4
_LINES: Final = 7


@dataclass(frozen=True)
class NoisePower:
    """A noise power spectrum.

    Attributes
    ----------
    frequency
        mm⁻¹: middles of the bins of the one-dimensional spectra, up to the Nyquist frequency.
    x, y, radial
        Beside the horizontal axis, beside the vertical one, over all directions; signal²·mm², NaN in an empty bin.
    spectrum
        Two-dimensional, shape (region, region), signal²·mm², zero frequency in the middle.
    mean
        Mean signal.
    regions, pixels
        How many regions were averaged, and how many different pixels they have.
    """

    frequency: Array
    x: Array
    y: Array
    radial: Array
    spectrum: Array
    mean: float
    regions: int
    pixels: int

    def normalised(self, frequency: float) -> float | None:
        """Radial NPS ÷ signal² in mm² at a frequency in mm⁻¹; None beyond the Nyquist frequency."""
        known = np.isfinite(self.radial)
        if not self.mean or not known.any() or not 0 < frequency <= self.frequency[known][-1]:
            return None
        return float(np.interp(frequency, self.frequency[known], self.radial[known])) / self.mean**2


def noise_power(signal: npt.ArrayLike, pitch_mm: tuple[float, float], *, region: int = REGION) -> NoisePower:
    """The NPS of an area that is flat but for noise and a slow trend.

    Parameters
    ----------
    signal
        Linear signal, shape (rows, columns).
    pitch_mm
        Of rows and columns.
    region
        Side of the regions in pixels; halved until there are at least 4.

    Raises
    ------
    ImgdashError
        If the area is too small.
    """
    import scipy.fft  # an eighth of NumPy's time for these; no start has to wait for it

    values = np.asarray(signal, dtype=np.float64)
    while region > _LEAST_REGION and _count(values.shape, region) < _LEAST_REGIONS:
        region //= 2
    count = _count(values.shape, region) if values.ndim == 2 else 0
    if count < _LEAST_REGIONS:
        raise ImgdashError(
            f"The flat area is too small for a noise power spectrum: {' × '.join(map(str, values.shape))} pixels.",
            f"At least {_LEAST_REGION * 2} × {_LEAST_REGION * 2} pixels are needed.",
        )
    flat = (values - _trend(values)).astype(np.float32)
    total = np.zeros((region, region))
    half = region // 2
    for top in range(0, values.shape[0] - region + 1, half):
        for left in range(0, values.shape[1] - region + 1, half):
            part = flat[top : top + region, left : left + region]
            total += np.abs(scipy.fft.fft2(part - part.mean())) ** 2
    spectrum = np.fft.fftshift(total * (pitch_mm[0] * pitch_mm[1] / (count * region**2)))
    v, u = (np.fft.fftshift(np.fft.fftfreq(region, pitch)) for pitch in pitch_mm)
    edges = np.linspace(0, 0.5 / max(pitch_mm), 51)
    lines = [*range(half - _LINES, half), *range(half + 1, half + _LINES + 1)]
    distance = np.hypot(u[None, :], v[:, None])
    off_axis = np.ones((region, region), bool)
    off_axis[half, :] = off_axis[:, half] = False
    rows = (values.shape[0] - region) // half * half + region
    columns = (values.shape[1] - region) // half * half + region
    return NoisePower(
        (edges[1:] + edges[:-1]) / 2,
        _binned(distance[lines], spectrum[lines], edges),
        _binned(distance[:, lines], spectrum[:, lines], edges),
        _binned(distance[off_axis], spectrum[off_axis], edges),
        spectrum,
        float(values.mean()),
        count,
        rows * columns,
    )


def _count(shape: tuple[int, ...], region: int) -> int:
    """How many regions overlapping by half fit."""
    rows, columns = (max(0, (length - region) // (region // 2) + 1) for length in shape)
    return rows * columns


def _trend(values: Array) -> Array:
    """The polynomial of second degree in both directions that fits best."""
    y, x = (np.linspace(-1, 1, length) for length in values.shape)
    # On a uniform grid these are orthogonal but for the mean of the squares, so that each is fitted by itself.
    squares = (y**2 - (y**2).mean(), x**2 - (x**2).mean())
    columns, rows = values.mean(axis=0), values.mean(axis=1)
    fitted = np.full(values.shape, values.mean())
    for along, mean in ((y, rows), (squares[0], rows)):
        fitted += (along @ mean / (along @ along) * along)[:, None]
    for along, mean in ((x, columns), (squares[1], columns)):
        fitted += (along @ mean / (along @ along) * along)[None, :]
    fitted += (y @ values @ x) / (y @ y * (x @ x)) * np.outer(y, x)
    return fitted


def _binned(frequency: Array, power: Array, edges: Array) -> Array:
    """Mean power in bins of frequency; NaN in an empty one."""
    counts, _ = np.histogram(frequency, edges)
    sums, _ = np.histogram(frequency, edges, weights=power)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
