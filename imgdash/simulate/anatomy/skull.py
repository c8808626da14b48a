"""A skull in lateral projection: vault with its tables and sutures, base, face, teeth, mandible, upper cervical spine.

The face looks to the left of the image. Numbers are mm of an adult.
"""

from __future__ import annotations

import numpy as np

from imgdash.simulate.bodies import ball, bone, pipe, shell, soft, strut
from imgdash.simulate.canvas import Canvas, Map, Point, pillow, spline

_VAULT: list[Point] = [
    (-80, -8), (-84, -30), (-80, -56), (-62, -84), (-34, -103), (0, -110), (36, -106), (66, -90), (86, -62),
    (93, -30), (88, 2), (72, 26), (46, 38), (24, 36), (6, 24), (-16, 16), (-42, 6), (-64, 0),
]  # fmt: skip
_HEAD: list[Point] = [
    (-92, -12), (-92, -40), (-86, -66), (-66, -94), (-36, -113), (0, -120), (40, -116), (74, -98), (96, -66),
    (103, -28), (97, 10), (80, 40), (66, 70), (64, 110), (70, 170), (-28, 170), (-30, 128), (-58, 122), (-84, 118),
    (-92, 104), (-88, 92), (-96, 84), (-95, 76), (-99, 70), (-96, 60), (-94, 50), (-106, 44), (-109, 36), (-98, 10),
]  # fmt: skip
_MANDIBLE: list[Point] = [
    (-84, 92), (-88, 104), (-84, 116), (-70, 116), (-46, 110), (-24, 100), (-10, 92), (-2, 76), (4, 54), (7, 40),
    (1, 36), (-4, 44), (-10, 52), (-15, 44), (-20, 40), (-24, 52), (-22, 70), (-30, 80), (-50, 84), (-74, 86),
]  # fmt: skip
_UPPER_JAW: list[Point] = [
    (-86, 44), (-90, 54), (-84, 66), (-60, 68), (-34, 66), (-28, 56), (-30, 30), (-36, 18), (-56, 14), (-66, 24),
    (-74, 38),
]  # fmt: skip


def skull_lateral(canvas: Canvas) -> None:
    """Fill `canvas` (about 240 × 300 mm) with a skull that faces left."""
    found = canvas.inside(spline(_HEAD, closed=True))
    assert found is not None
    box, inside = found
    depth = np.interp(canvas.y[box[0]], [-120, -60, 40, 90, 140], [120, 142, 130, 108, 112]).astype(np.float32)
    canvas.soft[box] += pillow(inside, depth, 64) * (1 + 0.008 * canvas.clouds(40)[box])
    _vault(canvas)
    _base(canvas)
    _face(canvas)
    _teeth(canvas)
    _neck(canvas)


def _vault(canvas: Canvas) -> None:
    found = canvas.inside(spline(_VAULT, closed=True))
    assert found is not None
    box, inside = found
    # Both side walls (4 to 5 mm each) and, at the rim, the tangent through outer table, diploe and inner table.
    canvas.bone[box] += pillow(inside, 148, 72) - pillow(inside - 1.6, 143.6, 70.6)
    diploe = 0.3 * np.clip(1 + 0.5 * canvas.spongiosa[box], 0.1, 3)
    canvas.bone[box] += diploe * (pillow(inside - 1.6, 143.6, 70.6) - pillow(inside - 5.0, 137, 67.4))
    canvas.bone[box] += 0.85 * (pillow(inside - 5.0, 137, 67.4) - pillow(inside - 6.2, 135, 66.4))
    # Impressions of the gyri.
    canvas.bone[box] *= 1 + 0.06 * canvas.clouds(22, octaves=2)[box] * (inside > 8)
    rng = canvas.rng
    for path in ([(-30, -104), (-24, -80), (-14, -56), (-6, -36), (-2, -22)],
                 [(72, -84), (60, -62), (50, -40), (52, -18), (44, -2)]):  # fmt: skip
        curve = spline(path, per_span=16)
        curve = curve + rng.normal(0, 0.9, curve.shape).astype(np.float32)
        _groove(canvas, curve, 0.7, 1.6)
    # Grooves of the middle meningeal artery.
    for path, width in (([(-18, 2), (-22, -18), (-18, -44), (-8, -72), (2, -92)], 1.1),
                        ([(-21, -16), (-4, -34), (20, -50), (44, -64)], 0.9),
                        ([(-19, -40), (-34, -58), (-44, -76)], 0.8)):  # fmt: skip
        _groove(canvas, spline(path), width, 1.3)
    # Pinna.
    pipe(canvas, [(26, 2), (38, 0), (42, 14), (34, 28)], 3.0)


def _groove(canvas: Canvas, curve: Map, width: float, depth: float) -> None:
    found = canvas.tube(curve, width)
    if found is not None:
        canvas.bone[found[0]] -= depth * np.clip(found[1] / width, 0, 1)


def _cell(canvas: Canvas, centre: Point, radii: Point, depth: float, *, angle: float, least: float) -> None:
    """Take bone away where air lies in it, leaving `least` mm."""
    found = canvas.ellipse(centre, radii, depth, angle=angle)
    if found is not None:
        box, hollow = found
        there = canvas.bone[box]
        canvas.bone[box] = np.where(hollow > 0, np.maximum(there - hollow, np.minimum(there, least)), there)


def _base(canvas: Canvas) -> None:
    # Anterior fossa, sella turcica, clivus.
    strut(canvas, [(-76, -4), (-58, -6), (-42, -4), (-24, -2), (-17, 1)], 1.5, flat=5, cortex=1.5)
    strut(canvas, [(-62, 2), (-44, 2), (-30, 4)], 1.1, flat=5, cortex=1.1)
    strut(canvas, [(-18, 0), (-17, 7), (-12, 11), (-6, 10), (-3, 4), (-2, -2)], 1.2, flat=6, cortex=1.2)
    strut(canvas, [(-2, 0), (4, 12), (12, 26), (18, 34)], [2.0, 3.4, 3.4, 2.6], flat=3.2, cortex=2)
    # Sphenoid sinus.
    ball(canvas, (-24, 14), (13, 9), 30, weight=-0.8)
    # Petrous pyramids with the ear canal, mastoid cells.
    bone(canvas, [(4, 20), (14, 6), (28, 2), (40, 8), (44, 22), (36, 36), (24, 40), (12, 34)], 26, edge=9, cortex=2.0,
         spongiosa=0.34, texture=0.2)  # fmt: skip
    ball(canvas, (20, 22), (4, 4), 30, weight=-0.9)
    rng = canvas.rng
    for _ in range(46):
        at = (float(rng.normal(41, 7)), float(rng.normal(24, 9)))
        size = float(rng.uniform(1.2, 3.2))
        ball(canvas, at, (size, size * 1.2), 7, weight=-1)
        _cell(canvas, at, (size, size * 1.2), 3.2, angle=0, least=1)
    strut(canvas, [(58, 34), (74, 24), (86, 4)], [2, 3, 2], flat=2.4)


def _face(canvas: Canvas) -> None:
    # Frontal sinus, nasal bone, orbital rims and roof.
    ball(canvas, (-79, -20), (5, 11), 30, angle=-12, weight=-0.9)
    _cell(canvas, (-79, -20), (4.5, 10), 14, angle=-12, least=4)
    strut(canvas, [(-84, -6), (-90, 8), (-97, 22)], [3, 2.4, 1.0], flat=1.6, cortex=1.2)
    strut(canvas, [(-80, -8), (-72, 4), (-70, 18), (-74, 30)], [2.6, 2.2, 2.0, 1.8], flat=2.8, cortex=1.2)
    strut(canvas, [(-74, 30), (-60, 26), (-44, 18), (-30, 14)], 1.3, flat=2.4)
    strut(canvas, [(-60, 0), (-54, 14), (-52, 30), (-56, 42), (-62, 50)], [2.2, 2.6, 2.6, 3, 2], flat=2.4, cortex=1.2)
    # Zygomatic arch.
    strut(canvas, [(-56, 34), (-40, 30), (-20, 26), (2, 24)], [4, 3, 2.6, 2.4], flat=1.6, cortex=1.2)
    # Upper jaw around its air sinus, hard palate, pterygoid plates.
    found = canvas.inside(spline(_UPPER_JAW, closed=True))
    if found is not None:
        fill = 0.06 * np.clip(1 + 0.3 * canvas.spongiosa[found[0]], 0.1, 3)
        canvas.bone[found[0]] += shell(found[1], 44, 8, cortex=1.1, spongiosa=fill)
    ball(canvas, (-47, 36), (17, 15), 58, weight=-0.85)
    strut(canvas, [(-88, 54), (-66, 56), (-42, 56), (-26, 54)], [1.6, 2, 2, 1.4], flat=5, cortex=1.5)
    strut(canvas, [(-28, 18), (-26, 36), (-22, 56)], [1.2, 1.8, 1.4], flat=2.4)
    ball(canvas, (-72, 40), (17, 10), 26, angle=20, weight=-0.7)
    # Airway behind nose and tongue; mandible.
    pipe(canvas, [(-24, 34), (-12, 48), (-8, 70), (-4, 100), (2, 130), (4, 200)],
         np.interp(np.linspace(0, 1, 51), [0, 0.3, 0.6, 1], [7, 6, 6.5, 9]).astype(np.float32),
         weight=-0.95)  # fmt: skip
    bone(canvas, _MANDIBLE, 20, edge=7, cortex=2.0, spongiosa=0.22, texture=0.3)
    strut(canvas, [(-14, 60), (-26, 84), (-44, 94), (-66, 98)], 1.3, flat=-0.9)
    pipe(canvas, [(-2, 118), (-18, 120), (-30, 118)], 3.0, weight=-0.1)
    strut(canvas, [(-6, 116), (-20, 122), (-32, 120)], [1.6, 2.2, 1.8], flat=1.4)
    soft(canvas, [(-80, 62), (-40, 64), (-20, 76), (-26, 100), (-60, 100), (-80, 84)], 16, 20)


def _teeth(canvas: Canvas) -> None:
    """Eight above and eight below; enamel denser than any bone."""
    for number in range(8):
        x = -85 + number * 6.6 + (number > 4) * (number - 4) * 2.0
        wide = (2.6, 2.6, 3.0, 3.0, 3.1, 4.6, 4.6, 4.2)[number]
        lean = (-7, -5, -2, 0, 0, 1, 1, 2)[number]
        for up in (-1, 1):
            crown, root = 75.5 + up * 0.7, 75.5 + up * (24 - 0.7 * number)
            middle = crown + up * 7.5
            way: list[Point] = [(x + lean * 0.2, crown + up * 1), (x, middle), (x - lean * up * 0.3, root)]
            strut(canvas, way, [wide * 0.95, wide * 0.85, wide * 0.3], flat=1.5, cortex=3, spongiosa=0.75)
            strut(canvas, [way[0], (x, crown + up * 4.5)], [wide, wide * 0.92], flat=0.9, cortex=4, spongiosa=0.9)


def _neck(canvas: Canvas) -> None:
    # Atlas and axis with the dens, then two more.
    strut(canvas, [(16, 48), (16, 56)], [3.0, 3.4], flat=2.0)
    strut(canvas, [(22, 50), (40, 52), (56, 48)], [4.4, 3, 3.4], flat=2.0, cortex=1.4)
    bone(canvas, [(21, 44), (25, 42), (28, 48), (30, 64), (33, 80), (16, 82), (19, 62)], 18, edge=5, cortex=1.2)
    strut(canvas, [(30, 66), (46, 68), (64, 72)], [4, 4, 5], flat=1.8, cortex=1.4)
    for number in range(3):
        y, x = 94 + number * 20, 24.0 - number * 2.0
        bone(canvas, [(x - 9, y - 7), (x + 8, y - 8), (x + 9, y + 7), (x - 8, y + 8)], 18, edge=5, cortex=1.1)
        strut(canvas, [(x + 10, y - 5), (x + 21, y + 5)], [4.4, 4.4], flat=1.9, cortex=1.4)
        strut(canvas, [(x + 20, y + 2), (x + 36, y + 8)], [2.6, 3.4], flat=1.4, cortex=1.2)


__all__ = ["skull_lateral"]
