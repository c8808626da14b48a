"""Private: whether a straight step is the edge of the irradiated field, by rays across it.

Beyond a collimator all is less exposed than just inside, to the border of the image; and the step is over within a
few millimetres, while a body grows thicker and thicker behind its skin line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._lines import LEAST_LENGTH, Line

Floats = npt.NDArray[np.float32]

_EVERY: Final = 2.0  # pixels from ray to ray
NOTHING: Final = np.float32(1e6)
_INNER, _OUTER, _FAR = (-6.0, -2.5), (3.0, 6.0), (13.0, 21.0)
_PROFILE: Final = np.arange(-6.0, 6.01, 0.25)
_LEAST_STEP: Final = 0.025  # of the span
_MARGIN: Final = 0.2  # of the step, by which everything beyond has to be lighter,
_MOST_MARGIN: Final = 0.04  # of the span at most
_HALF_DOSE: Final = 0.35  # of the step in the logarithm: where about half of the beam is gone


@dataclass(frozen=True)
class Edge:
    """A judged line.

    Attributes
    ----------
    support
        Part of the rays between its ends that show a step.
    clear
        Part of all rays beyond which nothing is more exposed than inside.
    drift
        How much lighter it becomes farther out, of the step: 0 beside a collimator, 1 behind a skin line.
    run
        Length in pixels.
    step
        Median height, signal.
    inner
        Median signal just inside.
    """

    line: Line
    support: float
    clear: float
    drift: float
    run: float
    step: float
    inner: float

    @property
    def quality(self) -> float:
        """0…1."""
        full = min(self.line.length / self.run, 1.0)
        straight = float(np.clip(1.4 - self.line.bend, 0, 1))
        return float(np.clip(self.support * self.clear * full * straight * (1.2 - max(self.drift, 0.2)), 0, 1))


def judge(image: Floats, smooth: Floats, line: Line, span: float, reach: float = np.inf) -> Edge | None:
    """Rays across a line.

    Parameters
    ----------
    image, smooth
        Signal, and the same without its noise; `NOTHING` marks what does not belong to it.
    line
        The line; moved to where about half of the beam is gone.
    span
        Of the values.
    reach
        How far beyond the line, in pixels, nothing may be more exposed than inside.

    Returns
    -------
    None where hardly anything of the line lies inside the image.
    """
    rows, columns = image.shape
    normal = np.array(line.normal)
    along = np.array([-normal[1], normal[0]])
    foot = normal * line.offset
    middle = (np.array([columns, rows]) - 1) / 2
    centre = foot + along * float((middle - foot) @ along)
    half = np.hypot(rows, columns) / 2
    at = np.arange(-half, half, _EVERY)
    starts = centre + at[:, None] * along
    within = (starts >= 0).all(axis=1) & (starts <= np.array([columns - 1, rows - 1])).all(axis=1)
    inside = np.clip(np.rint(starts), 0, [columns - 1, rows - 1]).astype(np.intp)
    within &= image[inside[:, 1], inside[:, 0]] < NOTHING
    if within.sum() * _EVERY < LEAST_LENGTH:
        return None
    starts = starts[within]
    outward = np.arange(3.0, min(half * 2, reach), 2.0)
    inner = _mean(_sampled(image, starts, normal, np.arange(*_INNER, 1.0)))
    outer = _mean(_sampled(image, starts, normal, np.arange(*_OUTER, 1.0)))
    far = _mean(_sampled(image, starts, normal, np.arange(*_FAR, 2.0)))
    beyond = _sampled(smooth, starts, normal, outward)
    least = np.where(beyond < NOTHING / 2, beyond, np.inf).min(axis=1)
    step = np.where(np.isfinite(outer) & np.isfinite(inner), outer - inner, 0)
    stepped = step > _LEAST_STEP * span
    if stepped.sum() * _EVERY < LEAST_LENGTH:
        return None
    first, last = _ends(stepped)
    run = slice(first, last + 1)
    typical = float(np.median(step[run][stepped[run]]))
    level = float(np.median(inner[run][stepped[run]]))
    own = least > inner + np.clip(_MARGIN * step, _LEAST_STEP * span / 2, _MOST_MARGIN * span)
    # Beyond the ends the inside is as unexposed as the outside: only what lies beyond the line counts there.
    common = least > level + min(_MARGIN * typical, _MOST_MARGIN * span)
    clear = np.where(_between(len(step), first, last) & stepped, own, common | ~np.isfinite(least))
    known = np.isfinite(far) & stepped & _between(len(step), first, last)
    drift = float(np.median((far - outer)[known] / step[known])) if known.sum() > 0.3 * (last - first) else 0.0
    return Edge(
        _moved(image, line, starts[run][stepped[run]], normal),
        float(stepped[run].mean()),
        float(clear.mean()),
        drift,
        float((last - first + 1) * _EVERY),
        typical,
        level,
    )


def _sampled(
    image: Floats, starts: npt.NDArray[np.float64], normal: npt.NDArray[np.float64], away: npt.NDArray[Any]
) -> Floats:
    """Values at distances from points, shape (points, distances); `NOTHING` outside the image."""
    x = (starts[:, :1] + away[None, :] * normal[0]).astype(np.float32)
    y = (starts[:, 1:] + away[None, :] * normal[1]).astype(np.float32)
    found = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float(NOTHING))
    return np.asarray(found)


def _mean(values: Floats) -> npt.NDArray[np.float64]:
    """Mean of each ray's valid values; NaN where there are none."""
    valid = values < 100
    count = valid.sum(axis=1)
    total = np.where(valid, values, 0).sum(axis=1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _ends(stepped: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """First and last ray of the stretch in which most rays show a step: the greatest sum of +1 and −1.5."""
    gain = np.where(stepped, 1.0, -1.5)
    best = (0.0, 0, 0)
    total, start = 0.0, 0
    for k, value in enumerate(gain.tolist()):
        if total <= 0:
            total, start = 0.0, k
        total += value
        if total > best[0]:
            best = (total, start, k)
    return best[1], best[2]


def _between(count: int, first: int, last: int) -> npt.NDArray[np.bool_]:
    k = np.arange(count)
    return np.asarray((k >= first) & (k <= last))


def _moved(image: Floats, line: Line, starts: npt.NDArray[np.float64], normal: npt.NDArray[np.float64]) -> Line:
    """The line at half of the beam: in the logarithm the middle of the step lies farther out."""
    rays = _sampled(image, starts, normal, _PROFILE)
    # One that leaves the image would end on nothing, or halfway to it.
    rays = rays[(rays < 100).all(axis=1)]
    if not len(rays):
        return line
    profile = np.median(rays, axis=0)
    low, high = float(profile[:8].mean()), float(profile[-8:].mean())
    above = np.flatnonzero(profile > low + _HALF_DOSE * (high - low))
    if high <= low or not len(above) or above[0] == 0:
        return line
    k = int(above[0])
    rise = float(profile[k] - profile[k - 1])
    part = (low + _HALF_DOSE * (high - low) - float(profile[k - 1])) / rise if rise > 0 else 0.0
    shift = float(_PROFILE[k - 1] + 0.25 * part)
    return Line(line.normal, line.offset + shift, line.length, line.bend)
