"""Analytic bodies as maps of the thickness that a ray meets, in millimetres of soft tissue and of bone.

A body is given by its outline in mm (x to the right, y down, origin in the middle of the image) and its depth along
the beam. Everything is drawn on a coarse grid, only inside the body's own box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
Point = tuple[float, float]
Box = tuple[slice, slice]


def spline(points: Sequence[Point], *, closed: bool = False, per_span: int = 10) -> Map:
    """Catmull-Rom curve through `points`, shape (n, 2)."""
    p = np.asarray(points, np.float64)
    if len(p) < 3 and not closed:
        return p.astype(np.float32)
    if closed:
        p = np.concatenate([p[-1:], p, p[:2]])
    else:
        p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, per_span, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        spans.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    if not closed:
        spans.append(p[-2:-1])
    return np.concatenate(spans).astype(np.float32)


def pillow(inside: Map, depth: float | Map, edge: float | Map) -> Map:
    """Thickness of a body of `depth` mm whose rim is rounded over `edge` mm; `inside` is the distance to the rim."""
    rise = np.clip(inside / edge, 0, 1)
    return np.asarray(depth * np.sqrt(1 - (1 - rise) ** 2), np.float32)


@dataclass
class Canvas:
    """Thickness maps on a grid.

    Attributes
    ----------
    width, height
        Extent in mm.
    grid
        Pitch of the grid in mm.
    seed
        Of every random texture.
    origin
        Where the anatomy's origin lies in the image, mm from the middle: how the patient is placed.
    parts
        Named parts of the anatomy, masks on the grid: what an exposure is judged by.
    """

    width: float
    height: float
    grid: float = 0.5
    seed: int = 0
    origin: Point = (0.0, 0.0)
    parts: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows, self.columns = round(self.height / self.grid), round(self.width / self.grid)
        left, top = -self.width / 2 - self.origin[0], -self.height / 2 - self.origin[1]
        self.x: Map = (left + (np.arange(self.columns, dtype=np.float32) + 0.5) * self.grid)[None, :]
        self.y: Map = (top + (np.arange(self.rows, dtype=np.float32) + 0.5) * self.grid)[:, None]
        self.soft: Map = np.zeros((self.rows, self.columns), np.float32)
        self.bone: Map = np.zeros_like(self.soft)
        self.rng = np.random.default_rng(self.seed)
        self.spongiosa = self.grain(max(0.3, 0.8 * self.grid), max(1.0, 2.4 * self.grid))

    def grain(self, fine: float, coarse: float) -> Map:
        """Band-limited noise of unit deviation; `fine` and `coarse` are blur radii in mm."""
        white = self.rng.standard_normal((self.rows, self.columns), np.float32)
        band = cv2.GaussianBlur(white, (0, 0), fine / self.grid) - cv2.GaussianBlur(white, (0, 0), coarse / self.grid)
        return np.asarray(band / max(float(band.std()), 1e-9), np.float32)

    def clouds(self, size: float, *, octaves: int = 4, persistence: float = 0.5) -> Map:
        """Noise of many scales, the largest `size` mm; unit deviation."""
        total = np.zeros_like(self.soft)
        for octave in range(octaves):
            cell = size / 2**octave
            shape = (max(int(self.height / cell) + 2, 3), max(int(self.width / cell) + 2, 3))
            lattice = self.rng.standard_normal(shape, np.float32)
            total += persistence**octave * cv2.resize(lattice, (self.columns, self.rows), interpolation=cv2.INTER_CUBIC)
        return np.asarray(total / max(float(total.std()), 1e-9), np.float32)

    def box(self, left: float, right: float, top: float, bottom: float) -> Box | None:
        """The part of the grid that covers these mm, or None if it lies outside."""
        x0, y0 = self.width / 2 + self.origin[0], self.height / 2 + self.origin[1]
        c0 = max(int((left + x0) / self.grid) - 1, 0)
        c1 = min(int((right + x0) / self.grid) + 2, self.columns)
        r0 = max(int((top + y0) / self.grid) - 1, 0)
        r1 = min(int((bottom + y0) / self.grid) + 2, self.rows)
        return (slice(r0, r1), slice(c0, c1)) if c0 < c1 and r0 < r1 else None

    def ellipse(self, centre: Point, radii: Point, depth: float, *, angle: float = 0.0) -> tuple[Box, Map] | None:
        """Chord lengths of an ellipsoid of semi-axes `radii` in the image and full `depth` along the beam."""
        reach = max(radii)
        box = self.box(centre[0] - reach, centre[0] + reach, centre[1] - reach, centre[1] + reach)
        if box is None:
            return None
        x, y = self.x[:, box[1]] - centre[0], self.y[box[0]] - centre[1]
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        r2 = ((x * c + y * s) / radii[0]) ** 2 + ((y * c - x * s) / radii[1]) ** 2
        return box, np.asarray(depth * np.sqrt(np.clip(1 - r2, 0, None)), np.float32)

    def inside(self, outline: Map, *, reach: float = 0.0, fine: int = 2) -> tuple[Box, Map] | None:
        """Distance (mm) from the rim of a closed outline, positive within, negative outside."""
        margin = max(reach, 2 * self.grid)
        low, high = outline.min(0) - margin, outline.max(0) + margin
        box = self.box(float(low[0]), float(high[0]), float(low[1]), float(high[1]))
        if box is None:
            return None
        rows, columns = box[0].stop - box[0].start, box[1].stop - box[1].start
        origin = (self.x[0, box[1].start] - self.grid / 2, self.y[box[0].start, 0] - self.grid / 2)
        # A border of one box around it, so that an outline running off the grid has no rim along the grid's edge.
        pad = 4
        pixels = ((outline - np.array(origin)) / self.grid + pad) * fine - 0.5
        mask = np.zeros(((rows + 2 * pad) * fine, (columns + 2 * pad) * fine), np.uint8)
        cv2.fillPoly(mask, [np.round(pixels * 16).astype(np.int32)], 1, shift=4)
        within = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        if reach:
            within -= cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        small = cv2.resize(within, (columns + 2 * pad, rows + 2 * pad), interpolation=cv2.INTER_AREA)
        return box, np.asarray(small[pad:-pad, pad:-pad] * (self.grid / fine), np.float32)

    def tube(self, line: Map, radii: Map | float) -> tuple[Box, Map, Map] | None:
        """Distance inside the rim of a tube along `line`, and its radius there; negative distance outside.

        Parameters
        ----------
        line
            Centre line, shape (n, 2), mm.
        radii
            Radius at each of its points.
        """
        r = np.broadcast_to(np.asarray(radii, np.float32), (len(line),))
        reach = float(r.max()) + 3 * self.grid
        low, high = line.min(0) - reach, line.max(0) + reach
        box = self.box(float(low[0]), float(high[0]), float(low[1]), float(high[1]))
        if box is None:
            return None
        distance = np.full((box[0].stop - box[0].start, box[1].stop - box[1].start), -1e3, np.float32)
        radius = np.ones_like(distance)
        for a, b, ra, rb in zip(line[:-1], line[1:], r[:-1], r[1:], strict=True):
            near = max(float(ra), float(rb)) + self.grid
            part = self.box(*(min(a[0], b[0]) - near, max(a[0], b[0]) + near),
                            *(min(a[1], b[1]) - near, max(a[1], b[1]) + near))  # fmt: skip
            if part is None:
                continue
            dx, dy = b - a
            x, y = self.x[:, part[1]] - a[0], self.y[part[0]] - a[1]
            t = np.clip((x * dx + y * dy) / max(float(dx * dx + dy * dy), 1e-6), 0, 1)
            local = ra + (rb - ra) * t
            inside = local - np.hypot(x - t * dx, y - t * dy)
            rows = slice(part[0].start - box[0].start, part[0].stop - box[0].start)
            columns = slice(part[1].start - box[1].start, part[1].stop - box[1].start)
            better = inside > distance[rows, columns]
            np.copyto(distance[rows, columns], inside, where=better)
            np.copyto(radius[rows, columns], local, where=better)
        return box, distance, radius


__all__ = ["Box", "Canvas", "Map", "Point", "pillow", "spline"]
