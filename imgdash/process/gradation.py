"""Step (4), gradation: signal → P-value, through curve type (GT), rotation (GA, GC), shift (GS) and S/G per image.

S and G bring each image's own s_low…s_high to 0…1; rotation and shift act there; the curve family bends the
ends. Every curve is monotone for every setting that its bounds allow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from imgdash.process.fused import Curve, curve_of
from imgdash.process.kernels import grid
from imgdash.process.parameters import Gradation

Base = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

# Softness of the toe (dark end) and of the shoulder (light end), in parts of the range.
_ENDS: Final[dict[str, tuple[float, float]]] = {
    "linear": (0.0, 0.0),
    "soft": (0.08, 0.08),
    "film": (0.07, 0.05),
    "chest": (0.05, 0.10),
    "bone": (0.09, 0.03),
}
_MOST_BLACK: Final = 0.2
_PLACES: Final = 4369  # divides 65535
# Levels looked at: at the weakest contrast the bounds allow, everything happens between them.
_LEVELS: Final = np.linspace(-6.0, 7.0, 2601)


def base_curve(kind: str) -> Base:
    """The curve of a family (GT): real line → 0…1, slope 1 in the middle, monotone."""
    if kind == "sigmoid":
        return lambda x: 1 / (1 + np.exp(-4 * np.clip(x - 0.5, -20, 20)))
    toe, shoulder = _ENDS[kind]
    return lambda x: 1 - _soft(1 - _soft(x, toe), shoulder)


def sampled_curve(levels: Sequence[float], outputs: Sequence[float]) -> Base:
    """A curve given by points, e.g. a header's VOI LUT."""
    return lambda x: np.interp(x, levels, outputs)


def evaluate(
    level: npt.ArrayLike, settings: Gradation, base: Base | None = None, black: float = 0.0
) -> npt.NDArray[np.float64]:
    """Gradation curve: level (0 = s_low, 1 = s_high) → P-value in parts of full scale, 0…1.

    Parameters
    ----------
    black
        Part of full scale that becomes black, the rest is stretched: see `black_of`.
    """
    x = np.asarray(level, dtype=np.float64)
    turned = settings.center + settings.contrast * (x - settings.center) - settings.shift
    return np.clip(((base or base_curve(settings.type))(turned) - black) / (1 - black), 0.0, 1.0)


def black_of(air: float, kind: str) -> float:
    """What a curve family would make of direct exposure, parts of full scale: that it may be black.

    A toe keeps the skin line visible, and lifts the air beside it as well; a large grey area of air dazzles.

    Parameters
    ----------
    air
        Level up to which direct exposure reaches, equalization included.
    """
    return round(float(np.clip(base_curve(kind)(np.array([air]))[0], 0.0, _MOST_BLACK)), 4)


def gradation_curve(
    settings: Gradation, low: float, high: float, bits: int, base: Base | None = None, black: float = 0.0
) -> Curve:
    """Gradation of an image as a table from signal to P-values.

    Parameters
    ----------
    low, high
        s_low and s_high of this image.
    bits
        Of the P-values: 0…2^bits − 1, 0 is black.
    base
        A curve instead of the family that the settings name.
    black
        Part of full scale that becomes black.
    """
    if base is None:
        tuned = settings.type, settings.contrast, settings.center, settings.shift
        (first, last), table = _family_table(*tuned, black, bits)
    else:
        (first, last), table = _table(settings, bits, base, black)
    return curve_of(table, low + first * (high - low), low + last * (high - low))


@lru_cache(maxsize=32)
def _family_table(
    kind: str, contrast: float, center: float, shift: float, black: float, bits: int
) -> tuple[tuple[float, float], npt.NDArray[np.uint16]]:
    """Kept: while other sliders move the curve stays."""
    return _table(Gradation(type=kind, contrast=contrast, center=center, shift=shift), bits, None, black)


def _table(
    settings: Gradation, bits: int, base: Base | None, black: float
) -> tuple[tuple[float, float], npt.NDArray[np.uint16]]:
    """The levels that the table covers, and the table."""
    ends = _active_range(settings, bits, base, black)
    if base is None and settings.type != "linear":  # smooth: straight between 4370 places it is right to 1e-7
        places = evaluate(np.linspace(*ends, _PLACES + 1), settings, None, black)
        between = np.arange(65535 // _PLACES) / (65535 // _PLACES)
        values = np.append(places[:-1, None] + np.diff(places)[:, None] * between, places[-1])
    else:
        values = evaluate(grid(*ends), settings, base, black)
    return ends, np.rint(values * ((1 << bits) - 1)).astype(np.uint16)


def _active_range(settings: Gradation, bits: int, base: Base | None, black: float) -> tuple[float, float]:
    """The levels between which the curve moves: outside them every level gives the same P-value.

    The table of 65536 entries is spent on this range alone, so that no step of the input is lost.
    """
    if settings.type == "linear" and base is None:
        # Exact ends: with contrast 1 they are 0 and 1, and a table step is a step of 16-bit input.
        at = [settings.center + (end + settings.shift - settings.center) / settings.contrast for end in (black, 1.0)]
        return at[0], at[1]
    values = evaluate(_LEVELS, settings, base, black)
    half = 0.25 / ((1 << bits) - 1)
    moving = np.flatnonzero((values > values[0] + half) & (values < values[-1] - half))
    if not len(moving):
        return 0.0, 1.0
    return float(_LEVELS[max(moving[0] - 1, 0)]), float(_LEVELS[min(moving[-1] + 1, len(_LEVELS) - 1)])


def _soft(x: npt.NDArray[np.float64], width: float) -> npt.NDArray[np.float64]:
    """max(0, x) with a soft corner of that width."""
    if width == 0:
        return np.maximum(x, 0.0)
    return np.asarray(width * np.logaddexp(0, x / width))
