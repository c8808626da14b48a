"""Image quality of a processing, live: what it does to noise, to small contrasts and at edges.

Measured on the reduced image for display, within milliseconds; what a slider changed is seen at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from imgdash.apparatus.spectrum import Spectrum

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.intp]
# Responds to neither planes nor straight edges; white noise of σ gives σ (Immerkær 1996).
_NOISE: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6.0
# Median of |x| → σ of a normal distribution.
_MAD: Final = 1.4826
_DETAIL_MM: Final = (1.5, 6.0)
_FLAT: Final = 0.4
_LEAST: Final = 200
_SAMPLES: Final = 20_000
_EDGES, _LEAST_EDGES = 200, 8
_STRONG: Final = 0.995
_NEAR_MM, _PLATEAU_MM = 3.0, (4.0, 6.5)
_RIM_MM: Final = 2.0
_CLEAN: Final = 0.15
_LEAST_STEP: Final = 0.04


@dataclass(frozen=True)
class Figures:
    """None where it cannot be measured: no noise, no edges, a region that is too small.

    Attributes
    ----------
    noise_gain
        σ of the noise in flat parts, after ÷ before; near the highest frequency of the reduced image.
    cnr, cnr_gain
        Contrast to noise after: spread of structures of 1.5-6 mm ÷ σ of the noise; and that after ÷ before.
    overshoot
        How far the tones beside the strongest clean edges go beyond the plateaus on both sides, in parts of the step,
        more than before; 0 where they do not.
    """

    noise_gain: float | None = None
    cnr: float | None = None
    cnr_gain: float | None = None
    overshoot: float | None = None


class Before:
    """An image before processing, measured once; `figures` compares it with what processing makes of it.

    Parameters
    ----------
    before
        The signal range through a straight line, black 0 and white 1.
    pitch_mm
        Of its pixels.
    region
        Where to measure.
    field
        The irradiated field: the edges of its collimation are not judged. By itself the whole image.

    Attributes
    ----------
    spectrum
        Of its detail, for the gain by size.
    """

    def __init__(
        self,
        before: npt.NDArray[Any],
        pitch_mm: float,
        region: npt.NDArray[np.bool_],
        field: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        values = np.ascontiguousarray(before, dtype=np.float32)
        self.spectrum = Spectrum(values, pitch_mm, np.asarray(region, bool))
        self._pitch_mm = pitch_mm
        self._inner = cv2.erode(np.asarray(region, np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
        points = np.flatnonzero(self._inner)
        self.measurable = len(points) >= _LEAST
        if not self.measurable:
            return
        smooth = cv2.GaussianBlur(values, (0, 0), 1.2)
        across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis, ksize=3, scale=0.125) for axis in ((1, 0), (0, 1)))
        slope = cv2.magnitude(across, down).ravel()
        chosen = points[:: max(1, len(points) // _SAMPLES)]
        steepness = slope[chosen]
        self._flat = chosen[steepness <= np.quantile(steepness, _FLAT)]
        self._noise = self._noise_of(values)
        self._contrast = self._contrast_of(values)
        if field is not None:
            reach = 2 * round((_PLATEAU_MM[1] + _RIM_MM) / pitch_mm) + 1
            deep = cv2.erode(np.asarray(field, np.uint8), np.ones((reach, reach), np.uint8), borderValue=1)
            points = points[deep.ravel()[points] > 0]
            chosen = points[:: max(1, len(points) // _SAMPLES)]
        threshold = float(np.quantile(slope[chosen], _STRONG)) if len(chosen) else 0.0
        strong = points[slope[points] >= max(threshold, 1e-6)]
        strong = strong[:: max(1, len(strong) // _EDGES)]
        self._lay_profiles(strong, across.ravel()[strong], down.ravel()[strong], values.shape)
        self._beyond = self._beyond_of(values)

    def figures(self, after: npt.NDArray[Any]) -> Figures:
        """Compare.

        Parameters
        ----------
        after
            P-values, black 0 and white 1, same shape, not turned.
        """
        if not self.measurable:
            return Figures()
        values = np.ascontiguousarray(after, dtype=np.float32)
        noise = self._noise_of(values)
        cnr, before = _ratio(self._contrast_of(values), noise), _ratio(self._contrast, self._noise)
        beyond = self._beyond_of(values)
        # Between structures that are no plateaus, as trabeculae are, nothing can be said of an edge.
        known = np.isfinite(beyond) & (self._beyond < _CLEAN)
        enough = int(known.sum()) >= _LEAST_EDGES
        return Figures(
            noise_gain=_ratio(noise, self._noise),
            cnr=cnr,
            cnr_gain=None if cnr is None or before is None else _ratio(cnr, before),
            overshoot=max(0.0, float(np.median(beyond[known] - self._beyond[known]))) if enough else None,
        )

    def _noise_of(self, values: Floats) -> float:
        return _mad(cv2.filter2D(values, cv2.CV_32F, _NOISE), self._flat)

    def _contrast_of(self, values: Floats) -> float:
        """Spread of structures between the two sizes, on an image of half the pitch if that is fine enough."""
        inner, pitch_mm = self._inner, self._pitch_mm
        if 2 * pitch_mm <= _DETAIL_MM[0]:
            values, inner, pitch_mm = cv2.pyrDown(values), inner[::2, ::2], 2 * pitch_mm
        fine, coarse = (cv2.GaussianBlur(values, (0, 0), max(mm / pitch_mm / 2.355, 0.3)) for mm in _DETAIL_MM)
        points = np.flatnonzero(inner)
        return _mad(cv2.subtract(fine, coarse), points[:: max(1, len(points) // _SAMPLES)])

    def _lay_profiles(self, strong: Points, across: Floats, down: Floats, shape: tuple[int, ...]) -> None:
        """Lines over the strongest edges, along the gradient: from the dark side to the light one."""
        far = _PLATEAU_MM[1]
        self._way = np.arange(-far, far + 1e-6, min(self._pitch_mm / 2, 0.5))
        y, x = np.unravel_index(strong, shape)
        step = self._way / self._pitch_mm / np.maximum(np.hypot(across, down), 1e-9)[:, None]
        self._columns = (x[:, None] + step * across[:, None]).astype(np.float32)
        self._rows = (y[:, None] + step * down[:, None]).astype(np.float32)

    def _beyond_of(self, values: Floats) -> npt.NDArray[np.float64]:
        """How far each line leaves the span between its two plateaus, on the worse side, in parts of that span."""
        if len(self._rows) < _LEAST_EDGES:
            return np.full(len(self._rows), np.nan)
        lines = cv2.remap(values, self._columns, self._rows, cv2.INTER_LINEAR)
        plateau = np.abs(self._way) >= _PLATEAU_MM[0]
        dark, light = (np.median(lines[:, plateau & side], axis=1) for side in (self._way < 0, self._way > 0))
        near = lines[:, np.abs(self._way) <= _NEAR_MM]
        step = light - dark
        beyond = np.maximum(near.max(axis=1) - light, dark - near.min(axis=1))
        return np.where(step > _LEAST_STEP, beyond / np.maximum(step, _LEAST_STEP), np.nan).astype(np.float64)


def _mad(values: npt.NDArray[Any], points: Points) -> float:
    found = values.ravel()[points]
    return _MAD * float(np.median(np.abs(found - np.median(found)))) if len(found) else 0.0


def _ratio(value: float, by: float) -> float | None:
    return value / by if by > 1e-7 else None
