"""Recognition of the irradiated field (after US5015853): straight edges in any direction, or a round one.

Outside the collimator the plate is less exposed than just inside, all the way to the border; that, and a straight
step, makes an edge. The field is the convex polygon between its edges, or an ellipse where that explains more.
Fields of a split exposure are first separated at unexposed strips that cross the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._edges import LEAST_FULL, LEAST_SUPPORT, MOST_DRIFT, Edge, at_half_dose, judge
from imgdash.process.automatic._ellipse import ellipse, explained
from imgdash.process.automatic._lines import Line, Steps, lines, steps
from imgdash.process.automatic._order import percentiles
from imgdash.process.automatic._outline import sure
from imgdash.process.automatic._polygon import area, between, frame, perimeter, side
from imgdash.process.automatic._strips import parts
from imgdash.process.automatic.kernels import NOTHING
from imgdash.process.parameters import Automatic

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_BORDER: Final = 3  # pixels along the border that tell whether the field reaches it
_SMOOTHING: Final = 2.0
_LEAST_SPAN: Final = 0.05
_LEAST_FIELD: Final = 0.01
_MORE: Final = 1.15
_ANY_MORE: Final = 1.03
_STRONG: Final = 0.15
_CLOSED: Final = 0.97
_STRAIGHT: Final = 0.45
_SUPPORTED: Final = 0.85
_SHOWN: Final = 0.5
_MOST_BEND: Final = 0.62
_PLAIN: Final = 0.6
_LEAST_QUALITY: Final = 0.55
_FLAWLESS: Final = 0.8  # quality
_LINE: Final = 5  # pixels of about 1 mm
_LINE_STEP: Final = 0.15


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
    low, high = percentiles(signal, None, [1, 99.5])
    signal = _without_lines(signal, high - low)
    if high - low < _LEAST_SPAN or min(signal.shape) < 24:
        return Field([whole], 0.2, ("Irradiated field not found: the image is flat.",))
    rises = steps(signal, high - low)
    straight = lines(rises, signal.shape)
    divided = parts(signal, straight, low, high)
    if len(divided) == 1:
        found = [_one(signal, rises, straight, low, high)]
    else:
        found = [_part(part, mask, low, high) for part, mask in divided]
    pitch = np.array([extent_mm[1] / signal.shape[1], extent_mm[0] / signal.shape[0]])
    polygons = [np.clip((points + 0.5) * pitch, 0, extent_mm[::-1]) for points, _ in found]
    # What lies beyond one of several fields may be another one: only the part of each that belongs to it is looked at.
    images = [signal] if len(divided) == 1 else [part for part, _ in divided]
    seen = [sure(image, points, high - low) for image, (points, _) in zip(images, found, strict=True)]
    confidence = round(min(*seen, *(quality for _, quality in found)), 3)
    notes = (f"{len(polygons)} irradiated fields.",) if len(polygons) > 1 else ()
    return Field(polygons, confidence, notes)


def _without_lines(signal: Floats, span: float) -> Floats:
    """Without what is light and narrower than 5 mm: a column that does not read is a step all along the image."""
    broad = np.asarray(cv2.morphologyEx(signal, cv2.MORPH_OPEN, np.ones((_LINE, _LINE), np.uint8)))
    return np.where(signal - broad > _LINE_STEP * span, broad, signal)


def _part(image: Floats, mask: npt.NDArray[np.bool_], low: float, high: float) -> tuple[Points, float]:
    rises = steps(image, high - low)
    return _one(image, rises, lines(rises, image.shape), low, high, mask)


def _one(
    image: Floats,
    rises: Steps,
    straight: Sequence[Line],
    low: float,
    high: float,
    mask: npt.NDArray[np.bool_] | None = None,
) -> tuple[Points, float]:
    """Outline of one field in pixels, and how sure it is: the least sure of its sides decides."""
    span = high - low
    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), _SMOOTHING))
    own, own_smooth = (image, smooth) if mask is None else (np.where(mask, each, NOTHING) for each in (image, smooth))
    judged = (judge(own, own_smooth, line, span) for line in straight if line.bend < _MOST_BEND)
    edges = [edge for edge in judged if edge is not None]
    collimators = [at_half_dose(own, edge) for edge in edges if _is_collimator(edge, span)]
    polygon, sides = between(collimators, image.shape)
    plain = len(sides) == 4 and min(edge.quality for edge in sides) > _PLAIN
    if not plain:
        # What leaks through the collimator beside the body may be as much as what arrives behind it: then edges all
        # round, with nothing more exposed just beyond them, say enough.
        nearby = (replace(edge, clear=edge.nearby) for edge in edges)
        strong = [at_half_dose(own, edge) for edge in nearby if _is_strong(edge, span)]
        closed, around = between(strong, image.shape, any_turn=True)
        if (
            len(around) >= 3
            and sum(side(closed, edge) for edge in around) > _CLOSED * perimeter(closed)
            and explained(rises, closed, image.shape) > _ANY_MORE * explained(rises, polygon, image.shape)
        ):
            polygon, sides = closed, around
    round_ = None if plain else ellipse(rises, image, smooth, span)
    if round_ is not None and (
        explained(rises, round_.outline, image.shape) > _MORE * explained(rises, polygon, image.shape)
    ):
        return np.clip(round_.outline, -0.5, np.array(image.shape[::-1]) - 0.5), 0.5 + 0.5 * round_.quality
    if len(polygon) < 3 or area(polygon) < _LEAST_FIELD * image.size:
        return frame(*image.shape), 0.0
    qualities = [0.5 + 0.5 * edge.quality for edge in sides]
    return polygon, float(min([*qualities, *_at_border(image, polygon, low, high)]))


def _is_collimator(edge: Edge, span: float) -> bool:
    """Straight, a step all along, nothing more exposed beyond it, and over at once; the lower, the straighter."""
    full, high = edge.line.length / edge.run, edge.step > 0.15 * span
    if edge.line.bend > (_MOST_BEND if high else 0.5) or full < (LEAST_FULL if high else 0.75):
        return False
    flawless = edge.quality > _FLAWLESS
    if edge.support < (LEAST_SUPPORT if high else 0.95) or edge.drift > (MOST_DRIFT if high or flawless else 0.3):
        return False
    if edge.quality < _LEAST_QUALITY:
        return False
    plain = edge.support > 0.95 and edge.step > 0.25 * span and edge.line.bend < 0.5 and full > 0.7
    return edge.clear > (0.6 if plain else 0.75)


def _is_strong(edge: Edge, span: float) -> bool:
    """A high straight step; whether it belongs to a collimator, the others of a closed polygon have to say."""
    return (
        edge.step > _STRONG * span
        and edge.line.bend < _STRAIGHT
        and edge.support > _SUPPORTED
        and edge.drift < MOST_DRIFT
        and edge.line.length > LEAST_FULL * edge.run
        and edge.clear > _SHOWN
    )


def _at_border(image: Floats, polygon: Points, low: float, high: float) -> list[float]:
    """How sure it is that the field reaches those borders of the image it is said to reach."""
    rows, columns = image.shape
    strips = (
        (image[:, :_BORDER], polygon[:, 0], 1, -0.5),
        (image[:, -_BORDER:], polygon[:, 0], 1, columns - 0.5),
        (image[:_BORDER], polygon[:, 1], 0, -0.5),
        (image[-_BORDER:], polygon[:, 1], 0, rows - 0.5),
    )
    sure: list[float] = []
    for strip, position, axis, border in strips:
        on = polygon[np.abs(position - border) < 0.5]
        if len(on) < 2:
            continue
        ends = on[:, axis].min(), on[:, axis].max()
        if ends[1] - ends[0] < 12:
            continue
        profile = strip.mean(axis=axis)[int(max(ends[0], 0)) : int(ends[1])]
        exposed = float((profile < high - 0.1 * (high - low)).mean()) if len(profile) else 0.0
        sure.append(min(0.2 + 2.0 * exposed, 0.9))
    return sure
