"""Private: straight collimator edges on a reduced image. Each side is looked for as the left side of a turned copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

ANGLES: Final = np.deg2rad(np.arange(-12.0, 12.01, 0.75))
_CANDIDATES: Final = 10
_INNER: Final = (2, 6)  # pixels inside an edge that are compared with what lies outside
_OUTER: Final = 2  # pixels of blur left out outside it, where there are as many
_CLEAR: Final = 16  # pixels from an edge where its own structure is over
_BODY: Final = 0.1  # a smaller part of the image cannot be a body
_LEAST_OUTSIDE: Final = 2.0
_LEAST_ROWS: Final = 12


@dataclass(frozen=True)
class Edge:
    """A line x = offset + (y − rows/2)·tan(angle), in pixels of the turned copy; unexposed on its left.

    ``support`` is the part of the exposed rows whose whole outside is less exposed than the inside at the edge,
    ``sharpness`` the part that shows a step.
    """

    offset: float
    angle: float
    support: float
    sharpness: float

    @property
    def quality(self) -> float:
        """0…1."""
        return self.support * self.sharpness


def left_edge(image: Floats, low: float, high: float) -> Edge | None:
    """The best edge of the field on the left side, or None where the field reaches the border.

    Parameters
    ----------
    image
        Signal on a grid of about 1 mm.
    low, high
        Robust ends of its values.
    """
    rows, columns = image.shape
    span = high - low
    if rows < _LEAST_ROWS or columns < _LEAST_ROWS or span < 0.05:
        return None
    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2))
    fall = np.zeros_like(smooth)
    fall[:, 1:-1] = np.clip((smooth[:, :-2] - smooth[:, 2:]) / (0.05 * span), 0, 1)
    structure = np.abs(cv2.GaussianBlur(image, (0, 0), 2.5) - cv2.GaussianBlur(image, (0, 0), 6.0))
    best: Edge | None = None
    for offset, angle in _straight_falls(fall):
        edge = _judge(image, fall, structure, offset, angle, high, span)
        if edge is not None and (best is None or edge.quality > best.quality):
            best = edge
    return best


def _straight_falls(fall: Floats) -> list[tuple[float, float]]:
    """Hough transform of the falls: offset and angle of the strongest lines, each at least a few pixels apart."""
    rows, columns = fall.shape
    y, x = np.nonzero(fall > 0.2)
    if not len(y):
        return []
    weight = fall[y, x]
    votes = np.empty((len(ANGLES), columns), np.float32)
    for k, angle in enumerate(ANGLES):
        at = np.rint(x - (y - rows / 2) * np.tan(angle)).astype(np.intp)
        valid = (at >= 0) & (at < columns)
        votes[k] = np.bincount(at[valid], weights=weight[valid], minlength=columns)
    votes = np.asarray(cv2.blur(votes, (3, 1)))
    lines: list[tuple[float, float]] = []
    for _ in range(_CANDIDATES):
        k, offset = divmod(int(np.argmax(votes)), columns)
        if votes[k, offset] * 3 < 0.12 * rows:
            break
        lines.append((float(offset), float(ANGLES[k])))
        votes[max(k - 4, 0) : k + 5, max(offset - 4, 0) : offset + 5] = 0
    return lines


def _judge(
    image: Floats, fall: Floats, structure: Floats, offset: float, angle: float, high: float, span: float
) -> Edge | None:
    """Whether everything outside the line is less exposed than what lies just inside it, row by row.

    A body beside direct exposure is so too: see `_looks_like_a_body`.
    """
    rows, columns = image.shape
    y = np.arange(rows)
    at = np.rint(offset + (y - rows / 2) * np.tan(angle)).astype(np.intp)
    if at.mean() < _LEAST_OUTSIDE or at.mean() > columns - _LEAST_OUTSIDE:
        return None
    x = np.arange(columns)[None, :]
    relative = x - at[:, None]
    outside = np.where(relative <= -_OUTER, image, np.inf).min(axis=1)
    inner = (relative >= _INNER[0]) & (relative < _INNER[1])
    count = inner.sum(axis=1)
    inside = np.where(inner, image, 0).sum(axis=1) / np.maximum(count, 1)
    darkest = np.where(relative >= _INNER[0], image, np.inf).min(axis=1)
    exposed = (darkest < high - 0.2 * span) & (count > 0) & (at >= _OUTER)
    if exposed.sum() < max(_LEAST_ROWS, 0.08 * rows):
        return None
    near = np.where(np.abs(relative) <= 2, fall, 0).max(axis=1)
    support = float(((outside > inside + 0.025 * span) & exposed).sum() / exposed.sum())
    sharpness = float(near[exposed].mean())
    if support < 0.55 or sharpness < 0.45 or _looks_like_a_body(image, structure, relative, high, span):
        return None
    return Edge(*_fit(fall, at, exposed, angle), support, sharpness)


def _looks_like_a_body(
    image: Floats, structure: Floats, relative: npt.NDArray[np.intp], high: float, span: float
) -> bool:
    """Whether what lies outside a line is rather a body, and the inside rather the air beside it."""
    if np.median(image[relative <= -_OUTER]) < high - 0.4 * span:
        return True
    away, within = structure[relative <= -_CLEAR], structure[relative >= _CLEAR]
    if not within.size:  # narrower than any field
        return True
    return bool(away.size > _BODY * image.size and np.percentile(away, 90) > 2.5 * np.percentile(within, 90))


def _fit(fall: Floats, at: npt.NDArray[np.intp], rows: npt.NDArray[np.bool_], angle: float) -> tuple[float, float]:
    """Offset and angle to parts of a pixel: a line through the rows' centres of the fall, outliers left out twice."""
    shifts = np.arange(-4, 5)
    x = np.clip(at[:, None] + shifts[None, :], 0, fall.shape[1] - 1)
    weights = fall[np.arange(len(at))[:, None], x]
    total = weights.sum(axis=1)
    used = rows & (total > 0.5)
    y = np.flatnonzero(used) - len(at) / 2
    centre = (weights * x).sum(axis=1)[used] / total[used]
    line = np.array([np.tan(angle), float(at.mean())])
    for _ in range(2):
        near = np.abs(centre - np.polyval(line, y)) < 2.5
        if near.sum() < _LEAST_ROWS:
            break
        line = np.polyfit(y[near], centre[near], 1)
    return float(line[1]), float(np.arctan(line[0]))
