"""Curves as tables and coarse maps, made ready for the kernels."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.process.fused.model import NO_TABLE, Curve, Floats, Map
from imgdash.process.fused.sampling import between

NO_VALUES: Final = np.zeros((0, 0), np.float32)


def map_onto(values: Floats | None, shape: tuple[int, ...]) -> Map:
    """`values` to be interpolated to `shape`; None is a map that is not used."""
    if values is None:
        return Map(NO_VALUES, between(1, 1), between(1, 1))
    return Map(values, between(values.shape[0], shape[0]), between(values.shape[1], shape[1]))


def curve_of(table: npt.NDArray[Any], low: float, high: float) -> Curve:
    """`table` over values low…high."""
    gain = 65535.0 / (high - low)
    return Curve(table, np.float32(gain), np.float32(0.5 - low * gain))


def no_curve() -> Curve:
    """A function that is not used."""
    return Curve(NO_TABLE, np.float32(0), np.float32(0))
