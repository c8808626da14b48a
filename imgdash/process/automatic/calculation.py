"""Parameters calculated on the reduced image for processing (C3, B4): field, direct exposure, S/G, clipping, EI/DI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process import noise
from imgdash.process.automatic._dead import without_dead
from imgdash.process.automatic._order import median, percentiles
from imgdash.process.automatic.exposure import Calibration, indices
from imgdash.process.automatic.field import recognise
from imgdash.process.automatic.limits import signal_limits
from imgdash.process.automatic.region import direct_exposure
from imgdash.process.automatic.relevant import outlines, relevant
from imgdash.process.parameters import Chain
from imgdash.process.signal import is_unprocessed, scale_of

if TYPE_CHECKING:
    from imgdash.reduce import Reduced

Mask = npt.NDArray[np.bool_]


def calculate(
    reduced: Reduced,
    chain: Chain,
    *,
    attrs: Mapping[str, Any],
    calibration: Calibration | None = None,
    target_ei: float | None = None,
) -> dict[str, Any]:
    """Calculate the parameters of one image. JSON-able; kept in its header.

    Parameters
    ----------
    reduced
        From `imgdash.reduce.reduce_image`; only its processing image is looked at.
    chain
        ``automatic`` says how; what it sets by hand goes before what is found.
    attrs
        DICOM keywords of the image.
    calibration
        Of the sender (`imgdash.config.Exposure`), or None: then no EI of our own.
    target_ei
        EI_T of the condition key, or None.

    Returns
    -------
    ``field`` polygons [[[x, y], …], …] in mm from the upper left corner; ``field_fraction`` of the image area;
    ``direct_threshold`` signal below which the field is direct exposure, or None, and ``direct_fraction``;
    ``s_low``, ``s_high``; ``clipped_low``, ``clipped_high`` fraction of the field, without direct exposure, at
    the least (most exposed) and greatest value that the pixels can have; ``used_low``, ``used_high`` signal
    between which 98 % of the anatomy lies, whatever S/G is; ``region`` outlines (mm) of the relevant region, empty
    where that is all of the anatomy or was not found (``notes`` tells), and ``region_median``, its signal;
    ``ei``, ``target_ei``, ``di``, ``ei_source``; ``confidence`` of each, 0…1; ``extent_mm`` [height, width];
    ``spacing_known``; ``unprocessed`` True, False or None; ``noise`` {"lpmm", "sigma", "at", "slope"}, see
    `imgdash.process.noise.Noise`, or None where it shows nowhere; ``notes``;
    ``voi_curve`` where the header's VOI is not a straight line.
    """
    # Kernels are compiled for arrays as these: others would be waited for.
    signal = without_dead(np.require(reduced.processing, np.float32, ["C", "W"]))
    automatic = chain.automatic
    found = recognise(signal, reduced.extent_mm, automatic)
    inside = polygon_mask(found.polygons, signal.shape, reduced.extent_mm)
    direct = direct_exposure(signal, inside, automatic, reduced.ends[0])
    scale = scale_of(attrs)
    if scale.padding is not None:  # padding is as dark as the darkest pixel: that piles up without being saturated
        direct = replace(direct, saturated=False)
    anatomy = inside & ~direct.mask
    region = relevant(signal, anatomy, direct.mask, automatic, reduced.pitch_mm)
    limits = signal_limits(signal, inside, anatomy, automatic, attrs, direct)
    at_ends = clipped(signal, inside, direct.mask, reduced.ends)
    middle = median(signal, region.mask) if region.mask.any() else None
    used = [round(v, 5) for v in percentiles(signal, anatomy, [1, 99])] if anatomy.any() else [None, None]
    where = reduced.tiles, reduced.own_pitch_mm, anatomy, reduced.extent_mm
    noisy = noise.fit(*where)
    exposure = indices(middle, attrs, calibration, target_ei, len(found.polygons))
    found_notes = [*found.notes, *direct.notes, *region.notes, *limits.notes, *exposure.notes]
    if noisy is None:
        found_notes.append("Noise is not measured: no contrast is taken for noise.")
    notes = [*reduced.notes, *scale.notes, *found_notes]
    sure_of_ei = 1.0 if exposure.source == "header" else min(limits.confidence, region.confidence, found.confidence)
    result: dict[str, Any] = {
        "field": [[[round(float(x), 2), round(float(y), 2)] for x, y in polygon] for polygon in found.polygons],
        "field_fraction": round(float(inside.mean()), 4),
        "direct_threshold": direct.threshold,
        "direct_fraction": round(float(direct.mask.sum() / max(inside.sum(), 1)), 4),
        "s_low": limits.low,
        "s_high": limits.high,
        "clipped_low": at_ends[0],
        "clipped_high": at_ends[1],
        "used_low": used[0],
        "used_high": used[1],
        "region": outlines(region.mask, reduced.extent_mm) if automatic.region != "anatomy" else [],
        "region_median": middle,
        "ei": exposure.ei,
        "target_ei": exposure.target_ei,
        "di": exposure.di,
        "ei_source": exposure.source,
        "confidence": {
            "field": found.confidence,
            "direct": direct.confidence,
            "signal": limits.confidence,
            "region": region.confidence,
            "noise": 0.0 if noisy is None else noise.confidence(*where),
            "ei": None if exposure.ei is None else sure_of_ei,
        },
        "extent_mm": [float(value) for value in reduced.extent_mm],
        "spacing_known": reduced.spacing_known,
        "unprocessed": is_unprocessed(attrs),
        "noise": None if noisy is None else {**vars(noisy), "lpmm": list(noisy.lpmm), "sigma": list(noisy.sigma)},
        "notes": list(dict.fromkeys(notes)),
    }
    if limits.curve is not None:
        result["voi_curve"] = limits.curve
    return result


def polygon_mask(polygons: Sequence[Any], shape: tuple[int, ...], extent_mm: Sequence[float]) -> Mask:
    """Pixels whose centre lies inside one of the polygons (mm)."""
    mask = np.zeros(shape, np.uint8)
    scale = np.array([shape[1] / extent_mm[1], shape[0] / extent_mm[0]])
    for polygon in polygons:
        # Sub-pixel corners: four binary places, counted from pixel centres.
        points = np.rint((np.asarray(polygon, dtype=np.float64) * scale - 0.5) * 16)
        cv2.fillPoly(mask, [np.clip(points, -(2**26), 2**26).astype(np.int32)], 1, shift=4)
    return mask.astype(bool)


def clipped(
    signal: npt.NDArray[np.float32], inside: Mask, direct: Mask, ends: tuple[float, float]
) -> tuple[float, float]:
    """Fractions of the field at the ends of what pixels can hold; direct exposure may saturate, it shows nothing."""
    total = max(int(inside.sum()), 1)
    half = 0.5 / 1023
    low = inside & ~direct & (signal <= ends[0] + half)
    high = inside & (signal >= ends[1] - half)
    return round(float(low.sum()) / total, 4), round(float(high.sum()) / total, 4)
