"""Axial CT slices of chest and head, in Hounsfield units, as a reader sees them: from the feet, front up."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from imgdash.simulate.canvas import Canvas, Map, Point, spline

LUNG, FAT, MUSCLE, BLOOD, BONE = -860.0, -95.0, 52.0, 45.0, 700.0


def ct_slice(body_part: str, position_mm: float, *, seed: int = 0, size: int = 512) -> tuple[NDArray[np.int16], float]:
    """One axial slice.

    Parameters
    ----------
    body_part
        ``CHEST`` or ``HEAD``.
    position_mm
        Along the patient, 0 in the middle of the region, towards the head positive.

    Returns
    -------
    pixels
        HU, int16, shape (size, size).
    pitch_mm
        Pixel spacing.

    Raises
    ------
    ValueError
        For another region.
    """
    fields = {"CHEST": 380.0, "HEAD": 240.0}
    if body_part not in fields:
        raise ValueError(f"no CT phantom of {body_part!r}: there are {', '.join(fields)}")
    field = fields[body_part]
    canvas = Canvas(field, field, field / size, seed * 1000 + round(position_mm) % 997)
    hu = np.full((canvas.rows, canvas.columns), -1000.0, np.float32)
    noise = _chest(canvas, hu, position_mm) if body_part == "CHEST" else _head(canvas, hu, position_mm)
    hu = cv2.GaussianBlur(hu, (0, 0), 0.75)
    hu += noise * canvas.grain(0.5 * canvas.grid, 2.2 * canvas.grid)
    return np.round(hu).astype(np.int16), field / size


def _fill(canvas: Canvas, hu: Map, outline: Sequence[Point], value: float | Map, *, soft_mm: float = 0.4) -> None:
    found = canvas.inside(spline(outline, closed=True), reach=2.0)
    if found is not None:
        box, inside = found
        share = np.clip(0.5 + inside / (2 * soft_mm), 0, 1)
        there = value[box] if isinstance(value, np.ndarray) else value
        hu[box] += share * (there - hu[box])


def _oval(canvas: Canvas, hu: Map, x: float, y: float, rx: float, ry: float, value: float, *, angle: float = 0) -> None:
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    ring = [(x + rx * np.cos(t) * c - ry * np.sin(t) * s, y + rx * np.cos(t) * s + ry * np.sin(t) * c) for t in turn]
    _fill(canvas, hu, ring, value)


def _chest(canvas: Canvas, hu: Map, z: float) -> float:
    grow = 1 - 0.0012 * max(z, 0)
    fat = (FAT + 6 * canvas.clouds(30)).astype(np.float32)
    muscle = (MUSCLE + 8 * canvas.clouds(14)).astype(np.float32)
    _fill(canvas, hu, _ring(166 * grow, 112, 0, 0, 2.6), fat, soft_mm=1)
    _fill(canvas, hu, _ring(150 * grow, 98, 0, 1, 2.5), muscle, soft_mm=2)
    _fill(canvas, hu, _ring(134 * grow, 84, 0, 0, 2.4), fat, soft_mm=2)
    lung = (LUNG + 22 * canvas.clouds(40) - canvas.y * 0.35).astype(np.float32)
    for side in (-1, 1):
        inner = 20 if side < 0 else 30
        outline: list[Point] = [
            (side * inner, -62), (side * 60, -78), (side * 104, -54), (side * 126, 0), (side * 118, 50),
            (side * 82, 78), (side * 40, 76), (side * 22, 44), (side * (26 if side < 0 else 52), 10),
            (side * (30 if side < 0 else 58), -20),
        ]  # fmt: skip
        _fill(canvas, hu, [(x * grow, y) for x, y in outline], lung)
        _vessels(canvas, hu, side, grow)
    heart = min(max((60 - z) / 80, 0.0), 1.0)
    if heart > 0.15:
        _oval(canvas, hu, 18, -24, 30 + 26 * heart, 26 + 16 * heart, BLOOD, angle=24)
        _oval(canvas, hu, 24, -20, 18 * heart, 13 * heart, BLOOD + 4, angle=24)
    else:
        _oval(canvas, hu, -12, -30, 15, 15, BLOOD)
        _oval(canvas, hu, 8, -16, 27, 11, BLOOD, angle=-52)
        _oval(canvas, hu, -22, -14, 8, 8, BLOOD)
    _oval(canvas, hu, 22, 34, 12, 12, BLOOD)
    _oval(canvas, hu, 6, 22, 7, 6, MUSCLE - 8)
    for x, radius in ((0, 9),) if z > 10 else ((-16, 6.5), (19, 6)):
        _oval(canvas, hu, x, 8, radius + 1.2, radius + 1, 20)
        _oval(canvas, hu, x, 8, radius, radius, -985)
    _skeleton(canvas, hu, z, grow)
    _fill(canvas, hu, [(-170, 128), (0, 121), (170, 128), (170, 131), (0, 124), (-170, 131)], -180)
    return 14.0


def _ring(rx: float, ry: float, x: float, y: float, power: float) -> list[Point]:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    return [(x + rx * np.sign(a) * abs(a) ** (2 / power), y + ry * np.sign(b) * abs(b) ** (2 / power))
            for a, b in zip(c, s, strict=True)]  # fmt: skip


def _vessels(canvas: Canvas, hu: Map, side: int, grow: float) -> None:
    rng = canvas.rng
    for _ in range(90):
        out = rng.uniform(0.12, 0.95)
        turn = rng.uniform(-1.25, 1.25)
        x, y = side * grow * (34 + 86 * out * np.cos(turn)), 6 + 66 * out * np.sin(turn)
        if hu[int((y + canvas.height / 2) / canvas.grid), int((x + canvas.width / 2) / canvas.grid)] > -700:
            continue
        radius = max(0.7, rng.gamma(2.2, 1.0) * (1.15 - out))
        _oval(canvas, hu, x, y, radius * rng.uniform(1, 2.4), radius, 20, angle=float(np.degrees(turn) * side))


def _skeleton(canvas: Canvas, hu: Map, z: float, grow: float) -> None:
    spongy = (170 + 60 * canvas.spongiosa).astype(np.float32)
    for outline in ([(-17, 50), (-10, 44), (10, 44), (17, 50), (17, 64), (10, 72), (-10, 72), (-17, 64)],
                    [(-12, 72), (-22, 80), (-44, 84), (-44, 89), (-20, 88), (-8, 92), (-4, 110), (4, 110), (8, 92),
                     (20, 88), (44, 89), (44, 84), (22, 80), (12, 72)]):  # fmt: skip
        _fill(canvas, hu, outline, BONE)
        centre = np.mean(outline, axis=0)
        _fill(canvas, hu, [tuple(centre + 0.86 * (np.array(p) - centre)) for p in outline], spongy)
    _oval(canvas, hu, 0, 80, 9, 7.5, 25)
    for side in (-1, 1):
        for number in range(6):
            turn = np.radians(-62 + number * 27 + (z * 1.7) % 27)
            x, y = side * 140 * grow * np.cos(turn), 90 * np.sin(turn)
            lean = float(np.degrees(np.arctan2(90 * np.cos(turn), -140 * side * np.sin(turn))))
            _oval(canvas, hu, x, y, 13, 4.4, BONE, angle=lean)
            _oval(canvas, hu, x, y, 11, 2.6, 180, angle=lean)
    _oval(canvas, hu, 0, -88, 17, 5.5, BONE)
    _oval(canvas, hu, 0, -88, 14.5, 3.6, 160)


def _head(canvas: Canvas, hu: Map, z: float) -> float:
    grow = float(np.sqrt(max(1 - (z / 95) ** 2, 0.2)))
    fat = (FAT + 4 * canvas.clouds(20)).astype(np.float32)
    _fill(canvas, hu, _ring(84 * grow, 102 * grow, 0, 0, 2.1), 30, soft_mm=0.5)
    _fill(canvas, hu, _ring(82.5 * grow, 100.5 * grow, 0, 0, 2.1), fat)
    _fill(canvas, hu, _ring(79 * grow, 97 * grow, 0, 0, 2.1), 1250)
    _fill(canvas, hu, _ring(77 * grow, 95 * grow, 0, 0, 2.1), (480 + 80 * canvas.spongiosa).astype(np.float32))
    _fill(canvas, hu, _ring(74.5 * grow, 92.5 * grow, 0, 0, 2.1), 1350)
    _fill(canvas, hu, _ring(72.5 * grow, 90.5 * grow, 0, 0, 2.1), 8)
    # White matter within a folded band of grey matter.
    turn = np.linspace(0, 2 * np.pi, 190, endpoint=False)
    folds = 1 + 0.028 * np.sin(turn * 23 + 2 * np.sin(3 * turn)) + 0.014 * np.sin(turn * 37)
    for share, value in ((0.975, 38.0), (0.90, 27.0)):
        fold = 1 + (folds - 1) * (0.35 if share > 0.95 else 1.7)
        brain = np.stack([72 * grow * share * np.cos(turn) * fold, 90 * grow * share * np.sin(turn) * fold], 1)
        outline: list[Point] = [(float(x), float(y)) for x, y in brain]
        _fill(canvas, hu, outline, value, soft_mm=1.2)
    _fill(canvas, hu, [(-0.9, -88 * grow), (0.9, -88 * grow), (0.9, -30), (-0.9, -30)], 14)
    _fill(canvas, hu, [(-1.1, 88 * grow), (1.1, 88 * grow), (1.0, 34), (-1.0, 34)], 52)
    for side in (-1, 1):
        _fill(canvas, hu, [(side * 4, -26), (side * 16, -34), (side * 20, -28), (side * 9, -8), (side * 5, -4)], 6)
        _fill(canvas, hu, [(side * 12, 26), (side * 22, 34), (side * 26, 50), (side * 20, 48), (side * 14, 36)], 6)
        _oval(canvas, hu, side * 14, -12, 5, 12, 38, angle=side * 24)
        _oval(canvas, hu, side * 26, -2, 6, 17, 37, angle=side * -14)
        _oval(canvas, hu, side * 12, 12, 9, 12, 38)
        _oval(canvas, hu, side * 18, 38, 2.4, 2.0, 160)
    _oval(canvas, hu, 0, 8, 1.8, 10, 7)
    _oval(canvas, hu, 0, 26, 2.0, 2.0, 190)
    return 3.4


__all__ = ["ct_slice"]
