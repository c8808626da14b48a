"""A knee, standing, AP and lateral: femur, tibia, fibula, patella; mm of an adult. Drawn as a right knee."""

from __future__ import annotations

import numpy as np

from imgdash.simulate.bodies import ball, bone, pipe, shell, strut
from imgdash.simulate.canvas import Canvas, Map, Point, pillow, spline

_FEMUR_AP: list[Point] = [
    (-17, -200), (-17, -110), (-20, -78), (-28, -56), (-40, -40), (-44, -26), (-43, -12), (-36, -4), (-24, -2),
    (-12, -6), (-5, -14), (0, -18), (5, -14), (12, -5), (24, -1), (36, -3), (43, -12), (44, -28), (39, -44), (28, -60),
    (21, -82), (18, -110), (17, -200),
]  # fmt: skip
_TIBIA_AP: list[Point] = [
    (-38, 6), (-22, 5), (-8, 4), (-4, -2), (0, 2), (4, -2), (9, 4), (24, 5), (39, 6), (42, 14), (38, 28), (28, 48),
    (20, 72), (16, 110), (15, 210), (-15, 210), (-16, 110), (-19, 72), (-28, 48), (-38, 28), (-42, 15),
]  # fmt: skip
_FIBULA_AP: list[Point] = [
    (-46, 26), (-40, 20), (-33, 26), (-32, 38), (-34, 60), (-33, 210), (-44, 210), (-44, 60), (-48, 40),
]  # fmt: skip
_FEMUR_LAT: list[Point] = [
    (-16, -200), (-17, -110), (-20, -78), (-29, -54), (-35, -38), (-36, -20), (-28, -6), (-10, 0), (12, -2), (30, -12),
    (36, -28), (32, -42), (20, -48), (18, -60), (18, -110), (17, -200),
]  # fmt: skip
_TIBIA_LAT: list[Point] = [
    (-26, 8), (-8, 6), (2, 2), (14, 6), (27, 9), (30, 18), (26, 34), (16, 56), (14, 110), (14, 210), (-14, 210),
    (-17, 110), (-23, 62), (-32, 42), (-30, 22),
]  # fmt: skip
_PATELLA_LAT: list[Point] = [(-46, -54), (-38, -50), (-36, -34), (-42, -18), (-50, -26), (-53, -42)]


def knee_ap(canvas: Canvas) -> None:
    """Fill `canvas` (about 180 × 300 mm) with a right knee in AP projection."""
    _leg(canvas, [(-62, -200), (-58, -90), (-54, -30), (-52, 10), (-58, 60), (-60, 110), (-50, 210), (46, 210),
                  (54, 110), (54, 60), (50, 10), (54, -30), (60, -90), (66, -200)], 118)  # fmt: skip
    _bone(canvas, _FEMUR_AP, 42)
    _bone(canvas, _TIBIA_AP, 36)
    bone(canvas, _FIBULA_AP, 12, cortex=1.8, spongiosa=0.12)
    bone(canvas, [(-20, -48), (-8, -56), (8, -56), (20, -48), (21, -32), (12, -18), (0, -13), (-12, -18), (-21, -32)],
         15, edge=9, cortex=0.9, spongiosa=0.16)  # fmt: skip
    # Subchondral plates, intercondylar notch.
    for line in ([(-38, 7), (-22, 7), (-8, 6)], [(9, 6), (24, 7), (39, 7)]):
        strut(canvas, line, 1.2, flat=3.0, cortex=1.2)
    strut(canvas, [(-12, -6), (-10, -20), (0, -26), (10, -20), (12, -6)], 0.8, flat=2.4)


def knee_lateral(canvas: Canvas) -> None:
    """Fill `canvas` (about 180 × 300 mm) with a right knee in lateral projection, the front to the left."""
    _leg(canvas, [(-66, -200), (-60, -100), (-58, -60), (-60, -40), (-54, -8), (-42, 20), (-38, 60), (-32, 210),
                  (62, 210), (72, 110), (66, 60), (52, 20), (52, -20), (58, -70), (72, -200)], 104)  # fmt: skip
    _bone(canvas, _FEMUR_LAT, 48)
    _bone(canvas, _TIBIA_LAT, 44)
    bone(canvas, [(14, 26), (22, 18), (30, 24), (30, 40), (26, 62), (28, 210), (17, 210), (18, 62)], 12, cortex=1.8,
         spongiosa=0.12)  # fmt: skip
    bone(canvas, _PATELLA_LAT, 36, edge=10, cortex=1.4, spongiosa=0.2)
    # Second condyle, a little larger, and the roof of the notch.
    bone(canvas, [(-34, -30), (-26, -4), (-4, 4), (20, 1), (36, -12), (40, -30), (30, -44), (0, -50)], 12, edge=9,
         cortex=0.7, spongiosa=0.12)  # fmt: skip
    strut(canvas, [(-14, -40), (6, -36), (22, -44)], 1.2, flat=2.4, cortex=1.2)
    strut(canvas, [(-26, 9), (-6, 8), (14, 8), (27, 11)], 1.1, flat=4.0, cortex=1.1)
    # Quadriceps tendon, patellar tendon before the dark fat pad.
    pipe(canvas, [(-44, -18), (-40, 4), (-28, 30)], 3.0, weight=0.5)
    pipe(canvas, [(-48, -54), (-40, -90), (-30, -150)], 3.6, weight=0.5)
    ball(canvas, (-30, -2), (10, 16), 26, angle=-15, weight=-0.12)


def _leg(canvas: Canvas, outline: list[Point], depth: float) -> None:
    found = canvas.inside(spline(outline, closed=True))
    assert found is not None
    box, inside = found
    canvas.soft[box] += pillow(inside, depth, 54) * (1 + 0.012 * canvas.clouds(30)[box])
    canvas.soft[box] -= 0.08 * pillow(inside, depth, 40) * np.clip(1 - inside / 9, 0, 1)


def _bone(canvas: Canvas, outline: list[Point], depth: float) -> None:
    """A long bone whose ends are wide and spongy, its shaft narrow with a thick wall."""
    found = canvas.inside(spline(outline, closed=True))
    if found is None:
        return
    box, inside = found
    y = np.abs(canvas.y[box[0]] + 4)
    cortex: Map = np.interp(y, [30, 60, 100, 170], [0.9, 1.6, 4.2, 6.0]).astype(np.float32)
    thick: Map = np.interp(y, [0, 40, 100, 200], [depth * 1.15, depth, 30, 27]).astype(np.float32)
    edge: Map = np.interp(y, [0, 50, 110], [12.0, 13.0, 14.0]).astype(np.float32)
    lines = np.sin(canvas.x[:, box[1]] / 0.9 + canvas.clouds(14, octaves=2)[box] * 1.2)
    share: Map = np.interp(y, [10, 40, 80, 130], [0.24, 0.18, 0.08, 0.03]).astype(np.float32)
    fill = share * np.clip(1 + 0.22 * canvas.spongiosa[box] + 0.10 * lines * (y < 70), 0.1, 3)
    canvas.bone[box] += shell(inside, thick, edge, cortex=cortex, spongiosa=fill.astype(np.float32))


__all__ = ["knee_ap", "knee_lateral"]
