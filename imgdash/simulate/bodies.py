"""Soft tissue, air and bone of a phantom: the vocabulary in which an anatomy is written.

Bone is counted as compact bone: a hollow shell of cortex, filled with spongiosa of a lesser density.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgdash.simulate.canvas import Box, Canvas, Map, Point, pillow, spline


def shell(inside: Map, depth: float | Map, edge: float | Map, *, cortex: float | Map, spongiosa: float | Map) -> Map:
    """Compact bone along the ray through a hollow body; rays that graze the cortex meet most of it.

    Parameters
    ----------
    inside
        Distance to the rim in mm.
    depth, edge
        Of the body, as for `pillow`.
    cortex
        Thickness of the shell in mm.
    spongiosa
        Share of compact bone in the filling.
    """
    outer = pillow(inside, depth, edge)
    inner = pillow(inside - cortex, np.maximum(depth - 2 * cortex, 0), np.maximum(edge - cortex, 0.5))
    return np.asarray(outer - np.minimum(inner, outer) * (1 - spongiosa), np.float32)


def soft(canvas: Canvas, points: Sequence[Point], depth: float, edge: float, *, weight: float = 1.0) -> None:
    """Add (`weight` > 0) or take away a body of soft tissue with this outline."""
    found = canvas.inside(spline(points, closed=True))
    if found is not None:
        box, inside = found
        canvas.soft[box] += weight * pillow(inside, depth, edge)


def ball(canvas: Canvas, centre: Point, radii: Point, depth: float, *, angle: float = 0.0, weight: float = 1.0) -> None:
    """Add or take away an ellipsoid of soft tissue."""
    found = canvas.ellipse(centre, radii, depth, angle=angle)
    if found is not None:
        canvas.soft[found[0]] += weight * found[1]


def pipe(
    canvas: Canvas, line: Sequence[Point] | Map, radii: Map | float, *, weight: float = 1.0, joined: bool = False
) -> None:
    """Add or take away a round tube of soft tissue; `joined` tubes share the space where they overlap."""
    curve = line if isinstance(line, np.ndarray) else spline(line)
    found = canvas.tube(curve, radii)
    if found is not None:
        box, inside, radius = found
        if joined:
            canvas.soft[box] = np.maximum(canvas.soft[box], weight * _chord(inside, radius))
        else:
            canvas.soft[box] += weight * _chord(inside, radius)


def gas(canvas: Canvas, centre: Point, radii: Point, depth: float) -> None:
    """Take away the irregular bubble of a bowel loop."""
    rng = canvas.rng
    bubble = np.zeros_like(canvas.soft)
    for _ in range(7):
        turn, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.75)
        at = (centre[0] + radii[0] * out * float(np.cos(turn)), centre[1] + radii[1] * out * float(np.sin(turn)))
        size = float(rng.uniform(0.4, 0.65))
        found = canvas.ellipse(at, (radii[0] * size, radii[1] * size * 1.15), depth, angle=float(rng.uniform(-40, 40)))
        if found is not None:
            bubble[found[0]] = np.maximum(bubble[found[0]], found[1])
    canvas.soft -= 0.8 * np.minimum(bubble, 0.9 * depth)


def _chord(inside: Map, radius: Map) -> Map:
    off = radius - np.maximum(inside, 0)
    return np.asarray(2 * np.sqrt(np.clip(radius**2 - off**2, 0, None)), np.float32)


def bone(
    canvas: Canvas,
    points: Sequence[Point],
    depth: float,
    *,
    edge: float | None = None,
    cortex: float = 1.0,
    spongiosa: float = 0.22,
    texture: float = 0.35,
    weight: float = 1.0,
) -> tuple[Box, Map] | None:
    """Add a bone with this outline.

    Parameters
    ----------
    depth
        Along the beam, mm.
    edge
        Over which its rim is rounded; half the depth if not given.
    texture
        Relative variation of the spongiosa.
    """
    return bone_of(canvas, spline(points, closed=True), depth, edge=edge, cortex=cortex, spongiosa=spongiosa,
                   texture=texture, weight=weight)  # fmt: skip


def bone_of(
    canvas: Canvas,
    outline: Map,
    depth: float,
    *,
    edge: float | None = None,
    cortex: float = 1.0,
    spongiosa: float = 0.22,
    texture: float = 0.35,
    weight: float = 1.0,
) -> tuple[Box, Map] | None:
    """The same for an outline that is already a curve of shape (n, 2)."""
    found = canvas.inside(outline)
    if found is None:
        return None
    box, inside = found
    fill = spongiosa * np.clip(1 + texture * canvas.spongiosa[box], 0.1, 3)
    thickness = shell(inside, depth, edge or depth / 2, cortex=cortex, spongiosa=fill)
    canvas.bone[box] += weight * thickness
    return box, thickness


def strut(
    canvas: Canvas,
    line: Sequence[Point] | Map,
    radii: Sequence[float] | Map | float,
    *,
    flat: float = 1.0,
    cortex: float = 1.0,
    spongiosa: float = 0.2,
    texture: float = 0.3,
    grazing: Map | float = 1.0,
) -> None:
    """Add a rod of bone: rib, clavicle, process.

    Parameters
    ----------
    radii
        Half width at each point of `line`.
    flat
        Depth along the beam as a share of the width.
    grazing
        Path through the cortex at each point of `line`, relative to a rod at right angles to the beam.
    """
    curve = line if isinstance(line, np.ndarray) else spline(line)
    if not isinstance(radii, int | float) and len(radii) != len(curve):
        radii = np.interp(np.linspace(0, 1, len(curve)), np.linspace(0, 1, len(radii)), radii).astype(np.float32)
    found = canvas.tube(curve, np.asarray(radii, np.float32))
    if found is None:
        return
    box, inside, radius = found
    inside = np.maximum(inside, 0)
    outer = _chord(inside, radius)
    core = np.maximum(radius - cortex, 0)
    inner = 2 * np.sqrt(np.clip(core**2 - (radius - inside) ** 2, 0, None))
    fill = spongiosa * np.clip(1 + texture * canvas.spongiosa[box], 0.1, 3)
    canvas.bone[box] += flat * (outer - inner * (1 - fill)) * _along(canvas, box, curve, grazing)


def _along(canvas: Canvas, box: Box, curve: Map, values: Map | float) -> Map | float:
    """`values`, given at the points of `curve`, spread over the box by the nearest point."""
    if isinstance(values, int | float):
        return values
    x, y = canvas.x[:, box[1]], canvas.y[box[0]]
    best = np.full((y.shape[0], x.shape[1]), 1e9, np.float32)
    spread = np.ones_like(best)
    for (px, py), value in zip(curve[::2], values[::2], strict=True):
        distance = (x - px) ** 2 + (y - py) ** 2
        nearer = distance < best
        np.copyto(best, distance, where=nearer)
        np.copyto(spread, np.float32(value), where=nearer)
    return spread


def long_bone(
    canvas: Canvas,
    start: Point,
    end: Point,
    widths: Sequence[tuple[float, float]],
    *,
    cortex: float = 1.5,
    spongiosa: float = 0.2,
    flat: float = 0.9,
    bend: float = 0.0,
) -> None:
    """Add a tubular bone: wide spongy ends, narrow shaft with thick cortex.

    Parameters
    ----------
    widths
        (position along the bone 0…1, half width in mm); the ends are rounded off by themselves.
    cortex
        In the middle of the shaft; it thins out to a third at the ends.
    flat
        Depth along the beam as a share of the width.
    bend
        Sideways bow of the middle in mm.
    """
    a, b = np.array(start), np.array(end)
    length = float(np.hypot(*(b - a)))
    along, across = (b - a) / length, np.array([-(b - a)[1], (b - a)[0]]) / length
    reach = max(width for _, width in widths) + abs(bend) + 1
    low, high = np.minimum(a, b) - reach, np.maximum(a, b) + reach
    box = canvas.box(float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    if box is None:
        return
    x, y = canvas.x[:, box[1]] - a[0], canvas.y[box[0]] - a[1]
    u = (x * along[0] + y * along[1]) / length
    v = x * across[0] + y * across[1] - bend * np.sin(np.pi * np.clip(u, 0, 1))
    at = np.linspace(0, 1, 101)
    half = np.asarray(_smooth([position for position, _ in widths], [width for _, width in widths], at))
    # Round the ends with the radius of a circle through their corners.
    ends = np.minimum(at, 1 - at) * length
    half = half * np.sqrt(np.clip(1 - (1 - np.clip(ends / (0.55 * half), 0, 1)) ** 2, 0, 1))
    wall = cortex * (0.33 + 0.67 * np.sin(np.pi * np.clip(at, 0, 1)) ** 0.8)
    w = np.interp(u, at, half, left=0, right=0).astype(np.float32)
    c = np.interp(u, at, wall).astype(np.float32)
    core = np.maximum(w - c, 0)
    outer = np.sqrt(np.clip(w**2 - v**2, 0, None))
    inner = np.sqrt(np.clip(core**2 - v**2, 0, None))
    spongy = spongiosa * (0.35 + 0.65 * np.abs(2 * np.clip(u, 0, 1) - 1) ** 1.5)
    fill = spongy * np.clip(1 + 0.4 * canvas.spongiosa[box], 0.1, 3)
    canvas.bone[box] += 2 * flat * (outer - inner * (1 - fill))


def _smooth(positions: list[float], values: list[float], at: np.ndarray) -> np.ndarray:
    """Monotone-looking interpolation: cosine between the given places."""
    index = np.clip(np.searchsorted(positions, at, side="right") - 1, 0, len(positions) - 2)
    p, v = np.asarray(positions), np.asarray(values)
    t = np.clip((at - p[index]) / (p[index + 1] - p[index]), 0, 1)
    return np.asarray(v[index] + (v[index + 1] - v[index]) * (1 - np.cos(np.pi * t)) / 2)


def mirrored(points: Sequence[Point], side: int = -1) -> list[Point]:
    """The same outline on the other side of the middle line (side −1), or unchanged (+1)."""
    return [(x * side, y) for x, y in points]


__all__ = ["ball", "bone", "bone_of", "gas", "long_bone", "mirrored", "pipe", "shell", "soft", "strut"]
