"""How each region is radiographed: the technique chart of the simulated X-ray rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from imgdash.simulate.anatomy.abdomen import abdomen_ap
from imgdash.simulate.anatomy.chest import chest_pa
from imgdash.simulate.anatomy.hand import hand_pa
from imgdash.simulate.anatomy.knee import knee_ap, knee_lateral
from imgdash.simulate.anatomy.pelvis import pelvis_ap
from imgdash.simulate.anatomy.skull import skull_lateral
from imgdash.simulate.anatomy.spine import cervical_spine_ap, thoracic_spine_lateral
from imgdash.simulate.canvas import Canvas, Point


@dataclass(frozen=True)
class Technique:
    """One line of the chart.

    Attributes
    ----------
    draw
        Fills a canvas with the body.
    detector_mm, field_mm
        Width and height of the receptor used and of the collimated field.
    kv, distance_cm, added_al_mm
        Tube voltage, focus to detector, added filtration.
    scatter
        Scatter at the detector as a share of the primary beam, behind the grid if there is one.
    target_ei
        Exposure index aimed at (IEC 62494-1).
    relevant
        Part of the anatomy that the exposure index and the exposure control look at; empty: all of the body.
    paired
        The region exists on a left and a right side, and one of them is radiographed.
    centre
        Where the anatomy's origin lies in the image, mm.
    coarse_mm
        Grid on which the body is drawn.
    """

    draw: Callable[[Canvas], None]
    detector_mm: Point
    field_mm: Point
    kv: float
    distance_cm: float = 115.0
    added_al_mm: float = 0.0
    scatter: float = 0.25
    target_ei: float = 300.0
    relevant: str = ""
    paired: bool = False
    centre: Point = (0.0, 0.0)
    coarse_mm: float = 0.5


def _flat(canvas: Canvas) -> None:
    """Nothing in the beam: for quality control of the detector."""


CHART: dict[tuple[str, str], Technique] = {
    ("CHEST", "PA"): Technique(chest_pa, (350, 430), (334, 410), 120, 180, 1.0, 0.30, 300, "lungs"),
    ("CHEST", "AP"): Technique(partial(chest_pa, female=True), (430, 350), (350, 330), 90, 115, 0.0, 0.6, 350, "lungs",
                               centre=(0, 18)),
    ("ABDOMEN", "AP"): Technique(abdomen_ap, (350, 430), (336, 412), 78, scatter=0.35, target_ei=400),
    ("PELVIS", "AP"): Technique(pelvis_ap, (430, 350), (408, 326), 75, scatter=0.35, target_ei=400),
    ("HIP", "AP"): Technique(pelvis_ap, (240, 300), (212, 272), 72, scatter=0.3, target_ei=400, paired=True,
                             centre=(98, -56)),
    ("SKULL", "LAT"): Technique(skull_lateral, (240, 300), (224, 270), 73, scatter=0.25, target_ei=400,
                                coarse_mm=0.3),
    ("CSPINE", "AP"): Technique(cervical_spine_ap, (240, 300), (170, 252), 68, scatter=0.2, target_ei=400,
                                relevant="spine", coarse_mm=0.3),
    ("TSPINE", "LAT"): Technique(thoracic_spine_lateral, (240, 430), (186, 404), 80, scatter=0.5, target_ei=400,
                                 relevant="spine"),
    ("HAND", "PA"): Technique(hand_pa, (240, 300), (196, 272), 52, 110, scatter=0.08, target_ei=500, paired=True,
                              centre=(6, 10), coarse_mm=0.25),
    ("KNEE", "AP"): Technique(knee_ap, (180, 300), (164, 268), 63, scatter=0.15, target_ei=450, paired=True,
                              coarse_mm=0.3),
    ("KNEE", "LAT"): Technique(knee_lateral, (180, 300), (168, 264), 63, scatter=0.15, target_ei=450, paired=True,
                               coarse_mm=0.3),
    ("FLAT", "AP"): Technique(_flat, (350, 430), (350, 430), 70, 150, 21.0, 0.0, 300),
}  # fmt: skip


def technique(body_part: str, view: str) -> Technique:
    """The line of the chart for a region and view.

    Raises
    ------
    ValueError
        If the chart has none; lists what there is.
    """
    try:
        return CHART[body_part, view]
    except KeyError:
        known = ", ".join(" ".join(key) for key in CHART)
        raise ValueError(f"no phantom of {body_part!r} {view!r}: there are {known}") from None


__all__ = ["CHART", "Technique", "technique"]
