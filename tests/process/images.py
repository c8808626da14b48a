"""Images for the tests of processing: small, made of what their name says."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr


def image(pixels: np.ndarray, *, pitch: float | None = 0.2, bits: int | None = None, **attrs: Any) -> xr.DataArray:
    """A stored image as `imgdash.store.open_image` makes it."""
    found: dict[str, Any] = {
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsStored": bits or pixels.dtype.itemsize * 8,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "Modality": "CR",
        **attrs,
    }
    if pitch is not None:
        found["PixelSpacing"] = [pitch, pitch]
    return xr.DataArray(pixels, dims=("y", "x"), attrs=found)


def random_pixels(rows: int = 96, columns: int = 80, bits: int = 12, seed: int = 1) -> np.ndarray:
    """Noise over the whole range."""
    return np.random.default_rng(seed).integers(0, 1 << bits, (rows, columns), dtype=np.uint16)


def body(rows: int = 400, columns: int = 320, pitch: float = 1.0, bits: int = 12, seed: int = 2) -> np.ndarray:
    """Stored values of something like a limb between direct exposure, drawn in mm: any pitch shows the same."""
    y, x = (np.arange(rows) + 0.5) * pitch, ((np.arange(columns) + 0.5) * pitch)[None, :]
    y = y[:, None]
    height, width = rows * pitch, columns * pitch
    soft = np.clip(1 - ((x - 0.5 * width) / (0.33 * width)) ** 2, 0, None) ** 0.5
    bone = np.clip(1 - ((x - 0.5 * width) / (0.1 * width)) ** 2, 0, None) ** 0.5
    texture = 0.02 * np.sin(2 * np.pi * x / 8) * np.sin(2 * np.pi * y / 11)
    signal = 0.08 + 0.35 * soft + 0.25 * bone * (1 + texture) + 0.06 * (y / height) * (soft > 0)
    noise = np.random.default_rng(seed).normal(0, 0.002, signal.shape)
    return np.rint(np.clip(signal + noise, 0, 1) * ((1 << bits) - 1)).astype(np.uint16)


def collimated(
    signal: np.ndarray, corners: np.ndarray, outside: float = 0.93, bits: int = 12, pitch: float = 1.0
) -> np.ndarray:
    """The image with an unexposed surrounding of the field `corners` (x, y in mm, clockwise), edges 1 mm soft."""
    rows, columns = signal.shape
    y, x = np.mgrid[:rows, :columns]
    x, y = (x + 0.5) * pitch, (y + 0.5) * pitch
    inside = np.full(signal.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = np.hypot(x1 - x0, y1 - y0)
        inside = np.minimum(inside, ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length)
    open_part = 1 / (1 + np.exp(-np.clip(inside / 0.5, -50, 50)))
    full = (1 << bits) - 1
    mixed = signal * open_part + outside * full * (1 - open_part)
    return np.rint(np.clip(mixed, 0, full)).astype(np.uint16)
