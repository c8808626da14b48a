"""A directed Hough transform: the lines on which most ridge pixels lie, each fitted to them.

Pixels are in the order of the direction of their rise: whatever lies on a line has nearly its direction, so a tenth of
them is looked at for each line.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from imgdash.process.automatic.kernels import DIRECTIONS, WIDTH
from imgdash.process.fused.compiling import compiled

_SPREAD: Final = 4  # directions by which noise turns a gradient
_NEARS: Final = (2.5, 2.5, 2.0, 1.5, 1.5)  # pixels beside the line, fit after fit
_ASIDE: Final = 18  # degrees
_PARALLEL: Final = float(np.cos(np.radians(_ASIDE)))
_ROUND: Final = _ASIDE * DIRECTIONS // 360 + 1  # directions that may hold what is as parallel
_LEAST_VOTES: Final = 9.0
_LEAST_POINTS: Final = 9
_STEP: Final = 2 * np.pi / DIRECTIONS
_COSINE: Final = np.cos(np.arange(DIRECTIONS) * _STEP)
_SINE: Final = np.sin(np.arange(DIRECTIONS) * _STEP)


@compiled
def longest(points: Any, rise: Any, weight: Any, first: Any, reach: int, found: Any) -> int:
    """Find lines, most votes first; pixels that lie on one vote for no other. How many there are.

    Parameters
    ----------
    points, rise, weight
        Of the ridge pixels, shape (2, n), (2, n) and (n,).
    first
        Where the pixels of each direction begin, and n at last.
    reach
        Steps of the offset to the farthest corner.
    found
        Takes normal (x, y), offset, length and bend of each line; its length is the most that are looked for. The
        length is 0 where the pixels near a line were too few to fit it.
    """
    votes = np.zeros((DIRECTIONS, 2 * reach + 1))
    most, where = np.zeros(DIRECTIONS), np.zeros(DIRECTIONS, np.int64)
    changed = np.ones(DIRECTIONS, np.bool_)
    for k in range(DIRECTIONS):
        for i in range(first[k], first[k + 1]):
            _vote(votes, changed, points, i, k, reach, weight[i])
    free = np.ones(len(weight), np.bool_)
    used = np.empty(len(weight), np.int64)
    seen = np.zeros(4 * (reach + 2), np.int64)
    for count in range(len(found)):
        for k in range(DIRECTIONS):
            if changed[k]:
                where[k] = np.argmax(votes[k])
                most[k] = votes[k, where[k]]
                changed[k] = False
        best = np.argmax(most)
        if most[best] < _LEAST_VOTES:
            return count
        offset = (where[best] - reach) * WIDTH
        on = _fit(points, rise, weight, first, best, offset, used, seen, count * len(_NEARS), found[count])
        for i in used[:on]:
            if free[i]:
                free[i] = False
                _vote(votes, changed, points, i, _direction(first, i), reach, -weight[i])
        votes[best, where[best]] = 0
        changed[best] = True
    return len(found)


@compiled
def _vote(votes: Any, changed: Any, points: Any, i: int, direction: int, reach: int, weight: float) -> None:
    """Add the weight of a pixel to all lines through it that have about its direction."""
    for turn in range(-_SPREAD, _SPREAD + 1):
        k = (direction + turn) % DIRECTIONS
        away = points[0, i] * _COSINE[k] + points[1, i] * _SINE[k]
        votes[k, int(np.rint(away / WIDTH)) + reach] += weight
        changed[k] = True


@compiled
def _direction(first: Any, i: int) -> int:
    """Of a pixel."""
    return int(np.searchsorted(first, i, side="right")) - 1


@compiled
def _fit(
    points: Any, rise: Any, weight: Any, first: Any, k: int, offset: float, used: Any, seen: Any, stamp: int, found: Any
) -> int:
    """Fit a line to the pixels near it until it follows them to their ends; how many they are, `used` tells which."""
    nx, ny = _COSINE[k], _SINE[k]
    found[:] = 0
    on = 0
    for again in range(len(_NEARS)):
        near = _NEARS[again]
        middle = int(np.rint(np.arctan2(ny, nx) / _STEP))
        on = 0
        total, x, y = 0.0, 0.0, 0.0
        for turn in range(-_ROUND, _ROUND + 1):
            k = (middle + turn) % DIRECTIONS
            for i in range(first[k], first[k + 1]):
                if (
                    abs(points[0, i] * nx + points[1, i] * ny - offset) < near
                    and rise[0, i] * nx + rise[1, i] * ny > _PARALLEL
                ):
                    used[on] = i
                    on += 1
                    total += weight[i]
                    x += weight[i] * points[0, i]
                    y += weight[i] * points[1, i]
        if on < _LEAST_POINTS:
            return on
        x, y = x / total, y / total
        xx, xy, yy = 0.0, 0.0, 0.0
        for i in used[:on]:
            dx, dy = points[0, i] - x, points[1, i] - y
            xx += dx * dx * weight[i]
            xy += dx * dy * weight[i]
            yy += dy * dy * weight[i]
        xx, xy, yy = xx / total, xy / total, yy / total
        # The direction in which they spread least.
        turned = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
        least = max((xx + yy) / 2 - np.hypot((xx - yy) / 2, xy), 0.0)
        c, s = np.cos(turned), np.sin(turned)
        if c * nx + s * ny <= 0:
            c, s = -c, -s
        nx, ny = c, s
        offset = nx * x + ny * y
        found[0], found[1], found[2] = nx, ny, offset
        found[3] = _covered(points, used[:on], nx, ny, seen, stamp + again + 1)
        found[4] = np.sqrt(least)
    return on


@compiled
def _covered(points: Any, used: Any, nx: float, ny: float, seen: Any, stamp: int) -> int:
    """Pixels of a line that have any of the points beside them; `seen` is written with another stamp each time."""
    covered = 0
    for i in used:
        along = int(np.rint(points[1, i] * nx - points[0, i] * ny)) + len(seen) // 2
        if seen[along] != stamp:
            seen[along] = stamp
            covered += 1
    return covered
