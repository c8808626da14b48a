"""Forming one output image, in a worker process: read, steps (2)-(8), header, write (F5, G1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from imgdash import process
from imgdash.model import ImgdashError
from imgdash.output import dataset, encoding, film
from imgdash.output.job import Job
from imgdash.output.sop_class import stays
from imgdash.output.stage6 import stage6
from imgdash.process.overlay import items_of
from imgdash.store.pixels import open_image


def storage_file(job: Job) -> Path:
    """Form what goes to an image storage: a DICOM part 10 file.

    Returns
    -------
    ``job.path``. The same job makes the same file, byte for byte.

    Raises
    ------
    ImgdashError
        If the record cannot be read, a corrected value does not fit, or the apparatus wants a character set that a
        text does not fit.
    """
    image = opened(job)
    if passes(job, image):
        ds = dataset.passed(job)
    else:
        formed = finished(job, image)
        ds = dataset.processed(job, image, formed)
        if job.apparatus.annotate == "gsps":
            write_presentation(job, ds, formed)
    encoding.suit(ds, job.apparatus)
    encoding.write(ds, job.path, job.syntax, f"IMGDASH {job.version}")
    return job.path


def film_pages(job: Job) -> Path:
    """Form the films of an image, or what goes into one image box of a film; see `imgdash.output.film`."""
    image = opened(job)
    film.save(film.pages(job, image, stage6(job, image)), job.path)
    return job.path


def shown(job: Job) -> tuple[np.ndarray, int]:
    """The pixels that `storage_file` or `film_pages` would send, to be looked at before, and their bits.

    Returns
    -------
    uint16 P-values, 0 = black, several films side by side, and how many bits they have.

    Raises
    ------
    ImgdashError
        Where the image goes out as it came, which is no image of P-values.
    """
    image = opened(job)
    if job.apparatus.kind == "printer":
        made = film.pages(job, image, stage6(job, image))
        return np.concatenate([page.pixels for page in made], axis=1), made[0].bits
    if passes(job, image):
        raise ImgdashError("The image goes there as it was received.", "Nothing is formed, so nothing can be moved.")
    formed = finished(job, image)
    return np.asarray(dataset.processed(job, image, formed).pixel_array, np.uint16), job.apparatus.bits


def opened(job: Job) -> xr.DataArray:
    """The record's pixels, with its attributes as corrected."""
    image = open_image(job.record, unprocessed=job.unprocessed)
    return image.assign_attrs(job.attributes)


def write_presentation(job: Job, ds: Dataset, formed: xr.DataArray) -> None:
    """The overlays as a presentation state beside the image, where there are any (``annotate = "gsps"``)."""
    if "overlay" not in job.apparatus.steps:
        return
    items = items_of(job.chain.overlay, formed.attrs, job.header.overlays)
    if items:
        from imgdash.output import presentation  # brings highdicom, which other workers need not load

        state = presentation.state(job, ds, items)
        encoding.suit(state, job.apparatus)
        encoding.write(state, job.presentation, ExplicitVRLittleEndian, f"IMGDASH {job.version}")


def passes(job: Job, image: xr.DataArray) -> bool:
    """Whether the pixels go out as they came: where no step runs (G2), and where P-values would not be an image.

    A CT has Hounsfield units, a colour or multi-frame image no single plane: they keep their own SOP class. An
    apparatus that wants another class (``sop_class``) gets a CT through its window.
    """
    return stays(job.apparatus, job.header.modality) or "sample" in image.dims or "frame" in image.dims


def finished(job: Job, image: xr.DataArray) -> xr.DataArray:
    """Every step for a storage; (2)-(6) from the cache where another apparatus had them made (G3)."""
    return process.finish(
        stage6(job, image),
        job.chain,
        scale=job.apparatus.scale,
        overlays=job.header.overlays,
        steps=job.burnt,
        bits=job.apparatus.bits,
    )
