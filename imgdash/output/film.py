"""One image box of a film: the image in true size or fitted, its annotation in a band below it, never on it (F6)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from imgdash import process
from imgdash.output import annotation
from imgdash.output.film_format import Cell, cell, grid
from imgdash.output.job import Job

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
    """

    pixels: npt.NDArray[np.uint16]
    bits: int
    film_size: str
    layout: str
    orientation: str
    width_mm: float
    magnification: float | None

    def save(self, path: Path) -> None:
        """Write it where the queue finds it."""
        content = {name: value for name, value in asdict(self).items() if name != "pixels"}
        temporary = path.with_name(f"{path.name}.tmp")
        with open(temporary, "wb") as file:
            np.savez(file, pixels=self.pixels, content=np.str_(json.dumps(content)))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Page:
        """What `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            return cls(pixels=data["pixels"], **json.loads(str(data["content"])))


def page(job: Job, image: xr.DataArray, stage6: xr.DataArray) -> Page:
    """Form one image box.

    Step (7) always runs: a film has its own number of pixels. The image is never cut: what is larger than the
    film in true size is reduced, and the annotation says so.

    Raises
    ------
    ImgdashError
        If the film size or layout is not known.
    """
    apparatus = job.apparatus
    bits = min(apparatus.bits, _BITS) if apparatus.bits > 8 else 8
    orientation = _orientation(job, stage6)
    box = cell(apparatus.film_size, apparatus.layout, orientation, apparatus.dpi)
    band = round(min(annotation.BAND_MM / box.pitch, box.rows * annotation.BAND_PART))
    free = (box.rows - band, box.columns)
    formed = _formed(job, stage6, box, free, bits)
    spacing = formed.attrs.get("PixelSpacing")
    magnification = box.pitch / spacing[0] if spacing else None
    pixels = np.zeros((box.rows, box.columns), np.uint16)
    top, left = (free[0] - formed.shape[0]) // 2, (free[1] - formed.shape[1]) // 2
    pixels[top : top + formed.shape[0], left : left + formed.shape[1]] = formed.values
    size = annotation.size_on_film(magnification, wanted_true=apparatus.true_size)
    text = annotation.lines(job.header, job.station.institution, size)
    mask = annotation.band(text, band, box.columns, box.pitch, magnification)
    pixels[box.rows - band :] = annotation.p_values(mask, bits)
    return Page(
        pixels, bits, apparatus.film_size, apparatus.layout, orientation, box.columns * box.pitch, magnification
    )


def _formed(job: Job, stage6: xr.DataArray, box: Cell, free: tuple[int, int], bits: int) -> xr.DataArray:
    steps = [*job.apparatus.steps, "scale"]
    spacing = stage6.attrs.get("PixelSpacing")
    if job.apparatus.true_size and spacing:
        formed = process.finish(
            stage6,
            job.chain.with_(**{"geometry.scale": 1.0}),
            scale=min(spacing) / box.pitch,
            overlays=job.header.overlays,
            steps=steps,
            bits=bits,
        )
        if formed.shape[0] <= free[0] and formed.shape[1] <= free[1]:
            return formed
    return process.finish(stage6, job.chain, size=free, overlays=job.header.overlays, steps=steps, bits=bits)


def _orientation(job: Job, stage6: xr.DataArray) -> str:
    if job.apparatus.orientation != "auto":
        return job.apparatus.orientation
    if grid(job.apparatus.layout) != (1, 1):
        # The images of one sheet have to agree.
        return "PORTRAIT"
    pitch_y, pitch_x = stage6.attrs.get("PixelSpacing") or (1.0, 1.0)
    return "LANDSCAPE" if stage6.shape[1] * pitch_x > stage6.shape[0] * pitch_y else "PORTRAIT"
