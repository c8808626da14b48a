"""A standing chest: trunk, lungs with their vessels, heart and great vessels, diaphragm, ribs, shoulder girdle, spine.

The image is as a reader sees it: the patient's left on the right. Numbers are mm of an adult.
"""

from __future__ import annotations

import numpy as np

from imgdash.simulate.bodies import ball, bone, long_bone, mirrored, pipe, soft, strut
from imgdash.simulate.canvas import Canvas, Map, Point, pillow, spline

# Share of a lung's depth that is missing tissue, at full inspiration.
AIR = 0.76
# Depth of lung, mm, from which on a ray counts as through the lungs.
_LUNG = 50
_TRUNK: list[Point] = [
    (0, -260), (58, -260), (60, -205), (78, -188), (120, -176), (165, -160), (205, -125), (215, -60), (190, -40),
    (172, -25), (163, 10), (158, 60), (158, 110), (163, 160), (172, 260), (0, 260),
]  # fmt: skip
_RIGHT_LUNG: list[Point] = [
    (-40, -164), (-60, -170), (-84, -160), (-107, -126), (-124, -70), (-135, 0), (-142, 70), (-144, 128),
    (-124, 148), (-80, 152), (-40, 148), (-14, 142), (-10, 60), (-12, 0), (-16, -60), (-18, -110), (-27, -146),
]  # fmt: skip
# (posterior end y, half width, drop of the front end, how far round it goes in degrees)
_RIBS = [
    (-152, 66, 50, 150), (-133, 96, 74, 147), (-110, 114, 92, 146), (-86, 124, 104, 145), (-61, 131, 114, 143),
    (-36, 136, 122, 141), (-11, 140, 126, 138), (14, 143, 126, 132), (40, 145, 118, 124), (66, 142, 100, 114),
    (93, 134, 80, 96), (120, 116, 60, 72),
]  # fmt: skip
# Height of a rib along its way round, as a share of the drop: from the spine it rises, then falls.
_ROUND = ([0, 15, 30, 45, 60, 90, 120, 150], [0, -0.035, -0.045, -0.01, 0.07, 0.36, 0.74, 1.0])


def chest_pa(canvas: Canvas, *, female: bool = False) -> None:
    """Fill `canvas` (about 350 × 430 mm) with a chest in PA projection."""
    rng = canvas.rng
    _trunk(canvas, female)
    _lungs(canvas)
    _spine(canvas)
    for side in (-1, 1):
        for number, rib in enumerate(_RIBS):
            _rib(canvas, side, number, *rib, jitter=float(rng.normal(0, 1.0)))
        _shoulder(canvas, side)


def _trunk(canvas: Canvas, female: bool) -> None:
    whole = _TRUNK + [(-x, y) for x, y in reversed(_TRUNK) if x]
    found = canvas.inside(spline(whole, closed=True, per_span=6))
    assert found is not None
    box, inside = found
    y = canvas.y[box[0]]
    # Shallow at neck and shoulders, deepest at the lower ribs.
    depth = np.interp(y, [-215, -175, -140, -60, 60, 215], [115, 125, 150, 200, 228, 232]).astype(np.float32)
    canvas.soft[box] += pillow(inside, depth, 88) * (1 + 0.012 * canvas.clouds(60)[box])
    # Fat at the flanks weighs less than muscle: the shadow of the chest wall is lighter under the skin.
    canvas.soft[box] -= 0.10 * pillow(inside, depth, 60) * np.clip(1 - inside / 16, 0, 1)
    for side in (-1, 1):
        # Pectoral muscle and the fold of the armpit.
        soft(canvas, mirrored([(60, -95), (110, -120), (158, -110), (170, -60), (140, -5), (90, 15), (60, -20)], side),
             17, 26)  # fmt: skip
        if female:
            ball(canvas, (side * 84, 66), (62, 60), 62)
            ball(canvas, (side * 88, 88), (44, 36), 14)
    # Sternocleidomastoid muscles and the shadow above the clavicles.
    for side in (-1, 1):
        pipe(canvas, [(side * 22, -110), (side * 34, -160), (side * 48, -225)], 9.0)


def _lungs(canvas: Canvas) -> None:
    air = np.zeros_like(canvas.soft)
    depth = np.interp(canvas.y, [-172, -130, -60, 40, 152], [60, 110, 158, 182, 170]).astype(np.float32)
    for side in (-1, 1):
        found = canvas.inside(spline(mirrored(_RIGHT_LUNG, -side), closed=True))
        assert found is not None
        box, inside = found
        air[box] = np.maximum(air[box], pillow(inside, depth[box[0]], 34))
    filled = _diaphragm(canvas) + _mediastinum(canvas)
    air = np.maximum(air - filled, 0)
    canvas.parts["lungs"] = air > _LUNG
    vessels = Canvas(canvas.width, canvas.height, canvas.grid, int(canvas.rng.integers(2**31)))
    for side in (-1, 1):
        _tree(vessels, side)
    share = np.clip(air / 120, 0, 1)
    # Small vessels and interstitium, denser towards the bases.
    fine = 0.007 * canvas.clouds(9, octaves=3, persistence=0.8) + 0.012 * canvas.clouds(45)
    canvas.soft -= AIR * air * (1 + fine)
    canvas.soft += 1.7 * vessels.soft * share
    # Trachea, carina and main bronchi.
    airway = Canvas(canvas.width, canvas.height, canvas.grid)
    pipe(airway, [(1, -260), (0, -150), (3, -90), (2, -62)], 8.5, joined=True)
    pipe(airway, [(2, -68), (-16, -46), (-36, -22)], np.linspace(7.5, 4.5, 21).astype(np.float32), joined=True)
    pipe(airway, [(2, -68), (22, -48), (46, -32)], np.linspace(7, 4, 21).astype(np.float32), joined=True)
    canvas.soft -= airway.soft * 1.15
    # Air in the stomach, above its fluid level.
    bubble = Canvas(canvas.width, canvas.height, canvas.grid)
    ball(bubble, (66, 138), (37, 22), 70, angle=6)
    ball(bubble, (98, 146), (20, 22), 50)
    canvas.soft -= 0.85 * np.minimum(bubble.soft, 62) * np.clip((146 - canvas.y) / 1.2, 0, 1)


def _diaphragm(canvas: Canvas) -> Map:
    """Depth of lung that liver, spleen and stomach fill, from the domes downwards."""
    x = canvas.x
    right = 82 + 0.0052 * (np.abs(x + 70)) ** 2.05 + 3 * np.exp(-(((x + 105) / 16) ** 2))
    left = 97 + 0.0060 * (np.abs(x - 76)) ** 2.03
    dome = np.where(x < 2, right, left)
    below = np.maximum(canvas.y - dome, 0)
    return np.asarray(200 * np.sqrt(1 - (1 - np.clip(below / 16, 0, 1)) ** 2), np.float32)


def _mediastinum(canvas: Canvas) -> Map:
    """Depth of lung that heart, great vessels and hila fill."""
    swell = float(canvas.rng.normal(1.0, 0.04))
    parts = Canvas(canvas.width, canvas.height, canvas.grid)
    filled = np.zeros_like(canvas.soft)

    def merge() -> None:
        # The p-norm joins bodies without a crease where their depths meet.
        filled[:] += parts.soft**3
        parts.soft[:] = 0

    # Upper mediastinum: superior vena cava on the right, aortic arch and subclavian artery on the left.
    soft(parts, [(-20, -185), (-23, -120), (-27, -70), (-31, -30), (-32, 30), (-34, 140), (38, 140), (32, -30),
                 (28, -80), (25, -110), (20, -140), (24, -185)], 126, 22)  # fmt: skip
    merge()
    ball(parts, (18, -84), (21, 21), 74)
    merge()
    pipe(parts, [(24, -90), (27, -40), (25, 40), (18, 140)], 12.0, weight=2)
    merge()
    # Heart: right atrium, left ventricle, pulmonary trunk, left auricle.
    for centre, radii, depth, angle in (
        ((-7, 44), (38 * swell, 56), 104, -4),
        ((34, 54), (70 * swell, 47), 124, 38),
        ((52, 84), (46, 26), 100, 12),
        ((18, -38), (22, 36), 70, -20),
        ((30, -4), (26 * swell, 46), 84, -32),
        ((-42, -18), (12, 24), 24, 16),
        ((48, -32), (12, 17), 26, -20),
    ):
        ball(parts, centre, radii, depth, angle=angle)
        merge()
    pipe(parts, [(-34, -32), (-50, -6), (-57, 34)], np.linspace(8.5, 4.5, 21).astype(np.float32), weight=1.2)
    pipe(parts, [(36, -44), (56, -22), (63, 20)], np.linspace(8.5, 4.5, 21).astype(np.float32), weight=1.2)
    merge()
    return np.asarray(np.cbrt(filled), np.float32)


def _tree(vessels: Canvas, side: int) -> None:
    """Pulmonary vessels, branching from the hilum outwards; thinner with every fork."""
    rng = vessels.rng
    hilum = np.array([side * 44.0, -26.0 if side < 0 else -34.0])
    stems = [(-112, 3.0), (-88, 2.4), (-62, 3.0), (-40, 2.8), (-18, 2.8), (4, 3.2), (26, 3.6), (48, 4.2), (66, 4.6),
             (84, 4.4), (100, 3.4)]  # fmt: skip
    todo = [(hilum + np.array([0, a / 7.5]), a + rng.normal(0, 4), r, 0) for a, r in stems]
    while todo:
        at, angle, radius, order = todo.pop()
        length = rng.uniform(14, 27) * (0.90**order)
        turn = rng.normal(0, 10)
        steps = np.radians(angle + turn * np.linspace(0, 1, 4))
        way = np.stack([side * np.cos(steps), np.sin(steps)], 1) * (length / 4)
        line = np.concatenate([at[None], at + np.cumsum(way, 0)]).astype(np.float32)
        end = line[-1].astype(float)
        pipe(vessels, line, np.linspace(radius, radius * 0.88, 5).astype(np.float32), joined=True)
        thinner = radius * 0.88
        if thinner < 0.5 or order > 7 or abs(end[0]) > 140:
            continue
        spread = rng.uniform(18, 36)
        share = rng.uniform(0.70, 0.9)
        todo.append((end, angle + turn + spread * rng.uniform(0.3, 0.6), thinner * share, order + 1))
        todo.append((end, angle + turn - spread * rng.uniform(0.3, 0.6), thinner * (1.52 - share), order + 1))


def _rib(canvas: Canvas, side: int, number: int, y0: float, width: float, drop: float, reach: float, *,
         jitter: float) -> None:  # fmt: skip
    start = float(np.degrees(np.arcsin(min(19 / width, 1))))
    angle = np.linspace(start, reach, 52)
    theta = np.radians(angle)
    x = width * np.sin(theta)
    y = y0 + jitter + drop * _curve(angle)
    # Where the rib runs along the beam, at the side of the chest, the ray passes through more of it.
    dx, dy, dz = np.gradient(x), np.gradient(y), np.gradient(0.70 * width * np.cos(theta))
    grazing = np.clip(np.sqrt(dx**2 + dy**2 + dz**2) / np.maximum(np.hypot(dx, dy), 1e-3), 1, 2.2)
    half = np.interp(angle, [start, 45, 100, reach], [5.6, 7.2, 6.8, 6.6]) * (0.8 if number > 9 else 1.0)
    half *= 0.8 if number == 0 else 1.0
    fade = np.interp(angle, [0, 60, 100, 118, reach - 4, reach], [1.0, 1.0, 0.9, 0.72, 0.62, 0.3])
    line = np.stack([side * x, y], 1).astype(np.float32)
    strut(canvas, line, half.astype(np.float32), flat=0.68, cortex=0.9, spongiosa=0.26, texture=0.12,
          grazing=(grazing * fade).astype(np.float32))  # fmt: skip


def _curve(angle: np.ndarray) -> np.ndarray:
    smooth = spline(list(zip(*_ROUND, strict=True)), per_span=12)
    return np.interp(angle, smooth[:, 0], smooth[:, 1])


def _shoulder(canvas: Canvas, side: int) -> None:
    strut(canvas, mirrored([(17, -104), (34, -112), (66, -123), (100, -131), (130, -134), (160, -136)], side),
          [9.5, 8.2, 6.2, 5.8, 6.4, 8.0], flat=0.85, cortex=2.1, spongiosa=0.2)  # fmt: skip
    # Scapula, turned out of the lung fields.
    bone(canvas, mirrored([(140, -138), (152, -128), (160, -100), (158, -60), (147, -15), (139, 18), (133, 12),
                           (131, -30), (128, -80), (129, -118)], side), 3.4, edge=2.5, cortex=0.8)  # fmt: skip
    strut(canvas, mirrored([(158, -104), (155, -60), (146, -15), (139, 14)], side), [4.5, 4, 3.5, 3], flat=0.9)
    strut(canvas, mirrored([(130, -112), (148, -122), (164, -134), (178, -140)], side), [3.0, 4, 5, 6], flat=0.7)
    strut(canvas, mirrored([(140, -126), (146, -112), (138, -104)], side), [5, 4.5, 4], flat=0.8)
    bone(canvas, mirrored([(158, -118), (163, -108), (163, -92), (158, -82), (154, -100)], side), 22, cortex=1.8)
    long_bone(canvas, (side * 182, -128), (side * 205, 60), [(0, 24), (0.16, 22), (0.3, 14), (1, 12)], cortex=4)


def _spine(canvas: Canvas) -> None:
    y = -192.0
    for number in range(17):
        wide, tall = 14.5 + 0.55 * number, 16.4 + 0.72 * number
        half = tall / 2
        outline: list[Point] = [
            (-wide, y - half), (-wide * 0.5, y - half + 0.3), (0, y - half + 0.5), (wide * 0.5, y - half + 0.3),
            (wide, y - half), (wide - 1.4, y), (wide, y + half), (wide * 0.5, y + half - 0.3), (0, y + half - 0.5),
            (-wide * 0.5, y + half - 0.3), (-wide, y + half), (-wide + 1.4, y),
        ]  # fmt: skip
        bone(canvas, outline, 17, edge=8, cortex=0.45, spongiosa=0.17, texture=0.2)
        strut(canvas, [(0, y + 3), (0.8, y + tall * 0.6), (0, y + tall * 0.95)], [2.6, 2.4, 3.0], flat=0.9, cortex=0.7)
        for side in (-1, 1):
            bone(canvas, mirrored([(wide * 0.5, y - 5.5), (wide * 0.78, y - 3), (wide * 0.78, y + 3),
                                   (wide * 0.5, y + 5.5), (wide * 0.36, y)], side),
                 4, cortex=0.8, spongiosa=0.3)  # fmt: skip
            if number > 1:
                strut(canvas, [(side * wide * 0.8, y - 2), (side * (wide + 11), y - 6)], [3.6, 4.4], flat=0.5)
        y += tall + 3.4


__all__ = ["chest_pa"]
