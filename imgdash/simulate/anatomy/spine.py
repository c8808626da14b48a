"""Spines beside which much else lies: the thoracic one in lateral projection, the cervical one AP; mm of an adult.

Lateral, the patient faces left: lungs before the spine and beside it, shoulders above, diaphragm and liver below. AP,
the lower jaw and the back of the skull lie over the uppermost vertebrae, shoulders and chest over the lowest.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from imgdash.simulate.bodies import ball, bone, mirrored, pipe, soft, strut
from imgdash.simulate.canvas import Canvas, Map, Point, pillow, spline

_AIR: Final = 0.76
_TRUNK_LAT: list[Point] = [
    (-60, -300), (-62, -215), (-104, -170), (-132, -110), (-146, -40), (-150, 40), (-146, 120), (-140, 180),
    (-140, 300), (62, 300), (62, 180), (70, 110), (80, 30), (84, -40), (78, -120), (62, -180), (54, -230), (50, -300),
]  # fmt: skip
# Both lungs are much alike from the side: one outline, the depth of the two together.
_LUNG_LAT: list[Point] = [
    (-22, -178), (-52, -160), (-84, -110), (-118, -40), (-130, 40), (-128, 92), (-92, 84), (-50, 88), (-10, 106),
    (24, 138), (36, 150), (50, 100), (60, 30), (62, -40), (52, -110), (30, -160), (4, -182),
]  # fmt: skip
# Where the middle of the vertebral bodies lies: the kyphosis of the chest, the lordosis of neck and loin beside it.
_COLUMN_Y: Final = (-240.0, -190.0, -130.0, -60.0, 10.0, 80.0, 140.0, 200.0, 260.0)
_COLUMN_X: Final = (-22.0, -12.0, 4.0, 18.0, 22.0, 16.0, 6.0, -4.0, -12.0)
_FIRST_Y: Final = -216.0
_VERTEBRAE: Final = 19


def thoracic_spine_lateral(canvas: Canvas) -> None:
    """Fill `canvas` (about 240 × 430 mm) with a chest from the side, the thoracic spine in its middle."""
    found = canvas.inside(spline(_TRUNK_LAT, closed=True, per_span=6))
    assert found is not None
    box, inside = found
    # From side to side: the neck is narrow, both shoulders lie over the uppermost vertebrae.
    depth = np.interp(canvas.y[box[0]], [-240, -200, -160, -110, -60, 60, 200], [150, 270, 330, 310, 290, 290, 290])
    canvas.soft[box] += pillow(inside, depth.astype(np.float32), 95) * (1 + 0.010 * canvas.clouds(55)[box])
    _lungs_lateral(canvas)
    _column_lateral(canvas)
    for number in range(10):
        _rib_lateral(canvas, number)
    for shift in (-7.0, 6.0):  # the shoulder blades, one a little before the other
        bone(canvas, [(18 + shift, -168), (34 + shift, -150), (46 + shift, -90), (48 + shift, -34), (40 + shift, -40),
                      (32 + shift, -96), (20 + shift, -142)], 5, edge=3, cortex=1.0)  # fmt: skip
    strut(canvas, [(-30, -178), (-54, -196), (-92, -206), (-140, -208)], [20, 16, 13, 12], flat=1.6, cortex=4)


def _lungs_lateral(canvas: Canvas) -> None:
    found = canvas.inside(spline(_LUNG_LAT, closed=True))
    assert found is not None
    box, inside = found
    # Before the spine the lungs are as deep as the chest but for heart and vessels; beside it lie the gutters.
    front = canvas.x[:, box[1]] - _middle(canvas.y[box[0]])
    depth = np.interp(front, [-140, -60, -24, 0, 40], [150, 178, 150, 112, 120]).astype(np.float32)
    depth = depth * np.interp(canvas.y[box[0]], [-180, -110, -40], [0.45, 0.8, 1.0]).astype(np.float32)
    air = np.zeros_like(canvas.soft)
    air[box] = pillow(inside, depth, 26)
    filled = Canvas(canvas.width, canvas.height, canvas.grid, origin=canvas.origin)
    # Heart, aortic arch and descending aorta, hila.
    soft(filled, [(-112, 20), (-96, -20), (-66, -36), (-40, -10), (-30, 40), (-36, 86), (-80, 96), (-112, 70)], 96, 30)
    pipe(filled, [(-60, -20), (-50, -62), (-22, -78), (4, -60), (12, 0), (14, 80), (4, 150)], 12.0, weight=1.6)
    ball(filled, (-34, -26), (22, 30), 52)
    air = np.maximum(air - filled.soft, 0)
    canvas.parts["lungs"] = air > 50
    # Vessels and interstitium.
    canvas.soft -= _AIR * air * (1 + 0.02 * canvas.clouds(9, octaves=3, persistence=0.8) + 0.015 * canvas.clouds(40))
    pipe(canvas, [(-34, -260), (-28, -170), (-26, -90), (-30, -44)], 9.0, weight=-0.95)


def _middle(y: Map | np.float32) -> Map:
    """Where the vertebral bodies stand at this height."""
    smooth = spline(list(zip(_COLUMN_Y, _COLUMN_X, strict=True)), per_span=12)
    return np.asarray(np.interp(y, smooth[:, 0], smooth[:, 1]), np.float32)


def _column_lateral(canvas: Canvas) -> None:
    """Vertebrae from the sixth cervical one down, each square to the curve of the column."""
    canvas.parts["spine"] = np.abs(canvas.x - _middle(canvas.y)) < 16
    y = _FIRST_Y
    for number in range(_VERTEBRAE):
        half, tall = 8.5 + 0.52 * number, 13.5 + 0.72 * number
        x = float(_middle(np.float32(y)))
        turn = np.arctan2(float(_middle(np.float32(y + 12))) - float(_middle(np.float32(y - 12))), 24.0)
        c, s = float(np.cos(turn)), float(np.sin(turn))

        def at(u: float, v: float, x: float = x, y: float = y, c: float = c, s: float = s) -> Point:
            """Of a place before (−) or behind and above (−) or below the middle of this body."""
            return (x + u * c + v * s, y - u * s + v * c)

        h = tall / 2
        bone(canvas, [at(-half, -h), at(0, -h + 0.9), at(half, -h), at(half - 0.8, 0), at(half, h), at(0, h - 0.9),
                      at(-half, h), at(-half + 1.4, 0)], 30, edge=12, cortex=0.8, spongiosa=0.17,
             texture=0.22)  # fmt: skip
        # Pedicles, the joints behind them with the foramen before, the spinous process that points down.
        strut(canvas, [at(half - 1, -h * 0.5), at(half + 7, -h * 0.4)], [3.0, 2.8], flat=3.4, cortex=1.1)
        strut(canvas, [at(half + 7, -h * 1.15), at(half + 10, -h * 0.2), at(half + 11, h * 0.9)], [2.6, 3.4, 2.4],
              flat=3.4, cortex=1.1)  # fmt: skip
        drop = float(np.interp(number, [0, 4, 9, 14, 18], [0.4, 1.0, 1.7, 0.9, 0.3]))
        strut(canvas, [at(half + 12, 0), at(half + 24, drop * h), at(half + 33, 1.5 * drop * h)], [2.6, 2.4, 3.4],
              flat=1.4)  # fmt: skip
        y += tall + 2.6 + 0.22 * number


def _rib_lateral(canvas: Canvas, number: int) -> None:
    """Both ribs of a pair, from the column backwards and then forwards and down; one side is magnified a little."""
    y = -158.0 + 26.5 * number
    x = float(_middle(np.float32(y)))
    for larger, jitter in ((1.0, 0.0), (1.08, float(canvas.rng.normal(3, 2)))):
        back = 30 * larger
        line = [(x + 12, y), (x + back, y + 8 + jitter), (x + back + 3, y + 22 + jitter), (x + 10, y + 44 + jitter),
                (x - 40, y + 72 * larger), (x - 86, y + 96 * larger)]  # fmt: skip
        strut(canvas, line, [4.6, 5.4, 5.6, 6.0, 6.0, 5.0], flat=0.75, cortex=0.9, spongiosa=0.24, texture=0.12)


_NECK_AP: list[Point] = [
    (0, -230), (70, -230), (80, -160), (78, -110), (66, -84), (60, -50), (60, -10), (66, 30), (92, 58), (150, 80),
    (190, 110), (210, 260), (0, 260),
]  # fmt: skip


def cervical_spine_ap(canvas: Canvas) -> None:
    """Fill `canvas` (about 240 × 300 mm) with a neck AP, its fourth vertebra in the middle."""
    whole = _NECK_AP + [(-x, y) for x, y in reversed(_NECK_AP) if x]
    found = canvas.inside(spline(whole, closed=True, per_span=6))
    assert found is not None
    box, inside = found
    depth = np.interp(canvas.y[box[0]], [-150, -100, -70, 20, 70, 120], [180, 165, 122, 118, 140, 190])
    canvas.soft[box] += pillow(inside, depth.astype(np.float32), 58) * (1 + 0.012 * canvas.clouds(40)[box])
    canvas.parts["spine"] = (np.abs(canvas.x) < 16) & (canvas.y > -78)
    _over_the_neck(canvas)
    y = -66.0
    for number in range(11):
        wide, tall = 10.5 + 0.45 * number, 12.0 + 0.55 * number
        half = tall / 2
        body: list[Point] = [
            (-wide, y - half - 2), (-wide * 0.6, y - half + 0.6), (0, y - half + 1), (wide * 0.6, y - half + 0.6),
            (wide, y - half - 2), (wide - 1, y), (wide - 0.5, y + half), (0, y + half - 0.6), (-wide + 0.5, y + half),
            (-wide + 1, y),
        ]  # fmt: skip
        bone(canvas, body, 16, edge=6, cortex=0.7, spongiosa=0.2, texture=0.2)
        strut(canvas, [(0, y + 2), (0.4, y + half + 3)], [3.0, 2.2], flat=2.4, cortex=1.0)
        # Pillars of the joints: one upright, wavy column on either side; ribs from the eighth on.
        pillar: list[Point] = [
            (wide + 1, y - half - 1), (wide + 9, y - half), (wide + 7.6, y), (wide + 9, y + half), (wide + 1, y + half),
        ]  # fmt: skip
        lower, out = number - 5, 20.0 + 7 * (number - 5)
        rib: list[Point] = [(wide + 2, y), (wide + out, y - 6 + 3 * lower), (wide + 1.4 * out, y + 14 + 6 * lower)]
        for side in (-1, 1):
            bone(canvas, mirrored(pillar, side), 12, edge=5, cortex=0.8, spongiosa=0.2)
            if number > 4:
                strut(canvas, mirrored(rib, side), [4, 4.6, 5], flat=0.7)
        y += tall + 3.6
    for side in (-1, 1):
        strut(canvas, mirrored([(14, 92), (34, 84), (70, 76), (110, 70), (160, 74)], side), [9, 7.6, 6, 5.8, 6.4],
              flat=0.85, cortex=2.0)  # fmt: skip
        # The top of a lung.
        top: list[Point] = [(20, 200), (18, 110), (26, 74), (50, 62), (76, 84), (92, 130), (100, 200)]
        found = canvas.inside(spline(mirrored(top, side), closed=True))
        if found is not None:
            canvas.soft[found[0]] -= _AIR * pillow(found[1], 92, 30)
    pipe(canvas, [(0, -60), (0, -20), (0, 30), (1, 120), (0, 200)], 8.0, weight=-0.95)


def _over_the_neck(canvas: Canvas) -> None:
    """Lower jaw with teeth, and the back of the skull behind it."""
    bone(canvas, [(-62, -200), (62, -200), (66, -130), (48, -92), (0, -82), (-48, -92), (-66, -130)], 40, edge=20,
         cortex=3.0, spongiosa=0.06)  # fmt: skip
    strut(canvas, [(-56, -190), (-52, -130), (-40, -100), (-18, -88), (0, -86), (18, -88), (40, -100), (52, -130),
                   (56, -190)], [9, 8, 8, 9, 10, 9, 8, 8, 9], flat=1.6, cortex=2.2)  # fmt: skip
    for number in range(-6, 7):
        strut(canvas, [(number * 5.6, -110 + 0.25 * number**2), (number * 5.8, -126)], [2.4, 2.7], flat=1.8, cortex=3,
              spongiosa=0.8)  # fmt: skip


__all__ = ["cervical_spine_ap", "thoracic_spine_lateral"]
