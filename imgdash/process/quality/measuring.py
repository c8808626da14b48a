"""What an image of quality control is measured for, by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from imgdash.model import ImgdashError
from imgdash.model.quality import QUANTITIES
from imgdash.process.automatic.exposure import Calibration
from imgdash.process.quality.finding import edges
from imgdash.process.quality.flat import flat_field
from imgdash.process.quality.linear import Floats, linear
from imgdash.process.quality.wedge import step_wedge

Curve = tuple[tuple[float, ...], tuple[float, ...]]
_NOISE_AT: Final = {"nnps_0_5": 0.5, "nnps_1": 1.0, "nnps_2": 2.0}
# IEC 62220-1-1 wants so many pixels for a spectrum.
_ENOUGH: Final = 4_000_000
_POINTS: Final = 48


@dataclass(frozen=True)
class Figure:
    """One number.

    Attributes
    ----------
    quantity
        Of `imgdash.model.quality.QUANTITIES`.
    axis
        ``x`` or ``y`` where it is of one direction.
    """

    quantity: str
    value: float
    axis: str = ""

    @property
    def unit(self) -> str:
        """UCUM."""
        return QUANTITIES[self.quantity].unit


@dataclass(frozen=True)
class Measurement:
    """What was measured on one image.

    Attributes
    ----------
    curves
        Name → mm⁻¹ and values: ``mtf_x``, ``mtf_y``, ``nnps_x``, ``nnps_y`` (mm²), thinned out for drawing.
    trouble
        Why nothing could be measured, with the remedy; '' where it could.
    """

    kind: str
    figures: tuple[Figure, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    trouble: str = ""


def measure(
    kind: str, stored: npt.ArrayLike, attrs: Mapping[str, Any], calibration: Calibration | None = None
) -> Measurement:
    """Measure an image of quality control.

    Parameters
    ----------
    kind
        ``edge``, ``flat`` or ``wedge``.
    stored
        Stored values, shape (rows, columns).
    attrs
        DICOM keywords, with ``PixelSpacing`` in mm.
    calibration
        Of the sender, or None.

    Returns
    -------
    Measurement; where the image is not good for it, without figures and with the trouble in words.
    """
    notes: tuple[str, ...] = ()
    try:
        pitch = _pitch(attrs)
        signal, notes = linear(stored, attrs, calibration)
        if signal.ndim != 2:
            raise ImgdashError("The image has several frames.", "Send single images for quality control.")
        figures, curves, more = _MEASURES[kind](signal, pitch)
    except ImgdashError as error:
        return Measurement(kind, notes=notes, trouble=str(error))
    return Measurement(kind, figures, curves, (*notes, *more))


def _pitch(attrs: Mapping[str, Any]) -> tuple[float, float]:
    spacing = attrs.get("PixelSpacing")
    if not spacing:
        raise ImgdashError("The pixel spacing is not known.", "Have the sender state Imager Pixel Spacing.")
    return float(spacing[0]), float(spacing[1])


_Found = tuple[tuple[Figure, ...], dict[str, Curve], tuple[str, ...]]


def _edge(signal: Floats, pitch: tuple[float, float]) -> _Found:
    figures: list[Figure] = []
    curves: dict[str, Curve] = {}
    notes = []
    for edge in edges(signal, pitch):
        for name, level in (("mtf50", 0.5), ("mtf20", 0.2)):
            found = edge.falls_to(level)
            if found is not None:
                figures.append(Figure(name, found, edge.axis))
        figures.append(Figure("mtf_half_nyquist", 100 * edge.at(edge.nyquist / 2), edge.axis))
        curves[f"mtf_{edge.axis}"] = _thin(edge.frequency, edge.mtf)
        notes.append(f"Edge across {edge.axis} at {edge.angle_deg:.2f} degrees.")
    return tuple(figures), curves, tuple(notes)


def _flat(signal: Floats, pitch: tuple[float, float]) -> _Found:
    flat = flat_field(signal, pitch)
    figures = [
        Figure("snr", flat.snr),
        Figure("nonuniformity", 100 * flat.nonuniformity),
        Figure("dead_pixels", float(len(flat.dead_pixels))),
        Figure("dead_lines", float(len(flat.dead_rows) + len(flat.dead_columns))),
    ]
    for name, frequency in _NOISE_AT.items():
        found = flat.noise.normalised(frequency)
        if found is not None:
            figures.append(Figure(name, found))
    power = flat.noise
    curves = {f"nnps_{axis}": _thin(power.frequency, getattr(power, axis) / power.mean**2) for axis in ("x", "y")}
    notes = []
    if power.pixels < _ENOUGH:
        notes.append(f"Noise power of {power.pixels / 1e6:.1f} million pixels; IEC 62220-1-1 wants 4 and more.")
    if lines := [f"row {line}" for line in flat.dead_rows] + [f"column {line}" for line in flat.dead_columns]:
        notes.append(f"Defective: {', '.join(lines[:10])}{' …' if len(lines) > 10 else ''}.")
    return tuple(figures), curves, tuple(notes)


def _wedge(signal: Floats, pitch: tuple[float, float]) -> _Found:
    wedge = step_wedge(signal, pitch)
    dark = wedge.snr[int(np.argmin(wedge.means))]
    figures = (
        Figure("steps", float(len(wedge.means))),
        Figure("cnr", min(wedge.cnr)),
        Figure("snr_dark", dark),
    )
    return figures, {}, ()


_MEASURES: Final = {"edge": _edge, "flat": _flat, "wedge": _wedge}


def _thin(frequency: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> Curve:
    known = np.isfinite(values)
    at = np.linspace(frequency[known][0], frequency[known][-1], _POINTS)
    return (
        tuple(float(f) for f in at.round(4)),
        tuple(float(f"{v:.5g}") for v in np.interp(at, frequency[known], values[known])),
    )
