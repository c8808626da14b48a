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
_LEAST_SHOWN: Final = 0.4  # of the sectors
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
    from imgdash.process.automatic.kernels.rings import on_ellipse

    (cx, cy), radius = start
    centre, axes, degrees = (cx, cy), (radius, radius), 0.0
    for near in (6.0, 3.0, _NEAR, _NEAR):
        used = on_ellipse(points, rise, centre, axes, degrees, near, _OUTWARD)
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
    from imgdash.process.automatic.kernels.rings import circles, scores

    rng = np.random.default_rng(len(points))
    which = rng.integers(0, len(points), (3, _TRIALS))
    found = circles(points, rise, which, shape, _LEAST_RADIUS, _OUTWARD, _MOST_SCORED)
    thin = max(1, len(points) // _LOOKED_AT)
    some, outward = (np.ascontiguousarray(each[::thin]) for each in (points, rise))
    shown = scores(some, outward, found, _NEAR, _OUTWARD, _SECTORS)
    kept: list[_Circle] = []
    for k in np.argsort(-shown, kind="stable"):
        x, y, r = (float(v) for v in found[k])
        if shown[k] < _LEAST_SHOWN * _SECTORS:
            break
        if all(np.hypot(x - u, y - v) + abs(r - q) > _APART * q for (u, v), q in kept):
            kept.append(((x, y), r))
        if len(kept) == _TRIED:
            break
    return kept


def _judged(
    image: Floats, smooth: Floats, span: float, centre: tuple[float, float], axes: tuple[float, float], degrees: float
) -> Ellipse | None:
    """Rays across the circumference: a step there, and nothing more exposed beyond it."""
    from imgdash.process.automatic.kernels.rings import blocked

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
    stepped = step > _LEAST_STEP * span
    nearest = blocked(smooth, outline, outward, inner + 0.15 * step, 4.0, 3.0)
    shows = stepped & (nearest < 0)
    cover = float(shows[within].mean())
    if cover < _LEAST_COVER:
        # What leaks through the collimator beside the body may be as much as what arrives behind it: then a strong
        # step all round says enough.
        near = stepped & ((nearest < 0) | (nearest >= _NEARBY))
        cover = float(near[within].mean())
        if cover < _CLOSED or within.mean() < _CLOSED or np.median(step) < _STRONG * span:
            return None
    return Ellipse(outline[::4], cover)
