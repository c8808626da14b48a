"""Pixel pitch in mm: from the header where it says a believable one, else an assumption that is always told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ASSUMED_SIDE_MM: Final = 350.0
"""Longer side taken for an image without spacing: a 35 cm (14 inch) plate."""
_BELIEVABLE: Final = (0.01, 5.0)


@dataclass(frozen=True)
class Spacing:
    """Pitch in mm, down (y) and across (x); ``known`` is False where it was assumed.

    ``keyword`` names the attribute it came from, empty if assumed.
    """

    y: float
    x: float
    known: bool
    keyword: str
    notes: tuple[str, ...] = ()

    @property
    def pitch(self) -> tuple[float, float]:
        """(y, x)."""
        return self.y, self.x


def spacing_of(attrs: Mapping[str, Any], shape: tuple[int, ...]) -> Spacing:
    """Read the pitch: Pixel Spacing (0028,0030), else Imager Pixel Spacing (0018,1164), else assumed.

    Parameters
    ----------
    attrs
        DICOM keywords of the image.
    shape
        Rows, columns.
    """
    notes: list[str] = []
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        given = attrs.get(keyword)
        if given is None or given == "":
            continue
        try:
            y, x = (float(value) for value in given)
        except (TypeError, ValueError):
            notes.append(f"{keyword} {given!r} is not two numbers.")
            continue
        if all(_BELIEVABLE[0] <= value <= _BELIEVABLE[1] for value in (y, x)):
            return Spacing(y, x, True, keyword, tuple(notes))
        notes.append(f"{keyword} {y:g} × {x:g} mm is not believable.")
    side = ASSUMED_SIDE_MM / max(*shape[:2], 1)
    notes.append(f"Pixel spacing not known: {ASSUMED_SIDE_MM:g} mm assumed for the longer side.")
    return Spacing(side, side, False, "", tuple(notes))
