"""What a detector makes of the beam, and what gets in its way: shutters, lead letter, blur, noise, motion."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from imgdash.simulate.canvas import Map, Point
from imgdash.simulate.technique import Technique

BITS: Final = 14
# Pixel value = detector air kerma (µGy, IEC 62494-1 calibration) × this; the detector saturates at 163 µGy.
COUNTS_PER_UGY: Final = 100.0
# Of one pixel of 0.2 mm; larger pixels are several of them.
_ELECTRONIC_NOISE_UGY = 0.01
# Lead shutters and what passes beside them.
_LEAK = 0.002


def moved(primary: Map, length: float, angle: float) -> Map:
    """The beam behind a patient who moved by `length` grid points while it was on."""
    n = int(length) | 1
    kernel = np.zeros((n, n), np.float32)
    c, s = np.cos(np.radians(angle)) * n / 2, np.sin(np.radians(angle)) * n / 2
    cv2.line(kernel, (int(n / 2 - c), int(n / 2 - s)), (int(n / 2 + c), int(n / 2 + s)), 1.0)
    return np.asarray(cv2.filter2D(primary, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)


def necklace(shape: tuple[int, ...], rng: np.random.Generator) -> Map:
    """A chain that was not taken off."""
    shade = np.ones(shape, np.float32)
    middle, drop = shape[1] / 2, shape[0] * float(rng.uniform(0.16, 0.24))
    for t in np.linspace(-1, 1, 90):
        at = (round(middle + t * shape[1] * 0.2), round(shape[0] * 0.04 + drop * (1 - t * t)))
        cv2.circle(shade, at, max(round(shape[1] / 320), 2), 0.12, -1, cv2.LINE_AA)
    cv2.circle(shade, (round(middle), round(shape[0] * 0.05 + drop)), round(shape[1] / 60), 0.05, -1, cv2.LINE_AA)
    return shade


def covered(field: tuple[Point, ...], extent: Point, shape: tuple[int, ...]) -> Map:
    """Share of each pixel of an image of `shape` that lies in the field."""
    scale = np.array([shape[1] / extent[0], shape[0] / extent[1]])
    mask = np.zeros(shape, np.uint8)
    corners = np.round((np.array(field) * scale - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, shift=4)
    return np.asarray(mask / np.float32(255), np.float32)


def marker_place(marker: str, field: tuple[Point, ...], chart: Technique, side: str) -> Point:
    """Where the letter lies: in a corner of the field, outside of what matters."""
    left, top = max(field[0][0], field[3][0]), max(field[0][1], field[1][1])
    right = min(field[1][0], field[2][0])
    if chart.paired:
        return (left + 10, top + 26) if side == "R" else (right - 24, top + 26)
    return (left + 12, top + 30)


def read(
    primary: Map,
    scatter: Map,
    fields: tuple[tuple[Point, ...], ...],
    marker: str,
    place: Point,
    shape: tuple[int, int],
    pitch_mm: float,
    noise: float,
    gain: float,
    rng: np.random.Generator,
    faults: Collection[str],
) -> NDArray[np.uint16]:
    """Bring the signal (µGy) to the detector's pixels: shutters, lead letter, blur, quantum noise, quantisation."""
    rows, columns = shape
    shade = np.zeros(shape, np.uint8)
    for field in fields:
        corners = np.round((np.array(field) / pitch_mm - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(shade, [corners], 255, cv2.LINE_AA, shift=4)
    # It lets 3 % of the beam through.
    np.minimum(shade, np.maximum(255 - letter(shape, marker, place, pitch_mm), 8), out=shade)
    # Penumbra and screen blur of the edges that do not come from the coarse grid.
    shade = cv2.GaussianBlur(shade, (0, 0), 0.28 / pitch_mm)
    log_primary = cv2.resize(np.log(primary), (columns, rows), interpolation=cv2.INTER_CUBIC)
    pixels = np.empty(shape, np.uint16)
    step = 256
    for top in range(0, rows, step):
        bottom = min(top + step, rows)
        signal = np.exp(log_primary[top:bottom])
        signal *= np.maximum(shade[top:bottom].astype(np.float32) / 255, _LEAK)
        across, down = primary.shape[1] / columns, primary.shape[0] / rows
        fit = np.array([[across, 0, 0], [0, down, top * down]])
        signal += cv2.warpAffine(scatter, fit, (columns, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                                 borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        if "grid" in faults:
            signal *= 1 + 0.16 * np.sin(np.arange(columns, dtype=np.float32) * (2 * np.pi * pitch_mm / 1.1))
        deviation = np.sqrt(signal * (noise / pitch_mm**2) + (_ELECTRONIC_NOISE_UGY * 0.2 / pitch_mm) ** 2)
        signal += deviation * rng.standard_normal(signal.shape, np.float32)
        pixels[top:bottom] = np.clip(np.rint(signal * gain), 0, 2**BITS - 1)
    if "artifact" in faults:
        # Columns of the detector that do not read.
        for column in rng.integers(columns // 5, columns * 4 // 5, 3):
            pixels[:, column : column + max(round(0.4 / pitch_mm), 1)] = 0
    return pixels


def letter(shape: tuple[int, ...], marker: str, place: Point, pitch_mm: float) -> NDArray[np.uint8]:
    """A lead letter, 14 mm high: 255 where it lies, 0 elsewhere."""
    size = 14 / pitch_mm
    scale = size / cv2.getTextSize(marker, cv2.FONT_HERSHEY_DUPLEX, 1.0, 1)[0][1]
    layer = np.zeros(shape, np.uint8)
    at = (round(place[0] / pitch_mm), round(place[1] / pitch_mm))
    cv2.putText(layer, marker, at, cv2.FONT_HERSHEY_DUPLEX, scale, 255, max(round(2.4 / pitch_mm), 1), cv2.LINE_AA)
    return layer


__all__ = ["BITS", "COUNTS_PER_UGY", "covered", "letter", "marker_place", "moved", "necklace", "read"]
