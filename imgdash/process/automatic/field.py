"""Recognition of the irradiated field (after US5015853): straight edges, then the polygon between them.

Outside the collimator the plate is less exposed than just inside, all the way to the border; that, and a straight
step, makes an edge. Fields of a split exposure are first separated at unexposed strips that cross the image.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._edges import Edge, left_edge
from imgdash.process.parameters import Automatic

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_BORDER = 3  # pixels along the border that tell whether the field reaches it
_STRIP_MM = 4.0
_BESIDE = 4  # pixels from a strip at which its fall must be over


@dataclass(frozen=True)
class Field:
    """Polygons (n, 2) of x, y in mm from the upper left corner; confidence 0…1."""

    polygons: list[Points]
    confidence: float
    notes: tuple[str, ...] = ()


def recognise(signal: Floats, extent_mm: Sequence[float], settings: Automatic) -> Field:
    """Find the irradiated field.

    Parameters
    ----------
    signal
        The reduced image for processing.
    extent_mm
        Its height and width.
    settings
        ``field_polygon`` drawn by hand goes first; ``field`` = whole looks for nothing.
    """
    whole = np.array([[0, 0], [extent_mm[1], 0], [extent_mm[1], extent_mm[0]], [0, extent_mm[0]]], dtype=np.float64)
    if settings.field_polygon:
        return Field([np.asarray(settings.field_polygon, dtype=np.float64)], 1.0, ("Field drawn by hand.",))
    if settings.field == "whole":
        return Field([whole], 1.0)
    low, high = (float(v) for v in np.percentile(signal, [1, 99.5]))
    pitch = np.array([extent_mm[1] / signal.shape[1], extent_mm[0] / signal.shape[0]])
    boxes = _split(signal, low, high, pitch)
    found = [_one(signal[y0:y1, x0:x1], low, high, (x0, y0)) for y0, y1, x0, x1 in boxes]
    polygons = [points * pitch for points, _ in found if len(points) >= 3]
    if not polygons:
        return Field([whole], 0.0, ("Irradiated field not found: the whole image is taken.",))
    confidence = round(min(quality for _, quality in found), 3)
    notes = (f"{len(polygons)} irradiated fields.",) if len(polygons) > 1 else ()
    return Field(polygons, confidence, notes)


def _one(image: Floats, low: float, high: float, origin: tuple[int, int]) -> tuple[Points, float]:
    """Polygon of one field in pixels, and how sure it is: the least sure of its sides decides."""
    rows, columns = image.shape
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float64)
    qualities: list[float] = []
    polygon = corners
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(image, k=turns))
        edge = left_edge(turned, low, high)
        if edge is None:
            qualities.append(_reaches_border(turned, low, high))
            continue
        qualities.append(0.5 + 0.5 * edge.quality)
        polygon = _cut(polygon, *_half_plane(edge, turned.shape, turns, (rows, columns)))
    return polygon + np.asarray(origin, dtype=np.float64), float(min(qualities))


def _reaches_border(image: Floats, low: float, high: float) -> float:
    """How sure it is that the field reaches the left border: exposed pixels there say so."""
    strip = image[:, :_BORDER].mean(axis=1)
    exposed = float((strip < high - 0.1 * (high - low)).mean()) if high > low else 0.0
    return min(0.2 + 2.0 * exposed, 0.9)


def _half_plane(edge: Edge, shape: tuple[int, ...], turns: int, original: tuple[int, int]) -> tuple[Points, Points]:
    """A point of the edge and the direction into the field, in coordinates of the image that was turned."""
    rows, columns = original
    point = np.array([edge.offset + 0.5, shape[0] / 2])
    inward = np.array([np.cos(edge.angle), -np.sin(edge.angle)])
    for _ in range(turns):  # np.rot90 turns counterclockwise: undo it one quarter at a time
        height, width = shape
        point = np.array([height - point[1], point[0]])
        inward = np.array([-inward[1], inward[0]])
        shape = (width, height)
    del rows, columns
    return point, inward


def _cut(polygon: Points, point: Points, inward: Points) -> Points:
    """The part of a convex polygon on the inner side of a line."""
    if not len(polygon):
        return polygon
    side = (polygon - point) @ inward
    kept: list[Any] = []
    for k in range(len(polygon)):
        a, b = polygon[k], polygon[(k + 1) % len(polygon)]
        if side[k] >= 0:
            kept.append(a)
        if (side[k] >= 0) != (side[(k + 1) % len(polygon)] >= 0):
            kept.append(a + (b - a) * side[k] / (side[k] - side[(k + 1) % len(polygon)]))
    return np.asarray(kept, dtype=np.float64).reshape(-1, 2)


def _split(signal: Floats, low: float, high: float, pitch: Points) -> list[tuple[int, int, int, int]]:
    """Boxes (y0, y1, x0, x1) between unexposed strips that cross the image; one box where there are none."""
    rows, columns = signal.shape
    if high - low < 0.05:
        return [(0, rows, 0, columns)]
    xs = _parts(signal, low, high, _STRIP_MM / float(pitch[0]))
    if len(xs) > 1:
        return [(0, rows, x0, x1) for x0, x1 in xs]
    ys = _parts(signal.T, low, high, _STRIP_MM / float(pitch[1]))
    return [(y0, y1, 0, columns) for y0, y1 in ys]


def _parts(signal: Floats, low: float, high: float, least: float) -> list[tuple[int, int]]:
    """Runs of columns cut in the middle of the unexposed strips between them."""
    columns = signal.shape[1]
    exposed = np.flatnonzero(np.percentile(signal, 4, axis=0) <= high - 0.12 * (high - low))
    if not len(exposed):
        return [(0, columns)]
    gaps = [(int(exposed[g]) + 1, int(exposed[g + 1])) for g in np.flatnonzero(np.diff(exposed) > least)]
    cuts = [(first + end) // 2 for first, end in gaps if _is_strip(signal, first, end, high, high - low)]
    bounds = [0, *cuts, columns]
    parts = list(itertools.pairwise(bounds))
    # A sliver is an artifact, not a field.
    return parts if all(end - first > 5 * least for first, end in parts) else [(0, columns)]


def _is_strip(signal: Floats, first: int, end: int, high: float, span: float) -> bool:
    """Whether light columns fall off steeply on both sides, row by row: a long bone is as light, but round."""
    strip = signal[:, first:end].mean(axis=1)
    exposed = signal.min(axis=1) < high - 0.25 * span
    if not exposed.any():
        return False
    for at in (first - _BESIDE, end + _BESIDE):
        if not 0 <= at < signal.shape[1]:
            return False
        if ((strip - signal[:, at] > 0.2 * span) & exposed).sum() < 0.6 * exposed.sum():
            return False
    return True
