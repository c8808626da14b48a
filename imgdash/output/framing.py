"""The output image range and its place in the output range, as a person set them for one apparatus (D2).

One rule for forming and for the page that shows it: what is shown is what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from imgdash.config import OutputApparatus
from imgdash.model import ImgdashError
from imgdash.output import annotation, film_split
from imgdash.output.film_format import Cell, cell, grid

# Name → bounds. Sides in parts of the turned image; places in parts of the room that the image leaves.
BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "left": (0.0, 1.0),
    "top": (0.0, 1.0),
    "right": (0.0, 1.0),
    "bottom": (0.0, 1.0),
    "x": (0.0, 1.0),
    "y": (0.0, 1.0),
    "scale": (0.05, 4.0),
}
SIDES: Final = ("left", "top", "right", "bottom")
_LEAST_SIDE: Final = 0.02


@dataclass(frozen=True)
class Framing:
    """Range and place for one apparatus.

    Attributes
    ----------
    sides
        Left, top, right, bottom of the output image range, in parts of the turned image; None leaves that to the
        condition key.
    x, y
        Place on the film: 0 is left or top, 1 right or bottom, 0.5 the middle.
    scale
        Film: size on film : size on the detector, or, where the pixel spacing is unknown, part of the size that
        fills it. Storage: enlargement or reduction. None leaves it to the site file and the condition key.
    """

    sides: tuple[float, float, float, float] | None = None
    x: float = 0.5
    y: float = 0.5
    scale: float | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Framing:
        """From what the image header keeps.

        Raises
        ------
        ImgdashError
            For a name that does not exist, a value that is no number or out of bounds, an empty range.
        """
        values: dict[str, float] = {}
        for name, value in (given or {}).items():
            low, high = BOUNDS.get(name, (1.0, 0.0))
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                known = ", ".join(f"{known} {bounds[0]:g}…{bounds[1]:g}" for known, bounds in BOUNDS.items())
                raise ImgdashError(f"Output range: {name} = {value!r} is not possible.", f"Known are {known}.")
            values[name] = float(value)
        sides = None
        if any(name in values for name in SIDES):
            left, top = values.get("left", 0.0), values.get("top", 0.0)
            right, bottom = values.get("right", 1.0), values.get("bottom", 1.0)
            if right - left < _LEAST_SIDE or bottom - top < _LEAST_SIDE:
                raise ImgdashError("The output image range is empty.", "Its right and bottom lie beyond left and top.")
            sides = (left, top, right, bottom)
        return cls(sides, values.get("x", 0.5), values.get("y", 0.5), values.get("scale"))

    @property
    def trim(self) -> dict[str, Any]:
        """As processing parameters, dotted name → value."""
        if self.sides is None:
            return {}
        named = {f"geometry.{name}": value for name, value in zip(SIDES, self.sides, strict=True)}
        return {"geometry.trim": "rectangle", **named}

    def wanted(self, apparatus: OutputApparatus) -> float | None:
        """Size on film : size on the detector that is wanted, or None to fill the film."""
        return self.scale if self.scale is not None else 1.0 if apparatus.true_size else None


def box(apparatus: OutputApparatus, orientation: str) -> tuple[Cell, int]:
    """One image box of a film, and how many of its rows the annotation takes."""
    found = cell(apparatus.film_size, apparatus.layout, orientation, apparatus.dpi)
    return found, round(min(annotation.BAND_MM / found.pitch, found.rows * annotation.BAND_PART))


def splits(apparatus: OutputApparatus) -> bool:
    """Whether several films may be used for one image: not where several images share one."""
    return apparatus.split and grid(apparatus.layout) == (1, 1)


def orientation(apparatus: OutputApparatus, height: float, width: float, wanted: float | None = None) -> str:
    """``PORTRAIT`` or ``LANDSCAPE`` of the film; the images of one sheet have to agree.

    Parameters
    ----------
    height, width
        Of the output image range: mm, or pixels where the pixel spacing is unknown.
    wanted
        Size on film : size on the detector; None where the image fits itself to the film, or its size is unknown.
    """
    if apparatus.orientation != "auto":
        return apparatus.orientation
    if grid(apparatus.layout) != (1, 1):
        return "PORTRAIT"
    ways = ["LANDSCAPE", "PORTRAIT"] if width > height else ["PORTRAIT", "LANDSCAPE"]
    if not splits(apparatus) or wanted is None:
        return ways[0]
    overlap = apparatus.split_overlap_mm
    films = [film_split.count(height * wanted, width * wanted, *box(apparatus, way), overlap) for way in ways]
    # What would take too many is made smaller, on one.
    return ways[films.index(min(films))] if min(films) <= film_split.MOST else ways[0]
