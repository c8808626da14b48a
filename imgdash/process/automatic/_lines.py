"""Private: straight light-dark steps of any direction on a reduced image, by a directed Hough transform.

A line is the points p with normal · p = offset, in pixels from the centre of pixel (0, 0); its normal points to the
lighter, less exposed side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_BLUR: Final = 1.2
_FULL_STEP: Final = 0.03
"""Rise from pixel to pixel, of the span, that counts as a whole step."""
_DIRECTIONS: Final = 180
_SPREAD: Final = 4  # directions by which noise turns a gradient
_NEAR: Final = 2.5
_PARALLEL: Final = np.cos(np.radians(18))
_WIDTH: Final = 2.0  # pixels of one step of the offset
_LEAST_VOTES: Final = 9.0
_MOST: Final = 32
LEAST_LENGTH: Final = 18.0


@dataclass(frozen=True)
class Line:
    """normal · p = offset; ``length`` is how many pixels of it show a step, ``bend`` how far they lie beside it."""

    normal: tuple[float, float]
    offset: float
    length: float
    bend: float

    @property
    def degrees(self) -> float:
        """Direction of the normal, −180…180."""
        return float(np.degrees(np.arctan2(self.normal[1], self.normal[0])))


@dataclass(frozen=True)
class Steps:
    """Pixels on the ridge of a step: ``points`` (n, 2) x, y; ``rise``, a unit vector; ``weight`` 0…1."""

    points: Points
    rise: Points
    weight: npt.NDArray[np.float64]

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """Of the rise, radians."""
        return np.asarray(np.arctan2(self.rise[:, 1], self.rise[:, 0]))


def steps(image: Floats, span: float) -> Steps:
    """Where the image rises steeply.

    Parameters
    ----------
    image
        Signal on a grid of about 1 mm.
    span
        Of its values.
    """
    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), _BLUR))
    dx, dy = (np.asarray(cv2.Scharr(smooth, cv2.CV_32F, *order)) / 32 for order in ((1, 0), (0, 1)))
    rise = np.hypot(dx, dy)
    strong = rise > 0.25 * _FULL_STEP * span
    strong[[0, -1]] = strong[:, [0, -1]] = False
    y, x = np.nonzero(strong)
    gx, gy, here = dx[y, x], dy[y, x], rise[y, x]
    # Ridge: not less steep than one pixel before and after, along the rise.
    ax, ay = np.rint(gx / here).astype(np.intp), np.rint(gy / here).astype(np.intp)
    ridge = (here >= rise[y + ay, x + ax]) & (here >= rise[y - ay, x - ax])
    x, y, gx, gy, here = x[ridge], y[ridge], gx[ridge], gy[ridge], here[ridge]
    weight = np.clip(here / (_FULL_STEP * span), 0, 1).astype(np.float64)
    rise_there = np.column_stack([gx / here, gy / here]).astype(np.float64)
    return Steps(np.column_stack([x, y]).astype(np.float64), rise_there, weight)


def lines(found: Steps, shape: tuple[int, ...]) -> list[Line]:
    """The longest lines, longest first; ridge pixels that lie on one of them vote for no other."""
    reach = int(np.ceil(np.hypot(shape[0], shape[1]) / _WIDTH)) + 2
    columns = 2 * reach + 1
    bins = _bins(found, reach, columns)
    each = np.repeat(found.weight[None].astype(np.float32), len(bins), axis=0)
    votes = np.bincount(bins.ravel(), weights=each.ravel(), minlength=_DIRECTIONS * columns)
    free = np.ones(len(found.weight), bool)
    lines: list[Line] = []
    for _ in range(_MOST):
        best = int(np.argmax(votes))
        if votes[best] < _LEAST_VOTES:
            break
        k, column = divmod(best, columns)
        angle = 2 * np.pi * k / _DIRECTIONS
        line, on = _fitted(found, (float(np.cos(angle)), float(np.sin(angle))), (column - reach) * _WIDTH)
        on &= free
        free &= ~on
        np.subtract.at(votes, bins[:, on].ravel(), each[:, on].ravel())
        votes[best] = 0
        if line is not None and line.length >= LEAST_LENGTH:
            lines.append(line)
    return lines


def _bins(found: Steps, reach: int, columns: int) -> npt.NDArray[np.intp]:
    """Where each ridge pixel votes, shape (directions it may have, pixels)."""
    nearest = np.rint(found.direction * _DIRECTIONS / (2 * np.pi)).astype(np.intp)
    k = (nearest[None] + np.arange(-_SPREAD, _SPREAD + 1)[:, None]) % _DIRECTIONS
    angles = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    away = found.points[:, 0] * np.cos(angles)[k] + found.points[:, 1] * np.sin(angles)[k]
    return np.asarray(k * columns + np.rint(away / _WIDTH).astype(np.intp) + reach)


def _fitted(found: Steps, normal: tuple[float, float], offset: float) -> tuple[Line | None, npt.NDArray[np.bool_]]:
    """A line through the ridge pixels near it, fitted until it follows them to their ends, and which they are."""
    line = None
    for near in (_NEAR, _NEAR, 0.8 * _NEAR, 0.6 * _NEAR, 0.6 * _NEAR):
        used = np.abs(found.points[:, 0] * normal[0] + found.points[:, 1] * normal[1] - offset) < near
        used &= found.rise[:, 0] * normal[0] + found.rise[:, 1] * normal[1] > _PARALLEL
        points, weight = found.points[used], found.weight[used]
        if len(points) < LEAST_LENGTH / 2:
            return line, used
        total = float(weight.sum())
        x, y = float(points[:, 0] @ weight) / total, float(points[:, 1] @ weight) / total
        dx, dy = points[:, 0] - x, points[:, 1] - y
        xx, xy, yy = (float((a * b) @ weight) / total for a, b in ((dx, dx), (dx, dy), (dy, dy)))
        # The direction in which they spread least.
        turn = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
        least = max((xx + yy) / 2 - np.hypot((xx - yy) / 2, xy), 0.0)
        c, s = float(np.cos(turn)), float(np.sin(turn))
        normal = (c, s) if c * normal[0] + s * normal[1] > 0 else (-c, -s)
        offset = normal[0] * x + normal[1] * y
        along = np.rint(points[:, 1] * normal[0] - points[:, 0] * normal[1]).astype(np.intp)
        length = float(np.count_nonzero(np.bincount(along - along.min())))
        line = Line(normal, offset, length, float(np.sqrt(least)))
    return line, used
