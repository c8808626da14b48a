"""An abdomen lying on its back, AP: lumbar spine, lower ribs, iliac wings, psoas, kidneys, liver, gas in the bowel."""

from __future__ import annotations

import numpy as np

from imgdash.simulate.bodies import ball, bone, gas, mirrored, pipe, shell, soft, strut
from imgdash.simulate.canvas import Canvas, Point, pillow, spline

_TRUNK: list[Point] = [
    (0, -300), (160, -300), (162, -180), (156, -60), (158, 20), (172, 90), (180, 160), (184, 300), (0, 300),
]  # fmt: skip


def abdomen_ap(canvas: Canvas) -> None:
    """Fill `canvas` (about 350 × 430 mm) with an abdomen."""
    _trunk(canvas)
    _spine(canvas)
    for side in (-1, 1):
        _ribs(canvas, side)
        _ilium(canvas, side)
    bone(canvas, [(-52, 138), (-40, 122), (-26, 128), (26, 128), (40, 122), (52, 138), (44, 166), (28, 200), (0, 232),
                  (-28, 200), (-44, 166)], 30, edge=16, cortex=0.9, spongiosa=0.14)  # fmt: skip
    _bowel(canvas)


def _trunk(canvas: Canvas) -> None:
    whole = _TRUNK + [(-x, y) for x, y in reversed(_TRUNK) if x]
    found = canvas.inside(spline(whole, closed=True, per_span=6))
    assert found is not None
    box, inside = found
    depth = np.interp(canvas.y[box[0]], [-200, -60, 60, 200], [208, 198, 196, 206]).astype(np.float32)
    canvas.soft[box] += pillow(inside, depth, 92) * (1 + 0.014 * canvas.clouds(45)[box])
    # The fat under the skin and along the flank.
    canvas.soft[box] -= 0.10 * pillow(inside, depth, 60) * np.clip(1 - inside / 20, 0, 1)
    canvas.soft[box] -= 5.0 * np.exp(-(((inside - 27) / 4) ** 2))
    # Liver, spleen, kidneys, psoas muscles.
    soft(canvas, [(-146, -170), (-40, -200), (10, -190), (-20, -140), (-60, -90), (-100, -40), (-132, -10),
                  (-146, -40), (-150, -110)], 12, 22)  # fmt: skip
    soft(canvas, [(100, -170), (138, -160), (142, -110), (128, -70), (106, -90)], 9, 16)
    for side, drop in ((-1, 0), (1, -12)):
        soft(canvas, mirrored([(46, -80 + drop), (64, -96 + drop), (84, -88 + drop), (94, -54 + drop), (90, -14 + drop),
                               (74, 6 + drop), (58, -6 + drop), (54, -44 + drop)], side), 11, 16)  # fmt: skip
        soft(canvas, mirrored([(18, -120), (26, -60), (42, 0), (60, 60), (76, 130), (56, 140), (30, 100), (16, 0)],
                              side), 12, 12)  # fmt: skip


def _spine(canvas: Canvas) -> None:
    canvas.parts["spine"] = (np.abs(canvas.x) < 26) & (canvas.y < 105)
    y = -186.0
    for number in range(8):
        wide, tall = 19.5 + 1.0 * number, 25.0 + 0.5 * number
        half = tall / 2
        bone(canvas, [(-wide, y - half), (-wide / 2, y - half + 0.8), (0, y - half + 1.2), (wide / 2, y - half + 0.8),
                      (wide, y - half), (wide - 3, y), (wide, y + half), (wide / 2, y + half - 0.8),
                      (0, y + half - 1.2), (-wide / 2, y + half - 0.8), (-wide, y + half), (-wide + 3, y)], 33, edge=13,
             cortex=0.9, spongiosa=0.17, texture=0.22)  # fmt: skip
        bone(canvas, [(-3.6, y - 1), (3.6, y - 1), (4.6, y + 15), (0, y + 21), (-4.6, y + 15)], 11, cortex=1.1)
        for side in (-1, 1):
            bone(canvas, mirrored([(wide * 0.42, y - 9), (wide * 0.68, y - 8), (wide * 0.7, y + 1),
                                   (wide * 0.46, y + 2)], side), 8, cortex=1.4)  # fmt: skip
            bone(canvas, mirrored([(wide * 0.5, y + 3), (wide * 0.72, y + 8), (wide * 0.7, y + 21),
                                   (wide * 0.46, y + 21)], side), 7, cortex=1.0)  # fmt: skip
            if number > 1:
                strut(canvas, mirrored([(wide - 4, y - 5), (wide + 12, y - 9), (wide + 23, y - 8)], side),
                      [4, 4.6, 3.2], flat=0.5)  # fmt: skip
        y += tall + 8.6


def _ribs(canvas: Canvas, side: int) -> None:
    for line in ([(22, -196), (70, -192), (118, -160), (146, -100), (148, -70)],
                 [(24, -168), (70, -160), (112, -120), (134, -66), (134, -50)],
                 [(26, -136), (62, -122), (92, -86), (104, -58)]):  # fmt: skip
        strut(canvas, mirrored(line, side), [5, 6, 6, 5.4, 3.5], flat=0.6, cortex=1.0, spongiosa=0.22, texture=0.15)


def _ilium(canvas: Canvas, side: int) -> None:
    outline: list[Point] = [
        (38, 122), (58, 92), (92, 78), (124, 90), (144, 120), (148, 160), (140, 220), (110, 260), (70, 250), (56, 190),
        (44, 160),
    ]  # fmt: skip
    found = canvas.inside(spline(mirrored(outline, side), closed=True))
    if found is not None:
        box, inside = found
        fill = 0.3 * np.clip(1 + 0.16 * canvas.spongiosa[box], 0.1, 3)
        canvas.bone[box] += shell(inside, 12, 5, cortex=1.3, spongiosa=fill.astype(np.float32))
    strut(canvas, mirrored([(38, 124), (58, 94), (92, 81), (124, 93), (144, 124), (146, 160)], side),
          [3, 5, 5.5, 5.5, 5, 4], flat=1.0, cortex=1.3, spongiosa=0.24)  # fmt: skip
    strut(canvas, mirrored([(48, 124), (54, 146), (46, 172), (38, 190)], side), 1.1, flat=2.2)


def _bowel(canvas: Canvas) -> None:
    rng = canvas.rng
    # Stomach and colon: beads of gas along its way, with haustra between them.
    pipe(canvas, [(60, -186), (96, -176), (104, -140), (70, -112), (30, -104)],
         np.interp(np.linspace(0, 1, 41), [0, 0.4, 1], [15, 18, 8]).astype(np.float32), weight=-0.7)  # fmt: skip
    colon = spline([(-118, 150), (-122, 100), (-120, 40), (-112, -20), (-70, -40), (-10, -34), (50, -50), (104, -84),
                    (124, -60), (126, 10), (124, 80), (116, 130), (80, 160), (40, 170), (10, 190)])  # fmt: skip
    place = 0.0
    while place < len(colon) - 1:
        x, y = colon[int(place)]
        if rng.random() < 0.62:
            size = float(rng.uniform(10, 17))
            gas(canvas, (float(x + rng.normal(0, 2)), float(y + rng.normal(0, 2))), (size, size * 0.85), 22)
        place += float(rng.uniform(4, 8))
    # Stool: a mottled shadow in the right colon; small bowel loops.
    found = canvas.ellipse((-122, 96), (26, 48), 26)
    if found is not None:
        canvas.soft[found[0]] -= found[1] * np.clip(0.22 + 0.25 * canvas.clouds(7, octaves=2)[found[0]], 0, 0.8)
    for _ in range(6):
        gas(canvas, (float(rng.uniform(-70, 70)), float(rng.uniform(10, 110))),
            (float(rng.uniform(7, 13)), float(rng.uniform(5, 8))), 16)  # fmt: skip
    ball(canvas, (0, 196), (40, 24), 12)


__all__ = ["abdomen_ap"]
