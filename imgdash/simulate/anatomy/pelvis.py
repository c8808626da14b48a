"""A pelvis in AP projection with both hips: ilium, ischium, pubis, sacrum, proximal femora, lower lumbar spine.

The image is as a reader sees it: the patient's left on the right. Numbers are mm of an adult.
"""

from __future__ import annotations

import numpy as np

from imgdash.simulate.bodies import ball, bone, gas, mirrored, pipe, shell, soft, strut
from imgdash.simulate.canvas import Canvas, Point, pillow, spline

_ILIUM: list[Point] = [
    (31, -92), (60, -118), (95, -124), (128, -108), (146, -78), (146, -54), (134, -34), (121, -18), (117, 4), (112, 34),
    (100, 58), (80, 60), (66, 38), (62, 8), (52, -30), (38, -46), (30, -66),
]  # fmt: skip
_CREST: list[Point] = [(34, -96), (60, -120), (95, -127), (128, -111), (147, -80), (147, -58), (136, -36), (124, -20)]
# Pubis and ischium around the obturator foramen.
_RING: list[Point] = [
    (96, 46), (74, 40), (54, 50), (30, 56), (12, 57), (6, 66), (6, 92), (14, 98), (30, 104), (46, 122), (62, 136),
    (78, 134), (86, 112), (92, 84), (100, 58),
]  # fmt: skip
_FORAMEN: list[Point] = [(30, 71), (50, 66), (69, 70), (74, 85), (66, 108), (49, 110), (34, 93)]
_FEMUR: list[Point] = [
    (88, 8), (106, 14), (114, 28), (113, 38), (128, 38), (140, 28), (150, 26), (157, 36), (160, 52), (157, 70),
    (152, 90), (149, 130), (146, 240), (115, 240), (117, 130), (115, 108), (108, 96), (110, 86), (114, 78), (106, 66),
    (98, 56), (80, 56), (66, 44), (63, 28), (72, 12),
]  # fmt: skip


def pelvis_ap(canvas: Canvas) -> None:
    """Fill `canvas` (about 430 × 350 mm) with a pelvis."""
    _trunk(canvas)
    _lumbar(canvas)
    for side in (-1, 1):
        _hip_bone(canvas, side)
        _femur(canvas, side)
    _sacrum(canvas)


def _trunk(canvas: Canvas) -> None:
    outline: list[Point] = [
        (0, -260), (168, -260), (170, -150), (178, -80), (188, -20), (193, 40), (190, 120), (176, 260), (18, 260),
        (9, 190), (0, 172),
    ]  # fmt: skip
    whole = outline + [(-x, y) for x, y in reversed(outline) if x]
    found = canvas.inside(spline(whole, closed=True, per_span=6))
    assert found is not None
    box, inside = found
    depth = np.interp(canvas.y[box[0]], [-200, -60, 60, 200], [205, 215, 205, 165]).astype(np.float32)
    canvas.soft[box] += pillow(inside, depth, 105) * (1 + 0.012 * canvas.clouds(50)[box])
    canvas.soft[box] -= 0.09 * pillow(inside, depth, 60) * np.clip(1 - inside / 22, 0, 1)
    for side in (-1, 1):
        # Gluteal and psoas muscle, and the fat planes between them.
        soft(canvas, mirrored([(22, -170), (40, -110), (64, -60), (96, 20), (108, 70), (90, 40), (60, -20), (26, -80),
                               (16, -170)], side), 16, 14)  # fmt: skip
        soft(canvas, mirrored([(120, -60), (165, -40), (176, 20), (168, 70), (140, 40), (118, 0)], side), 9, 40)
    # Bladder, and gas in the bowel.
    ball(canvas, (2, 28), (44, 28), 9)
    rng = canvas.rng
    for x, y, rx, ry in ((-86, -126, 24, 15), (-62, -142, 18, 14), (78, -136, 26, 14), (104, -118, 18, 15),
                         (8, -14, 15, 10), (-8, -2, 12, 9), (48, -150, 16, 11), (-30, -118, 10, 7)):  # fmt: skip
        gas(canvas, (x + float(rng.normal(0, 5)), y + float(rng.normal(0, 4))), (rx, ry), 26)


def _hip_bone(canvas: Canvas, side: int) -> None:
    wing = np.zeros_like(canvas.bone)
    found = canvas.inside(spline(mirrored(_ILIUM, side), closed=True))
    if found is not None:
        box, inside = found
        x, y = canvas.x[:, box[1]] * side, canvas.y[box[0]]
        # A thin wing; thick above the hip joint and along the line to the sacroiliac joint.
        roof = np.exp(-(((x - 92) / 24) ** 2) - ((y + 4) / 22) ** 2)
        line = np.exp(-((((x - 40) * 0.72 - (y + 62) * 0.7) / 11) ** 2)) * (y < 10)
        depth = (11 + 25 * roof + 9 * line).astype(np.float32)
        fill = 0.3 * np.clip(1 + 0.16 * canvas.spongiosa[box], 0.1, 3)
        wing[box] = shell(inside, depth, 5, cortex=1.3, spongiosa=fill)
    strut(canvas, mirrored(_CREST, side), [3, 5, 5.5, 5.5, 5, 4.5, 3.5, 2.5], flat=1.1, cortex=1.3, spongiosa=0.25)
    found = canvas.inside(spline(mirrored(_RING, side), closed=True))
    hole = canvas.inside(spline(mirrored(_FORAMEN, side), closed=True), reach=60)
    if found is not None and hole is not None:
        box, inside = found
        cover = np.full_like(canvas.soft, 60.0)
        cover[hole[0]] = -hole[1]
        solid = np.clip(np.minimum(inside, cover[box]), 0, None)
        fill = 0.28 * np.clip(1 + 0.16 * canvas.spongiosa[box], 0.1, 3)
        wing[box] = np.maximum(wing[box], shell(solid, 19, 9, cortex=1.3, spongiosa=fill))
    canvas.bone += wing
    # The socket: roof, front and back rim, teardrop.
    turn = np.radians(np.linspace(200, 338, 26))
    arc = np.stack([side * (88 + 29 * np.cos(turn)), 32 + 28 * np.sin(turn)], 1).astype(np.float32)
    strut(canvas, arc, [1.2, 2.2, 3.0, 2.6, 1.4], flat=2.6, cortex=1.2, spongiosa=0.6)
    strut(canvas, mirrored([(112, 12), (106, 36), (96, 56), (84, 66)], side), [2.0, 2.2, 2.2, 2.0], flat=1.4)
    strut(canvas, mirrored([(60, 14), (57, 32), (60, 46), (64, 34), (63, 16)], side), 1.2, flat=1.8)
    # Iliopectineal line.
    strut(canvas, mirrored([(34, -46), (48, -24), (58, 0), (58, 26), (44, 46), (18, 58)], side), 1.5, flat=1.8)


def _femur(canvas: Canvas, side: int) -> None:
    found = canvas.inside(spline(mirrored(_FEMUR, side), closed=True))
    if found is None:
        return
    box, inside = found
    x, y = canvas.x[:, box[1]] * side, canvas.y[box[0]]
    cortex = np.interp(y, [20, 75, 120, 200], [1.0, 2.0, 5.5, 7.0]).astype(np.float32)
    head = np.exp(-(((x - 87) / 24) ** 2) - ((y - 33) / 24) ** 2)
    depth = np.interp(y, [0, 60, 110, 200], [32, 36, 31, 29]).astype(np.float32) + 16 * head
    # Compressive and tensile trabeculae through head and neck.
    strain = np.sin((x * 0.55 - y * 0.9) / 2.1) * head + np.sin((x * 0.9 + y * 0.3) / 2.3) * 0.6 * np.exp(
        -(((x - 118) / 26) ** 2) - ((y - 62) / 26) ** 2
    )
    spongiosa = np.interp(y, [20, 60, 110, 150], [0.24, 0.17, 0.06, 0.03]).astype(np.float32) + 0.06 * head
    fill = spongiosa * np.clip(1 + 0.16 * canvas.spongiosa[box] + 0.14 * strain, 0.1, 3)
    canvas.bone[box] += shell(inside, depth.astype(np.float32), 15, cortex=cortex, spongiosa=fill.astype(np.float32))
    # Lesser trochanter and the crest between the two.
    bone(canvas, mirrored([(112, 92), (106, 98), (107, 108), (116, 112), (118, 98)], side), 12, cortex=1)
    strut(canvas, mirrored([(148, 46), (136, 70), (118, 98)], side), [2.5, 3.2, 3.0], flat=0.9)


def _sacrum(canvas: Canvas) -> None:
    outline: list[Point] = [
        (0, -82), (26, -82), (44, -88), (54, -76), (48, -50), (36, -28), (24, -4), (12, 16), (5, 32), (0, 34),
    ]  # fmt: skip
    whole = outline + [(-x, y) for x, y in reversed(outline) if x]
    bone(canvas, whole, 34, edge=16, cortex=1.0, spongiosa=0.15)
    for number, y in enumerate((-56, -38, -22, -8)):
        for side in (-1, 1):
            ball(canvas, (side * (24 - 3.4 * number), y), (5.2 - 0.6 * number, 4.0), 10, weight=-0.8)
            found = canvas.ellipse((side * (24 - 3.4 * number), y), (5.2 - 0.6 * number, 4.0), 3.4)
            if found is not None:
                canvas.bone[found[0]] -= found[1]
            strut(canvas, [(side * (30 - 3.4 * number), y - 6), (side * (24 - 3.4 * number), y - 7.5),
                           (side * (18 - 3 * number), y - 5)], 1.0, flat=2.2)  # fmt: skip
        strut(canvas, [(0, y - 8), (0, y + 5)], [2.4, 1.8], flat=1.4)
    for side in (-1, 1):
        # Sacroiliac joint: two lines with a gap.
        strut(canvas, mirrored([(44, -86), (50, -66), (42, -46), (34, -30)], side), 1.1, flat=2.4)
        pipe(canvas, mirrored([(48, -88), (53, -66), (45, -44), (37, -28)], side), 1.2, weight=-1.5)
    bone(canvas, [(-5, 34), (5, 34), (4, 46), (0, 54), (-4, 46)], 9, cortex=0.8)


def _lumbar(canvas: Canvas) -> None:
    for number, y in enumerate((-108, -146, -184)):
        wide = 27 - 1.2 * number
        bone(canvas, [(-wide, y - 14), (-wide / 2, y - 13.4), (0, y - 13), (wide / 2, y - 13.4), (wide, y - 14),
                      (wide - 3, y), (wide, y + 14), (wide / 2, y + 13.6), (0, y + 13.2), (-wide / 2, y + 13.6),
                      (-wide, y + 14), (-wide + 3, y)], 32, edge=12, cortex=0.9, spongiosa=0.16)  # fmt: skip
        bone(canvas, [(-4, y), (4, y), (5, y + 18), (0, y + 24), (-5, y + 18)], 12, cortex=1)
        for side in (-1, 1):
            bone(canvas, mirrored([(10, y - 9), (17, y - 7), (18, y + 1), (11, y + 3)], side), 8, cortex=1.4)
            bone(canvas, mirrored([(14, y + 2), (20, y + 8), (19, y + 22), (13, y + 22)], side), 8, cortex=1.1)
            strut(canvas, mirrored([(wide - 4, y - 6), (wide + 12, y - 9), (wide + 24, y - 8)], side), [4, 5, 3.4],
                  flat=0.55)  # fmt: skip


__all__ = ["pelvis_ap"]
