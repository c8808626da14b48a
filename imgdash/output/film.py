"""The films of one image: in true size or fitted, its annotation in a band below it, never on it (F6)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from imgdash import process
from imgdash.output import annotation, film_split, framing
from imgdash.output.film_format import Cell
from imgdash.output.film_split import Sheet
from imgdash.output.job import Job
from imgdash.process import geometry
from imgdash.process.geometry import Placement

# The printer knows 8 and 12 bits (PS3.3 C.13.5).
_BITS: Final = 12


@dataclass(frozen=True)
class Page:
    """Pixels and format of one image box.

    Attributes
    ----------
    pixels
        uint16 P-values, 0 = black, of the whole box.
    width_mm
        Of the box on film: Requested Image Size (2020,0030).
    magnification
        Size on film : size on the detector; None where the pixel spacing is unknown.
    warning
        What a person must know of it, '' where there is nothing.
    """

    pixels: npt.NDArray[np.uint16]
    bits: int
    film_size: str
    layout: str
    orientation: str
    width_mm: float
    magnification: float | None
    warning: str = ""

    @property
    def true(self) -> bool:
        """Whether its annotation says that it is true to size."""
        return annotation.is_true(self.magnification)


def save(pages: Sequence[Page], path: Path) -> None:
    """Write the films of an image where the queue finds them."""
    content = [{name: value for name, value in vars(page).items() if name != "pixels"} for page in pages]
    temporary = path.with_name(f"{path.name}.tmp")
    with open(temporary, "wb") as file:
        arrays: dict[str, Any] = {f"pixels{number}": page.pixels for number, page in enumerate(pages)}
        np.savez(file, content=np.str_(json.dumps(content)), **arrays)
    temporary.replace(path)


def load(path: Path) -> list[Page]:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as data:
        content = json.loads(str(data["content"]))
        return [Page(pixels=data[f"pixels{number}"], **page) for number, page in enumerate(content)]


def pages(job: Job, image: xr.DataArray, stage6: xr.DataArray) -> list[Page]:
    """Form the films of an image: one, or with ``split`` as many as it needs in true size.

    Step (7) always runs: a film has its own number of pixels. The image is never cut: what is larger than the
    film in true size goes over several, or is reduced, and the annotation says so.

    Raises
    ------
    ImgdashError
        If the film size or layout is not known.
    """
    apparatus = job.apparatus
    bits = min(apparatus.bits, _BITS) if apparatus.bits > 8 else 8
    wanted = job.framing.wanted(apparatus) if stage6.attrs.get("PixelSpacing") else None
    orientation = framing.orientation(apparatus, *_extent(job, stage6), wanted)
    box, band = framing.box(apparatus, orientation)
    free = (box.rows - band, box.columns)
    formed, sheets = _formed(job, stage6, box, free, bits)
    spacing = formed.attrs.get("PixelSpacing")
    magnification = box.pitch / spacing[0] if spacing else None
    # A person may have chosen another size (`Framing.scale`): then it is not that it does not fit.
    size = annotation.size_on_film(magnification, wanted_true=job.framing.wanted(apparatus) == 1.0)
    warning = f"not true to size: {size}" if apparatus.true_size and not annotation.is_true(magnification) else ""
    made = []
    for number, sheet in enumerate(sheets, 1):
        part = formed.values[sheet.rows, sheet.columns]
        pixels = np.zeros((box.rows, box.columns), np.uint16)
        pixels[sheet.top : sheet.top + part.shape[0], sheet.left : sheet.left + part.shape[1]] = part
        which = f"film {number} of {len(sheets)}   " if len(sheets) > 1 else ""
        text = annotation.lines(job.header, job.station.institution, which + size)
        mask = annotation.band(text, band, box.columns, box.pitch, magnification)
        pixels[box.rows - band :] = annotation.p_values(mask, bits)
        width = box.columns * box.pitch
        made.append(
            Page(pixels, bits, apparatus.film_size, apparatus.layout, orientation, width, magnification, warning)
        )
    return made


def _extent(job: Job, stage6: xr.DataArray) -> tuple[float, float]:
    """Height and width of the output image range, in mm."""
    x, y = stage6.attrs["placement"]
    placement = Placement((tuple(x), tuple(y)), (stage6.shape[0], stage6.shape[1]))
    rows, columns = geometry.cut(job.chain.geometry, placement, stage6.attrs["field"])
    pitch_y, pitch_x = placement.pitch()
    return (rows.stop - rows.start) * pitch_y, (columns.stop - columns.start) * pitch_x


def _formed(
    job: Job, stage6: xr.DataArray, box: Cell, free: tuple[int, int], bits: int
) -> tuple[xr.DataArray, list[Sheet]]:
    """The image at the film's pitch, and what each film shows of it."""
    steps = [*job.apparatus.steps, "scale"]
    place = job.framing.y, job.framing.x
    spacing = stage6.attrs.get("PixelSpacing")
    wanted = job.framing.wanted(job.apparatus)
    if wanted is not None and spacing:
        formed = process.finish(
            stage6,
            job.chain.with_(**{"geometry.scale": 1.0}),
            scale=wanted * min(spacing) / box.pitch,
            overlays=job.header.overlays,
            steps=steps,
            bits=bits,
        )
        rows, columns = formed.shape
        if (rows <= free[0] and columns <= free[1]) or framing.splits(job.apparatus):
            overlap = round(job.apparatus.split_overlap_mm / box.pitch)
            sheets = film_split.sheets((rows, columns), free, overlap, place)
            if len(sheets) <= film_split.MOST:
                return formed, sheets
    room = free
    if wanted is not None and not spacing:
        room = (max(1, round(free[0] * min(wanted, 1.0))), max(1, round(free[1] * min(wanted, 1.0))))
    formed = process.finish(stage6, job.chain, size=room, overlays=job.header.overlays, steps=steps, bits=bits)
    return formed, film_split.sheets((formed.shape[0], formed.shape[1]), free, 0, place)
