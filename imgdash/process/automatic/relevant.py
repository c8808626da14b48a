"""The relevant region by body part (IEC 62494-1: the diagnostically relevant part of the image).

All of the anatomy in the field; or the lungs, its dark parts that the chest wall encloses; or a band along the spine,
straight from the front, along its curve from the side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.process.automatic._column import boxed, column, lighter
from imgdash.process.automatic._order import median, percentiles
from imgdash.process.parameters import Automatic

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_SMOOTHING: Final = 3.0  # pixels of about 1 mm
_OPENING: Final = 9
_RIM: Final = 4
_LIGHTER: Final = 0.2  # of the way between the means
_LEAST_LUNG: Final = 0.04  # of the anatomy
_MOST_LUNGS: Final = 0.75
_MOST_OPEN: Final = 0.35  # of a lung's outline, at direct exposure or the field's rim
_RUNS_OUT: Final = 0.2  # where so much of it is open, shoulders may be taken for lung: thinner than what lies deep
_THINNER: Final = 0.0025  # signal
_SKIN_MM: Final = 20.0
_MOST_IN_SKIN: Final = 0.22  # of the lungs found; in 96 right ones of generated chests up to 0.23, in 7 wrong from 0.22
_WALL_MM: Final = 40.0  # of the chest, muscles and fat, seen from the side
_LEAST_INNER: Final = 0.5  # of the anatomy: a limb is not as wide
_UNSURE: Final = 0.5
_BAND_MM: Final = 50.0
_SIDE_MM: Final = 60.0
_MIDDLE_MM, _BESIDE_MM, _BESIDE_WIDE_MM = 24.0, 40.0, 16.0
_SHOWS: Final = 0.015  # signal; a jaw is up to 0.01 lighter in its middle
_UNKNOWN: Final = 0.1
_MOST_LEFT: Final = 0.5
_STANDS_OUT: Final = 0.5
_LEAST_OUTLINE: Final = 24  # pixels
_LONGER: Final = 1.5
_ALIKE: Final = 0.04  # of the span; narrow fields have little of it
_NARROW: Final = 0.3
_LEAST_BESIDE: Final = 200  # pixels
_MIDDLE: Final = 0.5  # of the field, in which the spine is looked for


@dataclass(frozen=True)
class Relevant:
    """Where the exposure index is taken from; empty, with a note, where the part that was asked for is not found."""

    mask: Mask
    confidence: float
    notes: tuple[str, ...] = ()


def relevant(signal: Floats, anatomy: Mask, direct: Mask, settings: Automatic, pitch_mm: float) -> Relevant:
    """The relevant region.

    Parameters
    ----------
    signal
        The reduced image for processing.
    anatomy
        The field without direct exposure.
    direct
        Direct exposure.
    settings
        ``region`` names the part of the anatomy.
    pitch_mm
        Of `signal`.
    """
    if settings.region == "anatomy" or not anatomy.any():
        return Relevant(anatomy, 1.0)
    if settings.region == "spine":
        return _spine(signal, anatomy, pitch_mm)
    if settings.region == "spine-lateral":
        return _lateral(signal, anatomy, pitch_mm)
    found = _lungs(signal, anatomy, direct)
    if found is not None and (found[1] < _RUNS_OUT or not direct.any()):
        return Relevant(found[0], 1.0)
    away = np.asarray(cv2.distanceTransform((~direct).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    away *= pitch_mm
    deep = _deep(signal, anatomy, direct, away)
    if found is not None and (deep is None or median(signal, found[0]) > median(signal, deep) - _THINNER):
        if float((away[found[0]] < _SKIN_MM).mean()) < _MOST_IN_SKIN:
            return Relevant(found[0], 1.0)
        said = "Relevant region: the lungs run into thin parts beside air; these are counted as well."
        return Relevant(found[0], _UNSURE, (said,))
    if deep is not None:
        said = "Relevant region: the lungs run into thin parts beside air; only what lies deep is taken."
        return Relevant(deep, _UNSURE, (said,))
    return Relevant(np.zeros_like(anatomy), 0.0, (f"Relevant region: no {settings.region} found.",))


def outlines(mask: Mask, extent_mm: Sequence[float]) -> list[list[list[float]]]:
    """Outlines of a mask in mm, to about a millimetre; holes are left out."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    pitch = np.array([extent_mm[1] / mask.shape[1], extent_mm[0] / mask.shape[0]])
    outer = [cv2.approxPolyDP(contour, 1.0, True).reshape(-1, 2) for contour in found if len(contour) >= _LEAST_OUTLINE]
    return [[[round(float(x), 1), round(float(y), 1)] for x, y in (points + 0.5) * pitch] for points in outer]


def _lungs(signal: Floats, anatomy: Mask, direct: Mask) -> tuple[Mask, float] | None:
    """The dark parts of the anatomy that are closed in, at most two, and how much of their outline lies open."""
    smooth = np.asarray(cv2.GaussianBlur(signal, (0, 0), _SMOOTHING))
    dark = anatomy & (smooth < _between_two(smooth[anatomy]))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(_opened(dark), connectivity=4)
    total = int(anatomy.sum())
    open_air = cv2.dilate(direct.astype(np.uint8), np.ones((2 * _RIM + 1,) * 2, np.uint8)) > 0
    lungs = []
    for k in np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1:
        if stats[k, cv2.CC_STAT_AREA] < _LEAST_LUNG * total:
            break
        one = labels == k
        rim = one & (cv2.erode(one.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)
        share = float((rim & open_air).sum() / rim.sum())
        if share <= _MOST_OPEN:
            lungs.append((one, share))
    if not lungs:
        return None
    found = np.asarray(np.any([one for one, _ in lungs[:2]], axis=0))
    return None if found.sum() > _MOST_LUNGS * total else (found, max(share for _, share in lungs[:2]))


def _deep(signal: Floats, anatomy: Mask, direct: Mask, away: Floats) -> Mask | None:
    """The dark parts behind the chest wall, where shoulders and flanks are as dark and one with the lungs.

    So it is where all of the chest lies in the field and breasts lie before the lungs: no level parts them.
    """
    inner = anatomy & (away > _WALL_MM)
    if not direct.any() or inner.sum() < _LEAST_INNER * anatomy.sum():
        return None
    smooth = np.asarray(cv2.GaussianBlur(signal, (0, 0), _SMOOTHING))
    # Without the thin parts the plain level lies where the lungs end.
    dark = inner & (smooth < _between_two(smooth[inner], 0.0))
    opened = _opened(dark) > 0
    return opened if 2 * _LEAST_LUNG * anatomy.sum() <= opened.sum() <= _MOST_LUNGS * anatomy.sum() else None


def _opened(mask: Mask) -> npt.NDArray[np.uint8]:
    """Without what is narrower than 9 mm."""
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_OPENING, _OPENING))
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, round_), np.uint8)


def _between_two(values: Floats, lighter: float = _LIGHTER) -> float:
    """The value that parts dark and light best (Otsu 1979), a little lighter: breasts lie before the lungs."""
    low, high = (float(v) for v in np.percentile(values, [1, 99]))
    if high <= low:
        return low
    scaled = np.clip((values - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(scaled.reshape(1, -1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark, light = scaled[scaled <= level], scaled[scaled > level]
    apart = float(light.mean()) - float(dark.mean()) if len(light) else 0.0
    return low + (float(level) + 0.5 + lighter * apart) * (high - low) / 255


def _lateral(signal: Floats, anatomy: Mask, pitch_mm: float) -> Relevant:
    """A band that follows the column, from the side; upright or lying, as it stands out more."""
    height, width = (np.flatnonzero(anatomy.any(axis=axis)).size for axis in (1, 0))
    along = {True: column(signal, anatomy, pitch_mm)}
    if max(height, width) <= _LONGER * min(height, width) or width > height:
        turned, sure = column(np.ascontiguousarray(signal.T), np.ascontiguousarray(anatomy.T), pitch_mm)
        along[False] = (np.ascontiguousarray(turned.T), sure)
    long = width > _LONGER * height
    band, sure = along[False] if long else max(along.values(), key=lambda one: one[1])
    confidence = round(float(np.clip(sure / _STANDS_OUT, 0.2, 1)), 3)
    said = "Relevant region: the spine hardly stands out; it may lie elsewhere."
    return Relevant(band, confidence, (said,) if confidence <= _UNSURE else ())


def _spine(signal: Floats, anatomy: Mask, pitch_mm: float) -> Relevant:
    """A band of fixed width along the field, where the anatomy is lightest near the middle.

    Left and right of a spine a body is alike. Where it is not, what is lightest may be liver or shoulder; a turned
    field may hide it.
    """
    height, width = (np.flatnonzero(anatomy.any(axis=axis)).size for axis in (1, 0))
    bands = [_band(signal, anatomy, pitch_mm), _band(signal.T, anatomy.T, pitch_mm)]
    if max(height, width) > _LONGER * min(height, width):
        upright = height > width
    else:
        upright = bands[0][1] >= bands[1][1]
    band = bands[0][0] if upright else bands[1][0].T
    turned = (signal, anatomy, band) if upright else (signal.T, anatomy.T, band.T)
    confidence = float(np.clip(1 - (_uneven(*turned, pitch_mm) - _ALIKE) / (2 * _ALIKE), 0.2, 1))
    said = "Relevant region: the body is not alike on both sides of the band; the spine may lie elsewhere."
    shown = _shown(*turned, pitch_mm)
    mask = shown if upright else np.ascontiguousarray(shown.T)
    return Relevant(mask, round(confidence, 3), (said,) if confidence <= _UNSURE else ())


def _shown(signal: Floats, anatomy: Mask, band: Mask, pitch_mm: float) -> Mask:
    """An upright band without the rows in which no spine is lighter than what lies beside it, such as a skull's.

    They are left out at its ends only, and not where hardly half would remain.
    """
    columns = np.flatnonzero(band.any(axis=0))
    if np.array_equal(band, anatomy):
        return band
    apart = lighter(boxed(np.ascontiguousarray(signal), anatomy, pitch_mm), _MIDDLE_MM, _BESIDE_MM, _BESIDE_WIDE_MM)
    x = round((columns[0] + columns[-1]) / 2 * apart.shape[2] / signal.shape[1])
    least = np.fmin(*apart[:, :, x])
    known = np.where(np.isfinite(least), least, _UNKNOWN).astype(np.float32).reshape(-1, 1)
    seen = np.flatnonzero(cv2.GaussianBlur(known, (0, 0), sigmaX=0.1, sigmaY=2).ravel() > _SHOWS)
    if not len(seen):
        return band
    run = max(np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1), key=len)
    place = (np.arange(len(signal)) * apart.shape[1] / len(signal)).astype(np.intp)
    shown = band & ((place >= run[0]) & (place <= run[-1]))[:, None]
    return np.asarray(shown if shown.sum() > _MOST_LEFT * band.sum() else band)


def _uneven(signal: Floats, anatomy: Mask, band: Mask, pitch_mm: float) -> float:
    """How much the anatomy left and right of an upright band differs, of the span; where a side is missing unsure."""
    columns = np.flatnonzero(band.any(axis=0))
    if np.array_equal(band, anatomy):
        return 0.0
    reach, x = round(_SIDE_MM / pitch_mm), np.arange(signal.shape[1])
    sides = [anatomy & beside for beside in ((x < columns[0]) & (x >= columns[0] - reach),
                                             (x > columns[-1]) & (x <= columns[-1] + reach))]  # fmt: skip
    if min(int(side.sum()) for side in sides) < _LEAST_BESIDE:
        return 2 * _ALIKE
    low, high = percentiles(signal, anatomy, [2, 98])
    left, right = (median(signal, side) for side in sides)
    return abs(left - right) / max(high - low, _NARROW)


def _band(signal: Floats, anatomy: Mask, pitch_mm: float) -> tuple[Mask, float]:
    """An upright band, and how much lighter than its neighbours it is."""
    columns = np.flatnonzero(anatomy.any(axis=0))
    first, width = int(columns[0]), int(columns[-1] - columns[0] + 1)
    if width * pitch_mm <= _BAND_MM:
        return anatomy, 0.0
    total = np.where(anatomy, signal, 0).sum(axis=0, dtype=np.float64)
    sigma = _SIDE_MM / pitch_mm / 4
    counted = anatomy.sum(axis=0).astype(np.float64)
    total, counted = (cv2.GaussianBlur(v.reshape(1, -1), (0, 0), sigma).ravel() for v in (total, counted))
    level = total / np.maximum(counted, 1e-9)
    margin = int((1 - _MIDDLE) / 2 * width)
    middle = np.arange(first + margin, first + width - margin)
    centre = int(middle[np.argmax(level[middle])])
    beside = np.clip(centre + np.array([-1, 1]) * _SIDE_MM / pitch_mm, first, first + width - 1).astype(np.intp)
    band = np.abs(np.arange(signal.shape[1]) - centre) <= _BAND_MM / 2 / pitch_mm
    return np.asarray(anatomy & band), float(level[centre] - level[beside].mean())
