"""Private: whether a straight step is the edge of the irradiated field, by rays across it.

Beyond a collimator all is less exposed than just inside, to the border of the image; and the step is over within a
few millimetres, while a body grows thicker and thicker behind its skin line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._lines import LEAST_LENGTH, Line
from imgdash.process.automatic.kernels import EVERY

Floats = npt.NDArray[np.float32]

_INNER, _OUTER, _FAR = np.arange(-6.0, -2.5), np.arange(3.0, 6.0), np.arange(13.0, 21.0, 2.0)
_BEYOND: Final = 3.0
_NEARBY: Final = 30.0
_PROFILE: Final = np.arange(-6.0, 6.01, 0.25)
_LEAST_STEP: Final = 0.025  # of the span
LEAST_SUPPORT: Final = 0.8  # of an edge of a field,
LEAST_FULL: Final = 0.5  # part of its run that lies on the line,
MOST_DRIFT: Final = 0.45
_MARGIN: Final = 0.2  # of the step, by which everything beyond has to be lighter,
_MOST_MARGIN: Final = 0.04  # of the span at most
_HALF_DOSE: Final = 0.35  # of the step in the logarithm: where about half of the beam is gone


@dataclass(frozen=True)
class Edge:
    """A judged line.

    Attributes
    ----------
    shown
        Where along the line a step shows, shape (n, 2).
    support
        Part of the rays between its ends that show a step.
    clear
        Part of all rays beyond which nothing is more exposed than inside,
    nearby
        and nothing within 30 pixels.
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
    shown: npt.NDArray[np.float64]
    support: float
    clear: float
    nearby: float
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


def judge(image: Floats, smooth: Floats, line: Line, span: float) -> Edge | None:
    """Rays across a line.

    Parameters
    ----------
    image, smooth
        Signal, and the same without its noise; `NOTHING` marks what does not belong to it.
    line
        The line.
    span
        Of the values.

    Returns
    -------
    None where hardly anything of the line lies inside the image, or it is like no edge of a field, whatever lies
    beyond it.
    """
    from imgdash.process.automatic.kernels import rays

    starts = rays.starts(image, *line.normal, line.offset)
    if len(starts) * EVERY < LEAST_LENGTH:
        return None
    inner, outer, far = (rays.means(image, starts, *line.normal, away) for away in (_INNER, _OUTER, _FAR))
    step = np.where(np.isfinite(outer) & np.isfinite(inner), outer - inner, 0)
    stepped = step > _LEAST_STEP * span
    if stepped.sum() * EVERY < LEAST_LENGTH:
        return None
    first, last = rays.stretch(stepped)
    on = stepped.copy()  # between its ends
    on[:first] = on[last + 1 :] = False
    support, run = float(stepped[first : last + 1].mean()), float((last - first + 1) * EVERY)
    known = np.isfinite(far) & on
    drift = rays.median((far - outer)[known] / step[known]) if known.sum() > 0.3 * (last - first) else 0.0
    if support < LEAST_SUPPORT or line.length / run < LEAST_FULL or drift > MOST_DRIFT:
        return None
    typical, level = rays.median(step[on]), rays.median(inner[on])
    # Beyond the ends the inside is as unexposed as the outside: only what lies beyond the line counts there.
    limit = np.full(len(step), np.float32(level + min(_MARGIN * typical, _MOST_MARGIN * span)), np.float64)
    limit[on] = inner[on] + np.clip(_MARGIN * step[on], _LEAST_STEP * span / 2, _MOST_MARGIN * span)
    blocked = rays.blocked(smooth, starts, *line.normal, _BEYOND, limit)
    return Edge(
        line,
        starts[on],
        support,
        float((blocked == np.inf).mean()),
        float((blocked >= _NEARBY).mean()),
        drift,
        run,
        typical,
        level,
    )


def at_half_dose(image: Floats, edge: Edge) -> Edge:
    """The edge where half of the beam is gone: in the logarithm the middle of the step lies farther out."""
    from imgdash.process.automatic.kernels import rays

    # A ray that leaves the image would end on nothing, or halfway to it.
    line = edge.line
    profile = rays.profile(image, edge.shown, *line.normal, _PROFILE)
    if not len(profile):
        return edge
    low, high = float(profile[:8].mean()), float(profile[-8:].mean())
    above = np.flatnonzero(profile > low + _HALF_DOSE * (high - low))
    if high <= low or not len(above) or above[0] == 0:
        return edge
    k = int(above[0])
    rise = float(profile[k] - profile[k - 1])
    part = (low + _HALF_DOSE * (high - low) - float(profile[k - 1])) / rise if rise > 0 else 0.0
    shift = float(_PROFILE[k - 1] + 0.25 * part)
    return replace(edge, line=replace(line, offset=line.offset + shift))
