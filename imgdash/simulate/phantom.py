"""A radiograph of a phantom: Beer-Lambert through analytic bodies, scatter, collimation, marker, noise (PHYSICS).

Bodies are drawn on a coarse grid and brought to the detector's pitch afterwards; noise, marker and the edge of the
field are made at full resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from imgdash.simulate import physics
from imgdash.simulate.canvas import Canvas, Map, Point
from imgdash.simulate.detector import BITS, COUNTS_PER_UGY, covered, marker_place, moved, necklace, read
from imgdash.simulate.technique import Technique, technique

Fault = Literal[
    "under exposed", "over exposed", "motion", "wrong side", "double exposure", "clipped", "positioning",
    "no collimation", "artifact", "grid", "no image",
]  # fmt: skip
FAULTS: Final = get_args(Fault)


@dataclass(frozen=True)
class Truth:
    """What an analysis of the image should find.

    Attributes
    ----------
    field_mm
        Corners (x, y) of the irradiated field in mm from the upper left corner of the image, clockwise; the box
        around them where it is no quadrangle or there are several.
    fields_mm
        Outlines of all fields.
    ei_of
        What the index would be for each part of the body that can be relevant; empty name: all of it.
    ei
        Exposure index: 100 µGy⁻¹ × median detector air kerma behind the relevant part of the body inside the field,
        without noise.
    direct_fraction
        Share of the field that the beam reaches without a body in between.
    saturated_fraction
        Share of the field's pixels at full scale.
    entrance_ugy
        Air kerma at the detector without a patient, µGy.
    marker
        The lead letter in the image.
    side
        The side that was radiographed, whatever the marker says; empty if the region is not paired.
    """

    field_mm: tuple[Point, Point, Point, Point]
    ei: float
    target_ei: float
    direct_fraction: float
    saturated_fraction: float
    kv: float
    mas: float
    entrance_ugy: float
    marker: str
    side: str
    faults: tuple[Fault, ...]
    fields_mm: tuple[tuple[Point, ...], ...] = ()
    ei_of: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Exposure:
    """One exposure as the detector read it.

    Attributes
    ----------
    pixels
        uint16, shape (rows, columns), linear in detector air kerma, 14 bits.
    """

    pixels: NDArray[np.uint16]
    pitch_mm: float
    body_part: str
    view: str
    distance_cm: float
    truth: Truth


def radiograph(
    body_part: str,
    view: str,
    *,
    seed: int = 0,
    side: str = "",
    pitch_mm: float = 0.2,
    size: tuple[int, int] | None = None,
    kv: float | None = None,
    mas: float | None = None,
    faults: tuple[Fault, ...] = (),
    number: int = 0,
    fields: Sequence[Sequence[Point]] = (),
) -> Exposure:
    """Expose a phantom.

    Parameters
    ----------
    body_part, view
        As in `imgdash.simulate.technique.CHART`, e.g. ``"CHEST", "PA"``.
    seed
        Patient and placement; the same seed gives the same image.
    side
        ``"L"`` or ``"R"`` for paired regions.
    pitch_mm, size
        Detector pitch, and its rows and columns; without `size` the receptor of the technique chart.
    kv, mas
        Without them the chart's voltage and what an automatic exposure control would choose.
    faults
        What goes wrong, see `FAULTS`.
    number
        Which exposure of this patient it is: field, noise and dose differ, the body does not.
    fields
        Outlines of the openings of the collimator, (x, y) in mm from the upper left corner; without them the
        chart's field.

    Raises
    ------
    ValueError
        For a region, side, voltage or fault that does not exist.
    """
    chart = technique(body_part, view)
    if unknown := set(faults) - set(FAULTS):
        raise ValueError(f"no fault {sorted(unknown)}: there are {', '.join(FAULTS)}")
    if side not in ("", "L", "R") or (chart.paired and not side):
        raise ValueError(f"side {side!r}: {body_part} needs 'L' or 'R'" if chart.paired else f"side {side!r}: L or R")
    rows, columns = size or (round(chart.detector_mm[1] / pitch_mm), round(chart.detector_mm[0] / pitch_mm))
    extent = (columns * pitch_mm, rows * pitch_mm)
    rng = np.random.default_rng([seed, 7, number])
    # What the automatic exposure control is off by: about one unit of deviation index.
    missed = 10 ** float(rng.normal(0, 0.10))
    beam = physics.beam(float(kv or chart.kv), chart.added_al_mm, chart.distance_cm)
    away = (float(rng.choice([-1, 1])) * 0.24 * extent[0], 0.12 * extent[1]) if "positioning" in faults else (0.0, 0.0)
    primary, body = _primary(beam, body_part, view, seed, side, extent, away)
    if "double exposure" in faults:
        primary = primary + _primary(beam, body_part, view, seed, side, extent, (away[0] - 42, away[1] + 26))[0]
    if "motion" in faults:
        primary = moved(primary, 5.0 / chart.coarse_mm, float(rng.uniform(20, 70)))
    if "artifact" in faults:
        primary = primary * necklace(primary.shape, rng)
    outlines = tuple(tuple((float(x), float(y)) for x, y in outline) for outline in fields)
    outlines = outlines or (_field(chart, extent, rng, open_to_edge="no collimation" in faults),)
    box = _corners(outlines)
    lit = np.max([covered(outline, extent, primary.shape) for outline in outlines], axis=0)
    scatter = _scatter(primary * lit, body, chart)
    arrived = primary + scatter
    kerma = _kerma(arrived, lit, body, _parts(body_part, view, seed, side, extent, away))
    per_mas = kerma.get(chart.relevant, kerma[""])
    if mas is None:
        mas = chart.target_ei / 100 / per_mas * missed
    if "no image" in faults:
        # The beam went somewhere else; a little stray radiation is all there is.
        primary, scatter = np.full_like(primary, 1e-3 * per_mas), np.zeros_like(scatter)
        kerma = dict.fromkeys(kerma, 1e-3 * per_mas)
    mas *= (0.14 if "under exposed" in faults else 1.0) * (7.0 if "over exposed" in faults else 1.0)
    gain = COUNTS_PER_UGY * (16.0 if "clipped" in faults else 1.0)
    marker = _marker(side, faults)
    pixels = read(
        primary * mas, scatter * mas, outlines, marker, marker_place(marker, box, chart, side), (rows, columns),
        pitch_mm, beam.noise, gain, rng, faults,
    )  # fmt: skip
    inside = np.max([covered(outline, extent, pixels[::4, ::4].shape) for outline in outlines], axis=0) > 0.5
    truth = Truth(
        field_mm=box,
        ei=100 * kerma.get(chart.relevant, kerma[""]) * mas,
        target_ei=chart.target_ei,
        direct_fraction=float(((body < 1) & (lit > 0.5)).sum() / max((lit > 0.5).sum(), 1)),
        saturated_fraction=float((pixels[::4, ::4][inside] >= 2**BITS - 1).mean()),
        kv=float(kv or chart.kv),
        mas=float(mas),
        entrance_ugy=beam.entrance_ugy * float(mas),
        marker=marker,
        side=side if chart.paired else "",
        faults=tuple(faults),
        fields_mm=outlines,
        ei_of={name: 100 * value * mas for name, value in kerma.items()},
    )
    return Exposure(pixels, pitch_mm, body_part, view, chart.distance_cm, truth)


def _kerma(arrived: Map, lit: Map, body: Map, parts: Mapping[str, NDArray[np.bool_]]) -> dict[str, float]:
    """Median air kerma in the field behind the body, under the empty name, and behind each part of it."""
    anatomy = (lit > 0.5) & (body > 8)
    found = {"": float(np.median(arrived[anatomy] if anatomy.any() else arrived[lit > 0.5]))}
    for name, mask in parts.items():
        if (mask & anatomy).any():
            found[name] = float(np.median(arrived[mask & anatomy]))
    return found


def thickness(body_part: str, view: str, *, seed: int, side: str, extent: Point) -> Map:
    """Thickness in mm of the body of `radiograph` with the same seed, on the coarse grid of its chart.

    Parameters
    ----------
    extent
        Width and height of the image in mm.
    """
    soft, bone = (part.astype(np.float32) for part in _body(body_part, view, seed, extent, (0.0, 0.0))[:2])
    thick = soft + bone
    return np.ascontiguousarray(thick[:, ::-1] if side == "L" else thick)


def _parts(body_part: str, view: str, seed: int, side: str, extent: Point, away: Point) -> dict[str, NDArray[np.bool_]]:
    """Masks of the parts of the anatomy that have a name."""
    parts = _body(body_part, view, seed, extent, away)[2]
    return {name: mask[:, ::-1] if side == "L" else mask for name, mask in parts.items()}


@lru_cache(maxsize=4)
def _body(
    body_part: str, view: str, seed: int, extent: Point, away: Point
) -> tuple[NDArray[np.float16], NDArray[np.float16], dict[str, NDArray[np.bool_]]]:
    """Soft tissue and bone in mm, of a patient of this seed's physique, and parts of the anatomy."""
    chart = technique(body_part, view)
    rng = np.random.default_rng([seed, 11])
    physique, thickness = 1 + float(rng.normal(0, 0.025)), 1 + float(rng.normal(0, 0.05))
    placed = (chart.centre[0] + float(rng.normal(0, 3)) + away[0], chart.centre[1] + float(rng.normal(0, 3)) + away[1])
    canvas = Canvas(extent[0] / physique, extent[1] / physique, chart.coarse_mm / physique, seed, placed)
    chart.draw(canvas)
    soft = np.maximum(canvas.soft - canvas.bone, 0) * physique * thickness
    return soft.astype(np.float16), (np.maximum(canvas.bone, 0) * physique).astype(np.float16), canvas.parts


def _primary(
    beam: physics.Beam, body_part: str, view: str, seed: int, side: str, extent: Point, away: Point
) -> tuple[Map, Map]:
    """Signal of the unscattered beam for 1 mAs, and the body's thickness in mm, on the coarse grid."""
    soft, bone = (part.astype(np.float32) for part in _body(body_part, view, seed, extent, away)[:2])
    log_signal = cv2.remap(
        beam.log_signal, bone * (0.1 / physics.BONE_STEP_CM), soft * (0.1 / physics.SOFT_STEP_CM), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    thick = soft + bone
    if side == "L":
        log_signal, thick = log_signal[:, ::-1], thick[:, ::-1]
    return np.exp(log_signal), np.ascontiguousarray(thick)


def _scatter(primary: Map, body: Map, chart: Technique) -> Map:
    """Scattered radiation: a wide spread of what the thick parts take out of the beam."""
    if not chart.scatter:
        return np.zeros_like(primary)
    # The unattenuated beam beside the body scatters nothing, its skin hardly anything.
    bright = 3 * float(np.median(primary[body > 50])) if (body > 50).any() else np.inf
    source = np.minimum(primary, bright) * np.clip(body / 150, 0, 1.5)
    small = cv2.resize(source, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA)
    spread = cv2.GaussianBlur(small, (0, 0), 3.5 / chart.coarse_mm, borderType=cv2.BORDER_CONSTANT)
    size = (primary.shape[1], primary.shape[0])
    return np.asarray(chart.scatter * cv2.resize(spread, size, interpolation=cv2.INTER_CUBIC), np.float32).clip(0)


def _field(
    chart: Technique, extent: Point, rng: np.random.Generator, *, open_to_edge: bool
) -> tuple[Point, Point, Point, Point]:
    """Corners of the collimated field, a little turned and off centre as in daily work."""
    if open_to_edge or chart.field_mm == chart.detector_mm:
        return ((0.0, 0.0), (extent[0], 0.0), extent, (0.0, extent[1]))
    half = np.minimum(np.array(chart.field_mm) * (1 + rng.normal(0, 0.008)), np.array(extent) - 8) / 2
    middle = np.array(extent) / 2 + rng.normal(0, 1.2, 2)
    turn = np.radians(rng.normal(0, 0.5))
    c, s = np.cos(turn), np.sin(turn)
    turned = np.array([[c, s], [-s, c]])
    corners = middle + (np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half) @ turned
    a, b, d, e = ((float(x), float(y)) for x, y in corners)
    return (a, b, d, e)


def _corners(outlines: tuple[tuple[Point, ...], ...]) -> tuple[Point, Point, Point, Point]:
    if len(outlines) == 1 and len(outlines[0]) == 4:
        a, b, c, d = outlines[0]
        return (a, b, c, d)
    points = np.concatenate([np.array(outline) for outline in outlines])
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _marker(side: str, faults: tuple[Fault, ...]) -> str:
    letter = side or "R"
    return {"L": "R", "R": "L"}[letter] if "wrong side" in faults else letter


__all__ = ["BITS", "COUNTS_PER_UGY", "FAULTS", "Exposure", "Fault", "Truth", "radiograph", "thickness"]
