"""Forming one output image, in a worker process: read, steps (2)-(8), header, write (F5, G1)."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from imgdash import process
from imgdash.output import dataset, encoding, film
from imgdash.output.job import Job
from imgdash.output.sop_class import quantitative
from imgdash.output.stage6 import stage6
from imgdash.store.pixels import open_image


def storage_file(job: Job) -> Path:
    """Form what goes to an image storage: a DICOM part 10 file.

    Returns
    -------
    ``job.path``. The same job makes the same file, byte for byte.

    Raises
    ------
    ImgdashError
        If the record cannot be read, or a corrected value does not fit.
    """
    image = open_image(job.record, unprocessed=job.unprocessed)
    if passes(job, image):
        ds = dataset.passed(job)
    else:
        formed = finished(job, image, scale=job.apparatus.scale)
        ds = dataset.processed(job, image, formed)
    encoding.write(ds, job.path, job.syntax, f"IMGDASH {job.version}")
    return job.path


def film_page(job: Job) -> Path:
    """Form what goes into one image box of a film; see `imgdash.output.film`."""
    image = open_image(job.record, unprocessed=job.unprocessed)
    page = film.page(job, image, stage6(job, image))
    page.save(job.path)
    return job.path


def passes(job: Job, image: xr.DataArray) -> bool:
    """Whether the pixels go out as they came: where no step runs (G2), and where P-values would not be an image.

    A CT has Hounsfield units, a colour or multi-frame image no single plane: they keep their own SOP class. An
    apparatus that wants another class (``sop_class``) gets a CT through its window.
    """
    if not job.apparatus.steps or "sample" in image.dims or "frame" in image.dims:
        return True
    return job.apparatus.sop_class == "same" and quantitative(job.header.modality)


def finished(job: Job, image: xr.DataArray, *, scale: float) -> xr.DataArray:
    """Every step for a storage; (2)-(6) from the cache where another apparatus had them made (G3)."""
    return process.finish(
        stage6(job, image),
        job.chain,
        scale=scale,
        overlays=job.header.overlays,
        steps=job.apparatus.steps,
        bits=job.apparatus.bits,
    )
