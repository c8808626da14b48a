"""The same steps as a careful author writes them with OpenCV and NumPy calls: the rival of the benchmark.

Float32 throughout, OpenCV wherever it has the operation (and all its threads), formulas in NumPy on whole arrays,
tables through `np.take`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from imgdash.process import Chain, equalization
from imgdash.process.bands import level_count, level_frequencies
from imgdash.process.frequency import LOWEST_LPMM, gain_at
from imgdash.process.noise import Noise
from imgdash.process.tone import tone_of


def chain_in_opencv(
    stored: np.ndarray, chain: Chain, calculated: Mapping[str, Any], pitch: float, scale: float
) -> np.ndarray:
    """Stored 16-bit pixels → 16-bit P-values, multi-band frequency processing and compression."""
    tone = tone_of(chain, calculated)
    signal = stored.astype(np.float32) / np.float32(65535)
    signal = enhanced(signal, chain, pitch, tone.low, tone.high, Noise.of(calculated))
    signal = compressed(signal, chain, pitch, tone.low, tone.high)
    table = np.rint(65535 * tone.p_value(np.linspace(0, 1, 65536))).astype(np.uint16)
    pixels = np.take(table, np.rint(np.clip(signal, 0, 1) * 65535).astype(np.uint16))
    if chain.geometry.rotation:
        pixels = cv2.rotate(pixels, {90: 0, 180: 1, 270: 2}[chain.geometry.rotation])
    if chain.geometry.mirror:
        pixels = cv2.flip(pixels, 1)
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # Letters are drawn in 8 bits only.
    ink = cv2.putText(np.zeros((160, 120), np.uint8), "L", (10, 140), cv2.FONT_HERSHEY_DUPLEX, 5, 255, 8, cv2.LINE_AA)
    place = pixels[100:260, 70:190]
    np.maximum(place, ink.astype(np.uint16) * np.uint16(257), out=place)
    return np.asarray(pixels)


def enhanced(
    signal: np.ndarray, chain: Chain, pitch: float, low: float, high: float, noise: Noise | None
) -> np.ndarray:
    """Bands of a Gaussian pyramid through the saturating function, times β of the local density."""
    settings, span = chain.frequency, high - low
    count = level_count(signal.shape, pitch, LOWEST_LPMM)
    frequencies = level_frequencies(pitch, count)
    gains = gain_at(frequencies, settings)
    levels = [signal]
    for _ in range(count):
        levels.append(cv2.pyrDown(levels[-1]))
    sigma = 3.0 / 2.3548 / pitch
    small = cv2.resize(signal, None, fx=2 / sigma, fy=2 / sigma, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 2)
    growth = None if noise is None else (noise.growth(np.clip(small, low, high)) ** 2).astype(np.float32)
    added = None
    for k in reversed(range(count)):
        size = levels[k].shape[::-1]
        x = (levels[k] - cv2.pyrUp(levels[k + 1], dstsize=size)) / np.float32(span)
        square = x * x
        bent = np.float32(gains[k] * span) * x / np.sqrt(1 + square / np.float32(settings.saturation**2))
        if noise is not None and growth is not None:
            threshold = (settings.noise * float(noise.deviation(frequencies[k])) / span) ** 2
            variance = np.float32(threshold) * cv2.resize(growth, size)
            bent *= square * square / (square * square + variance * variance + np.float32(1e-30))
        added = bent if added is None else bent + cv2.pyrUp(added, dstsize=size)
    level = (small - low) / span
    dark, light = np.clip((0.30 - level) / 0.35, 0, 1), np.clip((level - 0.65) / 0.40, 0, 1)
    beta = 1 + (settings.dark - 1) * dark**2 * (3 - 2 * dark) + (settings.light - 1) * light**2 * (3 - 2 * light)
    return np.asarray(signal + cv2.resize(beta.astype(np.float32), signal.shape[::-1]) * added)


def compressed(signal: np.ndarray, chain: Chain, pitch: float, low: float, high: float) -> np.ndarray:
    """Dynamic range compression with the edge-following mask, made on a small image."""
    settings, span = chain.equalization, high - low
    sigma = settings.kernel / 2 / 2.3548 / pitch
    small = cv2.resize(signal, None, fx=2 / sigma, fy=2 / sigma, interpolation=cv2.INTER_AREA)
    mean = cv2.GaussianBlur(small, (0, 0), 4)
    variance = np.maximum(cv2.GaussianBlur(small * small, (0, 0), 4) - mean * mean, 0)
    follow = variance / (variance + np.float32((settings.edge * span) ** 2))
    offset = cv2.GaussianBlur(mean * (1 - follow), (0, 0), 2)
    follow = cv2.GaussianBlur(follow, (0, 0), 2)
    size = signal.shape[::-1]
    mask = cv2.resize(follow, size) * signal + cv2.resize(offset, size)
    f1 = (span * equalization.compression_curve(np.linspace(-1, 2, 65536), settings)).astype(np.float32)
    index = np.clip((mask - np.float32(low - span)) * np.float32(65535 / (3 * span)), 0, 65535).astype(np.uint16)
    return np.asarray(signal + np.take(f1, index))
