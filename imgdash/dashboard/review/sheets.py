"""An image over several films, beside each other as its preview shows them: which part of it is on each (D3, B1)."""

from __future__ import annotations

import math
from typing import Any, Final

from imgdash.config import OutputApparatus
from imgdash.output import film_split, framing
from imgdash.output.film_format import Cell

Box = tuple[float, float, float, float]
_HALVINGS: Final = 16


def goes_over(apparatus: OutputApparatus, box: Cell, band: int, height: float, width: float) -> bool:
    """Whether an image of this size, in mm, goes over so many films as this printer may use for one."""
    films = film_split.count(height, width, box, band, apparatus.split_overlap_mm)
    return framing.splits(apparatus) and films <= film_split.MOST


def largest(apparatus: OutputApparatus, extent: tuple[float, float], fitted: float) -> float:
    """The largest size that can be chosen on this printer: what fills one film, or what goes over several.

    Parameters
    ----------
    extent
        Height and width of the image, mm.
    fitted
        Size on film : size on the detector with which it fills one film.
    """
    low, high = fitted, max(fitted, framing.BOUNDS["scale"][1])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        # Films are laid as fewest of them are needed at each size.
        box, band = framing.box(apparatus, framing.orientation(apparatus, *extent, middle))
        fits = goes_over(apparatus, box, band, extent[0] * middle, extent[1] * middle)
        low, high = (middle, high) if fits else (low, middle)
    # Sizes are kept with four digits: rounded up, the largest would be too large.
    return max(fitted, math.floor(low * 1000) / 1000)


def over_several(height: float, width: float, box: Cell, band: int, overlap_mm: float) -> dict[str, Any]:
    """What an entry of `imgdash.dashboard.review.ranges.ranges` has instead, where one film is not enough.

    Parameters
    ----------
    height, width
        Of the image on film, mm.
    box, band
        A film, and how many of its rows the annotation takes.
    overlap_mm
        What two neighbours both show.
    """
    shape = math.ceil(height / box.pitch), math.ceil(width / box.pitch)
    free = box.rows - band, box.columns
    sheets = film_split.sheets(shape, free, round(overlap_mm / box.pitch))
    across, down = box.columns * len(sheets), box.rows
    parts: list[dict[str, Box]] = []
    for number, sheet in enumerate(sheets):
        rows, columns = sheet.rows, sheet.columns
        left = (number * box.columns + sheet.left) / across
        size = (columns.stop - columns.start) / across, (rows.stop - rows.start) / down
        sides = (columns.start / shape[1], rows.start / shape[0], columns.stop / shape[1], rows.stop / shape[0])
        parts.append({"place": (left, sheet.top / down, *size), "sides": sides})
    return {
        "frame": [across * box.pitch, down * box.pitch],
        "cells": [(number / len(sheets), 0, 1 / len(sheets), 1) for number in range(len(sheets))],
        "free": [0, 0, 1, 1],
        "band": [0, free[0] / down, 1, band / down],
        "place": [0, 0, 1, free[0] / down],
        "parts": parts,
        "warnings": [f"larger than the film: goes over {len(sheets)} of them"],
    }
