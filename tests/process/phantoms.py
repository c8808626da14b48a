"""Phantoms with known truth for the automatic parameters: how they were collimated, and how far an analysis is off."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import xarray as xr

from imgdash import process
from imgdash.config import Exposure as Calibration
from imgdash.process import Chain
from imgdash.process.automatic.calculation import polygon_mask
from imgdash.process.signal import to_signal
from imgdash.reduce import reduce_image
from imgdash.simulate import phantom
from imgdash.simulate.canvas import Point
from imgdash.simulate.detector import letter, marker_place, necklace
from imgdash.simulate.processing import RAW_DECADES, raw_log
from imgdash.simulate.technique import technique
from imgdash.store import condition_text, conditions
from tests.process.images import image

PARTS: Final = {
    ("CHEST", "PA"): "chest-pa",
    ("CHEST", "AP"): "chest-ap",
    ("ABDOMEN", "AP"): "abdomen-supine",
    ("PELVIS", "AP"): "pelvis",
    ("HIP", "AP"): "hip",
    ("SKULL", "LAT"): "skull-lat",
    ("HAND", "PA"): "hand",
    ("KNEE", "AP"): "knee-ap",
    ("KNEE", "LAT"): "knee-lat",
    ("CSPINE", "AP"): "cspine-ap",
    ("TSPINE", "LAT"): "tspine-lat",
}
PITCH_MM: Final = 0.6
SHAPES: Final = ("chart", "rectangle", "rotated", "open", "one side", "iris", "cone", "split")
# How often each is drawn: most fields are rectangles set a little off.
_WEIGHTS: Final = (0.3, 0.25, 0.12, 0.08, 0.07, 0.06, 0.06, 0.06)
PER_PATIENT: Final = 4
"""Images of one body: it is drawn once."""
_LINEAR: Final = Calibration(sender="PHANTOM", form="linear", gain=1 / phantom.COUNTS_PER_UGY)
# 12 bits over four decades below the detector's full scale.
_LOG: Final = Calibration(
    sender="PHANTOM",
    form="log",
    gain=2**phantom.BITS / phantom.COUNTS_PER_UGY / 10**RAW_DECADES,
    slope=(2**12 - 1) / RAW_DECADES,
)


@dataclass(frozen=True)
class Case:
    """One image and what should be found in it.

    Attributes
    ----------
    fields
        Outlines inside the image, mm.
    thickness
        Of the body in mm, on the grid of the reduced image.
    hidden
        Where a lead letter or a chain lies and where the detector does not read, on the grid of `stored`.
    ei_of
        Exposure index of each part of the body that can be relevant.
    """

    stored: xr.DataArray
    calibration: Calibration
    shape: str
    fields: list[np.ndarray]
    thickness: np.ndarray
    hidden: np.ndarray
    ei: float
    ei_of: Mapping[str, float]
    direct_fraction: float


@dataclass(frozen=True)
class Score:
    """How far off. None where there is nothing to compare.

    Attributes
    ----------
    iou
        Intersection over union of all fields together.
    field_mm, field_worst_mm
        Mean and greatest distance from the true outline to the one found.
    count
        Fields found less those there are.
    ei_percent
        Error of the exposure index.
    s_error
        The larger error of s_low and s_high, of the true range.
    direct
        Error of the fraction of direct exposure.
    confidence, sure
        Of the field; of everything.
    """

    part: str
    number: int
    shape: str
    iou: float
    field_mm: float
    field_worst_mm: float
    count: int
    confidence: float
    ei_percent: float | None
    s_error: float
    direct: float
    seconds: float
    sure: Mapping[str, float | None]

    @property
    def wrong(self) -> list[str]:
        """What a radiographer would have to set right by hand."""
        dose = self.ei_percent is not None and abs(self.ei_percent) > 12
        found = {"field": self.iou < 0.95 or self.count != 0, "ei": dose, "signal": self.s_error > 0.08}
        return [name for name, is_wrong in found.items() if is_wrong]

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.wrong)

    @property
    def warned(self) -> bool:
        """Whether each thing that is wrong was doubted; what lies in a doubted field is."""
        said = {name: min(self.sure.get(name) or 0.0, self.confidence) for name in self.wrong}
        return all(value <= 0.5 for value in said.values())


def case(body_part: str, view: str, number: int) -> Case:
    """An image by its number: body, collimation, exposure and reader follow from it."""
    chart = technique(body_part, view)
    rng = np.random.default_rng([number, len(body_part), ord(view[0])])
    shape = str(rng.choice(SHAPES, p=_WEIGHTS))
    width, height = chart.detector_mm
    fields = _fields(shape, (width, height), chart.field_mm, rng)
    faults: tuple[phantom.Fault, ...] = ("no collimation",) if shape == "open" else ()
    if rng.random() < 0.05:
        faults = (*faults, "artifact")
    if (missed := rng.random()) < 0.08:
        faults = (*faults, "under exposed" if missed < 0.04 else "over exposed")
    side = str(rng.choice(["L", "R"]))
    seed = 1000 + number // PER_PATIENT
    exposed = phantom.radiograph(
        body_part, view, seed=seed, side=side, pitch_mm=PITCH_MM, faults=faults, number=number, fields=fields
    )
    logarithmic = bool(rng.random() < 0.5)
    common: dict[str, Any] = {
        "pitch": PITCH_MM,
        "PhotometricInterpretation": "MONOCHROME1",
        "PresentationIntentType": "FOR PROCESSING",
        "PixelIntensityRelationshipSign": 1,
        "BodyPartExamined": body_part,
        "ViewPosition": view,
    }
    if logarithmic:
        stored = image(raw_log(exposed), bits=12, PixelIntensityRelationship="LOG", **common)
    else:
        stored = image(exposed.pixels, bits=14, PixelIntensityRelationship="LIN", **common)
    rows, columns = exposed.pixels.shape
    extent = (columns * PITCH_MM, rows * PITCH_MM)
    thick = phantom.thickness(body_part, view, seed=seed, side=side, extent=extent)
    truth = exposed.truth
    place = marker_place(truth.marker, truth.field_mm, chart, side)
    lead = letter((rows, columns), truth.marker, place, PITCH_MM) > 0
    hidden = lead | (exposed.pixels == 0).all(axis=0)
    if "artifact" in faults:
        # The chain: the first that the phantom draws after what its exposure control is off by.
        drawn = np.random.default_rng([seed, 7, number])
        drawn.normal()
        chain = (necklace(thick.shape, drawn) < 1).astype(np.uint8)
        hidden |= cv2.resize(chain, (columns, rows), interpolation=cv2.INTER_NEAREST) > 0
    return Case(
        stored,
        _LOG if logarithmic else _LINEAR,
        shape,
        [clipped(np.array(outline), extent) for outline in truth.fields_mm],
        thick,
        hidden,
        truth.ei,
        truth.ei_of,
        truth.direct_fraction,
    )


def analyse(body_part: str, view: str, number: int) -> Score:
    """Make an image, calculate its parameters, compare them with the truth."""
    made = case(body_part, view, number)
    key = PARTS[body_part, view]
    path = conditions.shipped() / f"{key}.toml"
    condition = condition_text.parse(key, path.read_text(encoding="utf-8"), path.name)
    chain = Chain.of(condition.processing)
    reduced = reduce_image(made.stored)
    began = time.process_time()
    found = process.calculate(reduced, chain, attrs=made.stored.attrs, calibration=made.calibration)
    seconds = time.process_time() - began
    height, width = reduced.extent_mm
    shape = (round(height * 2), round(width * 2))
    truth_mask = polygon_mask(made.fields, shape, (height, width))
    ours = polygon_mask(found["field"], shape, (height, width))
    far = distances(truth_mask, ours)
    low, high = limits(made, chain)
    return Score(
        part=f"{body_part} {view}",
        number=number,
        shape=made.shape,
        iou=float((truth_mask & ours).sum() / max((truth_mask | ours).sum(), 1)),
        field_mm=far[0],
        field_worst_mm=far[1],
        count=len(found["field"]) - len(made.fields),
        confidence=float(found["confidence"]["field"]),
        ei_percent=None if found["ei"] is None or len(made.fields) > 1 else 100 * (found["ei"] / made.ei - 1),
        s_error=max(abs(found["s_low"] - low), abs(found["s_high"] - high)) / (high - low),
        direct=found["direct_fraction"] - made.direct_fraction,
        seconds=seconds,
        sure=found["confidence"],
    )


def limits(made: Case, chain: Chain) -> tuple[float, float]:
    """s_low and s_high by the chain's percentiles over the body inside the true field, without its outermost 2 mm,
    what saturated the detector, and what a lead letter, a chain or columns that do not read hide: in a small field that
    is more than the percentiles leave out, and s_high would be the lead's."""
    signal = to_signal(made.stored.values, made.stored.attrs)
    rows, columns = signal.shape
    thick = cv2.resize(made.thickness, (columns, rows), interpolation=cv2.INTER_LINEAR)
    inside = polygon_mask(made.fields, (rows, columns), (rows * PITCH_MM, columns * PITCH_MM))
    inside = cv2.erode(inside.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=0) > 0
    skin = round(2 / PITCH_MM)
    body = (thick > 1).astype(np.uint8)
    deep = cv2.erode(body, np.ones((2 * skin + 1, 2 * skin + 1), np.uint8), borderValue=1) > 0
    hidden = cv2.dilate(made.hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    body = inside & deep & ~hidden & (signal > signal.min() + 1e-4)
    automatic = chain.automatic
    smooth = cv2.blur(signal, (2, 2))  # the reduced image has less noise
    low, high = (float(v) for v in np.percentile(smooth[body], [automatic.low_percentile, automatic.high_percentile]))
    span = high - low
    return low - automatic.low_margin * span, high + automatic.high_margin * span


def distances(truth: np.ndarray, found: np.ndarray, pitch_mm: float = 0.5) -> tuple[float, float]:
    """Mean and greatest distance (mm) from the outline of the one mask to that of the other, border left out."""
    contours, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    rim = np.zeros(truth.shape, np.uint8)
    cv2.drawContours(rim, cv2.findContours(found.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0], -1, 1, 1)
    if not rim.any() or not contours:
        return 999.0, 999.0
    away = cv2.distanceTransform(1 - rim, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    points = np.concatenate([contour[:, 0] for contour in contours])
    values = away[points[:, 1], points[:, 0]] * pitch_mm
    return float(values.mean()), float(values.max())


def clipped(outline: np.ndarray, extent: Point) -> np.ndarray:
    """A convex outline cut off at the image's border."""
    frame = np.array([(0, 0), (extent[0], 0), extent, (0, extent[1])], np.float32)
    _, common = cv2.intersectConvexConvex(outline.astype(np.float32), frame)
    return np.asarray(common).reshape(-1, 2).astype(np.float64)


def _fields(shape: str, detector: Point, field: Point, rng: np.random.Generator) -> Sequence[Sequence[Point]]:
    full, size = np.array(detector), np.array(field)
    middle = full / 2 + rng.normal(0, 4, 2)
    if shape in ("chart", "open"):
        return ()
    if shape == "rectangle":
        return [_turned(size * rng.uniform(0.6, 1.0, 2), middle + rng.normal(0, 6, 2), rng.normal(0, 3))]
    if shape == "rotated":
        angle = float(rng.uniform(8, 45)) * float(rng.choice([-1, 1]))
        return [_turned(size * rng.uniform(0.6, 0.85, 2), middle, angle)]
    if shape == "one side":
        shift = full * rng.choice([-1, 1], 2) * rng.uniform(0.08, 0.25, 2)
        return [_turned(full * 1.1, full / 2 + shift * np.array(rng.permutation([1, 0])), rng.normal(0, 1))]
    if shape == "iris":
        turn = float(rng.uniform(0, 45))
        radius = float(rng.uniform(0.7, 0.95)) * size.min() / 2
        return [_ring(middle, (radius, radius), 8, turn)]
    if shape == "cone":
        radius = float(rng.uniform(0.65, 0.95)) * size.min() / 2
        return [_ring(middle, (radius, radius * float(rng.uniform(0.9, 1.15))), 90, 0.0)]
    gap = float(rng.uniform(8, 20))
    along = 0 if full[0] >= full[1] else 1
    half = full - 8.0
    half[along] = (full[along] - gap) / 2 - 8
    step = np.zeros(2)
    step[along] = (half[along] + gap) / 2
    turn = float(rng.normal(0, 0.7))
    return [_turned(half * rng.uniform(0.88, 0.96), full / 2 + sign * step, turn) for sign in (-1, 1)]


def _turned(size: np.ndarray, middle: np.ndarray, degrees: float) -> list[Point]:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * size / 2 @ np.array([[c, s], [-s, c]]) + middle
    return [(float(x), float(y)) for x, y in corners]


def _ring(middle: np.ndarray, radii: Point, corners: int, degrees: float) -> list[Point]:
    t = np.radians(degrees) + np.arange(corners) * 2 * np.pi / corners
    return [(float(middle[0] + radii[0] * np.cos(a)), float(middle[1] + radii[1] * np.sin(a))) for a in t]
