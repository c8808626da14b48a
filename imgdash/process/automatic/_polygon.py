"""Private: the convex polygon between the edges that were found, and how sure each of its sides is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._edges import Edge

Points = npt.NDArray[np.float64]

_LEAST_SIDE: Final = 12.0
_LEAST_SHOWN: Final = 0.5
_BEYOND_DOUBT: Final = 0.75
_SQUARE: Final = 4.0  # degrees
_LEAST_CUT: Final = 1.0  # pixels; an edge that cuts off less is another's neighbour


def frame(rows: int, columns: int) -> Points:
    """Corners of the image; a pixel's centre has whole numbers."""
    return np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float64) - 0.5


def between(edges: Sequence[Edge], shape: tuple[int, ...], *, any_turn: bool = False) -> tuple[Points, list[Edge]]:
    """The part of the image inside all edges, best edge first, and the edges that make its sides.

    An edge whose side is mostly without a step is left out, and all begun again. Unless `any_turn`, all but the best
    have to be parallel or square to each other.
    """
    left = sorted(edges, key=lambda edge: -edge.quality * edge.run)
    while True:
        polygon, used = _cut_by_all(left, shape, any_turn)
        sides = [edge for edge in used if side(polygon, edge) >= _LEAST_SIDE]
        shown = [min(edge.line.length, edge.run) / side(polygon, edge) for edge in sides]
        if not sides or min(shown) >= _LEAST_SHOWN:
            return polygon, sides
        left.remove(sides[int(np.argmin(shown))])


def _cut_by_all(edges: Sequence[Edge], shape: tuple[int, ...], any_turn: bool) -> tuple[Points, list[Edge]]:
    used: list[Edge] = []
    polygon = frame(shape[0], shape[1])
    for edge in edges:
        rest = cut(polygon, edge)
        if len(rest) < 3 or not _cuts(polygon, edge) or not (any_turn or _agrees(edge, used)):
            continue
        polygon, used = rest, [*used, edge]
    return polygon, used


def cut(polygon: Points, edge: Edge) -> Points:
    """The part of a convex polygon inside an edge."""
    normal, offset = np.array(edge.line.normal), edge.line.offset
    within = offset - polygon @ normal
    kept: list[Any] = []
    for k in range(len(polygon)):
        a, b, da, db = polygon[k], polygon[(k + 1) % len(polygon)], within[k], within[(k + 1) % len(polygon)]
        if da >= 0:
            kept.append(a)
        if (da >= 0) != (db >= 0):
            kept.append(a + (b - a) * da / (da - db))
    return np.asarray(kept, dtype=np.float64).reshape(-1, 2)


def side(polygon: Points, edge: Edge) -> float:
    """Length of the side that lies on an edge."""
    on = np.abs(polygon @ np.array(edge.line.normal) - edge.line.offset) < 1e-6
    points = polygon[on]
    return float(np.hypot(*(points.max(axis=0) - points.min(axis=0)))) if len(points) > 1 else 0.0


def area(polygon: Points) -> float:
    """Of a polygon, squares of its unit."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def perimeter(polygon: Points) -> float:
    """Of a polygon."""
    return float(np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T).sum())


def _agrees(edge: Edge, used: Sequence[Edge]) -> bool:
    """Whether an edge is parallel or square to the best one; others have to be beyond doubt."""
    if not used or edge.quality > _BEYOND_DOUBT:
        return True
    turned = (edge.line.degrees - used[0].line.degrees + 45) % 90 - 45
    return abs(turned) < _SQUARE


def _cuts(polygon: Points, edge: Edge) -> bool:
    return bool((polygon @ np.array(edge.line.normal)).max() - edge.line.offset > _LEAST_CUT)
