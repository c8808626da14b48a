"""Circles through ridge pixels, and rays across an ellipse."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled


@compiled
def circles(points: Any, rise: Any, which: Any, shape: Any, least: float, outward: float, most: int) -> Any:
    """Circles through three points each that lie in the image and rise along the radius, shape (n, 3): x, y, radius.

    Parameters
    ----------
    which
        Numbers of three points for each trial, shape (3, trials); `most` circles are enough.
    least
        Radius.
    outward
        Cosine of the greatest angle between rise and radius.
    """
    rows, columns = shape
    found = np.empty((most, 3))
    count = 0
    for k in range(which.shape[1]):
        if count == most:
            break
        a, b, c = which[0, k], which[1, k], which[2, k]
        bx, by = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
        cx, cy = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1]
        twice = 2 * (bx * cy - by * cx)
        if abs(twice) <= 200:
            continue
        bb, cc = bx * bx + by * by, cx * cx + cy * cy
        x, y = points[a, 0] + (cy * bb - by * cc) / twice, points[a, 1] + (bx * cc - cx * bb) / twice
        radius = np.hypot(points[a, 0] - x, points[a, 1] - y)
        if not (least < radius < max(rows, columns) and 0 < x < columns and 0 < y < rows):
            continue
        # What is noise rises in any direction: beyond a small field there is far more of it than of the field's edge.
        agree = True
        for i in (a, b, c):
            agree &= (points[i, 0] - x) * rise[i, 0] + (points[i, 1] - y) * rise[i, 1] > outward * radius
        if agree:
            found[count] = x, y, radius
            count += 1
    return found[:count]


@compiled
def scores(points: Any, rise: Any, found: Any, near: float, outward: float, sectors: int) -> Any:
    """Sectors of each circle in which points lie on it, their rise along the radius."""
    out = np.zeros(len(found), np.int64)
    for k in range(len(found)):
        x, y, radius = found[k]
        hit = np.zeros(sectors + 1, np.bool_)
        for i in range(len(points)):
            dx, dy = points[i, 0] - x, points[i, 1] - y
            length = np.sqrt(dx * dx + dy * dy)
            if abs(length - radius) < 0.03 * radius + near and dx * rise[i, 0] + dy * rise[i, 1] > outward * length:
                hit[int(np.arctan2(dy, dx) * (sectors / (2 * np.pi)) + sectors / 2)] = True
        out[k] = hit.sum()
    return out


@compiled
def on_ellipse(points: Any, rise: Any, centre: Any, axes: Any, degrees: float, near: float, outward: float) -> Any:
    """Which points lie near an ellipse and rise outwards."""
    (cx, cy), (width, height) = centre, axes
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    found = np.empty(len(points), np.bool_)
    mean = np.sqrt(width * height)
    for i in range(len(points)):
        dx, dy = points[i, 0] - cx, points[i, 1] - cy
        u, v = dx * c + dy * s, -dx * s + dy * c
        found[i] = abs(np.hypot(u / width, v / height) - 1) * mean < near
        if found[i]:
            u, v = u / width**2, v / height**2
            x, y = u * c - v * s, u * s + v * c
            found[i] = (x * rise[i, 0] + y * rise[i, 1]) / (np.hypot(x, y) + 1e-12) > outward
    return found


@compiled
def blocked(image: Any, outline: Any, outward: Any, limit: Any, first: float, every: float) -> Any:
    """How many places away from each point of an outline the first lies that is at or below its limit, or −1.

    From the border of the image on its pixels there count.
    """
    rows, columns = image.shape
    found = np.full(len(outline), -1, np.int64)
    for i in range(len(outline)):
        k, away = 0, first
        while away < max(rows, columns):
            x = min(max(int(np.rint(outline[i, 0] + away * outward[i, 0])), 0), columns - 1)
            y = min(max(int(np.rint(outline[i, 1] + away * outward[i, 1])), 0), rows - 1)
            if not image[y, x] > limit[i]:
                found[i] = k
                break
            k, away = k + 1, away + every
    return found
