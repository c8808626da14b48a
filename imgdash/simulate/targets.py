"""Test objects of quality control as a detector reads them: edge plate, flat field, step wedge, with the truth.

Everything is analytic: an edge blurred by a Gaussian is the normal distribution, sampled by the pixels' area; the noise
is white but for the blur that quanta share with the signal.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.simulate.detector import BITS, COUNTS_PER_UGY

Signal = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint16]

# RQA5: photons per mm² and µGy (IEC 62220-1-1, table 2).
QUANTA: Final = 30_174.0
_EDGE_TRANSMISSION: Final = 0.03
_PLATE_MM: Final = (100.0, 75.0)
_STEP_MM: Final = (15.0, 60.0)
STEPS: Final = 11
_PER_STEP: Final = 0.22
_SUBPIXELS: Final = 8


@dataclass(frozen=True)
class Panel:
    """A detector.

    Attributes
    ----------
    size
        Rows and columns.
    blur_mm
        Standard deviation of its Gaussian blur.
    efficiency
        Share of the quanta that it detects.
    electronic_ugy
        Standard deviation of the electronic noise of a pixel.
    dead_pixels, dead_lines
        How many pixels, and columns, do not read.
    tilt
        How much more signal the left rim of a flat field has than the right one (heel effect), in parts of the middle.
    """

    pitch_mm: float = 0.16
    size: tuple[int, int] = (1280, 1280)
    blur_mm: float = 0.10
    efficiency: float = 0.65
    electronic_ugy: float = 0.01
    dead_pixels: int = 0
    dead_lines: int = 0
    tilt: float = 0.02

    def mtf(self, frequency: npt.ArrayLike) -> Signal:
        """Its presampled MTF at frequencies in mm⁻¹: the blur and the area of a pixel."""
        f = np.asarray(frequency, dtype=np.float64)
        return np.asarray(np.exp(-2 * (np.pi * self.blur_mm * f) ** 2) * np.abs(np.sinc(f * self.pitch_mm)))

    def nnps(self, frequency: npt.ArrayLike, dose_ugy: float) -> Signal:
        """Its noise power ÷ signal² in mm² at frequencies in mm⁻¹ beside an axis, at a dose.

        Noise has the frequencies beyond those of the pixels folded into it; the presampled MTF has not.
        """
        f = np.asarray(frequency, dtype=np.float64)[..., None] + np.arange(-3, 4) / self.pitch_mm
        blurred = np.exp(-2 * (np.pi * self.blur_mm * f) ** 2).sum(axis=-1)
        blurred /= np.exp(-2 * (np.pi * self.blur_mm * np.arange(-3, 4) / self.pitch_mm) ** 2).sum()
        quanta = blurred**2 / (QUANTA * self.efficiency * dose_ugy)
        return np.asarray(quanta + (self.electronic_ugy * self.pitch_mm / dose_ugy) ** 2)

    def falls_to(self, level: float) -> float:
        """Frequency in mm⁻¹ at which its MTF is `level`."""
        f = np.linspace(0, 1 / self.pitch_mm, 20_001)
        return float(np.interp(-level, -self.mtf(f), f))


def _ndtr(x: Signal) -> Signal:
    """The normal distribution, summed up."""
    from scipy.special import ndtr  # a third of the time in which all machines start, and few are asked for targets

    return np.asarray(ndtr(x))


def edge_plate(panel: Panel, *, dose_ugy: float = 8.0, angle_deg: float = 2.5, seed: int = 0) -> Pixels:
    """A plate of tungsten in the middle of the field, its edges turned against the pixels."""
    y, x = _grid(panel)
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    half = tuple(min(side, 0.4 * length) / 2 for side, length in zip(_PLATE_MM, _extent(panel), strict=True))

    def covered(down: Signal, across: Signal) -> Signal:
        """Share of the beam that the plate takes away, blurred; `down` and `across` in mm from the middle."""
        u, v = c * across + s * down, c * down - s * across
        blur = max(panel.blur_mm, 1e-6)
        one, other = ((_ndtr((w + h) / blur) - _ndtr((w - h) / blur)) for w, h in ((u, half[1]), (v, half[0])))
        return np.asarray(one * other)

    plate = covered(y[:, None], x[None, :])
    # Only beside the plate's edges the middle of a pixel does not stand for its whole area.
    reach = 6 * panel.blur_mm + 1.5 * panel.pitch_mm
    u, v = c * x[None, :] + s * y[:, None], c * y[:, None] - s * x[None, :]
    near = (np.abs(np.abs(u) - half[1]) < reach) | (np.abs(np.abs(v) - half[0]) < reach)
    rows, columns = np.nonzero(near)
    parts = (np.arange(_SUBPIXELS) + 0.5) / _SUBPIXELS - 0.5
    fine = np.zeros(len(rows))
    for dy in parts * panel.pitch_mm:
        for dx in parts * panel.pitch_mm:
            fine += covered(y[rows] + dy, x[columns] + dx)
    plate[rows, columns] = fine / _SUBPIXELS**2
    return _read(panel, dose_ugy * (1 - (1 - _EDGE_TRANSMISSION) * plate), seed)


def flat_field(panel: Panel, *, dose_ugy: float = 2.5, seed: int = 0) -> Pixels:
    """The beam with nothing in it but the added filtration."""
    _, x = _grid(panel)
    tilt = 1 - panel.tilt * x / _extent(panel)[1]
    pixels = _read(panel, np.broadcast_to(dose_ugy * tilt, panel.size).copy(), seed)
    chance = np.random.default_rng([seed, 7])
    rows, columns = panel.size
    # Off the rim, where nobody looks; never beside each other, where they would be one cluster.
    places = chance.choice((rows // 2 - 100) * (columns // 2 - 100), panel.dead_pixels, replace=False)
    for place in places:
        row, column = divmod(int(place), columns // 2 - 100)
        pixels[100 + 2 * row, 100 + 2 * column] = 0
    for column in chance.choice(np.arange(100, columns - 100, 9), panel.dead_lines, replace=False):
        pixels[:, column] = 0
    return pixels


def step_wedge(panel: Panel, *, dose_ugy: float = 5.0, seed: int = 0) -> Pixels:
    """A wedge of eleven steps across the middle of the field, each of which lets 80 % through."""
    y, x = _grid(panel)
    length = min(_STEP_MM[0], 0.8 * _extent(panel)[1] / STEPS)
    width = min(_STEP_MM[1], 0.6 * _extent(panel)[0])
    blur = max(panel.blur_mm, 1e-6)
    depth = np.zeros(panel.size[1])
    edges = (np.arange(STEPS + 1) - STEPS / 2) * length
    for number, (left, right) in enumerate(itertools.pairwise(edges), start=1):
        depth += number * (_ndtr((x - left) / blur) - _ndtr((x - right) / blur))
    beside = _ndtr((y + width / 2) / blur) - _ndtr((y - width / 2) / blur)
    return _read(panel, dose_ugy * np.exp(-_PER_STEP * depth[None, :] * beside[:, None]), seed)


def _extent(panel: Panel) -> tuple[float, float]:
    return panel.size[0] * panel.pitch_mm, panel.size[1] * panel.pitch_mm


def _grid(panel: Panel) -> tuple[Signal, Signal]:
    """Middles of rows and columns in mm from the middle of the detector."""
    y, x = (np.asarray((np.arange(n) - (n - 1) / 2) * panel.pitch_mm, np.float64) for n in panel.size)
    return y, x


def _read(panel: Panel, kerma: Signal, seed: int) -> Pixels:
    """Detector air kerma in µGy → pixels, with quantum and electronic noise."""
    chance = np.random.default_rng([seed, 3])
    quanta = chance.standard_normal(panel.size)
    if panel.blur_mm:
        quanta = cv2.GaussianBlur(quanta, (0, 0), panel.blur_mm / panel.pitch_mm, borderType=cv2.BORDER_REFLECT_101)
    area = panel.pitch_mm**2
    kerma += np.sqrt(kerma / (QUANTA * panel.efficiency * area)) * quanta
    kerma += panel.electronic_ugy * chance.standard_normal(panel.size)
    return np.clip(np.rint(kerma * COUNTS_PER_UGY), 0, 2**BITS - 1).astype(np.uint16)


__all__ = ["QUANTA", "STEPS", "Panel", "edge_plate", "flat_field", "step_wedge"]
