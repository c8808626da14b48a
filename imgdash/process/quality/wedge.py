"""A step wedge: which steps can be told apart, and how well."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError

Floats = npt.NDArray[np.float32]

_FINE_MM: Final = 0.5
_SHORTEST_MM: Final = 3.0
_HALF_WIDTH_MM: Final = 6.0
_LEAST_STEPS: Final = 3
_OF_USUAL: Final = 0.3


@dataclass(frozen=True)
class Wedge:
    """The steps of a wedge, in order along it.

    Attributes
    ----------
    means, deviations
        Signal of each step and standard deviation of its pixels.
    axis
        ``x`` where the steps follow each other from left to right, ``y`` from top to bottom.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    axis: str

    @property
    def snr(self) -> tuple[float, ...]:
        """Signal ÷ standard deviation of each step."""
        return tuple(mean / max(sd, 1e-9) for mean, sd in zip(self.means, self.deviations, strict=True))

    @property
    def cnr(self) -> tuple[float, ...]:
        """Difference of two neighbouring steps ÷ standard deviation of both together."""
        pairs = zip(self.means[:-1], self.means[1:], self.deviations[:-1], self.deviations[1:], strict=True)
        return tuple(abs(a - b) / max(float(np.sqrt((s**2 + t**2) / 2)), 1e-9) for a, b, s, t in pairs)


def step_wedge(signal: npt.ArrayLike, pitch_mm: tuple[float, float]) -> Wedge:
    """Measure a step wedge that lies along the rows or the columns in the middle of the image.

    Parameters
    ----------
    signal
        Linear signal, shape (rows, columns).
    pitch_mm
        Of rows and columns.

    Raises
    ------
    ImgdashError
        If fewer than three steps are seen.
    """
    values = np.ascontiguousarray(signal, dtype=np.float32)
    found = []
    for axis in ("x", "y"):
        turned, (down, across) = (values, pitch_mm) if axis == "x" else (values.T, pitch_mm[::-1])
        middle, half = turned.shape[0] // 2, max(2, round(_HALF_WIDTH_MM / down))
        band = np.ascontiguousarray(turned[max(0, middle - half) : middle + half])
        found.append((axis, band, _plateaus(band, across)))
    axis, band, steps = max(found, key=lambda one: len(one[2]))
    if len(steps) < _LEAST_STEPS:
        raise ImgdashError("No step wedge is seen.", "Lay it straight through the middle of the field.")
    parts = [band[:, first:last] for first, last in steps]
    return Wedge(
        tuple(float(part.mean()) for part in parts), tuple(float(part.std(ddof=1)) for part in parts), axis
    )  # fmt: skip


def _plateaus(band: Floats, pitch_mm: float) -> list[tuple[int, int]]:
    """First and last column of the inner part of each step: between the changes of a monotone stretch."""
    width = max(8, round(band.shape[1] * pitch_mm / _FINE_MM))
    profile = np.median(cv2.resize(band, (width, band.shape[0]), interpolation=cv2.INTER_AREA), axis=0)
    level = np.log(np.maximum(profile, 1e-3 * float(profile.max())))
    change = np.zeros_like(level)
    change[1:-1] = (level[2:] - level[:-2]) / 2
    noise = 1.4826 * float(np.median(np.abs(change - np.median(change))))
    best: list[tuple[int, int]] = []
    for sign in (1.0, -1.0):
        peaks, ends = (_peaks(way * change, max(6 * noise, 0.01)) for way in (sign, -sign))
        for run in _runs(peaks, ends, sign * change, rising=sign > 0):
            steps = [(a, b) for a, b in itertools.pairwise(run) if (b - a) * _FINE_MM >= _SHORTEST_MM]
            if len(steps := _merged(steps, level)) > len(best):
                best = steps
    scale = band.shape[1] / width
    inner = [(a + 0.25 * (b - a), a + 0.75 * (b - a)) for a, b in best]
    return [(round((first + 0.5) * scale), round((last + 0.5) * scale)) for first, last in inner]


def _merged(steps: list[tuple[int, int]], level: Floats) -> list[tuple[int, int]]:
    """Steps, where two that are as good as one are one: noise drew a line through it."""
    steps = list(steps)
    while len(steps) > _LEAST_STEPS:
        heights = [float(np.mean(level[(3 * a + b) // 4 : (a + 3 * b) // 4 + 1])) for a, b in steps]
        apart = np.abs(np.diff(heights))
        least = int(apart.argmin())
        if apart[least] >= _OF_USUAL * float(np.median(apart)):
            break
        steps[least : least + 2] = [(steps[least][0], steps[least + 1][1])]
    return steps


def _peaks(change: Floats, least: float) -> list[int]:
    """Places of the highest change of each stretch above `least`."""
    above = np.concatenate([[False], change > least, [False]])
    bounds = np.flatnonzero(np.diff(above.astype(np.int8)))
    return [int(a + change[a:b].argmax()) for a, b in zip(bounds[::2], bounds[1::2], strict=True)]


def _runs(peaks: list[int], ends: list[int], change: Floats, *, rising: bool) -> list[list[int]]:
    """Changes of one sign with none of the other between them; and the end of the wedge, behind its thickest step."""
    # The noise of a thick step goes both ways, by far less than a step.
    ends = [end for end in ends if -change[end] >= _OF_USUAL * max((-change[end] for end in ends), default=0.0)]
    runs = []
    bounds = sorted([-1, *ends, 1 << 30])
    for before, after in itertools.pairwise(bounds):
        run = [peak for peak in peaks if before < peak < after]
        if len(run) > 1:
            least = _OF_USUAL * float(np.median(change[run]))
            run = [peak for peak in run if change[peak] >= least]
        if len(run) < 2:
            continue
        usual = 1.5 * float(np.median(np.diff(run)))
        if rising and before >= 0 and run[0] - before <= usual:
            run.insert(0, before)
        elif not rising and after < 1 << 30 and after - run[-1] <= usual:
            run.append(after)
        runs.append(run)
    return runs
