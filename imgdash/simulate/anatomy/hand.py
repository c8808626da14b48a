"""A hand, palm down: 14 phalanges, 5 metacarpals, 8 carpals, the ends of radius and ulna; mm of an adult.

Drawn as a right hand seen in PA projection (thumb on the left of the image); a left hand is its mirror image.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from imgdash.simulate.bodies import bone, long_bone
from imgdash.simulate.canvas import Canvas, Point, pillow, spline

# Ray by ray: metacarpal base, then the joints up to the tip; half widths of base, shaft and head of each bone.
_RAYS: list[tuple[list[Point], float]] = [
    ([(-27, 38), (-52, 6), (-71, -21), (-83, -43)], 1.12),
    ([(-17, 27), (-25, -37), (-31, -79), (-34, -104), (-36, -123)], 1.06),
    ([(-3, 26), (-4, -38), (-5, -84), (-5.5, -114), (-6, -134)], 1.06),
    ([(9, 28), (15, -31), (20, -73), (23, -101), (25, -121)], 0.98),
    ([(20, 32), (33, -19), (43, -52), (50, -71), (55, -88)], 0.90),
]
_CARPALS: list[tuple[list[Point], float]] = [
    ([(-33, 45), (-22, 40), (-18, 47), (-21, 55), (-31, 54)], 13),  # trapezium
    ([(-20, 33), (-11, 30), (-9, 40), (-14, 47), (-19, 41)], 12),  # trapezoid
    ([(-9, 30), (2, 29), (5, 38), (4, 52), (-3, 60), (-9, 55), (-8, 42)], 16),  # capitate
    ([(5, 33), (20, 36), (20, 45), (10, 56), (6, 54), (6, 44)], 15),  # hamate
    ([(-30, 57), (-21, 58), (-12, 49), (-8, 56), (-13, 67), (-25, 71), (-31, 66)], 15),  # scaphoid
    ([(-9, 63), (-2, 62), (5, 60), (8, 67), (3, 75), (-7, 75), (-12, 70)], 15),  # lunate
    ([(9, 59), (20, 49), (24, 56), (19, 65), (10, 68)], 13),  # triquetrum
    ([(16, 55), (22, 54), (24, 60), (19, 64), (15, 61)], 9),  # pisiform, in front of the triquetrum
]
_SKIN_RADII = [(13.0, 14.0, 12.0, 9.5), (12.0, 10.5, 9.2, 7.2), (12.0, 10.8, 9.4, 7.4), (11.5, 10.2, 9.0, 7.0),
               (11.0, 9.4, 8.2, 6.4)]  # fmt: skip


def hand_pa(canvas: Canvas) -> None:
    """Fill `canvas` (about 200 × 260 mm) with a right hand."""
    spread = float(canvas.rng.normal(0, 1.2))
    rays = [(_splayed(line, (number - 2) * spread), scale) for number, (line, scale) in enumerate(_RAYS)]
    _flesh(canvas, [line for line, _ in rays])
    for number, (line, scale) in enumerate(rays):
        _ray(canvas, line, scale, thumb=number == 0)
    for outline, depth in _CARPALS:
        bone(canvas, outline, depth, edge=4.5, cortex=0.75, spongiosa=0.26, texture=0.3)
    # Sesamoids of the thumb.
    for x, y in ((-49, 1), (-54, 10)):
        bone(canvas, [(x - 2.4, y), (x, y - 2.4), (x + 2.4, y), (x, y + 2.6)], 4, cortex=0.8, spongiosa=0.3)
    bone(canvas, [(-31, 66), (-26, 71), (-14, 76), (0, 78), (4, 82), (3, 92), (-2, 108), (-4, 130), (-2, 240),
                  (-16, 240), (-18, 130), (-21, 110), (-28, 92), (-32, 78)], 16, edge=7, cortex=1.9, spongiosa=0.2,
         texture=0.25)  # fmt: skip
    long_bone(canvas, (16, 76), (22, 235), [(0, 7.5), (0.06, 7.8), (0.16, 5.6), (1, 6.6)], cortex=3.0, flat=0.9)
    bone(canvas, [(21, 74), (23.5, 70), (25, 76), (23, 82)], 5, cortex=0.8)


def _splayed(line: list[Point], degrees: float) -> list[Point]:
    """A ray turned around its base."""
    (x0, y0), c, s = line[0], np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return [(x0 + (x - x0) * c - (y - y0) * s, y0 + (x - x0) * s + (y - y0) * c) for x, y in line]


def _ray(canvas: Canvas, line: list[Point], scale: float, *, thumb: bool) -> None:
    widths = [[(0, 8.3), (0.14, 7.6), (0.5, 4.6), (0.84, 7.0), (1, 7.6)],
              [(0, 7.8), (0.15, 6.9), (0.6, 4.6), (0.9, 5.8), (1, 5.8)],
              [(0, 6.7), (0.2, 5.6), (0.65, 3.9), (0.9, 5.0), (1, 5.0)]]  # fmt: skip
    for index, (proximal, distal) in enumerate(pairwise(line)):
        last = index == len(line) - 2
        profile = [(0, 5.9), (0.25, 4.4), (0.6, 2.6), (0.85, 3.9), (1, 3.6)] if last else widths[min(index, 2)]
        if thumb and index == 1:
            profile = widths[1]
        a, b = np.array(proximal), np.array(distal)
        gap = (b - a) / np.hypot(*(b - a))
        start, end = a + gap * 0.9, b - gap * (0.2 if last else 0.9)
        long_bone(canvas, (start[0], start[1]), (end[0], end[1]), [(at, w * scale) for at, w in profile],
                  cortex=2.2 if index == 0 else 1.7, spongiosa=0.27, flat=0.82)  # fmt: skip


def _flesh(canvas: Canvas, rays: list[list[Point]]) -> None:
    """Palm, fingers and wrist, joined without a seam."""
    field = np.full_like(canvas.soft, -40.0)
    depth = np.full_like(canvas.soft, 0.0)

    def join(inside: np.ndarray, thick: float | np.ndarray, box: tuple[slice, slice]) -> None:
        # Smooth union of distances; the depth follows whichever body is deeper inside.
        a, b = field[box], inside
        h = np.clip(0.5 + 0.5 * (b - a) / 5.0, 0, 1)
        depth[box] = depth[box] * (1 - h) + thick * h
        field[box] = a * (1 - h) + b * h + 5.0 * h * (1 - h) * (np.maximum(a, b) > -30)

    palm: list[Point] = [(-42, 70), (-44, 34), (-40, 0), (-38, -28), (-20, -46), (10, -46), (30, -34), (42, -12),
                         (38, 20), (31, 50), (29, 75), (31, 120), (35, 240), (-35, 240), (-35, 125),
                         (-42, 95)]  # fmt: skip
    found = canvas.inside(spline(palm, closed=True), reach=18)
    assert found is not None
    y = canvas.y[found[0][0]]
    join(found[1], np.interp(y, [-45, -10, 40, 80, 130], [20, 25, 33, 35, 42]).astype(np.float32), found[0])
    for number, line in enumerate(rays):
        (ax, ay), (bx, by) = line[-2:]
        tip = (bx + (bx - ax) * 0.16, by + (by - ay) * 0.16)
        # From the knuckle on: the metacarpals lie within the palm.
        points = [*line[0 if number == 0 else 1 : -1], tip]
        curve = spline(points)
        radii = np.interp(np.linspace(0, 1, len(curve)), np.linspace(0, 1, 4), _SKIN_RADII[number]).astype(np.float32)
        tube = canvas.tube(curve, radii + 14)
        if tube is not None:
            box, inside, radius = tube
            join(inside - 14, 1.75 * (radius - 14), box)
    canvas.soft += pillow(np.maximum(field, 0), depth, 11) * (1 + 0.02 * canvas.clouds(14))


__all__ = ["hand_pa"]
