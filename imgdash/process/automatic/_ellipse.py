"""Private: a round field (cone, tube, intensifier): an ellipse through the ridges of steps that rise outwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._lines import Steps

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]
_Circle = tuple[tuple[float, float], float]

_TRIALS: Final = 12_000
_MOST_SCORED: Final = 150
_LOOKED_AT: Final = 600
_NEAR: Final = 2.0
_OUTWARD: Final = np.cos(np.radians(20))
_SECTORS: Final = 72
_LEAST_COVER: Final = 0.7
_NEARBY: Final = 10  # places, 3 pixels from one to the next
_CLOSED: Final = 0.95
_STRONG: Final = 0.15  # of the span
_LEAST_RADIUS: Final = 20.0
_LEAST_STEP: Final = 0.03
_APART: Final = 0.12  # of the radius
_TRIED: Final = 4
_LONGEST: Final = 1.6  # of the shorter axis: openings are no slits


@dataclass(frozen=True)
class Ellipse:
    """``outline`` (n, 2) in pixels; ``quality`` 0…1: the part of the circumference that shows a step."""

    outline: Points
    quality: float


def ellipse(found: Steps, image: Floats, smooth: Floats, span: float) -> Ellipse | None:
    """The round field of an image, or None.

    Parameters
    ----------
    found
        Of `imgdash.process.automatic._lines.steps`.
    image, smooth
        Signal, and the same without its noise.
    span
        Of its values.
    """
    strong = found.weight > 0.5
    points, rise = found.points[strong], found.rise[strong]
    if len(points) < 60:
        return None
    for start in _circles(points, rise, image.shape):
        found_here = _fitted(points, rise, start, image, smooth, span)
        if found_here is not None:
            return found_here
    return None


def _fitted(points: Points, rise: Points, start: _Circle, image: Floats, smooth: Floats, span: float) -> Ellipse | None:
    """The ellipse that a circle leads to, if it is the field."""
    (cx, cy), radius = start
    centre, axes, degrees = (cx, cy), (radius, radius), 0.0
    for near in (6.0, 3.0, _NEAR, _NEAR):
        used = _on(points, rise, centre, axes, degrees, near)
        if used.sum() < 40:
            return None
        centre, (width, height), degrees = cv2.fitEllipseDirect(points[used].astype(np.float32))
        axes = (width / 2, height / 2)
        if not min(axes) > _LEAST_RADIUS or max(axes) > _LONGEST * min(axes) or max(axes) > 2 * max(image.shape):
            return None
    return _judged(image, smooth, span, centre, axes, degrees)


def explained(found: Steps, outline: Points, shape: tuple[int, ...]) -> float:
    """Weight of the ridge pixels that lie on an outline."""
    on = np.zeros(shape, np.uint8)
    corners = np.rint(np.clip(outline, -1e4, 1e4) * 16).astype(np.int32)
    cv2.polylines(on, [corners], True, 1, 3, cv2.LINE_8, 4)
    x, y = found.points.astype(np.intp).T
    return float(found.weight[on[y, x] > 0].sum())


def _circles(points: Points, rise: Points, shape: tuple[int, ...]) -> list[_Circle]:
    """Circles on which most ridge pixels lie, their rise along the radius; best first, none like a better one.

    A wide opening is no circle: ribs and diaphragm may make a rounder one inside it.
    """
    rng = np.random.default_rng(len(points))
    which = rng.integers(0, len(points), (3, _TRIALS))
    a, b, c = points[which]
    twice = 2 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    fit = np.abs(twice) > 200
    a, b, c, twice, which = a[fit], b[fit], c[fit], twice[fit], which[:, fit]
    bb, cc = ((b - a) ** 2).sum(axis=1), ((c - a) ** 2).sum(axis=1)
    cx = a[:, 0] + ((c - a)[:, 1] * bb - (b - a)[:, 1] * cc) / twice
    cy = a[:, 1] + ((b - a)[:, 0] * cc - (c - a)[:, 0] * bb) / twice
    radius = np.hypot(a[:, 0] - cx, a[:, 1] - cy)
    possible = (radius > _LEAST_RADIUS) & (radius < max(shape)) & (cx > 0) & (cx < shape[1]) & (cy > 0)
    possible &= cy < shape[0]
    cx, cy, radius, which = cx[possible], cy[possible], radius[possible], which[:, possible]
    # What is noise rises in any direction: beyond a small field there is far more of it than of the field's edge.
    away = points[which] - np.stack([cx, cy], axis=-1)
    agree = ((away * rise[which]).sum(axis=2) > _OUTWARD * radius).all(axis=0)
    cx, cy, radius = (v[agree][:_MOST_SCORED] for v in (cx, cy, radius))
    thin = slice(None, None, max(1, len(points) // _LOOKED_AT))
    some, outward = points[thin], rise[thin]
    scores = []
    for x, y, r in zip(cx, cy, radius, strict=True):
        dx, dy = some[:, 0] - x, some[:, 1] - y
        length = np.sqrt(dx * dx + dy * dy)
        on = (np.abs(length - r) < 0.03 * r + _NEAR) & (dx * outward[:, 0] + dy * outward[:, 1] > _OUTWARD * length)
        sectors = (np.arctan2(dy[on], dx[on]) * (_SECTORS / (2 * np.pi)) + _SECTORS / 2).astype(np.intp)
        score = int(np.count_nonzero(np.bincount(sectors)))
        if score >= 0.4 * _SECTORS:
            scores.append((score, (float(x), float(y)), float(r)))
    kept: list[_Circle] = []
    for _, (x, y), r in sorted(scores, key=lambda one: -one[0]):
        if all(np.hypot(x - u, y - v) + abs(r - q) > _APART * q for (u, v), q in kept):
            kept.append(((x, y), r))
        if len(kept) == _TRIED:
            break
    return kept


def _on(points: Points, rise: Points, centre: tuple[float, float], axes: tuple[float, float], degrees: float,
        near: float) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Ridge pixels near an ellipse that rise outwards."""
    away = points - centre
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    u, v = away[:, 0] * c + away[:, 1] * s, -away[:, 0] * s + away[:, 1] * c
    level = np.hypot(u / axes[0], v / axes[1])
    outward = np.column_stack([u / axes[0] ** 2, v / axes[1] ** 2]) @ np.array([[c, s], [-s, c]])
    length = np.hypot(outward[:, 0], outward[:, 1]) + 1e-12
    along = (outward * rise).sum(axis=1) / length
    return np.asarray((np.abs(level - 1) * np.sqrt(axes[0] * axes[1]) < near) & (along > _OUTWARD))


def _judged(
    image: Floats, smooth: Floats, span: float, centre: tuple[float, float], axes: tuple[float, float], degrees: float
) -> Ellipse | None:
    """Rays across the circumference: a step there, and nothing more exposed beyond it."""
    rows, columns = image.shape
    t = np.arange(4 * _SECTORS) * 2 * np.pi / (4 * _SECTORS)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    ring = np.column_stack([axes[0] * np.cos(t), axes[1] * np.sin(t)]) @ np.array([[c, s], [-s, c]])
    outward = np.column_stack([np.cos(t) / axes[0], np.sin(t) / axes[1]]) @ np.array([[c, s], [-s, c]])
    outward /= np.hypot(outward[:, 0], outward[:, 1])[:, None]
    outline = ring + centre
    within = ((outline > 4) & (outline < [columns - 5, rows - 5])).all(axis=1)
    if within.sum() < len(t) / 3:
        return None

    def at(source: Floats, away: float) -> Points:
        place = np.clip(np.rint(outline + away * outward), 0, [columns - 1, rows - 1]).astype(np.intp)
        return np.asarray(source[place[:, 1], place[:, 0]], np.float64)

    inner = (at(image, -4) + at(image, -5)) / 2
    step = (at(image, 4) + at(image, 5)) / 2 - inner
    beyond = [at(smooth, away) for away in np.arange(4, max(rows, columns), 3.0)]
    stepped = step > _LEAST_STEP * span
    shows = stepped & (np.min(beyond, axis=0) > inner + 0.15 * step)
    cover = float(shows[within].mean())
    if cover < _LEAST_COVER:
        # What leaks through the collimator beside the body may be as much as what arrives behind it: then a strong
        # step all round says enough.
        near = stepped & (np.min(beyond[:_NEARBY], axis=0) > inner + 0.15 * step)
        cover = float(near[within].mean())
        if cover < _CLOSED or within.mean() < _CLOSED or np.median(step) < _STRONG * span:
            return None
    return Ellipse(outline[::4], cover)
