"""Processing parameters, each declared once: type, bounds, default, unit, help (ARCHITECTURE decision 6).

Widgets, condition files, HL7 OBX segments, UPS content items and the provenance of output images are all
derived from these declarations. Units are UCUM codes; ``1`` means a pure number. Lengths are mm in the plane
of the detector, never pixels; fractions called "of the range" refer to the signal range s_low…s_high (S/G),
so that one setting gives the same look whatever the exposure, the reader and its pitch were.
"""

from __future__ import annotations

from typing import Any

import param


class Quantity(param.Number):
    """A number with a unit (UCUM)."""

    __slots__ = ["unit"]
    _slot_defaults = {**param.Number._slot_defaults, "unit": "1"}  # noqa: RUF012  (param's own protocol)

    def __init__(self, default: float | None = 0.0, *, unit: str = "1", **kwargs: Any) -> None:
        super().__init__(default=default, **kwargs)
        self.unit = unit


class Frequency(param.Parameterized):
    """Step (2): S' = S + β·F(S − Sus), as one mask or as the bands of a pyramid (US4346409A, MUSICA)."""

    method = param.Selector(
        default="multi-band", objects=["multi-band", "unsharp"], doc="Bands of a pyramid, or one unsharp mask (RN)."
    )
    amount: float = Quantity(0.8, bounds=(0, 4), step=0.05, doc="Largest gain that is added to detail (RE); 0 is off.")
    fine: float = Quantity(
        0.7, bounds=(0, 2), step=0.05, doc="Share of the amount at 2 lp/mm and above: edges, trabeculae."
    )
    medium: float = Quantity(1.0, bounds=(0, 2), step=0.05, doc="Share of the amount at 0.5 lp/mm: vessels, cortex.")
    coarse: float = Quantity(
        0.5, bounds=(0, 2), step=0.05, doc="Share of the amount at 0.12 lp/mm: ribs, organ borders."
    )
    kernel: float = Quantity(
        4.0, bounds=(0.2, 40), step=0.1, unit="mm", doc="Width of the unsharp mask (full width at half)."
    )
    saturation: float = Quantity(
        0.06,
        bounds=(0.002, 1),
        step=0.002,
        doc="Detail contrast, of the range, above which less is added: no overshoot.",
    )
    power: float = Quantity(
        0.0, bounds=(0, 0.9), step=0.05, doc="How much strong detail still gains: 0 saturates, towards 1 is linear."
    )
    noise: float = Quantity(
        3.0,
        bounds=(0, 12),
        step=0.25,
        doc="Contrast taken for noise, not detail: so many deviations of the image's own noise in each band; 0: none.",
    )
    light: float = Quantity(
        0.7, bounds=(0, 1.5), step=0.05, doc="β in the lightest parts, where quantum noise is strongest (RT)."
    )
    dark: float = Quantity(0.6, bounds=(0, 1.5), step=0.05, doc="β in the darkest parts, near direct exposure (RT).")


class Equalization(param.Parameterized):
    """Step (3): S' = S + f1(Sus), dynamic range compression (US5608813A, US5454053A, US6069979A)."""

    method = param.Selector(
        default="compression",
        objects=["compression", "alpha-beta"],
        doc="Compression beyond two knees, or E' = α·Elow + (1−α)·Emid + β·Ehigh.",
    )
    light: float = Quantity(
        0.2, bounds=(0, 0.9), step=0.02, doc="Compression of light parts (low density): mediastinum, hip."
    )
    light_start: float = Quantity(
        0.6, bounds=(0, 1), step=0.01, doc="Level, of the range, above which light is compressed."
    )
    dark: float = Quantity(
        0.25, bounds=(0, 0.9), step=0.02, doc="Compression of dark parts (high density): lung, skin line."
    )
    dark_start: float = Quantity(
        0.35, bounds=(0, 1), step=0.01, doc="Level, of the range, below which dark is compressed."
    )
    alpha: float = Quantity(1.0, bounds=(0.1, 1.5), step=0.05, doc="α: factor of the low frequencies (alpha-beta).")
    beta: float = Quantity(1.0, bounds=(0.1, 3), step=0.05, doc="β: factor of the high frequencies (alpha-beta).")
    middle: float = Quantity(
        0.5, bounds=(0, 1), step=0.01, doc="Emid, of the range: the level that stays (alpha-beta)."
    )
    kernel: float = Quantity(20.0, bounds=(1, 100), step=1, unit="mm", doc="Width of the mask Sus.")
    bands: float = Quantity(
        1.0, bounds=(1, 5), step=1, doc="Masks whose mean is Sus: the kernel, half of it, a quarter … (multi-band)."
    )
    edge: float = Quantity(
        0.25,
        bounds=(0, 1),
        step=0.01,
        doc="Step, of the range, that the mask follows so no halo arises; 0: plain mask.",
    )


class Gradation(param.Parameterized):
    """Step (4): signal → P-value. Curve type (GT), rotation (GA around GC), shift (GS); S and G per image."""

    type = param.Selector(
        default="film",
        objects=["linear", "soft", "film", "chest", "bone", "sigmoid"],
        doc="Curve family (GT): how toe (dark end) and shoulder (light end) bend.",
    )
    contrast: float = Quantity(1.0, bounds=(0.2, 5), step=0.02, doc="Rotation of the curve (GA): slope at the centre.")
    center: float = Quantity(0.5, bounds=(0, 1), step=0.01, doc="Centre of the rotation (GC), of the range.")
    shift: float = Quantity(
        0.0, bounds=(-0.5, 0.5), step=0.01, doc="Shift of the curve (GS), of the range; positive is darker."
    )


class Geometry(param.Parameterized):
    """Steps (5) rotation, (6) mirror, (7) scale."""

    rotation = param.Selector(default=0, objects=[0, 90, 180, 270], doc="Quarter turns, degrees clockwise.")
    angle: float = Quantity(
        0.0, bounds=(-45, 45), step=0.1, unit="deg", doc="Fine rotation clockwise, after the quarter turns."
    )
    mirror = param.Boolean(default=False, doc="Left and right exchanged, after the rotation.")
    shutter = param.Boolean(default=False, doc="Blacken what lies outside the irradiated field.")
    trim = param.Selector(
        default="none",
        objects=["none", "field", "rectangle"],
        doc="What is cut out before scaling (output image range).",
    )
    left: float = Quantity(
        0.0, bounds=(0, 1), step=0.005, doc="Left side of the rectangle, of the turned image's width."
    )
    top: float = Quantity(
        0.0, bounds=(0, 1), step=0.005, doc="Upper side of the rectangle, of the turned image's height."
    )
    right: float = Quantity(1.0, bounds=(0, 1), step=0.005, doc="Right side of the rectangle.")
    bottom: float = Quantity(1.0, bounds=(0, 1), step=0.005, doc="Lower side of the rectangle.")
    scale: float = Quantity(1.0, bounds=(0.05, 8), step=0.05, doc="Enlargement or reduction.")
    interpolation = param.Selector(
        default="cubic",
        objects=["nearest", "linear", "cubic", "lanczos"],
        doc="For enlarging; reducing averages areas.",
    )


class Overlay(param.Parameterized):
    """Step (8): what is written into the image, where (fractions of the output image, upper left corner)."""

    side = param.Selector(default="none", objects=["none", "auto", "L", "R"], doc="Side marker; auto: from Laterality.")
    side_x: float = Quantity(0.04, bounds=(0, 1), step=0.005, doc="Horizontal place of the side marker.")
    side_y: float = Quantity(0.05, bounds=(0, 1), step=0.005, doc="Vertical place of the side marker.")
    projection = param.Selector(
        default="none", objects=["none", "auto", "AP", "PA", "LAT"], doc="Projection; auto: from ViewPosition."
    )
    projection_x: float = Quantity(0.04, bounds=(0, 1), step=0.005, doc="Horizontal place of the projection.")
    projection_y: float = Quantity(0.12, bounds=(0, 1), step=0.005, doc="Vertical place of the projection.")
    comment = param.String(default="", doc="Free text, one line.")
    comment_x: float = Quantity(0.04, bounds=(0, 1), step=0.005, doc="Horizontal place of the comment.")
    comment_y: float = Quantity(0.94, bounds=(0, 1), step=0.005, doc="Vertical place of the comment.")
    scale = param.Boolean(default=False, doc="Calibration scale in true mm of the detector plane.")
    scale_length: float = Quantity(100.0, bounds=(10, 400), step=10, unit="mm", doc="Length of the calibration scale.")
    scale_x: float = Quantity(0.95, bounds=(0, 1), step=0.005, doc="Horizontal place of the scale.")
    scale_y: float = Quantity(0.1, bounds=(0, 1), step=0.005, doc="Vertical place of the scale.")
    height: float = Quantity(0.035, bounds=(0.01, 0.2), step=0.005, doc="Height of letters, of the image height.")


class Automatic(param.Parameterized):
    """How the parameters of an image are calculated on its reduced image (C3); each result can be overridden."""

    field = param.Selector(
        default="recognise", objects=["recognise", "whole"], doc="Irradiated field: recognised, or the whole image."
    )
    field_polygon = param.List(default=[], doc="Corners [[x, y], …] in mm, drawn by hand: wins over recognition.")
    processed = param.Selector(
        default="as-sent",
        objects=["as-sent", "process"],
        doc="Pixels that the sender has processed (FOR PRESENTATION): shown as sent, or processed once more.",
    )
    direct = param.Boolean(default=True, doc="Remove the direct exposure area from the relevant region.")
    region = param.Selector(
        default="anatomy",
        objects=["anatomy", "lungs", "spine", "spine-lateral"],
        doc="Relevant region of the exposure index: all of the anatomy, the lungs, or a band along the spine: straight "
        "from the front, along its curve from the side.",
    )
    signal = param.Selector(
        default="histogram",
        objects=["histogram", "window", "header", "full"],
        doc="S/G from the histogram, from the window below, from the header's window, or the full range.",
    )
    low_percentile: float = Quantity(2.0, bounds=(0, 50), step=0.5, unit="%", doc="Histogram point that becomes s_low.")
    high_percentile: float = Quantity(
        98.5, bounds=(50, 100), step=0.5, unit="%", doc="Histogram point that becomes s_high."
    )
    low_margin: float = Quantity(
        0.08, bounds=(-0.5, 1), step=0.01, doc="s_low is put this much lower, of the span found."
    )
    high_margin: float = Quantity(
        0.05, bounds=(-0.5, 1), step=0.01, doc="s_high is put this much higher, of the span found."
    )
    minimum_span: float = Quantity(
        0.08, bounds=(0.001, 1), step=0.005, doc="Least s_high − s_low: flat images stay flat."
    )
    s_low: float | None = Quantity(
        None, bounds=(-1, 2), allow_None=True, step=0.002, doc="s_low by hand; empty: calculated."
    )
    s_high: float | None = Quantity(
        None, bounds=(-1, 2), allow_None=True, step=0.002, doc="s_high by hand; empty: calculated."
    )
    window_center: float | None = Quantity(
        None, bounds=(-65536, 65536), allow_None=True, step=1, doc="Centre of the window, rescaled values."
    )
    window_width: float | None = Quantity(
        None, bounds=(1, 131072), allow_None=True, step=1, doc="Width of the window, rescaled values."
    )
